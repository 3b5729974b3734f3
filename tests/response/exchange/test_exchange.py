"""Imports, claims and indicators: what comes from outside opens a case, what leaves names nobody who was shown."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.response.crew_case import START, Site

from himaya.core.errors import InputError
from himaya.ledger.exports import listed
from himaya.ledger.reader import Reader
from himaya.response.exchange.alerts import read_alerts
from himaya.response.exchange.table import read_table

WHEN = datetime.fromtimestamp(START, UTC).strftime("%Y-%m-%dT%H:%M:%S") + ".123456789Z"
ALERTS = [
    {
        "id": 7, "scenario": "crowdsecurity/http-crawl-non_statics", "message": "Ip 198.51.100.7 performed ...",
        "created_at": WHEN, "start_at": WHEN, "stop_at": WHEN, "events_count": 43, "simulated": False,
        "source": {"scope": "Ip", "value": "198.51.100.7", "ip": "198.51.100.7", "as_number": "64500", "cn": "ZZ"},
        "decisions": [{"type": "ban", "value": "198.51.100.7", "duration": "4h"}],
    },
    {"scenario": "x/y", "source": {"scope": "Range", "value": "192.0.2.0/24"}, "start_at": WHEN},
    {"scenario": "x/y", "source": {"scope": "Ip", "value": "203.0.113.200"}, "start_at": WHEN},
    {"scenario": "x/y", "source": {"scope": "Country", "value": "ZZ"}},
]  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Give a site with a confirmed case; tests add cases of their own."""
    made = Site(tmp_path_factory.mktemp("exchange"))
    made.opened()
    return made


def file(tmp_path, text: str, name: str = "in") -> str:
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def test_alerts_of_crowdsec_open_a_case(site, tmp_path):
    """Addresses the ledger knows become actors, the others are counted; the first time is a signal, and no clock."""
    path = file(tmp_path, json.dumps(ALERTS))
    told = site.json("import", "--crowdsec", path, "--why", "the edge found them")
    assert (told["entries"], told["unusable"], told["indicators"]) == (4, 1, 3)
    assert (told["actors"], told["unknown"]) == (1, 1)
    case = site.case(told["id"])
    assert (case.state, case.actors, case.source) == ("suspected", [site.members[5]], "crowdsec")
    assert list(case.clocks) == ["first_signal"]
    assert case.clocks["first_signal"].when == int(START * 1e6) + 123456
    assert "198.51.100.7" not in case.entries[0].act.body().decode()


def test_a_table_opens_a_case(site, tmp_path):
    """Lines of a CSV name addresses, networks, accounts, keys and sessions; the file's period is the case's."""
    text = "type,value,first,last\naddress,198.51.100.7,2026-01-01,2026-01-02\naccount,taker0,,\nkey,partner,,\n"
    told = site.json(
        "import", "--csv", file(tmp_path, text), "--why", "a partner's list", "--title", "T"
    )
    case = site.case(told["id"])
    assert (case.title, len(case.actors), told["unknown"]) == ("T", 3, 0)
    assert case.end - case.start == 86_400_000_001


@pytest.mark.parametrize(
    ("kind", "text", "refused"),
    [
        ("--crowdsec", "[", "is no list of alerts"),
        ("--crowdsec", '{"a": 1}', "is no list of alerts"),
        ("--crowdsec", "null", "names no address"),
        ("--crowdsec", '[{"source": {"scope": "Ip", "value": "nobody"}}]', "alert 1: 'address:nobody'"),
        ("--crowdsec", '[{"source": {"scope":"Ip","ip":"192.0.2.1"},"start_at":"soon"}]', "alert 1: 'soon'"),
        ("--csv", "a,b\n1,2\n", "has no columns"),
        ("--csv", "", "has no columns"),
        ("--csv", "type,value\n", "has no line"),
        ("--csv", "type,value\nhat,1\n", "in:2: 'hat' is no type"),
        ("--csv", "type,value\naddress,192.0.2.1\naddress\n", "in:3: 'address:'"),
        ("--csv", "type,value,first\naddress,192.0.2.1,soon\n", "in:2: 'soon'"),
        ("--csv", 'type,value\naddress,"192', "is no CSV"),
        ("--csv", "type,value,first\naddress,192.0.2.1,2999-01-01\n", "lies in the future"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_opens_nothing(site, tmp_path, kind, text, refused):
    """Each mistake names file and line or alert, and no case is opened."""
    before = len(site.case().entries)
    site.run("import", kind, file(tmp_path, text), "--why", "x", fails=refused)
    assert len(site.case().entries) == before


@given(st.binary(max_size=200))
def test_readers_raise_input_errors_alone(tmp_path_factory, data):
    """Whatever stands in a file, it is read or refused with the file's name."""
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    for read in (read_alerts, read_table):
        with pytest.raises(InputError, match="any"):
            read(path)


def test_a_file_of_too_many_names_is_refused(tmp_path, monkeypatch):
    """More names than the bound are refused with the line, not cut."""
    monkeypatch.setattr("himaya.response.exchange.found.MOST_NAMES", 3)
    lines = "".join(f"address,192.0.2.{n}\n" for n in range(5))
    with pytest.raises(InputError, match=r":5: more than 3 indicators"):
        read_table(tmp_path / file(tmp_path, f"type,value\n{lines}"))


def test_a_claim_starts_no_clock_by_itself(site):
    """A claim is a suspected case with the time it came in; --notified alone sets a clock, and who says is sealed."""
    claim = (
        "claim",
        "--from",
        "Jo Doe",
        "--received",
        "2026-01-02T03:04:05Z",
        "--why",
        "a mail says so",
    )
    case = site.case(site.json(*claim)["id"])
    assert (case.source, case.state, list(case.clocks)) == ("claim", "suspected", ["first_signal"])
    assert "Jo Doe" not in case.entries[0].act.body().decode()
    case = site.case(site.json(*claim, "--notified", "2026-01-03")["id"])
    clock = case.clocks["discovery_or_notified"]
    assert (clock.when, clock.why) == (1_767_398_400_000_000, "a mail says so")
    site.run(*claim[:4], "2999-01-01", *claim[5:], fails="is in the future")


def written(site: Site, tmp_path, *more: str) -> tuple[dict, dict, str]:
    """Write both forms; return them, and their text."""
    stix, misp = tmp_path / "out.stix", tmp_path / "out.misp"
    words = ("--stix", stix, "--misp", misp, "--holder", "the sector's team", "--why", "exchange")
    site.run("indicators", "c-1", *words, *more)
    text = stix.read_text() + misp.read_text()
    return json.loads(stix.read_text()), json.loads(misp.read_text()), text


def test_an_export_names_nobody_who_was_shown(site, tmp_path):
    """No id of a person, no account and no address of others is in either form; the actors' addresses are."""
    _, _, text = written(site, tmp_path)
    assert not [n for n in range(500) if f"person-{n}" in text]
    assert not [
        word for word in ("taker", "honest", "203.0.113.9", "visit", "partner") if word in text
    ]
    assert "198.51.100.7" in text
    assert "192.0.2.0/24" in text


def test_a_bundle_is_stix(site, tmp_path):
    """Objects have the properties that STIX 2.1 requires, ids that fit their types, and the same ids again."""
    bundle, _, text = written(site, tmp_path)
    assert bundle["type"] == "bundle"
    for one in bundle["objects"]:
        kind, _, number = one["id"].partition("--")
        assert (kind, UUID(number).version, one["spec_version"]) == (one["type"], 5, "2.1")
        assert one["created"] <= one["modified"]
        if kind == "indicator":
            assert one["pattern"].startswith("[ipv4-addr:value ")
            assert (one["pattern_type"], one["valid_from"]) == ("stix", one["created"])
    assert written(site, tmp_path)[2] == text


def test_an_event_is_for_misp(site, tmp_path):
    """The event has the attributes MISP requires, unpublished, for the receiver alone."""
    _, misp, _ = written(site, tmp_path)
    event = misp["Event"]
    assert (event["distribution"], event["published"]) == ("0", False)
    assert {one["type"] for one in event["Attribute"]} == {"ip-src"}
    assert len({one["uuid"] for one in event["Attribute"]}) == len(event["Attribute"]) == 12


def test_an_export_is_registered(site, tmp_path):
    """Each file stands in the register of exports with its holder and end, since an address may be somebody's."""
    written(site, tmp_path, "--until", "2099-01-01")
    with Reader.open(site.ledger) as reader:
        told = listed(reader.state(), reader.keys, START)[-1]
    assert (told.holder, told.until[:10], told.people) == ("the sector's team", "2099-01-02", 12)


def test_shared_places_stay(site, tmp_path):
    """A network from which accounts outside of the case came is left out, from feed.shared_accounts on."""
    config = site.config.read_text()
    site.opened("c-2", groups=[], actors=[site.members[0]])
    words = ("indicators", "c-2", "--stix", tmp_path / "o", "--holder", "x", "--why", "y")
    for most, left in ((3, 1), (4, 0)):
        site.config.write_text(f"{config}[feed]\nshared_accounts = {most}\n")
        assert site.json(*words)["left out, shared with others"] == left
        assert ("192.0.2.0/24" in (tmp_path / "o").read_text()) == (left == 0)
        assert "192.0.2.4" in (tmp_path / "o").read_text()
    site.config.write_text(config)


def test_only_what_was_confirmed_is_given_away(site, tmp_path):
    """Indicators of a suspected case are refused, and so is an export without a holder or a file."""
    site.opened("c-3", sure=False)
    words = ("--stix", tmp_path / "o", "--why", "y")
    site.run("indicators", "c-3", *words, "--holder", "x", fails="is suspected")
    site.run("indicators", "c-1", *words, fails="--holder is empty")
    site.run("indicators", "c-1", "--why", "y", fails="name a file")


def test_indicators_are_bounded(site, tmp_path, monkeypatch):
    """Past the bound of each kind those of most rows are written."""
    monkeypatch.setattr("himaya.response.exchange.indicators.MOST_EACH", 2)
    bundle, _, _ = written(site, tmp_path)
    values = [one["name"] for one in bundle["objects"] if one["type"] == "indicator"]
    assert sorted(values)[:2] == ["address 192.0.2.99", "address 198.51.100.7"]
    assert len(values) == 4
