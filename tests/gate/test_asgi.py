"""The ASGI middleware: the same promises over uvicorn, and the protocol's own corners."""

import asyncio
import socket
import threading
import time

import altcha
import pytest
import requests
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from tests.gate.embedded_support import ThreadAuthority

from himaya.gate.asgi import GateMiddleware, disclose, disclose_nobody, redacted

BROWSER = {"Accept": "text/html"}


async def profile(request):
    if request.path_params["id"] == "error":
        raise RuntimeError("a view failed")
    if request.path_params["id"] == "missing":
        return PlainTextResponse("no", 404)
    return HTMLResponse("<p>a person")


async def api(request):
    named = {"id": request.path_params["id"], "name": "A", "email": "a@x"}
    return JSONResponse(named, headers={"X-Redact": ",".join(request.scope["himaya.redact"])})


async def search(request):  # noqa: PLR0911 - one answer for each form
    form, people = (
        request.query_params["form"],
        [str(n) for n in range(int(request.query_params["n"]))],
    )
    if form == "json":
        return JSONResponse({"results": [{"id": n, "name": "A"} for n in people]})
    if form == "header":
        return HTMLResponse("people", headers={"Himaya-Subjects": ",".join(people)})
    if form == "thread":
        await run_in_threadpool(lambda: [disclose(one, ["name"]) for one in people])
        return HTMLResponse("people")
    if form == "stream":
        return StreamingResponse(parts(people), media_type="text/html")
    if form == "endless":
        return StreamingResponse(parts(people), media_type="text/event-stream")
    if form == "large":
        return StreamingResponse((b"x" * 8000 for _ in range(4)), media_type="text/html")
    return HTMLResponse("".join(f'<a href="/u/{n}">' for n in people))


async def parts(people):
    disclose_nobody()
    for one in people:
        disclose(one)
        yield f"<p>{one}{sorted(redacted())}"
        await asyncio.sleep(0)


async def echo(request):
    return JSONResponse(dict(request.headers), headers={"Himaya-Subjects": "u1", "X-Other": "1"})


async def talk(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_text(websocket.headers.get("himaya-subjects", "clean"))
    await websocket.close()


SITE = Starlette(
    routes=[
        Route("/u/{id}", profile),
        Route("/api/{id}", api),
        Route("/search", search),
        Route("/echo", echo),
        WebSocketRoute("/talk", talk),
    ]
)


class Site:
    """The application behind the middleware, under uvicorn on a real socket."""

    def __init__(self, authority, app=SITE, account=None):
        self.authority = authority
        self.gate = GateMiddleware(app, authority.config, account)
        config = uvicorn.Config(self.gate, log_level="critical", lifespan="on", ws="none")
        self.server = uvicorn.Server(config)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(
            target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True
        )
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def get(self, path, **headers):
        return requests.get(self.url + path, headers=headers, timeout=10, allow_redirects=False)

    def close(self):
        self.server.should_exit = True
        self.thread.join()
        self.socket.close()


@pytest.fixture(name="start")
def _start(tmp_path):
    started = []

    def start(app=SITE, account=None, **more):
        authority = ThreadAuthority(tmp_path, **more).start()
        started.append(Site(authority, app, account))
        return started[-1]

    yield start
    for site in started:
        site.close()
        site.authority.stop()


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ("links", ("name", "email")),
        ("json", ("name",)),
        ("header", ("name", "email")),
        ("thread", ("name",)),
        ("stream", ("name", "email")),
    ],
)
def test_people_in_listings_equal_the_rows(start, form, fields):
    """Links, JSON, header, disclose() in a thread or a stream: the rows hold exactly who was shown."""
    site = start(budget=100)
    answer = site.get(f"/search?n=3&form={form}")
    assert answer.status_code == 200
    assert "Himaya-Subjects" not in answer.headers
    assert [(who, what) for _, who, what, _ in site.authority.shown] == [(n, fields) for n in "012"]


def test_a_stream_is_held_until_everybody_in_it_is_known(start):
    """A listing that names people while it streams is refused before its first byte leaves."""
    site = start(budget=2, ladder="challenge = false")
    answer = site.get("/search?n=3&form=stream", **BROWSER)
    assert answer.status_code == 429
    assert "<p>0" not in answer.text
    assert site.authority.people == []


def test_an_event_stream_is_never_held(start):
    """What does not end cannot be held; people named while it runs are recorded at its end."""
    site = start(budget=100)
    assert site.get("/search?n=3&form=endless").text.count("<p>") == 3
    assert site.authority.people == ["0", "1", "2"]


def test_profiles_count_until_the_budget_and_then_a_page_stands_there(start):
    """Refusals carry reference and appeal; 404, errors and HEAD are free."""
    site = start(budget=2)
    assert site.get("/u/missing").status_code == 404
    assert site.get("/u/error").status_code == 500
    assert requests.head(site.url + "/u/8", timeout=5).status_code == 200
    assert [site.get(f"/u/{n}").status_code for n in range(4)] == [200, 200, 403, 403]
    page = site.get("/u/5", **BROWSER)
    assert page.headers["Himaya-Reference"] in page.text
    assert site.authority.people == ["0", "1"]


def test_json_is_trimmed_and_redacted(start):
    """Rows over the budget leave a listing; withheld fields leave a profile, and the application is told."""
    site = start(budget=2, ladder="challenge = false")
    answer = site.get("/search?n=5&form=json")
    assert answer.json() == {"results": [{"id": "0", "name": "A"}, {"id": "1", "name": "A"}]}
    redacted_profile = site.get("/api/9")
    assert redacted_profile.json() == {"id": "9"}
    assert redacted_profile.headers["X-Redact"] == "name,email"
    assert site.authority.people == ["0", "1"]


def test_a_large_body_streams_and_stays_unattributed(start):
    """More than the buffer: passed on as it comes, charged at the reserve, nobody named."""
    site = start(budget=100)
    assert len(site.get("/search?n=0&form=large").content) == 32000
    assert [row.unattributed for row in site.authority.rows] == [5]


def test_routes_that_show_nobody_are_left_alone(start):
    """Himaya's fields are removed both ways; the authority is not asked."""
    site = start()
    answer = site.get("/echo", **{"Himaya-Subjects": "u1", "X-Account": "u1", "X-Mine": "1"})
    assert answer.json()["x-mine"] == "1"
    assert {"himaya-subjects", "x-account"} & answer.json().keys() == set()
    assert "Himaya-Subjects" not in answer.headers
    assert site.authority.authority.requests == 0


def test_a_solved_challenge_buys_exactly_its_people(start):
    """Through the routes of the middleware: solve, carry the cookie, see three more and not four."""
    site = start(budget=1)
    site.get("/u/1")
    with requests.Session() as session:
        assert session.get(site.url + "/u/2", timeout=5).status_code == 403
        puzzle = altcha.Challenge.from_dict(
            session.get(site.url + "/.himaya/challenge", timeout=5).json()
        )
        payload = altcha.Payload(puzzle, altcha.solve_challenge(puzzle)).to_base64()
        sent = session.post(site.url + "/.himaya/clear", json={"altcha": payload}, timeout=5)
        assert sent.json() == {"cleared": True, "people": 3, "valid_s": 3600}
        codes = [session.get(f"{site.url}/u/{n}", timeout=5).status_code for n in range(2, 7)]
        assert codes == [200, 200, 200, 403, 403]
        big = session.post(site.url + "/.himaya/clear", data=b"x" * 100_000, timeout=5)
        assert big.status_code == 403
    assert site.get("/.himaya/nothing").status_code == 404


def test_the_account_comes_from_a_callable_that_may_wait(start):
    """A coroutine may look the account up; its budget is the account's."""

    async def account(scope):
        await asyncio.sleep(0)
        return dict(scope["headers"]).get(b"x-login", b"").decode()

    site = start(account=account)
    site.get("/u/1", **{"X-Login": "u5"})
    assert [row.actor.name for row in site.authority.rows] == ["account:u5"]


@pytest.mark.parametrize(("fail", "status"), [("open", 200), ("closed", 503)])
def test_without_the_authority_a_surface_does_what_it_declares(start, fail, status):
    """The site keeps answering; what passed undecided is reported once the authority is back."""
    site = start(fail=fail)
    assert site.get("/u/0").status_code == 200
    site.authority.stop()
    assert site.get("/search?n=2&form=json").status_code == status
    site.authority.start()
    time.sleep(2.0)
    assert site.get("/u/1").status_code == 200
    assert [gap[3] for gap in site.authority.notes.gaps] == (["search"] if fail == "open" else [])


def test_many_requests_at_once_never_pass_the_budget(start):
    """A burst over one connection to the authority shows no more than the budget."""
    site = start(budget=10)

    def fetch(number):
        codes.append(site.get(f"/u/{number}").status_code)

    codes = []
    threads = [threading.Thread(target=fetch, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.count(200) == 10
    assert len(set(site.authority.people)) == 10


# the protocol without a server ----------------------------------------------------------------------


def scope(path, method="GET", query="", kind="http", headers=()):
    asked = {"type": kind, "method": method, "path": path, "query_string": query.encode()}
    asked |= {"scheme": "http", "headers": list(headers), "client": ("203.0.113.9", 1)}
    return asked | {"extensions": {"http.response.pathsend": {}}}


async def exchange(app, asked, send=None):
    sent = []

    async def receive():
        return {"type": "http.request", "body": b""}

    async def keep(message):
        sent.append(message)

    await app(asked, receive, send or keep)
    return sent


def run(authority, app, asked, send=None):
    gate = GateMiddleware(app, authority.config)

    async def main():
        try:
            return await exchange(gate, asked, send)
        finally:
            await asyncio.gather(*gate._late)
            await gate.desk.close()

    return asyncio.run(main())


@pytest.fixture(name="authority")
def _authority(tmp_path):
    authority = ThreadAuthority(tmp_path, budget=100).start()
    yield authority
    authority.stop()


def test_shortcuts_past_the_middleware_are_not_offered(authority):
    """A file cannot be sent by its path where its body must be seen."""
    seen = {}

    async def app(asked, receive, send):
        seen.update(asked)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x"})

    run(authority, app, scope("/u/1"))
    assert seen["extensions"] == {}
    ranged = [(b"range", b"bytes=0-1"), (b"accept-encoding", b"br, zstd, sdch, gzip;q=0.5")]
    run(authority, app, scope("/search", headers=ranged))
    assert seen["headers"] == [(b"accept-encoding", b"br, zstd, gzip;q=0.5")]


def test_the_answer_to_head_has_no_body(authority):
    """An application that sends a body all the same shows nobody with it."""

    async def app(asked, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a person"})

    messages = run(authority, app, scope("/u/1", "HEAD"))
    assert messages[1]["body"] == b""
    assert authority.rows == []


def test_a_reader_who_leaves_is_recorded_as_partial(authority):
    """When sending breaks off, or the request is cancelled, the exchange is settled all the same."""

    async def app(asked, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b"y"})

    async def breaking(message):
        if message.get("body") == b"y":
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        run(authority, app, scope("/u/1"), breaking)
    assert authority.shown == [("profile", "1", ("name", "email"), "partial")]


def test_a_cancelled_request_gives_its_reservation_back(authority):
    """Cancelled before the application answered: nobody was shown, nothing stays reserved."""

    async def app(asked, receive, send):
        await asyncio.sleep(60)

    gate = GateMiddleware(app, authority.config)

    async def main():
        task = asyncio.create_task(exchange(gate, scope("/u/1")))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.gather(*gate._late)
        await gate.desk.close()

    asyncio.run(main())
    assert authority.rows == []
    assert authority.engine.stats()["open"] == 0


def test_websockets_and_lifespan_pass_through(authority):
    """Other scopes reach the application; forged fields of a websocket's head do not."""
    seen = []

    async def app(asked, receive, send):
        seen.append((asked["type"], asked.get("headers")))

    run(
        authority,
        app,
        scope("/talk", kind="websocket", headers=[(b"himaya-subjects", b"u1"), (b"a", b"b")]),
    )
    run(authority, app, {"type": "lifespan"})
    assert seen == [("websocket", [(b"a", b"b")]), ("lifespan", None)]
