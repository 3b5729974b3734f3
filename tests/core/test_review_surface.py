"""A request cannot be spelled so that it shows people and matches no surface, nor so that matching takes long."""

from __future__ import annotations

import time

import pytest

from himaya.core.actor import canonical_address, prefix_of
from himaya.core.matching import Surfaces
from himaya.core.paths import canonical_path, other_paths
from himaya.core.routes import compile_route
from himaya.core.surface import Surface

SURFACES = Surfaces(
    (
        Surface(id="profile", route="/u/{subject}"),
        Surface(id="photo", route="/photo/{subject}/{rest...}", kind="media"),
        Surface(id="slug", route="/in/{slug}-{subject}"),
        Surface(id="export", route="/x/{slug}-{subject}.json"),
        Surface(id="tabs", route="/t/{slug}.{subject}/photos"),
    )
)


def found(target: str, method: str = "GET") -> tuple[str, str] | None:
    """Return surface and subject of a request."""
    match = SURFACES.match(method, target)
    return (match.surface.id, match.subject) if match else None


@pytest.mark.parametrize(
    "target",
    [
        "/u%2F1",
        "/u%2f1",
        "//u%2F1?x=1",
        "/%75%2F1",
        "/u/%2F1",
        "/u/1%2F",
        "/u/1%2F%2f",
        "/u%2F1%2F",
    ],
)
def test_an_encoded_slash_is_no_way_around_a_surface(target: str) -> None:
    """WSGI and ASGI applications see an encoded slash as a slash, so such a path is matched as one too."""
    assert found(target) == ("profile", "1")


@pytest.mark.parametrize("target", ["/photo/1/://y", "/photo/1/a/../..", "/photo/1/%2e%2e/."])
def test_a_tail_an_application_takes_as_it_stands_is_matched(target: str) -> None:
    """A tail that looks like another host, or leads back above the person, still shows the person."""
    assert found(target) == ("photo", "1")


def test_a_tail_may_be_empty_or_hold_a_newline() -> None:
    """`{rest...}` stands for any tail: none, and one with an encoded newline in it."""
    assert found("/photo/1/") == ("photo", "1")
    assert found("/photo/1/a%0Ab") == ("photo", "1")


def test_a_route_without_a_tail_is_preferred_to_an_empty_tail() -> None:
    """Where two routes fit, the one that says exactly what the path is wins."""
    both = Surfaces(
        (Surface(id="tail", route="/p/{a}/{rest...}"), Surface(id="own", route="/p/{b}"))
    )
    assert [both.match("GET", path).surface.id for path in ("/p/1", "/p/1/2")] == ["own", "tail"]


def test_the_letter_case_of_a_method_is_no_way_around_a_surface() -> None:
    """Django takes `get` for GET, so a surface does too."""
    assert found("/u/1", "get") == ("profile", "1")
    assert found("/u/1", "post") is None


def test_bytes_that_are_no_text_stay_apart() -> None:
    """Two ids with different bytes beyond UTF-8 are two people, not one."""
    first, second = found("/u/%e9"), found("/u/%e8")
    assert first is not None
    assert second is not None
    assert first != second


def test_two_names_in_a_segment_part_at_the_last_place() -> None:
    """A slug may hold the text that stands between it and the id."""
    assert found("/in/jean-luc-picard-5") == ("slug", "5")
    assert found("/x/a-b-5.json") == ("export", "5")
    assert found("/t/a.b.5/photos") == ("tabs", "5")


@pytest.mark.parametrize(
    "route", ["/{a}-{b}-{subject}", "/{a...}/u/{subject}", "/{a}/{a}", "/{a b}"]
)
def test_a_template_that_cannot_be_matched_in_one_pass_is_refused(route: str) -> None:
    """More than two names in a segment, a tail in the middle and bad names are errors."""
    with pytest.raises(ValueError, match=r"route|segment"):
        compile_route(route)


@pytest.mark.parametrize(
    "tail",
    [
        "/in/" + "-" * 60_000 + "/x",
        "/x/" + "a-" * 30_000 + ".jso",
        "/x/" + "-" * 60_000,
        "/t/" + "." * 60_000 + "/fotos",
        "/u/" + "%2F" * 20_000 + "1%2Fx" * 5_000,
        "/photo/" + "../" * 20_000,
        "/" + "%2e%2e/" * 8_000,
        "/" + "%" * 60_000,
    ],
    ids=range(8),
)
def test_matching_takes_time_in_proportion_to_the_path(tail: str) -> None:
    """No path of 60,000 characters keeps the matcher busy for longer than a moment."""
    start = time.process_time()
    for _ in range(3):
        SURFACES.match("GET", tail)
    assert time.process_time() - start < 0.5


def test_long_targets_and_addresses_are_not_remembered() -> None:
    """What an asker makes up at any length does not stay in memory."""
    before = [cache.cache_info().currsize for cache in _caches()]
    for n in range(50):
        canonical_path(f"/{n}//" + "x" * 1000)
        assert canonical_address("1" * 1000 + str(n)) == prefix_of("2" * 1000 + str(n)) == ""
        SURFACES.match("GET", f"/nobody/{n}" + "x" * 1000)
    assert [cache.cache_info().currsize for cache in _caches()] == before


def test_a_subject_of_a_path_has_a_bounded_length() -> None:
    """A made-up id of thousands of characters is kept as its beginning and a digest; two stay two."""
    first, second = found("/u/" + "x" * 8000), found("/u/" + "x" * 8001)
    assert first is not None
    assert second is not None
    assert len(first[1]) < 200
    assert first != second


def test_other_readings_of_a_target_are_canonical() -> None:
    """The other readings hold no empty segment, so that they match as any path does."""
    assert list(other_paths("/a%2F/b/../c%2f?x=%2F")) == ["/a/c", "/a/b/../c"]


def _caches() -> list:
    from himaya.core import actor, paths

    return [paths._remembered, actor._prefix_of, actor._canonical_address]
