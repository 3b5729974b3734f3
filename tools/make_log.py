#!/usr/bin/env python3
"""Make an access log with an honest crowd and three planted scrapers, always the same for one seed.

    tools/make_log.py --lines 1000000 access.log

The scrapers: one fast address, one account on 40 networks, one address that walks ids in order.
About a third of the lines are profile views. Addresses are made up; the scrapers' are from the documentation
ranges (RFC 5737).
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

START = int(datetime(2026, 3, 2, 6, 0, tzinfo=UTC).timestamp())
PEOPLE = 20_000

FAST = "address:203.0.113.9"
SHARED = "account:u777"
WALK = "address:198.51.100.7"

_OTHER = (
    ("/", 5200), ("/static/app.js", 48211), ("/static/app.css", 9120), ("/feed", 15320),
    ("/api/notifications", 320), ("/img/logo.svg", 2110), ("/settings", 4020), ("/help/about", 3100),
)  # fmt: skip
_AGENTS = tuple(
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"
    for system in (
        "Windows NT 10.0; Win64; x64",
        "X11; Linux x86_64",
        "Macintosh; Intel Mac OS X 10_15_7",
    )
    for major in range(128, 140)
)
_CRAWLER = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

Line = tuple[float, str]


class Log:
    """Lines with their times, made by one generator of random numbers."""

    def __init__(self, seed: int) -> None:
        """Start without lines."""
        self.random = random.Random(seed)
        self.lines: list[Line] = []
        self.planted: dict[str, set[str]] = {}
        self._clock: dict[int, str] = {}

    def add(
        self, at: float, who: tuple[str, str, str], asked: str, answer: str = "200 5000"
    ) -> None:
        """Add a line in combined format: `who` is address, account, agent; `asked` method and target."""
        second = int(at)
        stamp = self._clock.get(second)
        if stamp is None:
            stamp = datetime.fromtimestamp(second, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
            self._clock[second] = stamp
        address, account, agent = who
        line = f'{address} - {account or "-"} [{stamp}] "{asked} HTTP/1.1" {answer}'
        self.lines.append((at, f'{line} "https://social.example/" "{agent}"\n'))

    def crowd(self, lines: int, days: float) -> None:
        """Add about `lines` lines of honest accounts and visitors over `days`."""
        rng = self.random
        accounts = [self._account(number) for number in range(max(20, lines // 60))]
        made = 0
        while made < lines:
            at = START + rng.random() * days * 86400
            if rng.random() < 0.75:
                made += self._session(at, *rng.choice(accounts))
            else:
                made += self._visit(at)

    def _account(self, number: int) -> tuple[str, tuple[str, str], str, list[int]]:
        rng = self.random
        home = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        phone = f"100.{rng.randrange(64, 128)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        friends = [int(PEOPLE * rng.random() ** 2) + 1 for _ in range(rng.randrange(8, 40))]
        return f"u{1000 + number}", (home, phone), rng.choice(_AGENTS), friends

    def _session(
        self, at: float, account: str, addresses: tuple[str, str], agent: str, friends: list[int]
    ) -> int:
        rng = self.random
        who = (addresses[rng.random() < 0.3], account, agent)
        pages = rng.randrange(2, 14)
        for _ in range(pages):
            at += rng.expovariate(1 / 15)
            self._page(at, who, friends)
        return pages

    def _page(self, at: float, who: tuple[str, str, str], friends: list[int]) -> None:
        rng = self.random
        kind = rng.random()
        if kind < 0.34:
            shown = rng.choice(friends) if rng.random() < 0.8 else rng.randrange(1, PEOPLE)
            status = rng.choice((200, 304, 404)) if kind < 0.01 else 200
            self.add(at, who, f"GET /u/{shown}", f"{status} {rng.randrange(900, 30000)}")
        elif kind < 0.40:
            self.add(at, who, f"GET /search?q=a{rng.randrange(500)}", "200 9000")
        else:
            target, size = rng.choice(_OTHER)
            self.add(at, who, f"GET {target}", f"200 {size}")

    def _visit(self, at: float) -> int:
        rng = self.random
        address = ".".join(str(rng.randrange(1, 224)) for _ in range(4))
        who = (address, "", _CRAWLER if rng.random() < 0.02 else rng.choice(_AGENTS))
        pages = rng.randrange(1, 6)
        friends = [rng.randrange(1, PEOPLE) for _ in range(3)]
        for _ in range(pages):
            at += rng.expovariate(1 / 20)
            self._page(at, who, friends)
        return pages

    def fast_address(self, at: float, people: int = 600) -> None:
        """Plant one address that takes `people` people in half an hour, and meets some errors."""
        taken = self.random.sample(range(1, PEOPLE), people + 40)
        who = ("203.0.113.9", "", "python-requests/2.32.3")
        for number, shown in enumerate(taken):
            at += 1800 / len(taken)
            status = (404, 403, 500, 304)[number % 4] if number >= people else 200
            self.add(at, who, f"GET /u/{shown}", f"{status} 8000")
        self.planted[FAST] = {str(shown) for shown in taken[:people]}

    def shared_account(self, at: float, people: int = 240) -> None:
        """Plant one account used from 40 networks in turn for three hours."""
        taken = self.random.sample(range(1, PEOPLE), people)
        for number, shown in enumerate(taken):
            at += 3 * 3600 / people
            who = (f"192.{100 + number % 40}.10.77", "u777", _AGENTS[3])
            self.add(at, who, f"GET /u/{shown}", "200 8000")
        self.planted[SHARED] = {str(shown) for shown in taken}

    def walk(self, at: float, people: int = 300) -> None:
        """Plant one address that asks for ids in order, unhurried; every tenth page by HEAD, which shows nobody."""
        who = ("198.51.100.7", "", _AGENTS[7])
        self.planted[WALK] = set()
        for number in range(people):
            at += 48
            method = "HEAD" if number % 10 == 9 else "GET"
            self.add(at, who, f"{method} /u/{7000 + number}", "200 8000")
            if method == "GET":
                self.planted[WALK].add(str(7000 + number))

    def text(self) -> Iterator[str]:
        """Yield the lines in the order of their times."""
        self.lines.sort(key=lambda line: line[0])
        return (line for _, line in self.lines)


def make(lines: int, *, seed: int = 7, days: float = 5.0) -> Log:
    """Return a log of about `lines` honest lines with the three scrapers planted."""
    log = Log(seed)
    log.crowd(lines, days)
    log.fast_address(START + 0.31 * days * 86400)
    log.shared_account(START + 0.5 * days * 86400)
    log.walk(START + 0.66 * days * 86400)
    return log


def main() -> None:
    """Write a log."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--days", type=float, default=5.0)
    wanted = parser.parse_args()
    log = make(wanted.lines, seed=wanted.seed, days=wanted.days)
    with wanted.file.open("w", encoding="ascii") as file:
        file.writelines(log.text())
    for actor, people in log.planted.items():
        sys.stderr.write(f"{actor}: {len(people)} people\n")


if __name__ == "__main__":
    main()
