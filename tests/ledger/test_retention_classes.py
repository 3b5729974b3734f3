"""Retention by class of actor: ordinary viewers short or compact, members of confirmed cases long; all of it signed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.making import DAY, NOON, disclosed, people, who, write

from himaya.core.actor import Actor
from himaya.ledger import Ledger, compact, erasure, holds, manifest, retention
from himaya.ledger import entries as e
from himaya.ledger.matters import Matter
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, micros

LONG = e.Classes(at="", confirmed_days=730)
COMPACT = e.Classes(at="", ordinary="compact", compact_days=100)


def _expire(directory: Path, now: float, classes: e.Classes | None = None, matters=(), **more):
    with Ledger.open(directory, clock=lambda: now) as ledger:
        return retention.execute(ledger, now, classes=classes, matters=matters, **more)


def _case(directory: Path, *accounts: str, confirmed: bool = True, until: float = 0.0) -> Matter:
    with Reader.open(directory) as reader:
        found = [reader.identities.find(Kind.ACTOR, f"account:{name}") for name in accounts]
    return Matter(
        case="g-1",
        actors=frozenset(found),
        start=0,
        until=micros(until) if until else 0,
        basis="confirmed: one tool",
        by="dana",
        confirmed=confirmed,
    )


def _viewed(directory: Path) -> None:
    """Three accounts view people on one day; u1 also two months later."""
    write(
        directory,
        disclosed(NOON, "u1", "anna", "ben"),
        disclosed(NOON, "u2", "anna"),
        disclosed(NOON + 60, "u2", "anna", fields=("email",)),
        disclosed(NOON, "u3", "anna", access="paid"),
        clock=lambda: NOON,
    )


def test_members_of_confirmed_cases_are_kept_longer(tmp_path: Path):
    """Rows of members of a confirmed case outlive those of others, up to their own days; the answer names both."""
    directory = tmp_path / "l"
    _viewed(directory)
    case = _case(directory, "u1")
    assert _expire(directory, NOON + 40 * DAY, LONG, [case]).rows == 3
    assert people(directory, "account:u1") == ["anna", "ben"]
    answer = who(directory, "subject:anna")
    assert [one.actor for one in answer.actors] == ["account:u1"]
    assert answer.retention.endswith("; those of members of confirmed cases 730 days")
    assert "but for members of confirmed cases" in answer.unobserved[0].why
    assert _expire(directory, NOON + 700 * DAY, LONG, [case]).rows == 0
    assert _expire(directory, NOON + 732 * DAY, LONG, [case]).rows == 2
    assert who(directory, "account:u1").people == 0


def test_suspicion_and_late_confirmation_keep_nothing_longer(tmp_path: Path):
    """A case that no person confirmed extends nothing; one confirmed later reaches only rows that still exist."""
    directory = tmp_path / "l"
    _viewed(directory)
    case = _case(directory, "u1", "u2", confirmed=False)
    assert _expire(directory, NOON + 40 * DAY, LONG, [case]).rows == 5
    assert _expire(directory, NOON + 40 * DAY, LONG, [_case(directory, "u1")]).rows == 0
    assert who(directory, "account:u1").people == 0


def test_an_open_case_holds_the_rows_of_its_members(tmp_path: Path):
    """While a case is open its members' rows stay, counted as held; when it is over they end like others."""
    directory = tmp_path / "l"
    _viewed(directory)
    case = _case(directory, "u2", confirmed=False, until=NOON + 60 * DAY)
    done = _expire(directory, NOON + 40 * DAY, LONG, [case])
    assert (done.rows, done.held) == (3, 2)
    assert people(directory, "account:u2") == ["anna"]
    assert _expire(directory, NOON + 61 * DAY, LONG, [case]).rows == 2


def test_what_has_nothing_to_do_reads_nothing_again(tmp_path: Path, monkeypatch):
    """Old files that stay are read once, not at every execution, until a file, case or hold changes."""
    directory = tmp_path / "l"
    _viewed(directory)
    case = _case(directory, "u1", until=NOON + 500 * DAY)
    with Ledger.open(directory, clock=lambda: NOON + 40 * DAY) as ledger:
        args = {"classes": LONG, "matters": [case]}
        retention.execute(ledger, NOON + 40 * DAY, **args)
        retention.execute(ledger, NOON + 40 * DAY, **args)
        monkeypatch.setattr(retention, "_plan", lambda *_: pytest.fail("read again"))
        assert retention.execute(ledger, NOON + 40 * DAY + 900, **args).held == 2
        monkeypatch.undo()
        assert retention.execute(ledger, NOON + 40 * DAY + 900, classes=LONG).rows == 2


def test_a_compact_form_stays_of_ordinary_viewers(tmp_path: Path):
    """After the days it is still known how often a person was shown to whom of which kind, and to nobody by whom."""
    directory = tmp_path / "l"
    _viewed(directory)
    assert _expire(directory, NOON + 40 * DAY, COMPACT).rows == 5
    with Reader.open(directory) as reader:
        told = compact.shown_to(reader, reader.subject("anna")[1])
        assert [msgspec.structs.astuple(one) for one in told] == [
            ("2025-06-15", "account", ["email", "name"], 2, 3),
            ("2025-06-15", "paid", ["name"], 1, 1),
        ]
        assert [reader.facet(f"account:u{n}")[1] for n in (1, 2, 3)] == [0, 0, 0]
        assert reader.facet("address:203.0.113.9")[1] == 0
        assert reader.who_subject("anna").count == 0
        assert "but for a compact form of 100 days" in reader.state().retention
        assert reader.verify() == []
        assert erasure.forget(reader, subject="anna", why="x", by="y", now=NOON).erased == 1
    assert _expire(directory, NOON + 99 * DAY, COMPACT).rows == 0
    with Reader.open(directory) as reader:
        assert reader.subject("ben")[1]
    _expire(directory, NOON + 101 * DAY + 43_200, COMPACT)
    assert list((directory / "compact").iterdir()) == []
    _expire(directory, NOON + 102 * DAY + 43_200, COMPACT)
    with Reader.open(directory) as reader:
        assert reader.subject("ben")[1] == 0
        assert reader.verify() == []


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from("ab"), st.sampled_from("xyz"), st.booleans()),
        max_size=12,
    )
)
def test_a_compact_form_counts_like_a_naive_count(views: list[tuple[int, str, str, bool]]):
    """Actors and rows per person, day and access class are those that counting the rows gives."""
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        directory = Path(place) / "l"
        write(
            directory,
            *(
                disclosed(NOON + day * DAY, who, shown, access="paid" if paid else "account")
                for day, who, shown, paid in views
            ),
        )
        with Reader.open(directory) as reader:
            made = compact.folded(reader.ask(lambda rows, _: reader.table(rows))).to_pylist()
            names = reader.identities.names({row["subject"] for row in made})
    found = {(names[r["subject"]], r["day"], r["access"]): (r["actors"], r["times"]) for r in made}
    expected: dict[tuple[str, int, str], list[str]] = {}
    for day, account, shown, paid in views:
        key = (shown, int(NOON // DAY) + day, "paid" if paid else "account")
        expected.setdefault(key, []).append(account)
    assert found == {key: (len(set(seen)), len(seen)) for key, seen in expected.items()}


def test_entries_that_take_rows_away_are_signed(tmp_path: Path):
    """Entries by which rows go say why and are signed; a forged, an unsigned and another ledger's one are found."""
    directory = tmp_path / "l"
    _viewed(directory)
    _expire(directory, NOON + 40 * DAY, COMPACT)
    with Reader.open(directory) as reader:
        signed = [entry for _, entry in reader.chain.lines() if isinstance(entry, e.AnySigned)]
        assert signed
        assert all(entry.ground and entry.signature for entry in signed)
        assert reader.verify() == []
        last = signed[-1]
        for bad in (
            msgspec.structs.replace(last, rows=last.rows + 1, drop=(), add=(), compact=()),
            e.Removed(at=last.at),
        ):
            number = reader.chain.append(bad).seq
            (problem,) = list(manifest.problems(reader.layout, reader.keys, reader.state()))[-1:]
            assert f"entry {number} takes files away" in problem
    write(tmp_path / "other")
    with Reader.open(tmp_path / "other") as other, Reader.open(directory) as reader:
        number = reader.chain.append(manifest.signed(other.keys, e.Removed(at=last.at))).seq
        assert any(f"entry {number} " in problem for problem in reader.verify())
        known = {other.keys.public}
        told = list(manifest.problems(reader.layout, reader.keys, reader.state(), known))
        assert not any(f"entry {number} " in problem for problem in told)


def test_a_changed_compact_file_is_found(tmp_path: Path):
    """Verification finds a compact file that was changed or removed."""
    directory = tmp_path / "l"
    _viewed(directory)
    _expire(directory, NOON + 40 * DAY, COMPACT)
    (file,) = (directory / "compact").iterdir()
    data = file.read_bytes()
    file.write_bytes(data[:-1])
    with Reader.open(directory) as reader:
        assert any("was changed" in problem for problem in reader.verify())
        file.unlink()
        assert any("cannot read" in problem for problem in reader.verify())


def test_a_hold_of_many_rows_covers_exactly_its_identities(tmp_path: Path):
    """What a hold needs is what it names and everybody in its rows, of its period, and nothing else."""
    directory = tmp_path / "l"
    for_one = Actor(account="u1", address="198.51.100.1", session="s")
    write(
        directory,
        disclosed(NOON, "u1", "anna", actor=for_one),
        disclosed(NOON + DAY, "u1", "ben"),
        disclosed(NOON, "u2", "carl"),
    )
    with Reader.open(directory) as reader:
        about = reader.facet("account:u1")
        holds.place(
            reader,
            about,
            basis="b",
            by="d",
            until=micros(NOON + 9 * DAY),
            now=NOON,
            end=micros(NOON + 60),
        )

        def question(rows, state):
            standing = holds.freezes(state, reader.keys, (), micros(NOON))
            numbers = {reader.subject(name)[1] for name in ("anna", "ben", "carl")}
            return holds.needed(reader, {"subject": numbers}, rows, standing)

        assert set(reader.ask(question)) == {reader.subject("anna")[1]}
