"""`--probe`: an examiner's known test people are collected as one actor; then `who` must name exactly them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from himaya.bench.staging.client import Client, StoppedError
from himaya.bench.staging.outcome import ProbeResult
from himaya.bench.staging.patterns import Collecting, patterns
from himaya.bench.staging.run import (
    Ready,
    Say,
    Staging,
    claimed_addresses,
    client_for,
    consent,
    prepare,
)
from himaya.bench.staging.seen import Eye
from himaya.core.actor import canonical_address
from himaya.core.errors import ConfigError, InputError
from himaya.ledger.answers import WhoActor
from himaya.ledger.names import parse_actor
from himaya.ledger.reader import Reader
from himaya.ledger.schema import iso, micros

#: How long rows may take from an answer to the ledger's disk, and how often it is asked.
SETTLE_S, _POLL_S = 20.0, 0.5


class Probe(msgspec.Struct, frozen=True):
    """Where the target's ledger is, who asks for it, and as whom it knows the examiner.

    `actor` is a name such as `account:u7`, needed when `headers` sign in; "" stands for the address that the
    requests come from. `by` is kept in the access log, and the ledger gets `settle_s` seconds to write its rows.
    """

    ledger: Path
    key_file: Path | None = None
    actor: str = ""
    by: str = "himaya bench"
    settle_s: float = SETTLE_S


def probe(options: Staging, about: Probe, say: Say) -> ProbeResult:
    """Return whether the ledger names exactly the test people that were obtained.

    The question is recorded in the ledger's access log, as every use of `who`. Raises HimayaError: bad options, no
    consent, no surface that shows one person, no ledger.
    """
    if about.actor:
        parse_actor(about.actor)
    elif options.headers:
        raise InputError("with headers of your own, name the actor they stand for: account:NAME")
    ready = prepare(options)
    # A ledger that cannot be opened is told before anybody is asked.
    Reader.open(about.ledger, about.key_file).close()
    consent(options, ready, say)
    start = time.time()
    actor, obtained = _collect(options, ready, about)
    end = time.time()
    say(f"Obtained {len(obtained)} of {len(ready.asks.people)} as {actor}; asking the ledger.")
    who = _who(about, actor, obtained, (micros(start - 1), micros(end + about.settle_s + 60)))
    named = [one.subject for one in who.subjects]
    return ProbeResult(
        target=ready.target.url,
        actor=actor,
        start=iso(micros(start)),
        end=iso(micros(end)),
        test_people=len(ready.asks.people),
        obtained=len(obtained),
        named=who.people,
        equal=set(named) == set(obtained) and who.people == len(obtained),
        missing=_without(obtained, named),
        surplus=_without(named, obtained),
        not_obtained=_without([p.subject for p in ready.asks.people], obtained),
        unattributed=who.unattributed,
        unobserved=who.unobserved,
        note=who.note,
    )


def _without(these: Iterable[str], those: Iterable[str]) -> list[str]:
    gone = set(those)
    return [each for each in these if each not in gone]


def _collect(options: Staging, ready: Ready, about: Probe) -> tuple[str, list[str]]:
    """Return as whom the test people were asked for, and who was obtained."""
    claimed = claimed_addresses(ready.token) if options.forwarded else None
    pattern = next((each for each in patterns(ready.asks, claimed) if each.id == "fast"), None)
    if pattern is None:
        raise ConfigError(
            "a probe asks for one person at a time; no surface shows one person by a route.",
            file=str(options.policy),
            key="surface",
        )
    eye = Eye([person.subject for person in ready.asks.people], ready.config.surfaces)
    with client_for(options, ready) as client:
        one = Collecting(pattern, client, eye, ready.config.actor.address_header)
        one.go()
        if one.stopped:
            raise StoppedError(f"the probe is not complete: {one.stopped}")
        return about.actor or _address(pattern.addresses[0], client), list(one.obtained)


def _address(claimed: str, client: Client) -> str:
    return f"address:{canonical_address(claimed or client.local)}"


def _who(about: Probe, actor: str, obtained: list[str], period: tuple[int, int]) -> WhoActor:
    """Ask the ledger until it names everybody, or long enough; the use is recorded once."""
    until, recorded = time.monotonic() + about.settle_s, False
    while True:
        with Reader.open(about.ledger, about.key_file) as reader:
            late = time.monotonic() >= until
            column, surrogate = reader.facet(actor)
            if (surrogate or late) and not recorded:
                recorded = True
                start, end = period
                reader.record_access(
                    column,
                    surrogate,
                    why="probe",
                    by=about.by,
                    at=time.time(),
                    start=start,
                    end=end,
                )
            if recorded:
                who = reader.who_actor(actor, *period)
                if late or who.people >= len(obtained):
                    return who
        time.sleep(_POLL_S)
