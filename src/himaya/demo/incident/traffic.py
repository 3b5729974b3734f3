"""The log of three invented days: an honest crowd, and a farm of accounts that divides the site among itself.

Written as a front door of himaya writes it, one JSON object a line. What the site answered to the farm is the farm's
own disk, and is known here and nowhere else: the story reads the log.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from himaya.demo.incident.residents import Resident

#: The fields of a profile and of a look-up, as the configuration declares them.
PROFILE = ("name", "employer", "location", "email")
LOOKUP = ("name", "phone")
#: Accounts of the farm, and the part of the site that they collect.
FARM = 30
TAKEN = 0.4
DAYS = 3
#: Profiles that an honest account looks at within the days.
_LOOKS = 20
#: One in so many of the farm's requests is a look-up, and one in so many is about somebody who left.
_LOOKUP_EVERY, _GONE_EVERY = 6, 40
_DAY_S = 86_400.0
_TERMS = "2026-01"
#: Classes of clients, as a front door tells them (JA4). Many people have each of the first three.
_BROWSERS = ("t13d1516h2_8daaf6152771", "t13d1715h2_5b57614c22b0", "t13d2014h2_a09f3c656075")
_TOOL = "t13d1812h1_85036bcba153"
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"

#: What a collector has: person to fields.
Disk = dict[str, set[str]]


class Played(msgspec.Struct, frozen=True):
    """What was written: the farm's disk, its accounts, and how many lines."""

    disk: Disk
    accounts: tuple[str, ...]
    lines: int


def write_traffic(path: Path, people: Sequence[Resident], end: float, seed: int = 7) -> Played:
    """Write the log of the days before `end` (epoch seconds) and return what the farm has of it."""
    rng = random.Random(seed)
    disk: Disk = {}
    lines = [*_crowd(people, end, rng), *_farm(people, end, rng, disk)]
    lines.sort(key=lambda line: line["at"])
    with path.open("wb") as file:
        for number, line in enumerate(lines):
            file.write(msgspec.json.encode({**line, "id": f"{number:032x}"}) + b"\n")
    return Played(disk, tuple(_account(n) for n in range(FARM)), len(lines))


def write_disk(path: Path, disk: Disk) -> None:
    """Write a disk as `himaya case people --csv` names people and fields: one person a line."""
    rows = (f"{subject}\t{' '.join(sorted(disk[subject]))}\n" for subject in sorted(disk))
    path.write_text("".join(rows), encoding="utf-8")


def _crowd(people: Sequence[Resident], end: float, rng: random.Random) -> Iterator[dict[str, Any]]:
    """Yield what honest members do: they look at whom everybody looks at, in the daytime."""
    for n in range(max(40, len(people) // 15)):
        browser = rng.choice(_BROWSERS)
        for _ in range(_LOOKS):
            seen = people[int(len(people) * rng.random() ** 3)]
            at = end - rng.randrange(1, DAYS + 1) * _DAY_S + rng.uniform(0, _DAY_S / 2)
            yield _line(at, f"member.{n}", f"198.51.100.{n % 250}", browser, f"/u/{seen.handle}")


def _farm(
    people: Sequence[Resident], end: float, rng: random.Random, disk: Disk
) -> Iterator[dict[str, Any]]:
    """Yield what the farm does: a shuffled list, one person after the other, each account its part, day and night."""
    wanted = rng.sample(range(len(people)), int(len(people) * TAKEN))
    step = DAYS * _DAY_S / (len(wanted) + 1)
    for number, place in enumerate(wanted):
        seen, worker = people[place], number % FARM
        at = end - DAYS * _DAY_S + number * step + rng.uniform(0, step)
        # A range kept for measurements (RFC 2544): every account is in a network of its own.
        address = f"198.18.{worker}.7"
        if number % _GONE_EVERY == _GONE_EVERY - 1:
            gone = f"/u/left.{number}"
            yield _line(at, _account(worker), address, _TOOL, gone, status=404)
            continue
        yield _line(at, _account(worker), address, _TOOL, f"/u/{seen.handle}")
        disk.setdefault(seen.handle, set()).update(PROFILE)
        if number % _LOOKUP_EVERY == 0:
            yield _lookup(at + 1, _account(worker), address, seen)
            disk[seen.handle].update(LOOKUP)


def _account(worker: int) -> str:
    return f"reader.{worker:02}"


def _lookup(at: float, account: str, address: str, seen: Resident) -> dict[str, Any]:
    target = f"/contacts?phone=%2B{seen.phone.removeprefix('+')}"
    return {**_line(at, account, address, _TOOL, target), "subjects": seen.handle}


def _line(
    at: float, account: str, address: str, tool: str, target: str, status: int = 200
) -> dict[str, Any]:
    return {
        "at": round(at, 3),
        "address": address,
        "account": account,
        "session": f"visit-{account}",
        "terms": _TERMS,
        "fingerprint": tool,
        "method": "GET",
        "host": "halqa.example",
        "target": target,
        "status": status,
        "sent": 4000,
        "type": "text/html",
        "agent": _AGENT,
    }
