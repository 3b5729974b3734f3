"""The proxy and people: who is counted, who may pass, what is cut out, and what becomes a row."""

import gzip
import json
import socket
import time

import brotli
import pytest
from tests.gate.gate_support import Reader, Rig, Upstream, chunked, ok, read_all, wait_for

from himaya.core.decision import Action, Reason, Standing
from himaya.gate.limits import Limits

BROWSER = "Accept: text/html"


@pytest.fixture(name="upstream")
def _upstream():
    with Upstream() as upstream:
        yield upstream


def rows(*ids, **more):
    return json.dumps(
        {"total": 99, "rows": [{"id": i, "name": f"N{i}"} for i in ids], **more}
    ).encode()


def listing(*ids, **more):
    return ok(rows(*ids, **more), kind="application/json")


def test_profile_is_counted_from_its_path_and_streams(upstream):
    """The person of a path is counted without holding the body back."""
    with Rig(upstream.port) as rig:
        assert rig.get("/u/7").body == b"hello"
        (row,) = rig.rows
    assert (row.surface, row.status, row.source, row.decision) == ("profile", 200, "proxy", "allow")
    assert [(one.subject, one.fields, one.certainty) for one in row.shown] == [
        ("7", ("name", "email"), "served")
    ]


def test_everybody_in_a_listing_is_counted(upstream):
    """People named by JSON, links and the header are counted; the header never reaches the reader."""
    answers = {
        "/list": listing(1, 2, 3),
        "/page": ok(b'<a href="/u/4">D</a> <a href="https://www.example.org/u/5">E</a>', kind="text/html"),
        "/told": ok(b"x", "Himaya-Subjects: 6, 7"),
    }  # fmt: skip
    upstream.answer = lambda asked, sock: answers[asked.target.partition("?")[0]]
    with Rig(upstream.port) as rig:
        for target in answers:
            answer = rig.get(f"{target}?page=1")
            assert answer.body == answers[target].partition(b"\r\n\r\n")[2]
            assert "himaya-subjects" not in answer.headers
        assert rig.people == ["1", "2", "3", "4", "5", "6", "7"]


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_coded_bodies_are_read_and_passed_on_as_they_are(upstream, coding):
    """A body in gzip or brotli is decoded for reading, and leaves in its own coding."""
    packed = {"gzip": gzip.compress, "br": brotli.compress}[coding](rows(1, 2))
    upstream.answer = lambda asked, sock: ok(
        packed, f"Content-Encoding: {coding}", kind="application/json"
    )
    with Rig(upstream.port) as rig:
        answer = rig.get("/list", f"Accept-Encoding: {coding}, unknown")
        assert (answer.body, answer.headers["content-encoding"]) == (packed, coding)
        assert rig.people == ["1", "2"]
    assert upstream.asked[0].headers["accept-encoding"] == coding


def test_ranges_are_not_asked_for_where_bodies_are_read(upstream):
    """A part of a listing could not be read, so the whole is asked for; other routes keep their ranges."""
    upstream.answer = lambda asked, sock: listing(1)
    with Rig(upstream.port) as rig:
        rig.get("/list", "Range: bytes=0-10", "If-Range: x", "Accept-Encoding: zzz")
        rig.get("/video", "Range: bytes=0-10", "Accept-Encoding: zzz")
    read, other = upstream.asked
    assert not {"range", "if-range"} & set(read.headers)
    assert read.headers["accept-encoding"] == "identity"
    assert (other.headers["range"], other.headers["accept-encoding"]) == ("bytes=0-10", "zzz")


def test_listing_in_chunks_is_counted(upstream):
    """A listing that comes in chunks is read whole before its first byte leaves."""
    body = rows(1, 2)
    upstream.answer = lambda asked, sock: chunked(
        body[:10], body[10:], headers="Content-Type: application/json\r\n"
    )
    with Rig(upstream.port) as rig:
        assert rig.get("/list").body == body
        assert rig.people == ["1", "2"]


@pytest.mark.parametrize("declared", [True, False], ids=["with a length", "in chunks"])
def test_larger_bodies_keep_the_reserve_and_stream(upstream, declared):
    """A listing past the buffer streams on, and becomes one unattributed row of the surface's most."""
    body = rows(1, 2, filler="x" * 100_000)
    upstream.answer = lambda asked, sock: (
        ok(body, kind="application/json") if declared
        else chunked(body, headers="Content-Type: application/json\r\n")
    )  # fmt: skip
    with Rig(upstream.port) as rig:
        assert rig.get("/list").body == body
        (row,) = rig.rows
    assert (row.shown, row.unattributed) == ((), 5)


def test_unreadable_bodies_keep_the_reserve(upstream):
    """A body that says gzip and is none, or is no JSON, is passed on and counted at the surface's most."""
    answers = iter(
        [
            ok(b"not gzip", "Content-Encoding: gzip", kind="application/json"),
            ok(b"{no", kind="application/json"),
        ]
    )
    upstream.answer = lambda asked, sock: next(answers)
    with Rig(upstream.port) as rig:
        assert rig.get("/list").body == b"not gzip"
        assert rig.get("/list").body == b"{no"
        assert [row.unattributed for row in rig.rows] == [5, 5]


def test_a_bomb_is_not_unpacked(upstream):
    """A small body that would unpack to far more than the bound is left packed, and counted at the most."""
    bomb = gzip.compress(b" " * 10_000_000)
    assert len(bomb) < 20_000
    upstream.answer = lambda asked, sock: ok(
        bomb, "Content-Encoding: gzip", kind="application/json"
    )
    with Rig(upstream.port) as rig:
        assert rig.get("/list").body == bomb
        assert rig.rows[0].unattributed == 5


@pytest.mark.parametrize("status", ["304 Not Modified", "404 Not Found", "302 Found", "500 Oops"])
def test_answers_that_show_nobody_count_nobody(upstream, status):
    """Errors, redirects and unchanged copies free the whole reservation."""
    body = b"" if status.startswith("304") else b'{"rows": [{"id": 1}]}'
    upstream.answer = lambda asked, sock: ok(body, status=status, kind="application/json")
    with Rig(upstream.port, budget=5) as rig:
        for _ in range(3):
            assert rig.get("/list").status == int(status[:3])
            assert rig.get("/u/1").status == int(status[:3])
        assert rig.rows == []


def test_head_shows_nobody(upstream):
    """HEAD of a profile counts nobody."""
    upstream.answer = lambda asked, sock: ok(b"hello")[:-5]
    with Rig(upstream.port) as rig:
        assert rig.get("/u/1", method="HEAD").status == 200
        assert rig.rows == []


def test_a_missed_look_up_counts(upstream):
    """A look-up that finds nobody is a row and costs budget, because the answer tells something."""
    upstream.answer = lambda asked, sock: ok(b"nobody", status="404 Not Found")
    with Rig(upstream.port, budget=2) as rig:
        assert [rig.get(f"/find?q={n}").status for n in range(3)] == [404, 404, 403]
        assert [row.miss for row in rig.rows] == [True, True]


def test_look_up_by_head_or_304_counts(upstream):
    """Asking only whether somebody is there costs budget and is a row, though nobody is named."""
    upstream.answer = lambda asked, sock: ok(b"x", status=asked.headers.get("x-answer", "200 OK"))[
        :-1
    ]
    with Rig(upstream.port, budget=2) as rig:
        assert rig.get("/find?q=1", method="HEAD").status == 200
        assert rig.get("/find?q=2", "If-None-Match: *", "X-Answer: 304 Not Modified").status == 304
        assert rig.get("/find?q=3", method="HEAD").status == 403
        assert [(row.shown, row.unattributed) for row in rig.rows] == [((), 1), ((), 1)]


def test_budget_refuses_with_reference_and_appeal(upstream):
    """Over budget the application is not asked: a page with a reference number and where to appeal."""
    with Rig(upstream.port, budget=2, ladder="challenge = false") as rig:
        assert [rig.get(f"/u/{n}").status for n in (1, 2, 1, 2)] == [200] * 4
        answer = rig.get("/u/3", BROWSER)
        assert answer.status == 429
        assert answer.headers["himaya-reference"] in answer.body.decode()
        assert b"appeals@example.org" in answer.body
        assert rig.get("/x").status == 200
        assert rig.people == ["1", "2", "1", "2"]
    assert "/u/3" not in [one.target for one in upstream.asked]


def test_a_listing_is_cut_to_the_budget(upstream):
    """When a part of a JSON listing fits, the rest is taken out; only those left are recorded."""
    upstream.answer = lambda asked, sock: ok(rows(1, 2, 3, 4), 'ETag: "a"', kind="application/json")
    with Rig(upstream.port, budget=3, ladder="challenge = false") as rig:
        answer = rig.get("/list")
        assert [row["id"] for row in json.loads(answer.body)["rows"]] == [1, 2, 3]
        assert answer.headers["cache-control"] == "private, no-store"
        assert "etag" not in answer.headers
        assert rig.people == ["1", "2", "3"]


def test_a_page_that_cannot_be_cut_is_refused_whole(upstream):
    """Of an HTML listing that does not fit, nothing leaves, and nobody is recorded."""
    page = "".join(f'<a href="/u/{n}">N</a>' for n in range(4)).encode()
    upstream.answer = lambda asked, sock: ok(page, kind="text/html")
    with Rig(upstream.port, budget=3, ladder="challenge = false") as rig:
        answer = rig.get("/page", BROWSER)
        assert answer.status == 429
        assert b'href="/u/' not in answer.body
        assert rig.rows == []
        assert rig.get("/u/1").status == 200


def test_shadow_lets_everything_pass_and_records_it(upstream):
    """In shadow mode nothing is refused or cut, and everybody is recorded with what would have been."""
    upstream.answer = lambda asked, sock: listing(1, 2, 3, 4)
    with Rig(upstream.port, mode="shadow", budget=2) as rig:
        for _ in range(2):
            assert rig.get("/list").body == rows(1, 2, 3, 4)
        assert rig.get("/u/9").status == 200
        assert rig.people == ["1", "2", "3", "4", "1", "2", "3", "4", "9"]
        assert rig.rows[0].decision != "allow"


def test_redaction_is_asked_of_the_application_and_done_in_json(upstream):
    """Over budget the application is told what to leave out; what it leaves in JSON is taken out here."""
    body = json.dumps({"id": 9, "name": "N", "email": "e@x", "theme": "dark"}).encode()
    upstream.answer = lambda asked, sock: ok(body, kind="application/json")
    with Rig(upstream.port, budget=1, ladder="challenge = false") as rig:
        assert json.loads(rig.get("/card/1").body)["name"] == "N"
        answer = rig.get("/card/2")
        assert json.loads(answer.body) == {"id": 9, "theme": "dark"}
        assert [row.decision for row in rig.rows] == ["allow"]
    assert "himaya-redact" not in upstream.asked[0].headers
    assert upstream.asked[1].headers["himaya-redact"] == "name, email"


def test_redaction_that_cannot_be_checked_is_a_refusal(upstream):
    """A body that must lose fields and cannot be read does not leave."""
    upstream.answer = lambda asked, sock: ok(b"<p>N, e@x</p>", kind="text/html")
    with Rig(upstream.port, budget=1, ladder="challenge = false") as rig:
        assert rig.get("/card/1").status == 200
        assert rig.get("/card/2").status in {403, 429}
        assert len(rig.rows) == 1


def test_throttling_waits_before_the_application(upstream):
    """A throttled request is answered later, and those who wait are bounded: one more is told 429."""
    limits = Limits(sleepers=1, stop_s=1)
    ladder = "throttle_at = 0.01\nthrottle_s = 0.5"
    with Rig(upstream.port, limits=limits, budget=10, ladder=ladder) as rig, rig.connect() as first:
        begun = time.monotonic()
        first.sendall(b"GET /u/1 HTTP/1.1\r\nHost: a\r\n\r\n")
        wait_for(lambda: rig.authority.requests)
        answer = rig.get("/u/2")
        assert (answer.status, int(answer.headers["retry-after"])) == (429, 1)
        assert Reader(first).answer().status == 200
        assert time.monotonic() - begun >= 0.5
        assert rig.people == ["1"]
    assert [one.target for one in upstream.asked] == ["/u/1"]


def test_whoever_leaves_while_throttled_is_settled(upstream):
    """A throttled asker who hangs up leaves no open reservation behind."""
    ladder = "throttle_at = 0.01\nthrottle_s = 30"
    with Rig(upstream.port, budget=10, ladder=ladder) as rig:
        with rig.connect() as sock:
            sock.sendall(b"GET /u/1 HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_for(lambda: rig.engine.stats()["open"])
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        wait_for(lambda: not rig.engine.stats()["open"])
        assert rig.rows == []


def test_aborted_transfer_is_partial(upstream):
    """A reader who leaves in the middle has seen something: the row says partial."""
    upstream.answer = lambda asked, sock: ok(b"x" * 50_000_000)
    with Rig(upstream.port) as rig:
        with rig.connect() as sock:
            sock.sendall(b"GET /u/1 HTTP/1.1\r\nHost: a\r\n\r\n")
            sock.recv(1000)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        (row,) = rig.rows
    assert [str(one.certainty) for one in row.shown] == ["partial"]


def test_truncated_answer_is_partial(upstream):
    """An application that breaks off in the middle has still shown something."""
    upstream.answer = lambda asked, sock: sock.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc"
    )
    with Rig(upstream.port) as rig:
        with pytest.raises(ConnectionError):
            rig.get("/u/1")
        assert [str(one.certainty) for one in rig.rows[0].shown] == ["partial"]


def test_websocket_on_a_surface_keeps_the_reserve(upstream):
    """People in a websocket are not seen: a listing that becomes one is settled and named as unseen."""

    def answer(asked, sock):
        sock.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        read_all(sock)

    upstream.answer = answer
    with Rig(upstream.port) as rig, rig.connect() as sock:
        sock.sendall(
            b"GET /told HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        assert Reader(sock).answer().status == 101
        assert [row.unattributed for row in rig.rows] == [4]


def test_session_is_bound_to_the_account_the_application_names(upstream):
    """After a log-in answer with Himaya-Account, the session's requests are the account's; log-out ends it."""
    actor = 'session_cookie = "sid"'
    answers = {
        "/login": ok(b"", "Set-Cookie: sid=abc; HttpOnly", "Himaya-Account: u17"),
        "/logout": ok(b"", "Himaya-Account:"),
    }
    upstream.answer = lambda asked, sock: answers.get(asked.target, ok(b"hello"))
    with Rig(upstream.port, actor=actor) as rig:
        assert "himaya-account" not in rig.get("/login").headers
        rig.get("/u/1", "Cookie: theme=dark; sid=abc")
        rig.get("/u/2", "Cookie: sid=other")
        rig.get("/logout", "Cookie: sid=abc")
        rig.get("/u/3", "Cookie: sid=abc")
        rig.get("/u/u17", "Cookie: sid=abc", "Himaya-Account: u17")
        assert [row.actor.account for row in rig.rows] == ["u17", "", "", ""]
        assert "abc" not in repr(rig.rows)


def test_account_named_in_the_very_answer_is_in_its_row(upstream):
    """When only the answer names the account, the row of that answer has it already, and its own page is free."""
    upstream.answer = lambda asked, sock: ok(b"hello", "Himaya-Account: u17")
    with Rig(upstream.port, actor='session_cookie = "sid"') as rig:
        rig.get("/u/1", "Cookie: sid=abc")
        rig.get("/u/u17", "Cookie: sid=def")
        assert [(row.actor.account, row.access) for row in rig.rows] == [("u17", "account")]
        assert rig.engine.people_of("address:127.0.0.1")[0] == 1


def test_own_profile_is_free(upstream):
    """The account's own profile is neither counted nor recorded."""
    actor = 'account_header = "X-Account"\ntrusted_proxies = ["127.0.0.1/32"]'
    with Rig(upstream.port, actor=actor) as rig:
        rig.get("/u/u1", "X-Account: u1")
        rig.get("/u/u2", "X-Account: u1")
        assert rig.people == ["u2"]


def test_solved_challenge_buys_people(upstream):
    """Whoever waits as the page says gets a clearance, and with it the stated number of people, no more."""
    with Rig(upstream.port, budget=2) as rig:
        assert [rig.get(f"/u/{n}").status for n in (1, 2)] == [200, 200]
        refused = rig.get("/u/3")
        assert refused.status == 403
        problem = json.loads(refused.body)
        body = json.dumps({"wait": problem["wait"], "to": "/u/3"}).encode()
        early = rig.get(
            "/.himaya/clear", "Content-Type: application/json", method="POST", body=body
        )
        assert early.status == 403
        time.sleep(1.05)
        done = rig.get("/.himaya/clear", "Content-Type: application/json", method="POST", body=body)
        cookie = "Cookie: " + done.headers["set-cookie"].partition(";")[0]
        assert [rig.get(f"/u/{n}", cookie).status for n in (3, 4, 5, 6)] == [200, 200, 200, 403]
        again = rig.get(
            "/.himaya/clear", "Content-Type: application/json", method="POST", body=body
        )
        assert again.status != 200
        assert rig.people == ["1", "2", "3", "4", "5"]


def test_own_routes_stay_here(upstream):
    """Nothing under /.himaya/ reaches the application; forms are bounded."""
    with Rig(upstream.port) as rig:
        assert rig.get("/.himaya/check.js").status == 200
        assert rig.get("/.himaya/nothing").status == 404
        assert rig.get("/.himaya/clear", method="POST", body=b"x" * 20_000).status == 413
    assert upstream.asked == []


def test_standing_decision_stops_an_actor(upstream):
    """A standing block holds for its actor until its time is over."""
    with Rig(upstream.port) as rig:
        reason = Reason("breadth", "address", "hour", 100, 50)
        rig.authority.stand(Standing("address:127.0.0.1", Action.BLOCK, time.time() + 60, reason))
        assert rig.get("/u/1").status == 403
        assert rig.get("/x").status == 200


def test_off_passes_everything_and_is_a_gap(upstream):
    """Switched off, nobody is refused or recorded; the time is an unobserved period with its reason."""
    with Rig(upstream.port, budget=1) as rig:
        assert rig.get("/u/1").status == 200
        assert rig.get("/u/2").status == 403
        before = time.time()
        rig.authority.turn_off("a test", before)
        assert [rig.get(f"/u/{n}").status for n in range(5)] == [200] * 5
        rig.authority.turn_on()
        assert rig.get("/u/2").status == 403
        assert rig.people == ["1"]
    ((start, end, why, _, _),) = rig.notes.gaps
    assert before <= start < end <= time.time()
    assert why == "switched off: a test"
