"""A person's request: opened with a clock, answered from the ledger with a date, and overdue when it is not."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.making import DAY
from tests.response.people.world import World, run, small

from himaya.core.errors import InputError
from himaya.ledger.schema import Kind, micros
from himaya.response.people.requests import due, is_overdue, opening


@pytest.fixture(name="world")
def _world(tmp_path) -> World:
    return small(tmp_path)


def asked(world: World, *words: str) -> dict:
    """Open a request of ben's, and return what is printed."""
    base = ("--kind", "complaint", "--subject", "ben", "--country", "ES", "--why", "letter 3")
    return world.told("request", *base, *words)


def test_a_request_has_a_clock_and_no_name(world):
    """It is due after thirty days by default; the case keeps the surrogate and the country, not the name."""
    told = asked(world, "--received", "2026-01-31T22:00:00Z")
    assert (told["kind"], told["state"], told["known"]) == ("complaint", "received", True)
    assert told["due"] == "2026-03-03T00:00:00Z"
    case = world.read(told["id"])
    act = case.entries[0].act
    assert act.data["subject"] == world.number("ben", Kind.SUBJECT)
    assert "ben" not in json.dumps([act.data, act.why])
    assert is_overdue(case, due(case))
    assert not is_overdue(case, due(case) - 1)


def test_the_days_are_the_sites(world):
    """`[response] answer_days` is the clock."""
    world.configure("answer_days = 10")
    assert asked(world, "--received", "2026-01-01")["due"] == "2026-01-12T00:00:00Z"


@given(st.floats(0, 4e9), st.integers(1, 366))
def test_a_person_has_all_of_the_last_day(at, days):
    """Whenever it came in, the answer is due at a midnight, `days` to `days` + 1 days later."""
    found = opening("access", 1, "ES", micros(at), days)["due"]
    assert found % micros(DAY) == 0
    assert days * micros(DAY) < found - micros(at) <= (days + 1) * micros(DAY)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--kind", "question"), "no request of kind 'question'; there are: access, complaint"),
        (("--country", "spain"), "'spain' is no country"),
        (("--received", "2999-01-01"), "in the future"),
        (("--received", "tomorrow"), "is no time"),
        (("--why", " "), "--why is empty"),
    ],
)
def test_a_wrong_request_opens_nothing(world, words, said):
    """Every mistake is named, and no case is opened."""
    base = {"--kind": "access", "--subject": "ben", "--country": "ES", "--why": "t"}
    base.update([words])
    flat = [word for pair in base.items() for word in pair]
    assert said in world.case("request", *flat, code=2)
    with pytest.raises(InputError):
        opening("question", 1, "", 0, 1)


def test_the_answer_is_dated_and_kept(world):
    """The answer has fields, days, recipients in words, how sure, what nobody can say, and where to complain."""
    told = asked(world)
    text = world.case("answer", told["id"], "--why", "identity was checked")
    for words in (
        "Answer to your complaint",
        f"Request: {told['id']}, received",
        "Answered: 20",
        "2 recipients",
        "a member",
        "the page was sent",
        "WHAT THIS CANNOT SPEAK FOR",
        "You can also complain to Agencia Española de Protección de Datos (AEPD)",
    ):
        assert words in text
    case = world.read(told["id"])
    assert str(case.state) == "answered"
    assert case.last("answered").data["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert due(case) == 0
    assert "it was answered already" in world.case("answer", told["id"], "--why", "t", code=2)


def test_a_draft_leaves_the_request_open(world):
    """--draft shows the answer; nothing is written into the case."""
    told = asked(world)
    found = world.told("answer", told["id"], "--why", "t", "--draft")
    assert found["access"]["subject"] == "ben"
    assert found["taken"]["cases"] == []
    assert str(world.read(told["id"]).state) == "received"


def test_the_answer_says_what_a_confirmed_collector_took(world):
    """Once the case is confirmed, the answer names it, its state, the fields and the days."""
    world.act("c1", "confirmed", why="w")
    told = asked(world)
    page, plain = world.directory / "a.html", world.directory / "a.txt"
    world.case("answer", told["id"], "--why", "t", "--html", page, "--text", plain)
    text = " ".join(plain.read_text().split())
    assert "A collector that this site confirmed obtained email, name on 2025-06-15" in text
    assert "case c1, which is confirmed" in text
    assert "case c1" in page.read_text()


def test_the_authority_of_the_country_is_named_where_a_table_knows_it(world):
    """What the table of regimes says of a country stands in the request and in the answer."""
    told = asked(world)
    authority = "Agencia Española de Protección de Datos (AEPD) (https://www.aepd.es)"
    assert told["authority"] == authority
    answer = world.case("answer", told["id"], "--why", "t")
    assert authority in " ".join(answer.split())


def test_somebody_whom_the_ledger_does_not_know_is_answered_too(world):
    """An unknown name has no number, so it is named again for the answer, which claims nothing."""
    base = ("--kind", "access", "--subject", "nobody", "--why", "t")
    told = world.told("request", *base)
    assert not told["known"]
    assert "name it with --subject" in world.case("answer", told["id"], "--why", "t", code=2)
    said = world.case("answer", told["id"], "--subject", "ben", "--why", "t", code=2)
    assert "is another person's" in said
    text = world.case("answer", told["id"], "--subject", "nobody", "--why", "t")
    assert "That is no proof that nothing was shown" in " ".join(text.split())


def test_a_person_who_was_erased_since_cannot_be_answered_from_the_ledger(world):
    """The number names nobody any more; the error says why."""
    told = asked(world)
    run("forget", "--ledger", world.ledger, "--subject", "ben", "--why", "t")
    assert "was erased since" in world.case("answer", told["id"], "--why", "t", code=2)


def test_only_requests_are_answered(world):
    """A case of scraping is answered to nobody, and has no day by which it would be."""
    assert "nobody asks for an answer in it" in world.case("answer", "c1", "--why", "t", code=2)
    assert due(world.read("c1")) == 0
