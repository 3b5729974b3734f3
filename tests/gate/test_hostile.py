"""Hostile requests through every door: nobody is shown without a row for exactly whoever saw them."""

import pytest
from tests.gate.hostile import CASES, SLOW, answers_in_time, check, run, serves_plain
from tests.gate.hostile_doors import Behind, CaddyDoor, EmbeddedDoor, NginxDoor, ProxyDoor

DOORS = {
    "proxy": ProxyDoor,
    "nginx": NginxDoor,
    "caddy": CaddyDoor,
    "asgi": lambda folder: EmbeddedDoor(folder, "asgi"),
    "wsgi": lambda folder: EmbeddedDoor(folder, "wsgi"),
    "django": lambda folder: EmbeddedDoor(folder, "django"),
}


@pytest.fixture(
    name="door",
    scope="module",
    params=[pytest.param(name, marks=[pytest.mark.slow, pytest.mark.system]) for name in DOORS],
)
def _door(request, tmp_path_factory):
    with DOORS[request.param](tmp_path_factory.mktemp(request.param)) as door:
        yield door


def test_whoever_is_shown_is_recorded(door):
    """However a request is spelt, framed or forged: no person leaves without a row, none beyond the budget."""
    run(door)
    assert serves_plain(door) == []
    assert len(check(door)) > 2 * len(CASES)


def test_slow_visitors_hold_up_nobody_else(door):
    """While 120 connections hang in the middle of a head or body, another visitor is answered."""
    assert answers_in_time(door, SLOW).startswith(b"HTTP/1.")


@pytest.mark.slow
def test_a_site_without_a_door_breaks_the_promise(tmp_path):
    """The same requests with no door in front: people are shown, and nobody has recorded them."""
    with Behind(tmp_path) as site:
        run(site)
        with pytest.raises(AssertionError, match="shown, and not recorded"):
            check(site, timeout=0.1)
