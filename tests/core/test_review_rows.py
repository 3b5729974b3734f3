"""Every person shown is in exactly one row of the exchange, with the right certainty, and nobody else is."""

from __future__ import annotations

import pytest
from tests.core.review_support import (
    ANNA,
    NOW,
    ask,
    decided,
    hour,
    named,
    people,
    rows,
    site,
    view,
)

from himaya.core.actor import Actor
from himaya.core.disclosure import Certainty
from himaya.core.effect import RaiseFinding
from himaya.core.exchange import Exchange, Person, Response
from himaya.core.rows import merged


def test_a_request_id_used_twice_hides_nobody() -> None:
    """Whoever sends one id for two requests at a time is recorded for both people."""
    engine = site()
    first, second = ask("/u/bob"), ask("/u/carl")
    engine.decide(first, NOW)
    engine.decide(second, NOW)
    told = engine.record(Exchange(second, 200), NOW)
    assert sorted(named(told)) == ["bob", "carl"]
    assert named(engine.record(Exchange(first, 200), NOW)) == []


def test_an_id_of_another_page_does_not_free_a_reservation() -> None:
    """A 404 under an id in use for another page leaves what that page reserved."""
    engine = site(account=1)
    decided(engine, "/u/bob")
    engine.record(Exchange(ask("/u/ghost"), 404), NOW)
    assert not decided(engine, "/u/carl", rid="2").passes
    assert named(engine.record(Exchange(ask("/u/bob"), 200), NOW)) == ["bob"]


def test_a_request_id_used_again_later_hides_nobody() -> None:
    """An id whose first exchange was settled at its deadline is no cloak for another person."""
    engine = site()
    decided(engine, "/u/bob")
    assert named(engine.expire(NOW + 301)) == ["bob"]
    assert named(engine.record(Exchange(ask("/u/carl"), 200), NOW + 302)) == ["carl"]
    assert named(engine.record(Exchange(ask("/u/bob"), 200), NOW + 303)) == ["bob"]


def test_people_admitted_before_the_deadline_are_written_once() -> None:
    """A download that outlives its ticket is one disclosure of each person, not two."""
    engine = site()
    request = ask("/search", sees_body=True)
    engine.decide(request, NOW)
    told = engine.admit(Response("1", 200, people("a", "b"), can_trim=True), NOW).people
    late = rows(engine.expire(NOW + 301))
    assert [[s.subject for s in row.shown] for row in late] == [["a", "b"]]
    assert late[0].shown[0].certainty is Certainty.AUTHORISED_ONLY
    assert rows(engine.record(Exchange(request, 200, told), NOW + 400)) == []


def test_people_whom_the_late_log_line_adds_are_written() -> None:
    """The person of the path was written at the deadline; the others whom the header names are written then."""
    engine = site()
    decided(engine, "/u/bob")
    assert named(engine.expire(NOW + 301)) == ["bob"]
    told = engine.record(Exchange(ask("/u/bob"), 200, people("bob", "carl")), NOW + 400)
    assert named(told) == ["carl"]


def test_fields_that_the_late_log_line_adds_are_written() -> None:
    """A field that was not in the row of the deadline gets its row."""
    engine = site()
    decided(engine, "/u/bob")
    engine.expire(NOW + 301)
    less = Exchange(ask("/u/bob"), 200, (Person("bob", ("name",)),))
    assert named(engine.record(less, NOW + 400)) == []
    decided(engine, "/u/bob", at=NOW + 500)
    engine.expire(NOW + 801)
    more = Exchange(ask("/u/bob"), 200, (Person("bob", ("name", "phone")),))
    assert named(engine.record(more, NOW + 900)) == ["bob"]


def test_a_late_unnamed_listing_is_charged_once() -> None:
    """A listing that was charged at its deadline is not charged again by its log line."""
    engine = site(account=100)
    decided(engine, "/search")
    assert rows(engine.expire(NOW + 301))[0].unattributed == 20
    assert rows(engine.record(Exchange(ask("/search"), 200), NOW + 400)) == []
    assert hour(engine) == 20


def test_a_redacted_page_is_no_disclosure_and_costs_nothing() -> None:
    """Over budget, pages without their fields are free, so that the budget frees as it would without them."""
    engine = site(account=1)
    view(engine, "/card/bob")
    assert all(view(engine, f"/card/p{n}") for n in range(5))
    assert hour(engine) == 1
    assert view(engine, "/card/carl", at=NOW + 4000)


def test_a_field_that_stayed_in_a_redacted_page_is_written() -> None:
    """What the application says it showed is written, also where it was asked not to."""
    engine = site(account=0)
    request = ask("/card/bob")
    engine.decide(request, NOW)
    assert named(engine.record(Exchange(request, 200, (Person("bob", ("city",)),)), NOW)) == ["bob"]


def test_somebody_without_any_field_is_not_shown() -> None:
    """A person of whom no field was left is no row and costs nothing."""
    engine = site(account=5)
    request = ask("/search", sees_body=True)
    engine.decide(request, NOW)
    told = engine.admit(Response("1", 200, (Person("bob", ()), Person("carl"))), NOW).people
    assert named(engine.record(Exchange(request, 200, told), NOW)) == ["carl"]
    assert hour(engine) == 1


@pytest.mark.parametrize("order", [1, -1])
def test_a_repeated_person_keeps_all_fields(order: int) -> None:
    """Mentioned once with a field and once with none, a person is shown with the field."""
    twice = (Person("bob", ("name",)), Person("bob", ()))[::order]
    assert merged(twice) == (Person("bob", ("name",)),)
    assert merged((Person("bob", ("a",)), Person("bob"), Person("bob", ("b",)))) == (Person("bob"),)


def test_an_unread_listing_is_charged_what_its_row_says() -> None:
    """The count of an unattributed row is what the budget was charged, in every case."""
    engine = site(account=5)
    request = ask("/search", sees_body=True)
    assert engine.decide(request, NOW).passes
    row = rows(engine.record(Exchange(request, 101), NOW))[0]
    assert row.unattributed == hour(engine) == 20


def test_a_profile_that_shows_more_than_declared_is_found() -> None:
    """A profile page whose header names related people raises the finding of a surface that understates."""
    engine = site(account=50)
    request = ask("/u/bob")
    engine.decide(request, NOW)
    effects = engine.record(Exchange(request, 200, people("bob", "carl")), NOW)
    found = [e.finding.detector for e in effects if isinstance(e, RaiseFinding)]
    assert found == ["max_people"]


def test_windows_rebuilt_from_rows_are_never_below_the_live_ones() -> None:
    """Misses, unattributed and protected rows recalled after a restart count at least what they counted."""
    engine = site(account=500)
    told = []
    for n, (target, status) in enumerate(
        [("/u/bob", 200), ("/search", 200), ("/lookup", 404), ("/number/5", 404), ("/f/bob", 200)]
    ):
        request = ask(target, str(n))
        engine.decide(request, NOW)
        told += rows(engine.record(Exchange(request, status), NOW))
    fresh = site(account=500)
    for row in told:
        fresh.recall(row)
    assert hour(fresh) >= hour(engine) == 27


def test_a_listing_that_showed_nobody_leaves_no_state() -> None:
    """Searches without results from a thousand addresses keep no window."""
    engine = site()
    for n in range(50):
        request = ask("/search", str(n), actor=Actor(account=f"a{n}"))
        engine.decide(request, NOW)
        engine.record(Exchange(request, 200, ()), NOW)
    assert engine.stats()["principals"] == 0


def test_late_answers_are_remembered_within_the_bound() -> None:
    """Tickets settled at their deadline are remembered no longer than room for open ones allows."""
    from himaya.core.policy import Bounds

    engine = site(account=10_000, bounds=Bounds(open_requests=16))
    for n in range(200):
        decided(engine, f"/u/p{n}?{'x' * 8000}", rid=str(n))
    engine.expire(NOW + 301)
    late = engine._flight._late
    assert len(late) <= 16
    assert all(len(ticket.request.target) < 2000 and not ticket.windows for ticket in late.values())
    assert engine.people_of(ANNA.name)[0] == 200
