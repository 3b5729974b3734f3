"""Maps for nginx: no target goes a way on which the engine would have wanted to be asked."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from himaya.config import Config, loads
from himaya.core.matching import Surfaces
from himaya.gate.edge_maps import cookie_twice, cookie_value, cookies, digest_of, fails, ways

CONFIG = """
[actor]
session_cookie = "sid"
[[surface]]
id = "profile"
route = "/u/{subject}"
[[surface]]
id = "me"
route = "/u/me"
[[surface]]
id = "photo"
route = "/media/{subject}/{rest...}"
[[surface]]
id = "post"
route = "/@{subject}.html"
methods = ["GET", "POST"]
[[surface]]
id = "friends"
route = "/u/{owner}/friends"
kind = "listing"
people = ["header"]
fail = "closed"
[edge]
surfaces = ["profile", "photo", "post"]
"""
SITE = loads(CONFIG)
SURFACES = Surfaces(SITE.surfaces)

#: Pieces that make targets which mean something, or are meant to mislead.
PIECES = [
    "/",
    "//",
    "u",
    "U",
    "me",
    "ME",
    "friends",
    "media",
    "@",
    ".html",
    "7",
    "..",
    ".",
    "%2f",
    "%2F",
    "%2e",
    "%75",
]
PIECES += [
    "%6de",
    ";",
    "?",
    "#",
    "\\",
    "x",
    "é",
    "%",
    " ",
    "http://h",
    "~",
    "-",
    "_",
    "+",
    "%00",
    "%3f",
    "/u/",
    "/u/7",
]


def _found(pattern: str, text: str) -> bool:
    """Tell whether a key of an nginx map matches; PCRE and Python read these patterns alike."""
    flags = re.IGNORECASE if pattern.startswith("~*") else 0
    return re.search(pattern.lstrip("~*") if flags else pattern[1:], text, flags) is not None


def way(method: str, target: str, config: Config = SITE) -> str:
    """Return which way nginx lets a request go."""
    told = f"{method} {target}"
    return next((way for key, way in ways(config) if _found(key, told)), "asked")


@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT"]),
    st.one_of(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.text(max_size=12)),
)
@example("GET", "/u/7?x=/../u/me")
@example("GET", "/u/me/")
def test_only_what_the_engine_would_call_so_goes_unasked(method: str, target: str) -> None:
    """A target goes free only where no surface matches, and on a pass only where the matched surface allows it."""
    match = SURFACES.match(method, target)
    found = way(method, target)
    if found == "free":
        assert match is None
    if found == "pass":
        assert method == "GET"
        assert match is None or match.surface.id in SITE.edge.surfaces


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("GET", "/u/7", "pass"),
        ("GET", "/u/7/?a=%2f", "pass"),
        ("HEAD", "/u/7", "asked"),
        ("POST", "/@ann.html", "asked"),
        ("GET", "/@ann.html", "pass"),
        ("GET", "/u/me", "asked"),
        ("GET", "/u/7/friends", "asked"),
        ("GET", "/media/7/a/b.jpg", "pass"),
        ("GET", "/media/7/a/../../u/me", "asked"),
        ("GET", "/about.html", "free"),
        ("POST", "/login", "free"),
        ("GET", "/", "free"),
        ("GET", "", "asked"),
    ],
)
def test_usual_requests_go_the_way_one_expects(method: str, target: str, expected: str) -> None:
    """Plain targets are not asked about for nothing, or the edge would decide nothing."""
    assert way(method, target) == expected


def test_what_fails_closed_does_so_in_any_spelling() -> None:
    """While the gate is away, the closed surface and whatever could be it is closed, the rest open."""

    def fail(target: str) -> str:
        return next(said for key, said in fails(SITE) if key == "default" or _found(key, target))

    assert fail("/u/7/friends?x") == fail("/U/7/Friends/") == "closed"
    assert fail("/u/7/%66riends") == fail("//u/7/friends") == "closed"
    assert fail("/u/7") == fail("/about") == "open"


@pytest.mark.parametrize(
    ("cookie", "value", "twice"),
    [
        ("sid=a; b=c", "a", False),
        ("b=c; sid=a", "a", False),
        ("SID = a", "a", False),
        ("xsid=a; sid2=b", None, False),
        ("sid=a; sid=b", "a", True),
        ("sid=a; Sid =b", "a", True),
        ('b="; sid=x"; sid=a', 'x"', True),
        ("sid=a,sid=b", "a,sid=b", True),
        ("s%69d=a", None, True),
        ("b=%20; sid=a", "a", False),
    ],
)
def test_a_cookie_that_readers_take_differently_is_noticed(
    cookie: str, value: str | None, *, twice: bool
) -> None:
    """The cookie's value is taken out as applications do; where they might differ, that is said."""
    pattern, _ = cookie_value("sid", 1)
    found = re.search(pattern[2:].replace("(?<", "(?P<"), cookie, re.IGNORECASE)
    assert (found[1] if found else None) == value
    assert any(_found(key, cookie) for key in cookie_twice(cookies(SITE))) is twice


def test_the_digest_tells_configurations_apart_that_print_differently() -> None:
    """Another route or number makes another digest; what nginx does not need to know makes none."""
    assert digest_of(loads(CONFIG)) == digest_of(SITE)
    assert digest_of(loads(CONFIG + "pass_s = 9")) != digest_of(SITE)
    assert digest_of(loads(CONFIG.replace("/u/me", "/u/you"))) != digest_of(SITE)
    assert digest_of(loads(CONFIG + "[retention]\nidentified_days = 3")) == digest_of(SITE)
