"""`himaya bench --target URL`: consent first, then a few patterns, then the number of people lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import msgspec

from himaya.bench.staging.client import MOST_PER_SECOND, MOST_REQUESTS, Client
from himaya.bench.staging.outcome import PatternLoss, StagingResult
from himaya.bench.staging.patterns import Collecting, patterns
from himaya.bench.staging.people import Asks, read_people
from himaya.bench.staging.seen import Eye
from himaya.bench.staging.target import Target, resolve
from himaya.bench.staging.token import await_token, make_token, write_token
from himaya.config import Config, load
from himaya.core.errors import InputError

Say = Callable[[str], None]


class Staging(msgspec.Struct, frozen=True):
    """What a run against a staging site needs.

    `target` is its URL, `policy` its himaya.toml, `test_people` the file that names whom may be asked for. The token
    is also written to `token_file`, and waited for `token_wait_s` seconds. `forwarded`: addresses may be claimed in
    the policy's address header (the run is trusted there). `headers` go with every request, for a site that must be
    signed in to. `listings`: pages of listings may be asked for, on which others than the test people stand too. At
    most `most_requests`, at most `per_second`.
    """

    target: str
    policy: Path
    test_people: Path
    token_file: Path | None = None
    token_wait_s: float = 300.0
    forwarded: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    listings: bool = False
    most_requests: int = 2000
    per_second: float = 10.0


class Ready(msgspec.Struct, frozen=True):
    """Options that have been checked: the configuration, the asks, the target, and this run's token."""

    config: Config
    asks: Asks
    target: Target
    token: str


def prepare(options: Staging) -> Ready:
    """Return options made whole, without asking anybody but the resolver. Raises HimayaError."""
    if not 0 < options.most_requests <= MOST_REQUESTS:
        raise InputError(f"1 to {MOST_REQUESTS:,} requests can be asked for")
    if not 0 < options.per_second <= MOST_PER_SECOND:
        raise InputError(
            f"more than 0 and at most {MOST_PER_SECOND:g} requests a second can be asked for"
        )
    people = read_people(options.test_people)
    config = load(options.policy)
    asks = Asks(config.surfaces, people, str(options.policy), listings=options.listings)
    return Ready(config, asks, resolve(options.target), make_token())


def consent(options: Staging, ready: Ready, say: Say) -> None:
    """Return once the target serves this run's token. Raises InputError, ServiceError."""
    if options.token_file is not None:
        write_token(options.token_file, ready.token)
    # Polls are no part of the run's requests: the wait itself bounds them.
    with Client(ready.target, most=MOST_REQUESTS) as client:
        await_token(client, ready.token, options.token_wait_s, say)


def client_for(options: Staging, ready: Ready) -> Client:
    """Return the client of a run."""
    return Client(
        ready.target, options.headers, most=options.most_requests, per_second=options.per_second
    )


def claimed_addresses(token: str) -> Iterator[str]:
    """Yield addresses to claim, from the range for documentation (RFC 3849), each in a network of its own.

    Every run has its own, so that one run does not use up the budgets of the next.
    """
    run = int.from_bytes(token.encode()[:2], "big")
    return (f"2001:db8:{(run + 7 * number) & 0xFFFF:x}:{number:x}::1" for number in count(1))


def stage(options: Staging, say: Say) -> StagingResult:
    """Return how many of the named test people a staging site loses to a few patterns of asking.

    `say` is told the token, and what is going on. Raises HimayaError: bad options, no consent.
    """
    ready = prepare(options)
    consent(options, ready, say)
    eye = Eye([person.subject for person in ready.asks.people], ready.config.surfaces)
    claimed = claimed_addresses(ready.token) if options.forwarded else None
    done: list[Collecting] = []
    with client_for(options, ready) as client:
        for pattern in patterns(ready.asks, claimed):
            say(f"{pattern.title}: {pattern.how}")
            one = Collecting(pattern, client, eye, ready.config.actor.address_header)
            one.go()
            done.append(one)
            if one.stopped:
                break
        return _result(options, ready, client, done)


def _result(
    options: Staging, ready: Ready, client: Client, done: list[Collecting]
) -> StagingResult:
    lost: dict[str, dict[str, None]] = {}
    for one in done:
        for subject, fields in one.obtained.items():
            lost.setdefault(subject, {}).update(fields)
    losses, people = [one.loss() for one in done], len(ready.asks.people)
    return StagingResult(
        target=ready.target.url,
        address=ready.target.address,
        policy=ready.config.policy().hash(),
        test_people=people,
        people_lost=len(lost),
        share_lost=round(len(lost) / people, 6),
        fields_lost=dict(sorted(Counter(f for fields in lost.values() for f in fields).items())),
        requests=client.sent,
        patterns=losses,
        left_out=ready.asks.left_out,
        redirects_left=client.left,
        stopped=next((one.stopped for one in done if one.stopped), ""),
        notes=list(_notes(options, losses)),
    )


def _notes(options: Staging, losses: list[PatternLoss]) -> Iterator[str]:
    if not options.forwarded and len(losses) > 1:
        yield "All patterns asked from one address, one after the other: they share its budgets."
    if any(not each.read for one in losses for each in one.surfaces if each.people):
        yield "Where an answer is no JSON, its fields are the declared ones: nobody looked for them."
    if any(each.id == "listings" for each in losses):
        yield "Of listings the first pages were asked, ten at most: people further back are not lost, only not tried."
    yield "A page of a person that is answered with 200 counts as obtained."
