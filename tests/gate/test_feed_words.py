"""The words of the feed: durations, decisions, filters, counts, lists."""

from __future__ import annotations

import gzip
import json
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gate.feed_support import a_block

from himaya.core.errors import InputError
from himaya.gate.bodies import decode
from himaya.gate.feeds import lists, wire
from himaya.gate.feeds.asked import read_list, read_stream
from himaya.gate.feeds.block import covering, parse_place, refused, value_of
from himaya.gate.feeds.usage import read_usage

#: How the lua bouncer reads a duration: whole hours, minutes, seconds in this order.
LUA = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(\d+)s")


@given(st.floats(min_value=0.001, max_value=40 * 365 * 86400))
def test_durations_are_whole_and_positive(seconds):
    """Every duration of a decision in force is read back by the strictest bouncer, and is a second longer at most."""
    found = LUA.fullmatch(wire.go_duration(seconds))
    assert found is not None
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    back = 3600 * hours + 60 * minutes + rest
    assert seconds <= back < seconds + 1.0001
    assert back >= 1


def test_a_decision_in_force_is_never_negative():
    """Even one whose end was a moment ago says a second; only what is deleted says minus."""
    block = a_block(until=10.0)
    assert wire.decision(block, 10.4)["duration"] == "1s"
    assert wire.deletion(block, 10.0, 10.4)["duration"] == "-1s"
    assert wire.deletion(block, 10.0, 100.4)["duration"] == "-1m31s"


def test_nothing_is_the_literal_null():
    """An empty list is null, as is each empty half of a stream."""
    assert wire.listing([]) == b"null"
    assert wire.stream([], []) == b'{"new":null,"deleted":null}'


def test_no_reason_leaves_the_house():
    """A decision says one word of why, and neither the operator's reason nor name."""
    told = wire.decision(a_block(why="complaint of Jane Roe", by="root", source="case:g-1"), 0)
    assert set(told) == {
        "id", "uuid", "origin", "type", "scope", "value", "duration", "scenario", "simulated",
    }  # fmt: skip
    assert told["scenario"] == "himaya/g-1"
    assert "Jane" not in json.dumps(told)


WORLD = [
    a_block(1, "203.0.113.7"),
    a_block(2, "198.51.100.0/24", remedy="captcha", source="case:g-9"),
    a_block(3, "2001:db8::1", source="detector:breadth"),
]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3]),
        ("ip=203.0.113.7", [1]),
        ("ip=198.51.100.77", [2]),
        ("ip=198.51.100.77&contains=false", []),
        ("range=198.51.0.0/16", []),
        ("range=198.51.0.0/16&contains=false", [2]),
        ("ip=2001:db8::1", [3]),
        ("ip=192.0.2.1", []),
        ("scope=Ip", [1, 3]),
        ("scope=range", [2]),
        ("scopes=ip,range", [1, 2, 3]),
        ("scope=ip&value=203.0.113.7", [1]),
        ("value=198.51.100.0/24", [2]),
        ("type=captcha", [2]),
        ("type=ban", [1, 3]),
        ("origins=himaya,crowdsec", [1, 2, 3]),
        ("origins=cscli", []),
        ("scenarios_containing=breadth", [3]),
        ("scenarios_not_containing=g-9,breadth", [1]),
        ("something_new=1", [1, 2, 3]),
    ],
)
def test_lists_are_filtered_as_bouncers_ask(query, numbers):
    """Every filter of /v1/decisions chooses what CrowdSec's would."""
    asked = read_list(query)
    assert [block.number for block in WORLD if asked.takes(block)] == numbers


def test_a_stream_is_of_addresses_and_networks_unless_said():
    """The scopes of a stream are ip and range by default; others are asked for by name."""
    assert [b.number for b in WORLD if read_stream("").takes(b)] == [1, 2, 3]
    assert [b.number for b in WORLD if read_stream("scopes=Range").takes(b)] == [2]
    assert [b.number for b in WORLD if read_stream("scopes=country").takes(b)] == []
    assert read_stream("startup=true").startup
    assert not read_stream("startup=false").startup


@given(st.text(max_size=200))
def test_any_query_is_read_or_refused(query):
    """Whatever a query holds is read or refused with a reason, never worse."""
    for read in (read_list, read_stream):
        with suppress(InputError):
            read(query)


@pytest.mark.parametrize("query", ["ip=nobody", "range=10.0.0.0/99", "contains=perhaps", "a&" * 99])
def test_a_bad_filter_is_refused(query):
    """A filter that cannot be meant is named, not guessed."""
    with pytest.raises(InputError):
        read_list(query.replace("a&", "a=1&"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nobody",
        "10.0.0.0/8",
        "2001::/16",
        "::ffff:203.0.113.7",
        "203.0.113.7/33",
        "0/0",
        "fe80::1%eth0",
    ],
)
def test_what_is_no_place_is_refused(text):
    """A block is of an address or of a network that is not too wide, and says so otherwise."""
    with pytest.raises(InputError):
        parse_place(text)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("198.51.100.7", ""),
        ("198.51.100.9", "trusted_proxies"),
        ("198.51.100.0/24", "trusted_proxies"),
        ("2001:db8::7", "trusted_proxies"),
        ("127.0.0.1", "visitor"),
        ("::1", "visitor"),
        ("224.0.0.1", "visitor"),
    ],
)
def test_the_proxy_in_front_is_never_blocked(place, said):
    """What is of this machine, or touches a trusted proxy, cannot be blocked, and the reason says so."""
    found = refused(parse_place(place), ("198.51.100.9/32", "2001:db8::/64"))
    assert said in found
    assert bool(said) == bool(found)


def test_places_have_one_name():
    """An address is written in one way, a network with its length, and rows find both."""
    assert value_of(parse_place("2001:DB8:0::1")) == "2001:db8::1"
    assert value_of(parse_place("203.0.113.9/24")) == "203.0.113.0/24"
    assert covering(parse_place("203.0.113.9")) == ["203.0.113.0/24"]
    assert covering(parse_place("203.0.112.0/23")) == ["203.0.112.0/24", "203.0.113.0/24"]
    assert a_block(value="203.0.113.0/24").principal == "prefix:203.0.113.0/24"
    assert a_block(value="203.0.113.0/25").principal == ""


BODY = {
    "remediation_components": [
        {
            "type": "crowdsec-firewall-bouncer", "version": "v1", "os": {"name": "debian", "version": "12"},
            "feature_flags": [], "utc_startup_timestamp": 1,
            "metrics": [{
                "meta": {"window_size_seconds": 600, "utc_now_timestamp": 2},
                "items": [
                    {"name": "dropped", "value": 12, "unit": "packet", "labels": {"origin": "himaya"}},
                    {"name": "active_decisions", "value": 3, "unit": "ip"},
                ],
            }],
        },
    ],
    "log_processors": None,
}  # fmt: skip


def test_usage_is_read_as_counts():
    """Counts of a bouncer keep name, unit and labels; how much there is replaces, how much came adds up."""
    dropped, active = read_usage(json.dumps(BODY).encode())
    assert (dropped.name, dropped.value, dropped.unit, dropped.labels) == (
        "dropped", 12, "packet", "origin=himaya",
    )  # fmt: skip
    assert (dropped.is_gauge, active.is_gauge) == (False, True)


@given(st.binary(max_size=300))
def test_any_body_is_read_or_refused(body):
    """Whatever a body holds is read or refused with a reason."""
    with suppress(InputError):
        read_usage(body)


def test_usage_is_bounded():
    """Of ten thousand counts five hundred are taken, long words are cut, and a bomb is not unpacked."""
    items = [{"name": f"n{n}" + "x" * 999, "value": 1e300} for n in range(10_000)]
    body = {"remediation_components": [{"metrics": [{"meta": {}, "items": items}]}]}
    found = read_usage(json.dumps(body).encode())
    assert len(found) == 500
    assert max(len(one.name) for one in found) == 64
    assert found[0].value == 1e15
    assert decode(gzip.compress(b"0" * 50_000_000), "gzip", 1024 * 1024) is None


LINES = [lists.Line.of(block) for block in WORLD]


def test_each_format_says_the_same():
    """Text holds the blocked, one per line; maps hold both kinds; nginx's map holds addresses only."""
    assert lists.write("text", LINES) == b"2001:db8::1\n203.0.113.7\n"
    assert lists.write("text", LINES, "captcha") == b"198.51.100.0/24\n"
    assert lists.write("nginx-map", LINES) == b'"2001:db8::1" ban;\n203.0.113.7 ban;\n'
    assert lists.write("nginx-geo", LINES, "captcha") == b"198.51.100.0/24 captcha;\n"
    assert lists.write("haproxy-map", LINES).splitlines()[0] == b"198.51.100.0/24 captcha"
    told = json.loads(lists.write("json", LINES))["decisions"]
    assert {(one["value"], one["type"], one["scope"]) for one in told} == {
        ("203.0.113.7", "ban", "ip"),
        ("2001:db8::1", "ban", "ip"),
        ("198.51.100.0/24", "captcha", "range"),
    }
    assert lists.write("text", []) == b""


def test_the_tag_tells_whether_anything_changed():
    """The same decisions in another order have the same tag, others another; it is compared as HTTP says."""
    tag = lists.tag_of(lists.write("json", LINES))
    assert lists.tag_of(lists.write("json", LINES[::-1])) == tag
    assert lists.tag_of(lists.write("json", LINES[1:])) != tag
    assert lists.matches(b'"other", W/' + tag, tag)
    assert lists.matches(b"*", tag)
    assert not lists.matches(b"", tag)
    assert not lists.matches(b'"other"', tag)
