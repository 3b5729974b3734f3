"""The Django middleware: the example site in a process of its own, a real authority, and the ledger."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import altcha
import pytest
import requests
from tests.gate.embedded_support import House

CLEAN = {"email", "employer", "name"}


@pytest.fixture(name="house", scope="module", params=["wsgi", "asgi"])
def _house(request, tmp_path_factory):
    root = Path(__file__).resolve().parents[2]
    house = House(tmp_path_factory.mktemp("django"), root, "django", request.param)
    yield house
    house.close()


class Visitor(requests.Session):
    """A logged-in visitor with an account of their own."""

    count = 0

    def __init__(self, house):
        super().__init__()
        Visitor.count += 1
        self.account, self.house = f"visitor{Visitor.count}", house
        assert self.read(f"/login?as={self.account}").status_code == 200

    def read(self, path, **headers):
        return self.get(self.house.url + path, headers=headers, timeout=10, allow_redirects=False)

    @property
    def rows(self):
        return self.house.rows(f"account:{self.account}")


@pytest.fixture(name="visitor")
def _visitor(house):
    with Visitor(house) as visitor:
        yield visitor


def test_people_in_the_pages_equal_the_ledger(visitor):
    """Profile, disclose() in a template, in a stream, links, JSON: body and ledger name the same people and fields."""
    assert "Person 1," in visitor.read("/u/p1").text
    assert len(re.findall("<p>", visitor.read("/search?from=10&n=5").text)) == 5
    assert len(re.findall("<p>", visitor.read("/search/?from=20&n=4").text)) == 4
    assert len(re.findall("<li>", visitor.read("/friends/p1?from=30&n=3").text)) == 3
    api = visitor.read("/api/people?from=40&n=6")
    assert len(api.json()["results"]) == 6
    assert api.headers["Content-Encoding"] == "gzip"
    assert visitor.read("/u/nobody").status_code == 404
    expected = {"p1": CLEAN}
    expected |= {f"p{n}": CLEAN for n in range(10, 15)}
    expected |= {f"p{n}": {"name"} for n in (*range(20, 24), *range(30, 33))}
    # The interface declares no `employer`, and shows it: the ledger says so.
    expected |= {f"p{n}": CLEAN for n in range(40, 46)}
    assert visitor.rows == expected


def test_a_listing_over_the_budget_is_trimmed_or_refused(visitor):
    """JSON keeps the rows that fit; a page of HTML is replaced; the ledger holds what left."""
    assert visitor.read("/search?from=0&n=25").status_code == 200
    rows = visitor.read("/api/people?from=100&n=20").json()
    assert [row["id"] for row in rows["results"]] == [f"p{n}" for n in range(100, 105)]
    refused = visitor.read("/search?from=150&n=5", Accept="text/html")
    assert refused.status_code == 403
    assert "Person 150" not in refused.text
    assert "privacy@people.example" in refused.text
    assert set(visitor.rows) == {f"p{n}" for n in (*range(25), *range(100, 105))}


def test_a_streamed_listing_is_refused_before_its_first_byte(visitor):
    """What a generator names while it streams is known before anything leaves."""
    assert visitor.read("/search?from=0&n=30").status_code == 200
    refused = visitor.read("/search/?from=50&n=3")
    assert (refused.status_code, "Person 50" in refused.text) == (403, False)
    assert len(visitor.rows) == 30


def test_a_solved_challenge_buys_exactly_its_people_for_this_account(house, visitor):
    """Solve once, see five more; the same proof again, or in another account, buys nothing."""
    visitor.read("/search?from=0&n=30")
    assert visitor.read("/u/p50").status_code == 403
    puzzle = altcha.Challenge.from_dict(visitor.read("/.himaya/challenge?scope=profile").json())
    form = {
        "altcha": altcha.Payload(puzzle, altcha.solve_challenge(puzzle)).to_base64(),
        "to": "/u/p50",
    }
    with Visitor(house) as other:
        assert other.post(f"{house.url}/.himaya/clear", form, timeout=5).status_code == 403
    cleared = visitor.post(f"{house.url}/.himaya/clear", form, timeout=5, allow_redirects=False)
    assert (cleared.status_code, cleared.headers["Location"]) == (303, "/u/p50")
    codes = [visitor.read(f"/u/p{n}").status_code for n in range(50, 57)]
    assert codes == [200] * 5 + [403] * 2
    assert visitor.post(f"{house.url}/.himaya/clear", form, timeout=5).status_code == 403
    assert len(visitor.rows) == 35


def test_the_answer_to_head_has_no_body_and_shows_nobody(visitor):
    """HEAD gives the head alone, with the length of what GET would send, and leaves no row."""
    answer = visitor.head(visitor.house.url + "/u/p9", timeout=5)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 50
    assert visitor.rows == {}


def test_a_visitor_cannot_speak_for_himaya(visitor):
    """Forged fields change neither the decision nor the account."""
    forged = {"Himaya-Subjects": "p9", "X-Himaya-Account": "visitor0", "Himaya-Redact": "name"}
    assert "Person 2," in visitor.read("/u/p2", **forged).text
    assert visitor.rows == {"p2": CLEAN}


def test_the_site_stays_up_without_the_authority_and_says_what_it_missed(house, visitor):
    """Stopped: pages are served. Back: the ledger has the unobserved period, and counting goes on."""
    house.stop("gate")
    assert [visitor.read(f"/u/p{n}").status_code for n in range(3)] == [200] * 3
    house.start_authority()
    time.sleep(1.1)
    assert visitor.read("/u/p7").status_code == 200
    assert set(visitor.rows) == {"p7"}
    assert any("requests passed without a decision (3 requests)" in why for why in house.gaps())


# settings and tags, in short processes of their own -----------------------------------------------------


def run_django(tmp_path, settings, code):
    """Run `code` under Django settings; return what it printed as JSON."""
    script = f"""
import json, django
from django.conf import settings
settings.configure({settings})
django.setup()
{code}
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


CHECK = """
from himaya.gate.django.apps import check_settings
print(json.dumps([message.id for message in check_settings()]))
"""
OURS, USER = (
    "himaya.gate.django.GateMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
)

CACHE = "django.middleware.cache.FetchFromCacheMiddleware"


@pytest.mark.parametrize(
    ("middleware", "config", "found"),
    [
        ([USER, OURS], True, []),
        ([OURS, USER], True, ["himaya.W002"]),
        ([USER], True, ["himaya.W001"]),
        ([CACHE, USER, OURS], True, ["himaya.W003"]),
        ([USER, OURS], False, ["himaya.E001"]),
    ],
    ids=["right", "order", "missing", "cache", "config"],
)
def test_wrong_settings_are_said_at_start(tmp_path, root, middleware, config, found):
    """`manage.py check` names a missing configuration, a missing middleware, a wrong order."""
    path = root / "examples/django/himaya.toml" if config else tmp_path / "none.toml"
    settings = f"MIDDLEWARE={middleware!r}, HIMAYA_CONFIG={str(path)!r}, INSTALLED_APPS=['himaya.gate.django']"
    assert run_django(tmp_path, settings, CHECK) == found


TAGS = """
from django.template import Context, Template
from himaya.gate.disclose import Told, telling
told = Told(("email",))
class Person:
    pk = 7
page = "{% load himaya %}{% himaya_disclose person 'name, email' %}{% himaya_disclose 'x' %}"
page += "{% himaya_redacted 'email' as gone %}{{ gone }}{% himaya_redacted 'name' %}"
with telling(told):
    text = Template(page).render(Context({"person": Person()}))
print(json.dumps([text, [[one.subject, one.fields] for one in told.people]]))
"""


def test_the_template_tags_name_people_and_hide_fields(tmp_path):
    """An object with `pk` or an id is named with its fields; a field to leave out counts as not shown."""
    settings = (
        "INSTALLED_APPS=['himaya.gate.django'],"
        "TEMPLATES=[{'BACKEND': 'django.template.backends.django.DjangoTemplates', 'APP_DIRS': True}]"
    )
    assert run_django(tmp_path, settings, TAGS) == [
        "TrueFalse", [["7", ["name"]], ["x", None]]]  # fmt: skip
