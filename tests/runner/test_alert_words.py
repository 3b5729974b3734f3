"""What an alert says: enough to act, and nobody's name."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.detectors import drift, surge
from himaya.core.finding import Finding
from himaya.core.policy import Detectors
from himaya.runner.alerting import Kind, Message, words
from himaya.runner.alerting.alert import MAX_NAMES, Alert

KINDS = ("account", "session", "key", "address", "prefix", "fingerprint", "asn", "batch", "other")
DETECTORS = sorted({*Detectors.__struct_fields__, "group", "max_people"} - {"drift", "surge"})


def sent(one):
    """Return what a channel would send of an occurrence."""
    alert = Alert(7, one.kind, one.severity, one.at, one.at, 1, one.text, one.see, one.reference)
    return msgspec.json.encode(Message.of(alert, "opened", "People")).decode()


@given(
    detector=st.sampled_from(DETECTORS),
    kind=st.sampled_from(KINDS),
    name=st.text("abcdefXYZ0123456789.:/@-", min_size=12, max_size=40),
    why=st.text("qwertz 123", min_size=12),
)
def test_no_message_of_a_finding_names_anybody(detector, kind, name, why):
    """Whoever is found, and whoever is with them, stands in no message, nor does the reason that may name them."""
    finding = Finding(
        detector, f"{kind}:{name}", 5.0, 3, 2, f"{why} {name}", members=(f"account:{name}",)
    )
    one = words.of_finding(finding)
    text = sent(one)
    if detector == "group":  # its own name is a random word, and what the case is called
        text = text.replace(f"case show {name}", "").replace(f"case {name}", "")
    assert name not in text
    assert why not in text
    assert f"account:{name}" in one.names or detector == "group"


def test_a_shared_budget_used_up_is_told_by_its_kind():
    """The finding `exhaustion` says which kind of budget and how far; the network it is of stays inside."""
    from himaya.core.decision import Reason

    why = f"a budget that many share is used up: {Reason('budget', 'prefix', 'hour', 9, 8).words()}"
    one = words.of_finding(Finding("exhaustion", "prefix:203.0.113.0/24", 5.0, 9, 8, why))
    assert one.kind == Kind.EXHAUSTION
    assert "203.0" not in sent(one)
    assert "used up" in one.text


def test_names_stay_inside_and_are_bounded():
    """An occurrence keeps whom it is about for the file inside, at most a hundred of them."""
    members = tuple(f"account:u{n}" for n in range(500))
    one = words.of_finding(Finding("breadth", "account:u0", 5.0, 3, 2, "", members=members))
    assert len(one.names) == MAX_NAMES
    assert one.what == "breadth/account"


def test_actors_of_one_kind_are_one_alert():
    """A thousand addresses that one detector finds are one alert with a number."""
    found = {
        words.of_finding(Finding("breadth", f"address:10.0.0.{n}", 5.0, 3, 2, "")).what
        for n in range(1000)
    }
    assert found == {"breadth/address"}


def test_an_undeclared_field_is_named_with_its_surface():
    """A field is no person: the message says which field, on which surface; each field is an alert of its own."""
    from himaya.core.exchange import Person
    from himaya.core.policy import Drift
    from himaya.core.surface import Surface

    found = drift.DriftDetector(Drift()).look(
        Surface("api", "/api", fields=("name",)), [Person("1", ("name", "email", "phone"))], 5.0
    )
    told = [words.of_finding(one) for one in found]
    assert [one.kind for one in told] == [Kind.FIELD, Kind.FIELD]
    assert len({one.what for one in told}) == 2
    assert "'email'" in told[0].text
    assert "api" in told[0].reference


def test_a_case_says_which_and_how_to_see_it():
    """A group is a case: its number of members, and the command that shows them inside."""
    one = words.of_finding(Finding("group", "group:g7", 5.0, 3, 2, "why", members=("a", "b")))
    assert (one.kind, one.severity) == (Kind.CASE, "high")
    assert "2 actors" in one.text
    assert one.see == "himaya case show g7 --ledger LEDGER"


@pytest.mark.parametrize(
    ("gap", "kind"),
    [
        ((1.0, 9.0, "switched off: because of u777", "", ""), Kind.FAIL_OPEN),
        ((1.0, 9.0, "the gate did not answer for 7 requests", "", ""), Kind.FAIL_OPEN),
        ((1.0, 9.0, "no answer", "profile", "asgi"), Kind.FAIL_OPEN),
        ((1.0, 9.0, f"{words.SILENT} of the log", "", ""), Kind.SILENCE),
        ((1.0, 9.0, "the log was emptied; lines may be missing", "", ""), Kind.GAP),
    ],
)
def test_gaps_are_told_apart(gap, kind):
    """Everything passed, a silent log, a lost log: three things; what an operator typed stays inside."""
    one = words.of_gap(*gap)
    assert (one.kind, one.severity) == (kind, "high")
    assert "u777" not in sent(one)
    assert "8 s" in one.text


def test_lost_lines_of_different_numbers_are_the_same_thing():
    """Twenty unreadable lines now and thirty later are one alert that counts up."""
    told = {words.of_gap(1.0, 2.0, f"{n} lines were lost", "", "").what for n in (20, 30)}
    assert told == {"N lines were lost"}


def test_a_surge_says_what_the_detector_says():
    """A class of visitors is nobody: the message has the numbers of the hour."""
    assert "anonymous" in surge.COHORTS
    one = words.of_finding(Finding("surge", "class:anonymous", 5.0, 900, 300, "many were shown"))
    assert (one.kind, one.text) == (Kind.SURGE, "many were shown.")
    assert one.see == "himaya status"
