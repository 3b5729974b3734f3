"""The authority behind Caddy, Traefik and Envoy: each is believed in its own words, a refusal is the page itself."""

import json

import pytest
from tests.gate.gate_support import Rig, read_answer

from himaya.gate.forward_auth import ForwardAuth
from himaya.gate.fronts import refuse_unread
from himaya.gate.limits import Limits
from himaya.gate.verdicts import Verdicts

SHARED = b"a secret between a front door and himaya"
VERDICT = {"himaya-verdict", "himaya-redact", "himaya-reference", "himaya-retry-after"}
ADDRESS = "X-Forwarded-For: 203.0.113.9"
FRONTS = ("caddy", "traefik", "envoy")

#: The question of a GET for /u/1 as each door sends it: request line, then lines of its own.
#: Caddy 2.6.2 as recorded; Traefik and Envoy as their documentation and source say.
WIRE = {
    "caddy": (
        "GET /auth?x=1 HTTP/1.1", "X-Forwarded-Host: people.example", "X-Forwarded-Method: {method}",
        "X-Forwarded-Proto: https", "X-Forwarded-Uri: {target}", "User-Agent: a browser", "Accept-Encoding: gzip",
    ),
    "traefik": (
        "GET /auth HTTP/1.1", "User-Agent: a browser", "X-Forwarded-Host: people.example",
        "X-Forwarded-Method: {method}", "X-Forwarded-Proto: https", "X-Forwarded-Uri: {target}",
    ),
    "envoy": (
        "{method} /auth{target} HTTP/1.1", "content-length: 0", "user-agent: a browser", "x-forwarded-proto: https",
        "x-request-id: 7f1f8a1e-5a0e-9b5c-8f0d-6f6e6b1a2c3d", "x-envoy-internal: true",
    ),
}  # fmt: skip

#: What a visitor may add, to be taken for another door's words.
FOREIGN = {
    "nginx": ("X-Original-URI: /about", "X-Original-Method: OPTIONS"),
    "caddy": ("X-Forwarded-Uri: /about", "X-Forwarded-Method: OPTIONS"),
    "envoy": ("x-envoy-original-path: /about", "x-envoy-original-method: OPTIONS"),
}


class FrontRig(Rig):
    """An authority on a port, asked by one kind of front door with the shared secret."""

    refusal = staticmethod(refuse_unread)

    def __init__(self, front, **config):
        self.front = front
        limits = Limits(sleepers=config.pop("sleepers", 500), stop_s=1)
        super().__init__(1, limits=limits, **config)
        self.door.source, self.door.sees_body = "authority", False

    def handler(self):
        return ForwardAuth(self.front, Verdicts(self.door, self.limits), SHARED).handle

    def ask(self, target, *fields, method="GET", secret=SHARED):
        lines = [line.format(target=target, method=method) for line in WIRE[self.front]]
        lines[1:1] = ["Host: people.example", f"X-Himaya-Secret: {secret.decode()}", ADDRESS]
        data = "".join(f"{line}\r\n" for line in (*lines, *fields)) + "\r\n"
        with self.connect() as sock:
            sock.sendall(data.encode("latin-1"))
            return read_answer(sock, method=method)

    def open_requests(self):
        """Return (target, method, address) of everything that is reserved."""
        return [
            (t.request.target, t.request.method, t.request.actor.address)
            for t in self.engine._flight._open.values()
        ]


@pytest.fixture(name="front", params=FRONTS)
def _front(request):
    with FrontRig(request.param, budget=3, ladder="challenge = false") as rig:
        yield rig


def test_every_answer_has_every_verdict_header(front):
    """Pages within the budget pass, the next is refused; each answer has all four headers, and no page is cached."""
    answers = [front.ask(f"/u/{n}?x=1") for n in range(4)] + [front.ask("/about")]
    assert [one.status for one in answers] == [200, 200, 200, 429, 200]
    assert [one.headers["himaya-verdict"] for one in answers] == ["allow"] * 3 + ["block", "allow"]
    assert all(set(one.headers) >= VERDICT for one in answers)
    assert all(one.headers["cache-control"] == "no-store" for one in answers)
    assert answers[0].headers["himaya-redact"] == ""
    assert {row[2] for row in front.open_requests()} == {"203.0.113.9"}


def test_a_refusal_is_the_page_itself(front):
    """A refused visitor gets reason, reference, appeal and when to come again, in the language of the request."""
    for n in range(3):
        front.ask(f"/u/{n}")
    page = front.ask("/u/9", "Accept: text/html")
    assert page.status == 429
    assert page.headers["content-type"].startswith("text/html")
    assert int(page.headers["retry-after"]) > 0
    assert page.headers["himaya-reference"] in page.body.decode()
    assert b"appeals@example.org" in page.body
    assert [name.lower() for name, _ in page.fields].count("himaya-reference") == 1
    assert json.loads(front.ask("/u/9", "Accept: application/json").body)["action"] == "block"
    assert len(front.open_requests()) == 3


@pytest.mark.parametrize("front_name", FRONTS)
def test_a_challenge_is_403_with_its_forms(front_name):
    """A challenge comes as 403 with the puzzle's address and the waiting form, and leads back to the page asked for."""
    with FrontRig(front_name, budget=1) as rig:
        assert rig.ask("/u/1").status == 200
        page = rig.ask("/u/2?b=1", "Accept: text/html")
        assert (page.status, page.headers["himaya-verdict"]) == (403, "challenge")
        assert b"/.himaya/clear" in page.body
        assert b"/u/2?b=1" in page.body
        assert (
            rig.get("/.himaya/challenge", f"X-Himaya-Secret: {SHARED.decode()}", ADDRESS).status
            == 200
        )


@pytest.mark.parametrize("front_name", FRONTS)
def test_too_many_waiting_is_429(front_name):
    """When too many throttled requests wait already, the next is told when to come again, and reserves nothing."""
    with FrontRig(
        front_name, budget=10, ladder="throttle_at = 0.01\nthrottle_s = 0.5", sleepers=0
    ) as rig:
        answer = rig.ask("/u/1")
        assert (answer.status, answer.headers["himaya-verdict"]) == (429, "throttle")
        assert int(answer.headers["retry-after"]) >= 1
        assert rig.rows == []


@pytest.mark.parametrize("front_name", FRONTS)
def test_fields_to_withhold_are_told(front_name):
    """A redaction passes with the fields to leave out."""
    with FrontRig(front_name, budget=1, ladder="challenge = false") as rig:
        rig.ask("/card/1")
        answer = rig.ask("/card/2")
        assert (answer.status, answer.headers["himaya-redact"]) == (200, "name, email")


@pytest.mark.parametrize("foreign", FOREIGN)
def test_words_of_another_door_are_not_believed(front, foreign):
    """What another door would say is a visitor's: it changes nothing, or the question is refused."""
    alike = "caddy" if front.front == "traefik" else front.front
    if alike == foreign:
        twice = front.ask(
            "/u/1", *FOREIGN[foreign]
        )  # the door's own header, sent twice: nobody can tell
        assert twice.status == 200 if foreign == "envoy" else twice.status == 403
        return
    assert front.ask("/u/1", *FOREIGN[foreign]).status == 200
    assert front.open_requests() == [("/u/1", "GET", "203.0.113.9")]


@pytest.mark.parametrize("asked", ["nginx", *FRONTS])
def test_a_question_in_other_words_is_refused(front, asked):
    """A question that only another door would send is refused, and nothing is decided."""
    lines = {"nginx": ("GET /auth HTTP/1.1", *FOREIGN["nginx"])} | WIRE
    same = {"caddy", "traefik"}
    if asked == front.front or {asked, front.front} == same:
        return
    with front.connect() as sock:
        told = [line.format(target="/u/1", method="GET") for line in lines[asked]]
        told[1:1] = ["Host: people.example", f"X-Himaya-Secret: {SHARED.decode()}", ADDRESS]
        sock.sendall(("\r\n".join(told) + "\r\n\r\n").encode())
        assert read_answer(sock).status in {403, 404}
    assert front.authority.requests == 0


@pytest.mark.parametrize("secret", [b"", b"wrong", SHARED + b"x"])
def test_strangers_get_the_strictest_answer(front, secret):
    """Without the secret nobody speaks for a front door: 403, block, nothing reserved."""
    answer = front.ask("/u/1", secret=secret)
    assert (answer.status, answer.headers["himaya-verdict"]) == (403, "block")
    assert front.authority.requests == 0


@pytest.mark.parametrize("fields", [[f"X-{n}: a" for n in range(300)], ["X: " + "a" * 70_000]])
def test_an_unreadable_question_is_refused(front, fields):
    """A visitor who makes the question too large is refused: no code that would mean a broken gate."""
    answer = front.ask("/u/1", *fields)
    assert (answer.status, answer.headers["himaya-verdict"]) == (403, "block")


def test_the_id_is_made_here(front):
    """A visitor's request id is not taken over: each answer names another id, under which the log settles."""
    told = [front.ask(f"/u/{n}", "X-Request-ID: chosen-by-a-visitor") for n in (1, 2)]
    ids = {one.headers["x-request-id"] for one in told}
    assert len(ids) == 2
    assert ids == {t.request.id for t in front.engine._flight._open.values()}


@pytest.mark.parametrize("method", ["POST", "DELETE", "HEAD", "get"])
def test_the_visitors_method_decides(front, method):
    """The method is the visitor's, not that of the question: `get` asks for the page, others are not declared."""
    if front.front == "envoy" and method == "get":
        assert front.ask("/u/1", method=method).status == 403  # no method that HTTP knows
        return
    assert front.ask("/u/1", method=method).status == 200
    assert len(front.open_requests()) == (method == "get")
