"""The file of alerts: counted up, bounded, shared by processes, and nothing to be sent is lost."""

from __future__ import annotations

import stat
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from himaya.core.errors import InputError, ServiceError
from himaya.runner.alerting import AlertStore, Kind, Occurrence

WINDOW = 100.0


def one(what="a", at=1000.0, severity="high", text="something"):
    return Occurrence(Kind.GAP, what, severity, at, text, "himaya status")


def put(store, occurrence, *, count=1, channels=("x",), waiting=10, keep=1000):
    return store.put(
        occurrence,
        count=count,
        again_s=WINDOW,
        channels=channels,
        most_waiting=waiting,
        keep=keep,
    )


@pytest.fixture(name="store")
def _store(tmp_path):
    with AlertStore(tmp_path / "alerts") as store:
        yield store


def test_the_file_is_its_owners_alone(store):
    """Nobody else may read what needs somebody."""
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_the_same_thing_counts_up_and_is_sent_once(store):
    """Within the window one alert, its number and its last time grow; after it another is opened and sent."""
    first = put(store, one(at=1000.0))
    assert put(store, one(at=1050.0), count=3) == first
    found = store.get(first)
    assert (found.count, found.opened, found.last) == (4, 1000.0, 1050.0)
    assert store.claim("x", 2000.0, 60.0).alert.id == first
    assert store.claim("x", 2000.0, 60.0) is None
    assert put(store, one(at=1100.0)) != first
    assert store.claim("x", 2000.0, 60.0) is not None


@settings(max_examples=15, deadline=None)
@given(events=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 400)), max_size=30))
def test_counts_are_those_of_a_naive_model(events, tmp_path_factory):
    """Whatever comes when: each alert has the occurrences of its kind from its opening to the end of its window."""
    model = defaultdict(list)
    with AlertStore(tmp_path_factory.mktemp("s") / "alerts") as store:
        for what, at in sorted(events, key=lambda each: each[1]):
            put(store, one(what, 1000.0 + at))
            known = model[what]
            if known and at - known[-1][0] < WINDOW:
                known[-1][1] += 1
            else:
                known.append([at, 1])
        told = sorted((a.opened - 1000.0, a.count) for a in store.alerts())
    assert told == sorted((float(at), n) for known in model.values() for at, n in known)


def test_alerts_and_messages_are_bounded(store):
    """A flood of different things leaves the newest alerts and the newest messages, and counts what was given up."""
    for number in range(60):
        put(store, one(str(number), 1000.0 + number), waiting=5, keep=20)
    assert [a.id for a in store.alerts()][-1] == 41
    (channel,) = store.channels()
    assert (channel.waiting, channel.dropped) == (5, 55)


def test_two_processes_do_not_both_send(tmp_path):
    """A claimed message is nobody else's until its time is over; a killed sender's message is sent by another."""
    with AlertStore(tmp_path / "alerts") as here, AlertStore(tmp_path / "alerts") as there:
        number = put(here, one())
        assert here.claim("x", 1001.0, 60.0).alert.id == number
        assert there.claim("x", 1002.0, 60.0) is None
        again = there.claim("x", 1062.0, 60.0)
        assert (again.alert.id, again.tries) == (number, 1)


def test_what_failed_is_tried_again_and_then_given_up(store):
    """A failure is written down with its beginning, the next try has its time, a success clears it."""
    put(store, one())
    delivery = store.claim("x", 1000.0, 60.0)
    store.failed("x", delivery.number, "refused", 1001.0, 1010.0)
    assert store.claim("x", 1005.0, 60.0) is None
    (channel,) = store.channels()
    assert (channel.problem, channel.since, channel.failed) == ("refused", 1001.0, 1)
    delivery = store.claim("x", 1010.0, 60.0)
    store.sent("x", delivery.number)
    (channel,) = store.channels()
    assert (channel.problem, channel.sent, channel.waiting) == ("", 1, 0)
    put(store, one("b"))
    store.failed("x", store.claim("x", 1010.0, 60.0).number, "refused", 1001.0, 0.0)
    assert store.channels()[0].dropped == 1


def test_nobody_acknowledged_is_escalated_once(store):
    """What is severe and unacknowledged for long enough is sent once more; the mild and the acknowledged are not."""
    severe, mild = put(store, one("a")), put(store, one("b", severity="medium"))
    seen = put(store, one("c"))
    store.acknowledge(seen, "somebody", 1010.0)
    while (each := store.claim("x", 1011.0, 60.0)) is not None:
        store.sent("x", each.number)
    assert store.escalate(1050.0, 100.0, "high", ("x",), 10) == 0
    assert store.escalate(1100.0, 100.0, "high", ("x",), 10) == 1
    assert store.escalate(1200.0, 100.0, "high", ("x",), 10) == 0
    delivery = store.claim("x", 1200.0, 60.0)
    assert (delivery.event, delivery.alert.id) == ("escalated", severe)
    assert store.escalate(1200.0, 100.0, "medium", ("x",), 10) == 1
    assert store.get(mild).escalated == 1200.0


def test_acknowledging_keeps_the_first_and_stops_the_escalation(store):
    """The first who looks after an alert is named; what was to be escalated is not sent any more."""
    number = put(store, one(), channels=())
    store.escalate(2000.0, 10.0, "high", ("x",), 10)
    assert store.acknowledge(number, "ann", 2001.0).by == "ann"
    assert store.acknowledge(number, "bob", 2002.0).by == "ann"
    assert store.claim("x", 3000.0, 60.0) is None
    assert store.alerts() == []
    assert len(store.alerts(everything=True)) == 1
    with pytest.raises(InputError, match="no alert 99"):
        store.acknowledge(99, "ann", 1.0)


def test_a_file_that_is_none_is_said(tmp_path):
    """A file of something else, or a directory that is not there, is one sentence."""
    (tmp_path / "alerts").write_text("this is no database, and long enough to be seen as such")
    with pytest.raises(ServiceError, match="the alerts cannot be used"):
        AlertStore(tmp_path / "alerts")
    with pytest.raises(ServiceError, match="the alerts cannot be used"):
        AlertStore(tmp_path / "nowhere" / "alerts")


def test_whom_alerts_of_a_kind_are_about(store):
    """Those that still happened since a time, with each surrogate of one facet, acknowledged or not, oldest first."""
    old, new = put(store, one(at=1000.0)), put(store, one("b", at=2000.0))
    put(store, one("c", at=2000.0))
    store.implicate([(old, "actor", 1), (new, "actor", 9), (new, "actor", 3), (new, "prefix", 4)])
    store.acknowledge(new, "lea", 2001.0)
    told = [(alert.id, who) for alert, who in store.about(Kind.GAP, 1500.0, "actor")]
    assert told == [(new, 3), (new, 9)]
    put(store, one(at=1099.0))
    assert [who for _, who in store.about(Kind.GAP, 1099.0, "actor")] == [1, 3, 9]
    assert store.about(Kind.FINDING, 0.0, "actor") == []
