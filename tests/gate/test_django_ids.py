"""Links that work for one visitor only, in the example site: a process of its own, a real authority, the ledger."""

import re
from pathlib import Path

import pytest
import requests
from tests.gate.embedded_support import House
from tests.gate.test_django import run_django

LINK = re.compile(r'<a href="(/p/a[A-Za-z0-9_-]{32})">Person (\d+)</a>')


@pytest.fixture(name="house", scope="module", params=["wsgi", "asgi"])
def _house(request, tmp_path_factory):
    root = Path(__file__).resolve().parents[2]
    house = House(tmp_path_factory.mktemp("ids"), root, "django", request.param)
    yield house
    house.close()


class Browser(requests.Session):
    """A visitor with cookies of their own."""

    count = 0

    def __init__(self, house, *, signed_in=True):
        super().__init__()
        Browser.count += 1
        self.house, self.account = house, f"browser{Browser.count}"
        if signed_in:
            self.sign_in()

    def sign_in(self):
        assert self.read(f"/login?as={self.account}").status_code == 200

    def read(self, path):
        return self.get(self.house.url + path, timeout=10, allow_redirects=False)

    def links(self, first, count):
        """Return number -> link of the people in a page of the directory."""
        page = self.read(f"/directory?from={first}&n={count}")
        found = {int(number): link for link, number in LINK.findall(page.text)}
        assert list(found) == list(range(first, first + count))
        return found

    def opens(self, links):
        return [number for number, link in links.items() if self.read(link).status_code == 200]


@pytest.fixture(name="two")
def _two(house):
    with Browser(house) as one, Browser(house) as other:
        yield one, other


def test_links_of_one_account_open_for_it_alone(house, two):
    """Its owner reads every page; another account, a stranger and whoever has no cookie get the same 404."""
    one, other = two
    links = one.links(10, 5)
    assert one.opens(links) == list(links)
    assert "Person 12," in one.read(links[12]).text
    with Browser(house, signed_in=False) as stranger:
        stranger.links(0, 1)
        assert other.opens(links) == stranger.opens(links) == []
        gone, made_up = stranger.read(links[12]), stranger.read("/p/a" + "A" * 32)
        assert (gone.status_code, gone.content) == (made_up.status_code, made_up.content)
    assert requests.get(house.url + links[12], timeout=10).status_code == 404


def test_the_ledger_names_people_not_tokens(house, two):
    """Two accounts that look at one person leave one person's id in the ledger; who was refused leaves nothing."""
    one, other = two
    links = one.links(20, 3)
    one.read(links[21])
    other.opens(links)
    rows = house.rows(f"account:{one.account}")
    assert rows == {
        "p20": {"name"}, "p21": {"name", "employer", "email"}, "p22": {"name"}}  # fmt: skip
    assert house.rows(f"account:{other.account}") == {}


def test_links_are_the_same_at_every_visit_and_others_for_others(two):
    """Within a period a person has one link for one viewer, so it can be kept; two viewers' links share nothing."""
    one, other = two
    assert one.links(0, 8) == one.links(0, 8)
    assert set(one.links(0, 8).values()) & set(other.links(0, 8).values()) == set()


def test_links_from_before_signing_in_go_on_working(house):
    """A stranger's links are bound to the session, which stays when they sign in."""
    with Browser(house, signed_in=False) as stranger, Browser(house, signed_in=False) as another:
        links = stranger.links(30, 3)
        assert stranger.opens(links) == list(links)
        assert another.opens(links) == []
        stranger.sign_in()
        assert stranger.opens(links) == list(links)


def test_a_shared_link_works_for_everybody(house, two):
    """What was shared on purpose opens for others and for strangers, and shows the same person."""
    one, other = two
    link = one.links(40, 1)[40]
    shared = one.read(f"{link}/share").text
    assert shared.startswith("/p/s")
    assert "Person 40," in other.read(shared).text
    assert "Person 40," in requests.get(house.url + shared, timeout=10).text
    assert other.read(f"{link}/share").status_code == 404


# settings, in short processes of their own ----------------------------------------------------------------

IDS = "INSTALLED_APPS=['himaya.gate.django'], SECRET_KEY='x', ALLOWED_HOSTS=['*']"

CHECK = """
from himaya.gate.django.apps import check_ids
print(json.dumps([[message.id, message.msg] for message in check_ids()]))
"""


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("None", ""),
        ("{'keys': [b'k' * 32]}", ""),
        ("{'keys': [b'k' * 32], 'rotate_s': 3600, 'keep': 1, 'anonymous': 'class'}", ""),
        ("'secret'", "HIMAYA_IDS is missing"),
        ("{'keys': [b'k']}", "32 bytes"),
        ("{}", "either key_file or keys"),
        ("{'keys': [b'k' * 32], 'key_file': 'x'}", "either key_file or keys"),
        ("{'keys': [b'k' * 32], 'rotate': 1}", "unknown: rotate"),
        ("{'keys': [b'k' * 32], 'anonymous': 'all'}", 'anonymous is "session" or "class"'),
        ("{'key_file': 'none.key'}", "none.key: the keys cannot be read"),
    ],
)
def test_wrong_settings_are_said_at_start(tmp_path, told, words):
    """`manage.py check` names what is wrong with HIMAYA_IDS; without it there is nothing to say."""
    found = run_django(tmp_path, f"{IDS}, HIMAYA_IDS={told}", CHECK)
    if not words:
        assert found == []
    else:
        ((number, said),) = found
        assert number == "himaya.E002"
        assert words in said


CLIENT = """
import sys
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.http import HttpResponse
from django.template import Context, Template
from django.test import Client
from django.urls import path, reverse
from himaya.core.errors import ConfigError
from himaya.gate.disclose import Told, telling
from himaya.gate.django import aresolve_or_404, link_to, resolve_or_404

class Person:
    pk = 17

def directory(request):
    return HttpResponse(Template(
        "{% load himaya %}{% himaya_link person %} {% himaya_link person 'async' %} {% himaya_share person %}"
    ).render(Context({"person": Person(), "request": request})))

def show(request, person):
    return HttpResponse(resolve_or_404(request, person, "name") + " " + request.himaya_shared_by)

async def show_async(request, person):
    return HttpResponse(await aresolve_or_404(request, person))

urlpatterns = [
    path("", directory), path("p/<himaya:person>", show, name="profile"),
    path("a/<himaya:person>", show_async, name="async"),
]
sys.modules["urls"] = sys.modules["__main__"]
"""
WEB = (
    f"{IDS}, ROOT_URLCONF='urls', SESSION_ENGINE='django.contrib.sessions.backends.signed_cookies',"
    "TEMPLATES=[{'BACKEND': 'django.template.backends.django.DjangoTemplates', 'APP_DIRS': True}]"
)
SESSIONS = "MIDDLEWARE=['django.contrib.sessions.middleware.SessionMiddleware']"


def test_tags_converter_and_views_fit_together(tmp_path):
    """The tag links, the converter takes the link, both kinds of view resolve it; told is whom the page shows."""
    code = (
        CLIENT
        + """
one, other, told = Client(), Client(), Told()
link, quick, shared = one.get("/").content.decode().split()
other.get("/")
with telling(told):
    seen = [one.get(link).content.decode(), one.get(quick).content.decode(), other.get(shared).content.decode()]
codes = [client.get(url).status_code for client in (one, other) for url in (link, quick, shared, "/p/17", link + "x")]
print(json.dumps([seen[:2], seen[2][:11], codes, [[p.subject, p.fields] for p in told.people]]))
"""
    )
    settings = f"{WEB}, {SESSIONS}, HIMAYA_IDS={{'keys': [b'k' * 32]}}"
    seen, shared, codes, people = run_django(tmp_path, settings, code)
    assert seen == ["17 ", "17"]
    assert shared == "17 session:"
    assert codes == [200, 200, 200, 404, 404, 404, 404, 200, 404, 404]
    assert people == [["17", None]]


def test_all_strangers_may_be_one_viewer(tmp_path):
    """With "class" no session is made, and what one stranger collected works for another."""
    code = (
        CLIENT
        + """
one, other = Client(), Client()
page = one.get("/")
link = page.content.decode().split()[0]
print(json.dumps([other.get(link).status_code, "sessionid" in page.cookies]))
"""
    )
    settings = f"{WEB}, {SESSIONS}, HIMAYA_IDS={{'keys': [b'k' * 32], 'anonymous': 'class'}}"
    assert run_django(tmp_path, settings, code) == [200, False]
    settings = f"{WEB}, MIDDLEWARE=[], HIMAYA_IDS={{'keys': [b'k' * 32]}}"
    assert run_django(tmp_path, settings, code) == [200, False]


def test_a_site_may_say_who_the_viewer_is(tmp_path):
    """HIMAYA_VIEWER decides alone, for links and for opening them; saying nothing leaves it to us."""
    code = (
        CLIENT
        + """
one = Client()
links = [one.get("/", headers={"x-viewer": name}).content.decode().split()[0] for name in ("a", "b", "")]
print(json.dumps([[one.get(url, headers={"x-viewer": n}).status_code for n in ("a", "b", "")] for url in links]))
"""
    )
    viewer = "HIMAYA_VIEWER=lambda request: request.headers.get('x-viewer')"
    settings = f"{WEB}, {SESSIONS}, {viewer}, HIMAYA_IDS={{'keys': [b'k' * 32]}}"
    assert run_django(tmp_path, settings, code) == [
        [200, 404, 404],
        [404, 200, 404],
        [404, 404, 200],
    ]


def test_a_template_without_its_request_is_told(tmp_path):
    """The tag says which context processor is missing."""
    code = (
        CLIENT
        + """
try:
    Template("{% load himaya %}{% himaya_link 17 %}").render(Context({}))
except ConfigError as problem:
    print(json.dumps(str(problem)))
"""
    )
    said = run_django(tmp_path, f"{WEB}, HIMAYA_IDS={{'keys': [b'k' * 32]}}", code)
    assert "django.template.context_processors.request" in said
