"""The honest crowd: members and passers-by who look at their friends, search a name, read their own page.

A person's plan is drawn once from a seeded generator and lived on both sites at the same moments. Twelve
members share one office address; two live in the network of a scraper; some start at home and go on with a
phone on the train.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from urllib.parse import quote_plus

import msgspec

from himaya.bench.live.client import Client, Reply
from himaya.demo.people import PASSWORD, Member
from himaya.demo.tally import CrowdTally

OFFICE = 12
OFFICE_ADDRESS = "198.51.100.20"
#: Honest neighbours, in the same /24 networks as the fast walk and the phone look-up.
_NEIGHBOURS = ("203.0.113.5", "192.0.2.8")
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15",
    "Mozilla/5.0 (Linux; Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
)


class Step(msgspec.Struct, frozen=True):
    """One thing a person does: `at` is the share of the story's time after which they do it."""

    at: float
    target: str
    form: dict[str, str] | None = None


class Visitor(msgspec.Struct, frozen=True):
    """One honest person. `moved` is the address after half of the time, "" for the same one."""

    number: int
    address: str
    agent: str
    steps: tuple[Step, ...]
    moved: str = ""


def crowd(
    members: Sequence[Member], size: int, keep_out: frozenset[str], seed: int = 11
) -> tuple[Visitor, ...]:
    """Return `size` visitors; nobody in `keep_out` (handles) is one of them."""
    rng = random.Random(f"crowd:{seed}")
    pool = [place for place, member in enumerate(members) if member.handle not in keep_out]
    places = rng.sample(pool, size)
    return tuple(_visitor(number, members, place, rng) for number, place in enumerate(places))


def _visitor(number: int, members: Sequence[Member], place: int, rng: random.Random) -> Visitor:
    office = number < OFFICE
    signed_in = office or rng.random() < 0.75
    targets = _member_plan(members, place, rng) if signed_in else _passer_plan(members, rng)
    start = rng.uniform(0, 0.3)
    steps = [Step(start, "/login", _credentials(members[place]))] if signed_in else []
    times = sorted(rng.uniform(start, 0.97) for _ in targets)
    steps += [Step(at, target) for at, target in zip(times, targets, strict=True)]
    moved = f"100.64.{number % 256}.7" if not office and rng.random() < 0.1 else ""
    return Visitor(
        number,
        _home(number, rng),
        rng.choice(_AGENTS),
        tuple(steps),
        moved,
    )


def _credentials(member: Member) -> dict[str, str]:
    return {"handle": member.handle, "password": PASSWORD}


def _home(number: int, rng: random.Random) -> str:
    """Return an address: the office's, a neighbour's, else one in a network of its own, some on IPv6."""
    if number < OFFICE:
        return OFFICE_ADDRESS
    if number < OFFICE + len(_NEIGHBOURS):
        return _NEIGHBOURS[number - OFFICE]
    if rng.random() < 0.2:
        return f"2001:db8:{number + 1:x}::{rng.randint(2, 9)}"
    return f"198.19.{number % 256}.{rng.randint(2, 250)}"


def _member_plan(members: Sequence[Member], place: int, rng: random.Random) -> list[str]:
    """Return the pages a member opens: home, own page, some friends, perhaps a search."""
    me = members[place]
    friends = [members[at] for at in me.friends]
    plan = ["/", "/me", f"/u/{me.handle}"]
    for friend in rng.sample(friends, min(len(friends), rng.randint(1, 5))):
        plan += [f"/u/{friend.handle}", f"/photo/{friend.handle}.svg"]
    if friends and rng.random() < 0.35:
        plan.append(f"/search?q={quote_plus(rng.choice(friends).name)}")
    if rng.random() < 0.2:
        plan.append(f"/search?q={quote_plus(f'{me.job} {me.town}')}")
    if rng.random() < 0.3:
        plan.append(f"/u/{me.handle}/friends")
    if friends and rng.random() < 0.2:
        plan.append(f"/contacts?phone=%2B{rng.choice(friends).phone[1:]}")
    return plan


def _passer_plan(members: Sequence[Member], rng: random.Random) -> list[str]:
    """Return the pages a passer-by opens: the front page, one name, that person's page."""
    plan = ["/"]
    for member in rng.sample(members, rng.randint(1, 3)):
        plan += [f"/search?q={quote_plus(member.name)}", f"/u/{member.handle}"]
        plan.append(f"/photo/{member.handle}.svg")
    return plan


async def live(visitor: Visitor, port: int, seconds: float, tally: CrowdTally) -> None:
    """Live a visitor's plan against one site; ends after the last step."""
    client = Client(port, visitor.address, visitor.agent)
    start = asyncio.get_running_loop().time()
    try:
        for step in visitor.steps:
            await asyncio.sleep(
                max(0.0, start + step.at * seconds - asyncio.get_running_loop().time())
            )
            if visitor.moved and step.at > 0.5:
                client.address = visitor.moved
            tally.take(visitor.number, await _do(client, step))
    finally:
        client.close()


async def _do(client: Client, step: Step) -> Reply:
    return await (
        client.get(step.target) if step.form is None else client.post(step.target, step.form)
    )
