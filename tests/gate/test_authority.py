"""The authority for nginx `auth_request`: only 200, 401 and 403, every verdict header always, strangers refused."""

import contextlib
import json
import socket
import time

import msgspec
import pytest
from tests.gate.gate_support import Rig, Upstream, read_answer, wait_for
from tests.gate.process_support import GateProcess

from himaya.core.actor import Actor
from himaya.core.exchange import Exchange, Person, Request
from himaya.gate.auth_request import AuthRequest
from himaya.gate.fronts import refuse_unread
from himaya.gate.limits import Limits
from himaya.gate.verdicts import Verdicts

SHARED = b"a secret between nginx and himaya"
VERDICT = {"himaya-verdict", "himaya-redact", "himaya-reference", "himaya-retry-after"}


class AuthRig(Rig):
    """An authority on a port, asked with the shared secret."""

    remember = 10_000
    refusal = staticmethod(refuse_unread)

    def __init__(self, **config):
        self.longest = config.pop("sleepers", 500)
        super().__init__(1, limits=Limits(sleepers=self.longest, stop_s=1), **config)
        self.door.source, self.door.sees_body = "authority", False

    def handler(self):
        self.verdicts = Verdicts(self.door, self.limits, remember=self.remember)
        self.auth = AuthRequest(self.verdicts, SHARED)
        return self.auth.handle

    def ask(
        self, target, request_id="", *fields, method="GET", secret=SHARED, address="203.0.113.9"
    ):
        told = [
            f"X-Original-URI: {target}", f"X-Original-Method: {method}",
            f"X-Himaya-Secret: {secret.decode()}", f"X-Forwarded-For: {address}", *fields,
        ]  # fmt: skip
        if request_id:
            told.append(f"X-Request-ID: {request_id}")
        return self.get("/auth", *told)


@pytest.fixture(name="auth")
def _auth():
    with AuthRig(budget=3, ladder="challenge = false") as rig:
        yield rig


def test_every_answer_has_every_verdict_header(auth):
    """200 within the budget and 403 past it, each with all four headers; other routes pass."""
    answers = [auth.ask(f"/u/{n}") for n in range(4)] + [auth.ask("/about")]
    assert [one.status for one in answers] == [200, 200, 200, 403, 200]
    assert [one.headers["himaya-verdict"] for one in answers] == ["allow"] * 3 + ["block", "allow"]
    assert all(set(one.headers) >= VERDICT for one in answers)
    assert int(answers[3].headers["himaya-retry-after"]) > 0
    assert answers[3].body == b""


def test_a_challenge_is_401_and_a_redaction_passes_with_its_fields():
    """A challenge is 401; a redaction is 200 with the fields to leave out."""
    with AuthRig(budget=1) as rig:
        assert [rig.ask(f"/u/{n}").status for n in (1, 2)] == [200, 401]
    with AuthRig(budget=1, ladder="challenge = false") as rig:
        first, second = rig.ask("/card/1"), rig.ask("/card/2")
        assert (first.headers["himaya-redact"], second.status) == ("", 200)
        assert (second.headers["himaya-verdict"], second.headers["himaya-redact"]) == (
            "redact",
            "name, email",
        )


def test_shadow_allows_everything():
    """In shadow mode every verdict is allow."""
    with AuthRig(mode="shadow", budget=1) as rig:
        answers = [rig.ask(f"/u/{n}") for n in range(3)]
        assert {(one.status, one.headers["himaya-verdict"]) for one in answers} == {(200, "allow")}


def test_throttling_waits_then_passes_and_is_bounded():
    """A throttled question is answered later; when too many wait, it is 403 with the verdict throttle."""
    ladder = "throttle_at = 0.01\nthrottle_s = 0.4"
    with AuthRig(budget=10, ladder=ladder) as rig:
        begun = time.monotonic()
        answer = rig.ask("/u/1")
        assert (answer.status, answer.headers["himaya-verdict"]) == (200, "throttle")
        assert time.monotonic() - begun >= 0.4
    with AuthRig(budget=10, ladder=ladder, sleepers=0) as rig:
        answer = rig.ask("/u/1")
        assert (answer.status, answer.headers["himaya-verdict"]) == (403, "throttle")
        assert rig.rows == []


@pytest.mark.parametrize("secret", [b"", b"wrong", SHARED + b"x"])
def test_strangers_get_the_strictest_answer(auth, secret):
    """Without the secret nobody speaks for nginx: 403, block, no reservation, no page."""
    answer = auth.ask("/u/1", secret=secret)
    assert (answer.status, answer.headers["himaya-verdict"]) == (403, "block")
    assert auth.get("/.himaya/refused", "X-Original-URI: /u/1").status == 403
    assert auth.authority.requests == 0


@pytest.mark.parametrize(
    "fields",
    [(), ("X-Original-URI: /u/1",), ("X-Original-Method: GET",),
     ("X-Original-URI: http://evil/u/1", "X-Original-Method: GET"),
     ("X-Original-URI: /a b", "X-Original-Method: GET"),
     ("X-Forwarded-Uri: /u/1", "X-Forwarded-Method: GET")],
)  # fmt: skip
def test_incomplete_questions_get_the_strictest_answer(auth, fields):
    """A question without target or method, or in another front door's words, is 403 and reserves nothing."""
    answer = auth.get("/auth", f"X-Himaya-Secret: {SHARED.decode()}", *fields)
    assert (answer.status, answer.headers["himaya-verdict"]) == (403, "block")
    assert auth.authority.requests == 0


@pytest.mark.parametrize(
    "fields",
    [[f"X-{n}: a" for n in range(300)], ["X: " + "a" * 70_000], ["Host: b"], ["Transfer-Encoding: xchunked"]],
    ids=["many fields", "a large field", "two hosts", "an unknown coding"],
)  # fmt: skip
def test_a_question_that_a_visitor_made_unreadable_is_refused(auth, fields):
    """What a visitor adds to make a question unreadable gets 403: with any other code nginx would let the page pass."""
    answer = auth.ask("/u/1", "", *fields)
    assert (answer.status, answer.headers["himaya-verdict"]) == (403, "block")
    assert set(answer.headers) >= VERDICT
    assert auth.authority.requests == 0


def test_a_visitor_cannot_fill_the_log_with_questions_that_are_refused(auth, caplog):
    """A method longer than any (nginx lets it through) and a wrong secret are each said once in the log."""
    for _ in range(5):
        assert auth.ask("/u/1", method="A" * 41).status == 403
        assert auth.ask("/u/1", secret=b"wrong").status == 403
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2


def test_address_is_what_the_front_door_says(auth):
    """The actor is the address nginx names, not nginx."""
    auth.ask("/u/1", "request-0001")
    request = Request(
        id="request-0001",
        actor=auth.engine._flight.get("request-0001").request.actor,
        target="/u/1",
    )
    assert request.actor.address == "203.0.113.9"


def test_log_settles_what_was_reserved(auth):
    """A listing stays reserved until the log line with the same request id says who was shown."""
    assert auth.ask("/told", "request-0001").status == 403  # four people do not fit into three
    with AuthRig(budget=5) as rig:
        assert rig.ask("/told", "request-0001").status == 200
        assert rig.ask("/told", "request-0002").status == 401
        held = rig.engine._flight.get("request-0001").request
        people = (Person("1"), Person("2"))
        rig.authority.record(Exchange(held, 200, people=people, sent=100, source="log"))
        assert rig.people == ["1", "2"]
        assert [rig.ask(f"/u/{n}").status for n in (3, 4, 5, 6)] == [200, 200, 200, 401]


def test_account_of_the_log_line_names_the_row(auth):
    """When nginx's question did not carry the account and the log line does, the row is the account's."""
    auth.ask("/u/1", "request-0001")
    held = auth.engine._flight.get("request-0001").request
    told = msgspec.structs.replace(held, actor=Actor(address="203.0.113.9", account="u777"))
    auth.authority.record(Exchange(told, 200, sent=5, source="log"))
    assert [row.actor.name for row in auth.rows] == ["account:u777"]


def test_what_is_not_settled_is_charged_and_unattributed():
    """After settle_s an unsettled listing is one unattributed row, and its reserve stays spent."""
    now = [1_000_000.0]
    with AuthRig(budget=5, clock=lambda: now[0]) as rig:
        assert rig.ask("/told", "request-0001").status == 200
        now[0] += 301
        rig.authority.tick()
        (row,) = rig.rows
        assert (row.shown, row.unattributed, row.source) == ((), 4, "unsettled")
        assert [rig.ask(f"/u/{n}").status for n in (1, 2)] == [200, 401]


def test_page_of_a_refusal_comes_with_the_same_reference(auth):
    """The page nginx fetches a moment later has the reference of the verdict, the reasons and the appeal."""
    for n in range(3):
        auth.ask(f"/u/{n}", f"request-000{n}")
    refused = auth.ask("/u/9", "request-0009")
    told = [
        "X-Original-URI: /u/9", "X-Original-Method: GET", "X-Request-ID: request-0009",
        f"X-Himaya-Secret: {SHARED.decode()}", "Himaya-Verdict: block", "Accept: text/html",
    ]  # fmt: skip
    page = auth.get("/.himaya/refused", *told)
    assert page.status == 429
    assert refused.headers["himaya-reference"] in page.body.decode()
    assert b"appeals@example.org" in page.body
    again = auth.get("/.himaya/refused", *told)
    assert refused.headers["himaya-reference"] in again.body.decode()


def test_page_without_memory_is_no_better_than_the_verdict(auth):
    """A page asked for an id that is not remembered says block, also when somebody claims allow."""
    for claimed in ("allow", "nonsense", "redact"):
        page = auth.get(
            "/.himaya/refused", "X-Original-URI: /u/9", "X-Original-Method: GET", "X-Request-ID: request-0009",
            f"X-Himaya-Secret: {SHARED.decode()}", f"Himaya-Verdict: {claimed}",
        )  # fmt: skip
        assert json.loads(page.body)["action"] == "block"


def test_an_id_that_was_passed_passes_nobody_else(auth):
    """Whoever uses the id of another visitor's passed request is decided like everybody: past the budget refused."""
    for n in range(3):
        assert auth.ask(f"/u/{n}", f"id-{n:08}", address="203.0.113.7").status == 200
        assert auth.ask(f"/u/{n}", f"id-{n:08}", address="203.0.113.7").status == 200
    for n in range(3, 6):
        assert auth.ask(f"/u/{n}", f"id-{n:08}", address="203.0.113.8").status == 200
    for n in range(3):
        assert auth.ask(f"/u/{n}", f"id-{n:08}", address="203.0.113.8").status == 403


def test_remembered_decisions_are_bounded():
    """Decisions kept for their pages, and passed ones, are bounded; the oldest leave."""
    AuthRig.remember = 5
    try:
        with AuthRig(budget=3) as rig:
            for n in range(20):
                rig.ask(f"/u/{n}", f"request-{n:04}")
            assert (len(rig.verdicts._refused), len(rig.verdicts._passed)) == (5, 3)
    finally:
        AuthRig.remember = 10_000


def test_whoever_leaves_while_waiting_is_settled():
    """When nginx gives up on a throttled question, nothing stays reserved."""
    with AuthRig(budget=10, ladder="throttle_at = 0.01\nthrottle_s = 30") as rig:
        with rig.connect() as sock:
            sock.sendall(
                b"GET /auth HTTP/1.1\r\nHost: a\r\nX-Original-URI: /u/1\r\nX-Original-Method: GET\r\n"
                b"X-Himaya-Secret: " + SHARED + b"\r\n\r\n"
            )
            wait_for(lambda: rig.engine.stats()["open"])
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        wait_for(lambda: not rig.engine.stats()["open"])


def test_private_socket_needs_no_secret(tmp_path):
    """On its Unix socket the authority believes the front door; the file is for owner and group alone."""
    listen = tmp_path / "auth.sock"
    gate = GateProcess(tmp_path, door="authority", more=f'listen = "unix:{listen}"', budget=2)
    with gate, socket.socket(socket.AF_UNIX) as sock:
        assert oct(listen.stat().st_mode)[-3:] == "660"
        sock.settimeout(10)
        sock.connect(str(listen))
        sock.sendall(b"GET /auth HTTP/1.0\r\nX-Original-URI: /u/1\r\nX-Original-Method: GET\r\n"
                     b"X-Forwarded-For: 203.0.113.9\r\nX-Request-ID: request-0001\r\n\r\n")  # fmt: skip
        assert read_answer(sock).headers["himaya-verdict"] == "allow"
        with gate.control() as control:
            assert control.status().open_tickets == 1
    assert not listen.exists()


def test_a_front_door_with_the_secret_may_bring_all_visitors(tmp_path):
    """On a port the bound on one client's connections is for strangers: else one visitor takes a front door's place."""
    (tmp_path / "secret").write_bytes(SHARED)
    more = f'listen = "127.0.0.1:0"\nsecret_file = "{tmp_path / "secret"}"\nmax_connections_per_client = 2'
    question = (b"GET /auth HTTP/1.1\r\nHost: a\r\nX-Original-URI: /about\r\nX-Original-Method: GET\r\n"
                b"X-Himaya-Secret: " + SHARED + b"\r\n\r\n")  # fmt: skip
    gate = GateProcess(tmp_path, door="authority", more=more, budget=2)
    with gate, contextlib.ExitStack() as held:

        def ask(source: str) -> str:
            to = ("127.0.0.1", gate.port)
            sock = held.enter_context(socket.create_connection(to, 10, source_address=(source, 0)))
            sock.sendall(question)
            return read_answer(sock).headers["himaya-verdict"]

        assert [ask("127.0.0.1") for _ in range(6)] == ["allow"] * 6
        strangers = [held.enter_context(stranger(gate.port)) for _ in range(3)]
        assert strangers[2].recv(12) == b"HTTP/1.1 403"


def stranger(port: int) -> socket.socket:
    """Return a connection from another address, on which nothing is asked."""
    return socket.create_connection(("127.0.0.1", port), 10, source_address=("127.0.0.2", 0))


def test_secret_file_is_read_at_the_start(tmp_path):
    """On a port the secret comes from its file."""
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef0123\n")
    gate = GateProcess(
        tmp_path, door="authority", more='listen = "127.0.0.1:0"\nsecret_file = "secret"'
    )
    with gate, socket.create_connection(("127.0.0.1", gate.port), timeout=10) as sock:
        sock.sendall(b"GET /auth HTTP/1.1\r\nHost: a\r\nX-Original-URI: /u/1\r\nX-Original-Method: GET\r\n"
                     b"X-Himaya-Secret: 0123456789abcdef0123\r\n\r\n")  # fmt: skip
        assert read_answer(sock).status == 200


def test_proxy_and_authority_decide_alike():
    """The same requests through both doors get the same decisions, once the log has settled each."""
    people = (1, 2, 1, 3, 4, 1)
    with Upstream() as upstream, Rig(upstream.port, budget=3) as proxy, AuthRig(budget=3) as auth:
        passed = [proxy.get(f"/u/{n}").status == 200 for n in people]
        allowed = []
        for step, n in enumerate(people):
            allowed.append(auth.ask(f"/u/{n}", f"request-{step:04}").status == 200)
            ticket = auth.engine._flight.get(f"request-{step:04}")
            if ticket is not None:
                auth.authority.record(Exchange(ticket.request, 200, sent=5, source="log"))
    assert passed == allowed == [True, True, True, True, False, True]
