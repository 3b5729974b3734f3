"""The WSGI middleware: what it lets pass, withholds, counts; over real HTTP and in one process."""

import gzip
import io
import json
import re
import socketserver
import threading
import time
import wsgiref.simple_server
import wsgiref.validate

import altcha
import pytest
import requests
from tests.gate.embedded_support import ThreadAuthority

from himaya.core.exchange import Person
from himaya.core.subjects import format_subjects
from himaya.gate.wsgi import GateMiddleware, disclose, disclose_nobody, redacted

BROWSER = {"Accept": "text/html"}


def application(environ, start_response):
    """A small site: profiles, a search in many forms, an API, errors and streams."""
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    kind, status, headers = "text/html", "200 OK", []
    body = [b"<p>hello"]
    if path == "/echo":
        kind = "application/json"
        body = [json.dumps({k: v for k, v in environ.items() if isinstance(v, str)}).encode()]
        headers = [("Himaya-Subjects", "u9"), ("X-Other", "1")]
    elif path.startswith("/api/"):
        kind = "application/json"
        body = [json.dumps({"id": path[5:], "name": "A", "email": "a@x"}).encode()]
    elif path == "/search":
        kind, headers, body = search(query)
    elif path == "/u/missing":
        status = "404 Not Found"
    elif path == "/u/error":
        raise RuntimeError("a view failed")
    start_response(status, [("Content-Type", kind), *headers])
    return body


def search(query):
    people = [str(n) for n in range(int(re.search(r"n=(\d+)", query)[1]))]
    if "json" in query:
        rows = [{"id": n, "name": "A", "email": "x"} for n in people]
        body = json.dumps({"total": len(rows), "results": rows}).encode()
        if "gzip" in query:
            return (
                "application/json",
                [("Content-Encoding", "gzip"), ("ETag", '"1"')],
                [gzip.compress(body)],
            )
        return "application/json", [("Content-Length", str(len(body)))], [body]
    if "header" in query:
        named = format_subjects(Person(n, ("name",)) for n in people)
        return "text/html", [("Himaya-Subjects", named)], [b"<p>people"]
    if "app" in query:
        return "text/html", [], told(people)
    if "large" in query:
        return "text/html", [], [b"x" * 8000] * 4
    links = "".join(f'<a href="/u/{n}">{n}</a>' for n in people)
    return "text/html", [], [links.encode()]


def told(people):
    disclose_nobody()
    for one in people:
        disclose(one, "name,email")
        yield f"<p>{one} {sorted(redacted())}".encode()


class Server(socketserver.ThreadingMixIn, wsgiref.simple_server.WSGIServer):
    daemon_threads = True


class Handler(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *args):
        """Say nothing."""


class Site:
    """The application behind the middleware, on a real socket."""

    def __init__(self, authority, account=None):
        self.authority = authority
        gate = GateMiddleware(application, authority.config, account)
        self.gate = gate
        self.server = wsgiref.simple_server.make_server("127.0.0.1", 0, gate, Server, Handler)
        self.server.get_stderr = io.StringIO
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()

    def get(self, path, **headers):
        return requests.get(self.url + path, headers=headers, timeout=10, allow_redirects=False)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
        self.gate.desk.close()


@pytest.fixture(name="start")
def _start(tmp_path):
    started = []

    def start(account=None, **more):
        authority = ThreadAuthority(tmp_path, **more).start()
        site = Site(authority, account)
        started.append(site)
        return site

    yield start
    for site in started:
        site.close()
        site.authority.stop()


def test_people_in_bodies_equal_the_rows(start):
    """Profile, HTML links, JSON, header and disclose(): the rows hold exactly who was in the body."""
    site = start(budget=100)
    assert site.get("/u/7").status_code == 200
    assert site.authority.shown == [("profile", "7", ("name", "email"), "served")]
    both = ("name", "email")
    forms = {"links": both, "json": both, "header": ("name",), "app": both, "json&gzip": both}
    for query, fields in forms.items():
        before = len(site.authority.shown)
        answer = site.get(f"/search?n=3&{query}")
        assert answer.status_code == 200
        assert "Himaya-Subjects" not in answer.headers
        new = site.authority.shown[before:]
        assert [(s, who, f) for s, who, f, _ in new] == [("search", n, fields) for n in "012"]


def test_a_route_that_shows_nobody_is_left_alone(start):
    """Undeclared routes ask nothing; only himaya's own fields are removed, both ways."""
    site = start()
    answer = site.get(
        "/echo",
        **{"Himaya-Subjects": "u1", "X-Himaya-Verdict": "allow", "X-Account": "u5", "X-Mine": "1"},
    )
    seen = answer.json()
    assert {key for key in seen if "HIMAYA" in key or "ACCOUNT" in key} == set()
    assert seen["HTTP_X_MINE"] == "1"
    assert "Himaya-Subjects" not in answer.headers
    assert answer.headers["X-Other"] == "1"
    assert site.authority.authority.requests == 0


def test_missing_failing_and_head_requests_show_nobody(start):
    """404, an exception and HEAD settle without a row, and free their reservation."""
    site = start(budget=1)
    assert site.get("/u/missing").status_code == 404
    assert site.get("/u/error").status_code == 500
    assert requests.head(site.url + "/u/1", timeout=5).status_code == 200
    assert site.authority.shown == []
    assert site.get("/u/1").status_code == 200
    assert site.authority.people == ["1"]


def test_a_budget_ends_in_a_page_with_reference_and_appeal(start):
    """Past the budget a person gets a challenge page, a program JSON; nobody is shown."""
    site = start(budget=2)
    assert [site.get(f"/u/{n}").status_code for n in range(3)] == [200, 200, 403]
    page = site.get("/u/5", **BROWSER)
    assert page.status_code == 403
    assert page.headers["Himaya-Reference"] in page.text
    assert "appeals@example.org" in page.text
    problem = site.get("/u/5").json()
    assert (problem["action"], problem["appeal"]) == ("challenge", "appeals@example.org")
    assert site.get("/u/0").status_code == 200
    assert set(site.authority.people) == {"0", "1"}


def test_a_json_listing_is_trimmed_to_what_the_budget_allows(start):
    """Rows over the budget leave the body, the rest passes, and the rows equal what was sent."""
    site = start(budget=4, ladder="challenge = false")
    answer = site.get("/search?n=6&json&gzip")
    assert [row["id"] for row in answer.json()["results"]] == list("0123")
    assert answer.json()["total"] == 6
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Content-Encoding" not in answer.headers
    assert "ETag" not in answer.headers
    assert site.authority.people == list("0123")


def test_an_html_listing_over_the_budget_is_replaced_whole(start):
    """HTML cannot be trimmed: nobody of the page is shown, and no row says otherwise."""
    site = start(budget=4, ladder="challenge = false")
    answer = site.get("/search?n=6&links", **BROWSER)
    assert answer.status_code == 429
    assert "/u/3" not in answer.text
    assert site.authority.people == []
    assert site.get("/search?n=4&links").status_code == 200


def test_shadow_mode_changes_nothing_and_counts(start):
    """In shadow everything passes whole and every person is a row."""
    site = start(mode="shadow", budget=2)
    assert [row["id"] for row in site.get("/search?n=5&json").json()["results"]] == list("01234")
    assert site.get("/u/9").status_code == 200
    assert site.authority.people == [*"01234", "9"]


def test_redacted_fields_leave_a_json_profile(start):
    """Where the ladder redacts, the fields are gone from the body and from the rows."""
    site = start(budget=1, ladder="challenge = false")
    assert site.get("/api/1").json() == {"id": "1", "name": "A", "email": "a@x"}
    assert site.get("/api/2").json() == {"id": "2"}
    assert site.authority.people == ["1"]


def test_the_application_is_told_which_fields_to_leave_out(tmp_path):
    """`himaya.redact`, the header and `redacted()` say the same."""
    authority = ThreadAuthority(tmp_path, budget=0, ladder="challenge = false").start()
    seen = {}

    def app(environ, start_response):
        seen.update(environ, now=redacted())
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b'{"id": "2", "name": "A"}']

    gate = GateMiddleware(app, authority.config)
    body = call(gate, "/api/2")[1]
    gate.desk.close()
    authority.stop()
    assert seen["himaya.redact"] == ("name", "email")
    assert seen["HTTP_HIMAYA_REDACT"] == "name, email"
    assert seen["now"] == {"name", "email"}
    assert json.loads(body) == {"id": "2"}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'[{"id": 1, "email": "x"}]', [], "200 OK"),
        (b'[{"id": 1, "mail": "x"}]', [], "429 Too Many Requests"),
        (b"not json", [], "429 Too Many Requests"),
        (b"x" * 30_000, [], "429 Too Many Requests"),
        (b"<p>left out", [("Himaya-Subjects", "1;fields=name")], "200 OK"),
        (b"<p>not left out", [("Himaya-Subjects", "1;fields=email")], "429 Too Many Requests"),
        (b"<p>who knows", [("Himaya-Subjects", "1")], "429 Too Many Requests"),
    ],
    ids=["json", "other-names", "unreadable", "large", "left-out", "not-left-out", "unknown"],
)
def test_what_must_be_withheld_never_leaves_unseen(tmp_path, body, headers, status):
    """Where fields must go, a body passes only if they are gone, by our cut or the application's word."""
    authority = ThreadAuthority(tmp_path, budget=0, ladder="challenge = false").start()

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "application/json"), *headers])
        return [body]

    gate = GateMiddleware(app, authority.config)
    got, sent = call(gate, "/cards")
    gate.desk.close()
    authority.stop()
    assert got == status
    assert b"x" not in sent or got != "200 OK"
    assert authority.people == []


def test_a_body_over_the_bound_is_streamed_and_unattributed(start):
    """Too large to hold: it passes, the reserve is charged, and nobody is named."""
    site = start(budget=100)
    answer = site.get("/search?n=0&large")
    assert len(answer.content) == 32000
    assert [row.unattributed for row in site.authority.rows] == [5]
    assert site.authority.people == []


def test_a_solved_challenge_is_worth_its_people_and_a_forged_cookie_none(start):
    """Through the middleware's own routes: solve, get a cookie, see exactly so many more."""
    site = start(budget=2)
    assert [site.get(f"/u/{n}").status_code for n in range(3)] == [200, 200, 403]
    puzzle = altcha.Challenge.from_dict(site.get("/.himaya/challenge?scope=profile").json())
    payload = altcha.Payload(puzzle, altcha.solve_challenge(puzzle)).to_base64()
    form = {"altcha": payload, "to": "/u/2"}
    with requests.Session() as session:
        done = session.post(f"{site.url}/.himaya/clear", form, allow_redirects=False, timeout=5)
        assert (done.status_code, done.headers["Location"]) == (303, "/u/2")
        codes = [session.get(f"{site.url}/u/{n}", timeout=5).status_code for n in range(10, 15)]
        assert codes == [200, 200, 200, 403, 403]
        assert requests.post(f"{site.url}/.himaya/clear", form, timeout=5).status_code == 403
    forged = {"Cookie": "himaya_clearance=1.eA.OTk5OTk5OTk5OQ.AAAA"}
    assert site.get("/u/20", **forged).status_code == 403
    assert site.get("/.himaya/check.js").status_code == 200
    assert len(set(site.authority.people)) == 2 + 3


def test_waiting_works_without_script(start):
    """The form without script lets through after its time and not before."""
    site = start(budget=1)
    site.get("/u/1")
    page = site.get("/u/2", **BROWSER).text
    form = dict(re.findall(r'name="(wait|to)" value="([^"]+)"', page))
    with requests.Session() as session:
        early = session.post(f"{site.url}/.himaya/clear", form, headers=BROWSER, timeout=5)
        assert early.status_code == 403
        time.sleep(1.1)
        assert session.post(f"{site.url}/.himaya/clear", form, timeout=5).status_code == 200
    assert "2" in site.authority.people


def test_an_account_is_found_by_the_callable_or_a_trusted_proxy_only(start):
    """Budgets follow the account; a header from anybody else is worth nothing."""
    site = start(budget=100, account=lambda environ: environ.get("HTTP_X_LOGIN", ""))
    site.get("/u/1", **{"X-Login": "u5", "X-Account": "u6"})
    site.get("/u/2", **{"X-Account": "u6", "X-Forwarded-For": "198.51.100.1"})
    actors = [row.actor for row in site.authority.rows]
    assert [actor.name for actor in actors] == ["account:u5", "address:127.0.0.1"]


@pytest.mark.parametrize(("fail", "status"), [("open", 200), ("closed", 503)])
def test_without_the_authority_a_surface_does_what_it_declares(start, fail, status):
    """Open passes, closed refuses with a page; both say so in the ledger once the authority is back."""
    site = start(fail=fail)
    site.authority.stop()
    answer = site.get("/search?n=2&json", **BROWSER)
    assert answer.status_code == status
    assert site.get("/u/1").status_code == 200
    assert ("cannot be shown at the moment" in answer.text) is (fail == "closed")
    site.authority.start()
    time.sleep(2.0)
    assert site.get("/u/3").status_code == 200
    assert site.authority.people == ["3"]
    gaps = {surface: (door, why) for _, _, why, surface, door in site.authority.notes.gaps}
    assert set(gaps) == ({"search", "profile"} if fail == "open" else {"profile"})
    assert gaps["profile"][0] == "wsgi"
    assert "(1 requests)" in gaps["profile"][1]


def test_a_policy_changed_at_the_authority_is_taken_over(tmp_path):
    """A worker reads its file again when the authority decides by another policy."""
    authority = ThreadAuthority(tmp_path).start()
    gate = GateMiddleware(application, authority.file)
    assert call(gate, "/hello")[0] == "200 OK"
    text = authority.file.read_text() + '[[surface]]\nid = "new"\nroute = "/hello"\n'
    authority.file.write_text(text)
    from himaya.config import load

    authority.authority.reload(load(authority.file).policy())
    call(gate, "/u/1")
    assert gate.door.match("GET", "/hello").surface.id == "new"
    gate.desk.close()
    authority.stop()


def call(gate, path, method="GET", **environ):
    """Call a WSGI application as a server does, checked by wsgiref's validator."""
    got = {}

    def start_response(status, headers, exc_info=None):
        got.update(status=status, headers=headers)
        return lambda data: None

    base = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_NAME": "x",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "203.0.113.9", "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True, "wsgi.multiprocess": False, "wsgi.run_once": False,
    }  # fmt: skip
    parts = wsgiref.validate.validator(gate)(base | environ, start_response)
    try:
        return got["status"], b"".join(parts)
    finally:
        parts.close()


def test_the_middleware_keeps_the_rules_of_wsgi(tmp_path):
    """Wsgiref's validator finds nothing wrong on any way through."""
    authority = ThreadAuthority(tmp_path, budget=2).start()
    gate = GateMiddleware(wsgiref.validate.validator(application), authority.config)
    assert call(gate, "/u/missing")[0] == "404 Not Found"
    assert call(gate, "/u/1")[0] == "200 OK"
    assert call(gate, "/search", QUERY_STRING="n=1&json")[0] == "200 OK"
    assert call(gate, "/search", QUERY_STRING="n=0&large")[0] == "403 Forbidden"
    assert call(gate, "/.himaya/page.css")[0] == "200 OK"
    assert call(gate, "/nothing")[0] == "200 OK"
    assert call(gate, "/u/1", "HEAD") == ("200 OK", b"")
    gate.desk.close()
    authority.stop()


def test_a_reader_who_leaves_is_recorded_as_partial(tmp_path):
    """When the server closes the body early, the rows say so."""
    authority = ThreadAuthority(tmp_path).start()

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html")])
        return iter([b"one", b"two"])

    parts = GateMiddleware(app, authority.config)(
        {"REQUEST_METHOD": "GET", "PATH_INFO": "/u/1", "REMOTE_ADDR": "203.0.113.9"},
        lambda *args: None,
    )
    assert next(parts) == b"one"
    parts.close()
    parts._gate.desk.close()
    assert authority.shown == [("profile", "1", ("name", "email"), "partial")]
    authority.stop()


def test_an_encoded_path_is_the_path_the_application_sees(tmp_path):
    """`%2F` and friends, decoded by the server before routing, do not lead past the surface."""
    authority = ThreadAuthority(tmp_path).start()
    gate = GateMiddleware(application, authority.config)
    for path in ("/u/1", "/u//1", "/U/1", "/u/1/", "/u/./1"):
        assert gate.door.match("GET", path) is not None
    call(gate, "/u/%31")
    call(gate, "/u/a;b")
    assert authority.people == ["%31", "a;b"]
    gate.desk.close()
    authority.stop()
