"""Made-up disclosures, and a naive ledger: a list that is counted again for every question."""

from __future__ import annotations

from pathlib import Path

from hypothesis import strategies as st

from himaya.core.actor import Actor, canonical_address, prefix_of
from himaya.core.disclosure import Certainty, Disclosures, Shown
from himaya.ledger import Ledger
from himaya.ledger.reader import Reader

NOON = 1_750_000_000.0 // 86400 * 86400 + 43_200  # a day at noon, 2025-06-15
DAY = 86_400.0


def shown(*subjects: str, fields=("name",), certainty=Certainty.SERVED) -> tuple[Shown, ...]:
    return tuple(Shown(subject, tuple(fields), certainty) for subject in subjects)


def disclosed(at: float, account: str, *subjects: str, **more) -> Disclosures:
    """Return a profile view by an account from a fixed address."""
    more = {"actor": Actor(account=account, address="203.0.113.9"), **more}
    fields, certainty = more.pop("fields", ("name",)), more.pop("certainty", Certainty.SERVED)
    base = {"surface": "profile", "kind": "profile", "access": "account", "status": 200}
    people = shown(*subjects, fields=fields, certainty=certainty)
    return Disclosures(at=at, shown=people, **{**base, **more})


def write(directory: Path, *items: Disclosures, close: bool = True, **more) -> Ledger:
    """Write disclosures to a ledger."""
    ledger = Ledger.open(directory, **more)
    for item in items:
        ledger.append(item)
    ledger.flush()
    if close:
        ledger.close()
    return ledger


def half_sealed(directory: Path, items: list[Disclosures], seal_at: int) -> Ledger:
    """Write disclosures to a ledger, seal after so many of them, and leave it open."""
    ledger = write(directory, *items[:seal_at], close=False)
    ledger.seal(NOON, everything=True)
    for item in items[seal_at:]:
        ledger.append(item)
    ledger.flush()
    return ledger


def who(directory: Path, name: str, start: int = 0, end: int | None = None):
    """Ask for an actor (`account:u1`) or a subject (`subject:p1`)."""
    with Reader.open(directory) as reader:
        period = (start,) if end is None else (start, end)
        if name.startswith("subject:"):
            return reader.who_subject(name.removeprefix("subject:"), *period)
        return reader.who_actor(name, *period)


def people(directory: Path, actor: str) -> list[str]:
    return sorted(one.subject for one in who(directory, actor).subjects)


_names = st.text(st.characters(blacklist_categories=()), min_size=1, max_size=300)
_few = st.sampled_from(["u1", "u2", "u3", "ü 4", "=5", "\udcff6", "a,b"])
_address = st.sampled_from(["203.0.113.9", "203.0.113.77", "2001:db8::1", "198.51.100.4", ""])
actors = st.builds(
    Actor,
    address=_address,
    account=st.one_of(st.just(""), _few, _names),
    session=st.one_of(st.just(""), _few),
    key=st.one_of(st.just(""), _few),
    asn=st.integers(-1, 2**40),
    fingerprint=st.one_of(st.just(""), _names),
    tier=st.sampled_from(["", "gold"]),
    account_created=st.one_of(st.none(), st.floats(0, 2e9)),
    terms=st.sampled_from(["", "2025-01"]),
)
people_shown = st.builds(
    Shown,
    subject=st.one_of(st.sampled_from([f"p{n}" for n in range(8)]), _names),
    fields=st.lists(st.sampled_from(["name", "email", "a,b", "téléphone"]), max_size=3).map(tuple),
    certainty=st.sampled_from(Certainty),
)
disclosures = st.builds(
    Disclosures,
    at=st.floats(NOON - 3 * DAY, NOON + 3 * DAY),
    surface=st.one_of(st.just("profile"), _names),
    kind=st.sampled_from(["profile", "listing", "lookup", "media"]),
    actor=actors,
    access=st.sampled_from(["anonymous", "account", "paid", "key"]),
    status=st.integers(-5, 70_000),
    shown=st.lists(people_shown, max_size=4).map(tuple),
    miss=st.booleans(),
    unattributed=st.integers(-1, 30),
    scope=st.sampled_from(["public", "members"]),
    decision=st.sampled_from(["allow", "block"]),
    source=st.sampled_from(["log", "proxy"]),
    policy=st.just("0123456789abcdef"),
)


def facet_of(item: Disclosures, column: str) -> str:
    actor = item.actor
    if column == "prefix":
        return prefix_of(actor.address) if actor.address else ""
    if column == "address":
        return canonical_address(actor.address)
    return getattr(actor, column)
