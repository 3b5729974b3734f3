"""Row versions of somebody who was erased: nobody finds them again by guessing name and value."""

from __future__ import annotations

import msgspec
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tests.ledger.making import DAY, NOON, disclosed, write

from himaya.core.version import version_of
from himaya.ledger import Ledger, erasure, holds, retention, unversioned
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros

SECRET = b"s" * 32
CITIES = [f"city {number}" for number in range(100)]


def _view(name: str):
    """Return a view of somebody whose city the ledger keeps a version of."""
    view = disclosed(NOON, "u1", name, fields=("city",))
    version = version_of(SECRET, name, {"city": CITIES[len(name)]})
    shown = (msgspec.structs.replace(view.shown[0], version=version),)
    return msgspec.structs.replace(view, shown=shown)


def _found(ledger, name: str) -> list[int]:
    """Return the numbers that root finds for a name, with the site's secret and every value a city may have."""
    tries = {version_of(SECRET, name, {"city": city}) for city in CITIES}
    found = []
    for path in (ledger / "sealed").glob("*.parquet"):
        rows = pq.read_table(path, columns=["subject", "version"])
        found += rows.filter(pc.is_in(rows["version"], pc.cast(list(tries), "string"))).to_pylist()
    return [row["subject"] for row in found]


def _upkeep(ledger, now: float):
    with Ledger.open(ledger, clock=lambda: now) as opened:
        opened.seal(now, everything=True)
        return retention.execute(opened, now, 365)


def test_nobody_who_was_erased_is_found_by_guessing_values(tmp_path):
    """After an erasure secret, name and every value find no row of the person; versions of others stay."""
    ledger = tmp_path / "l"
    write(ledger, _view("anna"), _view("bennet"))
    _upkeep(ledger, NOON + DAY)
    assert len(_found(ledger, "anna")) == len(_found(ledger, "bennet")) == 1
    with Reader.open(ledger) as reader:
        erasure.forget(reader, subject="anna", why="t", by="dpo", now=NOON + DAY)
    _upkeep(ledger, NOON + 2 * DAY)
    assert _found(ledger, "anna") == []
    assert len(_found(ledger, "bennet")) == 1
    with Reader.open(ledger) as reader:
        assert reader.verify() == []
        assert reader.who_actor("account:u1").people == 2


def test_rows_that_were_sealed_since_lose_theirs(tmp_path, monkeypatch):
    """A row that was in no file yet when the person was erased loses its version once it is; then nothing is read."""
    opened = write(tmp_path / "l", _view("anna"), close=False, clock=lambda: NOON)
    with Reader.open(tmp_path / "l") as reader:
        erasure.forget(reader, subject="anna", why="t", by="dpo", now=NOON)
    assert unversioned.drop_versions(opened, NOON) == 0
    opened.seal(NOON, everything=True)
    assert len(_found(tmp_path / "l", "anna")) == 1
    assert unversioned.drop_versions(opened, NOON) == 1
    assert unversioned.drop_versions(opened, NOON) == 0
    monkeypatch.setattr(unversioned, "_may_have", None)
    assert unversioned.drop_versions(opened, NOON) == 0
    opened.close()
    assert _found(tmp_path / "l", "anna") == []


def test_renumbered_rows_lose_theirs(tmp_path):
    """Where a hold keeps the name, its rows keep their versions, and rows that got another number have none."""
    ledger, late = tmp_path / "l", msgspec.structs.replace(_view("anna"), at=NOON + DAY)
    write(ledger, _view("anna"), late, clock=lambda: NOON + DAY)
    with Reader.open(ledger) as reader:
        period = {"start": micros(NOON - 60), "end": micros(NOON + 60)}
        until = micros(NOON + 90 * DAY)
        about = reader.subject("anna")
        holds.place(reader, about, basis="c", by="l", until=until, now=NOON + DAY, **period)
        erasure.forget(reader, subject="anna", why="t", by="dpo", now=NOON + 2 * DAY)
    _upkeep(ledger, NOON + 3 * DAY)
    assert _found(ledger, "anna") == [about[1]]
