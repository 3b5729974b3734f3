"""Facts told by the application: one decoder, one small durable store."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.errors import HimayaError, InputError
from himaya.core.facts import AccountFact, Facts, NearFact, SubjectFact
from himaya.facts_store import FactsStore, decode_fact, facts_path, read_facts


def test_each_kind_is_told_by_its_keys():
    """The keys of a record say which of the three facts it is."""
    account = decode_fact(b'{"account":"u1","created":"2026-03-01T09:00:00Z","tier":"paid"}')
    assert account == AccountFact("u1", created=1772355600.0, tier="paid")
    assert decode_fact('{"subject":"17","protected":["minor"]}') == SubjectFact(
        "17", protected=("minor",)
    )
    assert decode_fact('{"viewer":"u1","subject":"17"}') == NearFact("u1", "17")


def test_times_are_iso_or_epoch_seconds():
    """A time without zone is UTC; a number is epoch seconds."""
    assert decode_fact('{"account":"a","created":"1970-01-02"}') == AccountFact("a", 86400.0)
    assert decode_fact('{"account":"a","created":5}') == AccountFact("a", 5.0)


@pytest.mark.parametrize(
    ("record", "word"),
    [
        ("[]", "object"),
        ("{", "not JSON"),
        ("{}", "account, subject, viewer"),
        ('{"account":"u1","colour":"red"}', "colour"),
        ('{"account":7}', "str"),
        ('{"account":""}', "empty"),
        ('{"subject":""}', "empty"),
        ('{"viewer":"a"}', "subject"),
        ('{"account":"a","created":"soon"}', "created"),
    ],
)
def test_what_is_no_fact_says_why(record, word):
    """Every wrong record is refused with a word that points at the mistake."""
    with pytest.raises(InputError, match=word):
        decode_fact(record)


@given(st.binary(max_size=200))
def test_decoding_never_raises_anything_else(data):
    """Whatever the bytes, the answer is a fact or an InputError."""
    with contextlib.suppress(HimayaError):
        decode_fact(data)


def test_a_bad_line_names_file_and_line():
    """The first line that is no fact is named with file and line; blank lines are passed over."""
    lines = [b'{"subject":"1"}\n', b"\n", b"nonsense\n"]
    with pytest.raises(InputError, match=r"facts.jsonl:3: not JSON"):
        list(read_facts(lines, "facts.jsonl"))


def test_a_line_longer_than_the_bound_is_refused():
    """A line past the bound is an error, not memory."""
    with pytest.raises(InputError, match="longer than"):
        list(read_facts([b'{"subject":"' + b"x" * 70_000 + b'"}'], "f"))


def test_facts_survive_and_the_newer_replaces_the_older(tmp_path):
    """What was put is there after opening again; one fact per account."""
    path = facts_path(tmp_path / "ledger")
    with FactsStore(path) as store:
        assert store.put([AccountFact("u1", tier="a"), SubjectFact("1"), NearFact("u1", "1")]) == 3
        store.put([AccountFact("u1", tier="b")])
    assert path.name == "ledger.facts"
    assert path.stat().st_mode & 0o777 == 0o600
    facts = Facts()
    with FactsStore(path) as store:
        assert store.load_into(facts) == 3
    assert facts.accounts["u1"].tier == "b"
    assert ("u1", "1") in facts.near


def test_a_bad_line_keeps_nothing_of_the_file(tmp_path):
    """An import is kept whole or not at all."""
    with FactsStore(tmp_path / "f") as store:
        with pytest.raises(InputError):
            store.put(read_facts([b'{"subject":"1"}\n', b"?\n"], "f"))
        assert store.count() == 0
        assert store.put([SubjectFact("2")]) == 1


def _fill(store: FactsStore) -> None:
    store.put([SubjectFact("p17"), AccountFact("anna", subject="p17"), NearFact("anna", "9")])
    store.put([NearFact("bob", "p17"), SubjectFact("9"), AccountFact("bob")])


def _left(store: FactsStore) -> list[str]:
    return sorted(str(fact) for fact in store.facts())


def test_the_two_sides_of_a_person_are_forgotten_apart(tmp_path):
    """As subject, the person's facts, near pairs and link to the account go; as account, its facts and pairs."""
    path = tmp_path / "f"
    rest = [SubjectFact("9"), AccountFact("bob")]
    with FactsStore(path) as store:
        _fill(store)
        assert store.forget("p17") == 3
        account = [AccountFact("anna"), NearFact("anna", "9")]
        assert _left(store) == sorted(map(str, [*rest, *account]))
        _fill(store)
        assert store.forget(account="anna") == 2
        assert _left(store) == sorted(map(str, [*rest, SubjectFact("p17"), NearFact("bob", "p17")]))
        assert store.forget("p17", account="anna") == 2
        assert store.forget("p17", account="anna") == 0
        assert _left(store) == sorted(map(str, rest))
    held = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert b"p17" not in held
    assert b"anna" not in held


def test_a_file_that_is_no_store_is_refused(tmp_path):
    """Something else at the path is an error with the path, not a traceback."""
    path = tmp_path / "f"
    path.write_bytes(b"x" * 5000)
    with pytest.raises(HimayaError, match="cannot open the facts"):
        FactsStore(path)


def test_one_account_is_asked_for(tmp_path):
    """What is kept of one account is found by its name, and by no name of another kind."""
    with FactsStore(tmp_path / "facts") as store:
        store.put([AccountFact("u1", organisation="Acme"), SubjectFact("u2")])
        assert store.account("u1") == AccountFact("u1", organisation="Acme")
        assert store.account("u2") is None
        store._db.close()
        with pytest.raises(HimayaError, match="cannot read the facts"):
            store.account("u1")
