"""Those who collect people: six habits, each a real HTTP client that keeps its own file.

All of them do the same on both sites, at the same pace, and go on when they are refused, as real ones do.
Their addresses come from ranges kept for documentation and measurement (RFC 5737, RFC 2544).
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import islice
from urllib.parse import quote_plus

import altcha
import msgspec

from himaya.bench.live.client import Client, Reply, is_challenge, sign_in
from himaya.demo.names import JOBS
from himaya.demo.people import PASSWORD, Member, phone_at
from himaya.demo.site import PER_CALL, PER_PAGE
from himaya.demo.tally import Tally

_SCRIPT = "python-requests/2.32"
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_NETWORKS = 40
_GIVE_UP_WORD = 3
API_KEY = "partner-7f3a"


class Desk:
    """One scraper at work on one site: whom it speaks to, what it knows, when it stops."""

    def __init__(
        self, port: int, members: Sequence[Member], stop: asyncio.Event, tally: Tally, seed: str
    ) -> None:
        """Work against 127.0.0.1:`port` until `stop` is set."""
        self.members = members
        self.tally = tally
        self.rng = random.Random(f"scraper:{seed}")
        self._port = port
        self._stop = stop
        self._clients: list[Client] = []

    def client(self, address: str, agent: str = _SCRIPT, *, key: str = "") -> Client:
        """Return a client at an address; it is closed at the end."""
        client = Client(self._port, address, agent, key=key)
        self._clients.append(client)
        return client

    async def get(self, client: Client, target: str) -> Reply:
        """Ask for a page, count the reply, keep the people in it."""
        reply = await client.get(target)
        self.tally.take(target, reply)
        return reply

    async def pace(self, per_second: float) -> AsyncIterator[None]:
        """Yield at most so often a second until the story ends."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self._stop.is_set():
            yield
            due = max(due + 1 / per_second, loop.time() - 0.5)
            await asyncio.sleep(max(0.0, due - loop.time()))

    def close(self) -> None:
        """Hang up everywhere."""
        for client in self._clients:
            client.close()


class Scraper(msgspec.Struct, frozen=True):
    """A way of collecting people. `actor` is the name the ledger knows it by.

    An API key is a secret: the ledger knows it by a keyed hash, which only the ledger can tell.
    """

    key: str
    title: str
    how: str
    actor: str
    work: Callable[[Desk], Awaitable[None]]
    patient: bool = False


async def _walk(desk: Desk) -> None:
    """Open one profile after the other from a list of links, and the portrait with it."""
    client = desk.client("203.0.113.77")
    handles = deque(desk.rng.sample([m.handle for m in desk.members], len(desk.members)))
    async for _ in desk.pace(60):
        if not handles:
            return
        handle = handles.popleft()
        reply = await desk.get(client, f"/u/{handle}")
        if reply.status == 200:
            await desk.get(client, f"/photo/{handle}.svg")


async def _spread(desk: Desk) -> None:
    """Crawl friends of friends with one account, from forty networks in turn."""
    clients = [desk.client(f"198.18.{net}.9", _BROWSER) for net in range(1, _NETWORKS + 1)]
    own = await _signed_in(desk, clients, network_account(desk.members))
    await desk.get(clients[0], f"/u/{own}/friends")
    waiting: deque[str] = deque()
    turn = known = 0
    async for _ in desk.pace(45):
        # Whoever turned up since the last look stands at the end of the scraper's own file.
        waiting.extend(islice(desk.tally.haul.people, known, None))
        known = desk.tally.people
        if not waiting:
            return
        handle, turn = waiting.popleft(), turn + 1
        reply = await desk.get(clients[turn % _NETWORKS], f"/u/{handle}")
        if reply.status != 200:
            waiting.append(handle)
        elif turn % 4 == 1:
            await desk.get(clients[turn % _NETWORKS], f"/u/{handle}/friends")


async def _signed_in(desk: Desk, clients: Sequence[Client], handle: str) -> str:
    """Sign in once, use the same session from every client, and return the account."""
    desk.tally.haul.own = handle
    await sign_in(clients[0], handle, PASSWORD)
    for client in clients[1:]:
        client.cookies = clients[0].cookies
    return handle


async def _solve(desk: Desk, client: Client) -> None:
    """Do the proof of work the gate asks for, as a browser would, and count it when it was taken."""
    asked = await client.get("/.himaya/challenge")
    if asked.status != 200:
        return
    challenge = altcha.Challenge.from_dict(msgspec.json.decode(asked.body))
    solution = await asyncio.to_thread(altcha.solve_challenge, challenge)
    if solution is None:
        return
    proof = altcha.Payload(challenge, solution).to_base64()
    taken = await client.post("/.himaya/clear", {"altcha": proof, "to": "/"})
    desk.tally.solved += taken.status == 303


async def _harvest(desk: Desk) -> None:
    """Turn the pages of search results, twenty people a page, one trade after the other.

    This one solves the challenges it is shown, for as long as that buys anything.
    """
    client = desk.client("198.18.140.40")
    words = deque(desk.rng.sample(JOBS, len(JOBS)))
    page = failures = 1
    async for _ in desk.pace(15):
        if not words:
            return
        target = f"/search?q={quote_plus(words[0])}&page={page}"
        before = desk.tally.people
        reply = await desk.get(client, target)
        if is_challenge(reply):
            await _solve(desk, client)
            reply = await desk.get(client, target)
        failures = 0 if reply.status == 200 else failures + 1
        page += 1
        ended = reply.status == 200 and desk.tally.people - before < PER_PAGE // 2
        if ended or failures >= _GIVE_UP_WORD:
            words.popleft()
            page, failures = 1, 0


async def _bulk(desk: Desk) -> None:
    """Read the JSON interface from the first page to the last, fifty people a call, with a partner's key."""
    client = desk.client("198.18.201.11", key=API_KEY)
    page = 1
    async for _ in desk.pace(16):
        if (page - 1) * PER_CALL >= len(desk.members):
            return
        await desk.get(client, f"/api/people?page={page}")
        page += 1


async def _enumerate(desk: Desk) -> None:
    """Ask for one telephone number after the other."""
    client = desk.client("192.0.2.66")
    step = 0
    async for _ in desk.pace(100):
        await desk.get(client, f"/api/lookup?phone=%2B{phone_at(step)[1:]}")
        step += 1


async def _wait(desk: Desk) -> None:
    """Read slowly, signed in from one home, as a person would."""
    account = patient_account(desk.members)
    client = desk.client("198.18.250.50", _BROWSER)
    await _signed_in(desk, [client], account)
    places = [place for place, member in enumerate(desk.members) if member.handle != account]
    targets = iter(desk.rng.sample(places, min(60, len(places))))
    async for _ in desk.pace(1.6):
        place = next(targets, None)
        if place is None:
            return
        await desk.get(client, f"/u/{desk.members[place].handle}")


def network_account(members: Sequence[Member]) -> str:
    """Return the account that one scraper uses from forty networks."""
    return members[-1].handle


def patient_account(members: Sequence[Member]) -> str:
    """Return the account of the patient scraper."""
    return members[-2].handle


def all_scrapers(members: Sequence[Member]) -> tuple[Scraper, ...]:
    """Return everybody who collects, in the order of the table."""
    return (
        Scraper("bulk", "JSON API", "50 people a call", f"key:{API_KEY}", _bulk),
        Scraper("search", "Search pages", "20 people a page", "address:198.18.140.40", _harvest),
        Scraper("walk", "Fast profile walk", "one address", "address:203.0.113.77", _walk),
        Scraper(
            "spread",
            "One account",
            f"on {_NETWORKS} networks",
            f"account:{network_account(members)}",
            _spread,
        ),
        Scraper("phones", "Phone look-up", "numbers in order", "address:192.0.2.66", _enumerate),
        Scraper(
            "patient",
            "Patient reader",
            "under budgets",
            f"account:{patient_account(members)}",
            _wait,
            patient=True,
        ),
    )


async def run(scraper: Scraper, desk: Desk) -> None:
    """Let one scraper work until the story ends or it has everything."""
    try:
        await scraper.work(desk)
    finally:
        desk.close()
