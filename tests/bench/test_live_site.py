"""The world over HTTP: what is on its pages is what the world answered, what is marked, and what himaya reads."""

import msgspec
import pytest
from tests.bench.live_support import SITE, WORLD

from himaya.bench.asks import Ask, Client
from himaya.bench.live.http import Request
from himaya.bench.live.marks import disk_of, mark, people_in
from himaya.bench.policy import shipped
from himaya.bench.world import fields as f
from himaya.bench.world import links
from himaya.core.actor import Actor
from himaya.core.matching import Surfaces
from himaya.gate.people import read

SURFACES = Surfaces(shipped().surfaces)
POPULAR = WORLD.subject(int(WORLD.people.by_popularity[0]))
PAGES = [
    links.HOME,
    links.profile("5"),
    links.friends("5"),
    links.relatives(1),
    links.search("org:1"),
    links.search("name:1", 1),
    links.suggest(1),
    links.api(2),
    links.followers(POPULAR),
    links.by_phone(WORLD.people.phones.of(5)),
    links.by_email(WORLD.people.emails.of(5)),
    links.contacts((WORLD.people.phones.of(5), WORLD.people.phones.of(6), 3)),
    links.photo("5"),
    links.preview("5"),
    links.SETTINGS,
    links.profile("nobody"),
    links.by_phone(1_000_000_000),
]


def asked(ask: Ask, **headers: str):
    """Return what the site answers to an account that asks."""
    path, _, query = ask.target.partition("?")
    pairs = dict(pair.split("=", 1) for pair in query.split("&") if pair)
    body = msgspec.json.encode(ask.numbers) if ask.method == "POST" else b""
    return SITE(Request(ask.method, path, pairs, {"cookie": "sid=s" + b"9".hex(), **headers}, body))


def told(answer, name):
    return [value for key, value in answer.headers if key == name]


def pairs(people):
    return {(one.subject, field) for one in people for field in one.fields or ()}


@pytest.mark.parametrize("ask", PAGES, ids=lambda ask: ask.target)
def test_marks_are_exactly_what_the_world_shows(ask):
    """On every page the marks in the bytes are the people and fields that the world answered; no more, no fewer."""
    viewer = Client(Actor(account="9", session="s9"))
    WORLD.accounts["9"] = WORLD.names.person("9")
    expected = WORLD.answer(viewer, ask)
    answer = asked(ask)
    assert answer.status == expected.status
    assert pairs(people_in(answer.body)) == pairs(expected.people)


@pytest.mark.parametrize("ask", PAGES, ids=lambda ask: ask.target)
def test_himaya_reads_the_same_people(ask):
    """Under the shipped configuration the gate reads from every answer the people in its bytes, and their fields."""
    answer = asked(ask)
    found = SURFACES.match(ask.method, ask.target)
    if found is None or answer.status != 200:
        return
    people = read(
        found.surface,
        found.subject,
        answer.headers,
        answer.body,
        answer.content_type,
        target=ask.target,
    )
    declared = {*found.surface.fields}
    shown = {pair for pair in pairs(people_in(answer.body)) if pair[1] in declared}
    assert people is not None
    assert {pair for pair in pairs(people) if pair[1] in declared} == shown


def test_the_site_names_the_account():
    """Whoever signed in is named in `Himaya-Account`; strangers are not."""
    assert told(asked(links.HOME), "Himaya-Account") == ["9"]
    assert told(SITE(Request("GET", "/")), "Himaya-Account") == []
    signed = SITE(Request("GET", "/login", {"as": "17"}))
    assert signed.status == 303
    assert told(signed, "Set-Cookie")[0].startswith(f"sid=s{b'17'.hex()};")


def test_an_account_cannot_smuggle_header_lines():
    """An account with a line break in its name adds no header line."""
    for answer in (
        SITE(Request("GET", "/login", {"as": "a\r\nX-Evil: 1"})),
        SITE(Request("GET", "/", {}, {"cookie": "sid=s" + b"a\r\nX: 1".hex()})),
    ):
        assert all("\n" not in value for _, value in answer.headers)


def test_what_himaya_asks_to_leave_out_is_left_out():
    """Fields named in `Himaya-Redact` are neither in the bytes nor in `Himaya-Subjects`."""
    answer = asked(links.profile("5"), **{"himaya-redact": "photo, town"})
    assert {field for _, field in pairs(people_in(answer.body))}.isdisjoint({"photo", "town"})
    assert "town" not in told(answer, "Himaya-Subjects")[0]


@pytest.mark.parametrize("body", [b"", b"{", b'["x"]', b"[1.5]", b"\xff", b'{"numbers": [1]}'])
def test_an_import_that_is_no_list_of_numbers_is_400(body):
    """Nonsense in an import is refused, not guessed at."""
    assert SITE(Request("POST", "/import", {}, {}, body)).status == 400


@pytest.mark.parametrize("cookie", ["sid=", "sid=s", "sid=szz", "sid=sff", "sid=x", "other=s39"])
def test_a_broken_cookie_is_a_stranger(cookie):
    """A cookie that names no account makes a stranger, never an error."""
    answer = SITE(Request("GET", "/relatives", {}, {"cookie": cookie}))
    assert answer.status == 403


def test_links_lead_to_pages():
    """From a profile one reaches friends, a search and its next page, all of them pages of the site."""
    page = SITE(Request("GET", "/search", {"q": "name:0"})).body.decode()
    assert 'href="/search?q=name:0&amp;page=1"' in page
    assert f'href="/u/{people_in(page.encode())[0].subject}"' in page
    assert 'href="/u/5/friends?page=0"' in SITE(Request("GET", "/u/5")).body.decode()


def test_a_disk_is_counted_in_whatever_form_it_was_written(tmp_path):
    """Marks are found in any file at any depth, once each; links, ids and near misses are nobody's data."""
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "page.html").write_bytes(SITE(Request("GET", "/u/5")).body)
    (deep / "rows.json").write_text(f'{{"id": "7", "name": "{mark("7", "name")}"}}')
    (deep / "again.csv").write_text(f"x;{mark('7', 'name')};{mark('7', 'town')}\0")
    (deep / "noise").write_text("/u/8 p9 p9.name p9.name@other.example xp9.name@bench.examples")
    (tmp_path / "link").symlink_to("/proc/self/environ")
    disk = disk_of(tmp_path)
    assert set(disk.fields) == {"5", "7"}
    assert disk.pairs()["7"] == {"name", "town"}
    assert f.PROFILE[0] in disk.pairs()["5"]
