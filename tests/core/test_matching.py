"""Routes are matched in one canonical form, however the target is spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.core.matching import Surfaces
from himaya.core.paths import canonical_path
from himaya.core.routes import compile_route
from himaya.core.surface import Surface

SURFACES = Surfaces(
    (
        Surface(id="profile", route="/u/{subject}"),
        Surface(id="settings", route="/u/settings"),
        Surface(id="photo", route="/photo/{subject}/{rest...}", kind="media"),
        Surface(id="search", route="/search", kind="listing"),
        Surface(id="people", route="/{tenant}/people/{subject}"),
    )
)


@pytest.mark.parametrize(
    "target",
    [
        "/u/1",
        "//u/1",
        "/u//1",
        "/u/1/",
        "/%75/1",
        "/u/1;x=2",
        "/U/1",
        "/u/1.",
        "/u/./1",
        "/a/../u/1",
        "/u/1?x=/y",
        "http://site.example/u/1",
        "/u/%31",
    ],
)
def test_every_spelling_of_a_profile_is_the_profile(target: str) -> None:
    """Doubled slashes, encodings, matrix parameters, dots, case and absolute form change nothing."""
    match = SURFACES.match("GET", target)
    assert match is not None
    assert (match.surface.id, match.subject) == ("profile", "1")


def test_the_more_fixed_route_wins() -> None:
    """A fixed route is preferred to one with a placeholder."""
    match = SURFACES.match("GET", "/u/settings")
    assert match is not None
    assert match.surface.id == "settings"


def test_routes_with_a_placeholder_first_are_found() -> None:
    """A template may begin with a placeholder."""
    match = SURFACES.match("GET", "/acme/people/7")
    assert match is not None
    assert (match.surface.id, match.subject) == ("people", "7")


def test_a_tail_takes_any_depth() -> None:
    """`{rest...}` stands for any tail."""
    match = SURFACES.match("GET", "/photo/anna/large/2.jpg")
    assert match is not None
    assert match.subject == "anna"


def test_an_encoded_slash_stays_data() -> None:
    """An encoded slash inside an id does not make a new segment (RFC 3986 section 2.2)."""
    match = SURFACES.match("GET", "/u/a%2Fb")
    assert match is not None
    assert match.subject == "a%2Fb"


def test_other_methods_do_not_match() -> None:
    """A surface answers for its declared methods only."""
    assert SURFACES.match("POST", "/u/1") is None


@given(st.text(max_size=60))
def test_canonical_paths_are_stable_and_never_raise(target: str) -> None:
    """Any text has a canonical path without empty or dot segments."""
    path = canonical_path(target)
    assert path.startswith("/")
    assert not {"", ".", ".."} & set(path.split("/")[1:]) or path == "/"


def test_unbalanced_braces_are_refused() -> None:
    """A template with an open brace is an error, not a silent mismatch."""
    with pytest.raises(ValueError, match="unbalanced"):
        compile_route("/u/{subject")
