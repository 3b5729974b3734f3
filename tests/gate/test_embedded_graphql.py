"""GraphQL through the middlewares, over real HTTP: the same promises as through the proxy."""

import json
import socket
import subprocess
import sys
import threading
import time
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import requests
import uvicorn
from tests.gate.embedded_support import ThreadAuthority
from tests.gate.graphql_support import config_of, site

from himaya.gate.asgi import GateMiddleware as AsgiMiddleware
from himaya.gate.wsgi import GateMiddleware as WsgiMiddleware

ALIASED = '{ a: person(id: "p1") { uid: id e: email } b: person(id: "p2") { id name } }'
FIVE = "{" + " ".join(f'a{n}: person(id: "p{n}") {{ id email }}' for n in range(5)) + "}"


def wsgi_site(environ, start_response):
    """The example as a WSGI application."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = json.dumps(site().run(json.loads(environ["wsgi.input"].read(length)))).encode()
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    )
    return [body]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        return


class Served:
    """The example behind a middleware, on a real socket, and the authority it asks."""

    def __init__(self, folder, kind, **more):
        socket_file = folder / "himaya.sock"
        text = f'\n[gate]\nsocket = "{socket_file}"\nbuffer_bytes = 20000\n'
        config = config_of(extra="", gate=text, **more)
        self.authority = ThreadAuthority(folder, config=config).start()
        if kind == "wsgi":
            self._serve_wsgi(config)
        else:
            self._serve_asgi(config)

    def _serve_wsgi(self, config):
        app = WsgiMiddleware(wsgi_site, config)
        server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()

        def close():
            server.shutdown()
            server.server_close()
            thread.join()
            app.desk.close()

        self.close = close

    def _serve_asgi(self, config):
        app = AsgiMiddleware(site().application(), config)
        listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)

        def close():
            server.should_exit = True
            thread.join()
            listening.close()

        self.close = close

    def ask(self, text, **more):
        told = json.dumps({"query": text, **more})
        kind = {"Content-Type": "application/json"}
        return requests.post(f"{self.url}/graphql", data=told, headers=kind, timeout=10)

    @property
    def unnamed(self):
        return [(row.surface, row.unattributed) for row in self.authority.rows if row.unattributed]


@pytest.fixture(name="serve", params=["asgi", "wsgi"])
def _serve(request, tmp_path):
    served = []

    def start(**more):
        served.append(Served(tmp_path, request.param, **more))
        return served[-1]

    yield start
    for one in served:
        one.close()
        one.authority.stop()


def test_people_are_counted_whatever_their_alias(serve):
    """Two aliased people with the fields that were asked for; the application gets the request as it came."""
    served = serve()
    told = served.ask(ALIASED, operationName=None)
    assert told.json()["data"]["a"] == {"uid": "p1", "e": "p1@people.example"}
    assert [(s, who, fields) for s, who, fields, _ in served.authority.shown] == [
        ("person", "p1", ("email",)),
        ("person", "p2", ("name",)),
    ]


def test_the_budget_holds_for_all_of_a_request(serve):
    """Rows that do not fit leave a listing; what cannot lose single people is refused whole."""
    served = serve(budget=3)
    told = served.ask("{ x: people(first: 5) { total l: edges { n: node { i: id m: name } } } }")
    assert [edge["n"]["i"] for edge in told.json()["data"]["x"]["l"]] == ["p0", "p1", "p2"]
    refused = served.ask(FIVE)
    assert refused.status_code == 429
    assert "p1@" not in refused.text
    assert served.authority.people == ["p0", "p1", "p2"]


def test_undeclared_and_oversize_requests_are_met_with_the_strictest(serve):
    """What nobody declared costs max_people of the endpoint; past a bound a request is refused; nobody is free."""
    served = serve()
    assert served.ask("{ settings { theme } }").status_code == 200
    assert served.ask('{ person(id: "p404") { id } }').status_code == 200
    assert served.authority.rows == []
    served.ask('mutation { follow(id: "p1") { person { id name } } }')
    assert served.unnamed == [("graphql", 10)]
    assert served.ask("{ settings { theme } }" + " " * 70_000).status_code == 403
    assert served.ask("{" + "settings { theme } " * 600 + "}").status_code == 403


def test_in_shadow_mode_a_long_body_reaches_the_application_whole(serve):
    """A body longer than is read goes on byte by byte, and its answer is charged."""
    served = serve(mode="shadow")
    told = served.ask('{ person(id: "p1") { name } }' + " " * 70_000)
    assert told.json()["data"]["person"] == {"name": "Person 1"}
    assert served.unnamed == [("graphql", 10)]


def test_without_an_authority_the_endpoint_does_what_it_declares(serve):
    """The surface of the endpoint says fail = open: the request passes, and the gap is told once it is back."""
    served = serve()
    served.authority.stop()
    assert served.ask(ALIASED).status_code == 200
    served.authority.start()
    deadline = time.monotonic() + 20
    while not served.authority.notes.gaps and time.monotonic() < deadline:
        served.ask("{ people(first: 1) { edges { node { id } } } }")
        time.sleep(0.1)
    assert served.authority.notes.gaps[0][3] == "graphql"


def test_django_does_the_same(tmp_path, root):
    """In threads and in an event loop: counted under its alias, free, cut to the budget, refused past a bound."""
    text = f'\n[gate]\nsocket = "{tmp_path}/himaya.sock"\n'
    config = config_of(budget=6, gate=text)
    (tmp_path / "himaya.toml").write_text(config.canonical)
    authority = ThreadAuthority(tmp_path, config=config).start()
    (tmp_path / "himaya.toml").write_text(config.canonical)
    try:
        script = [sys.executable, "-m", "tests.gate.django_graphql", tmp_path / "himaya.toml"]
        done = subprocess.run(script, capture_output=True, text=True, check=False, cwd=root)
        assert done.returncode == 0, done.stderr
        for counted, free, cut, refused in json.loads(done.stdout):
            assert counted == [200, {"data": {"a": {"uid": "p1", "e": "p1@people.example"}}}]
            assert free == [200, {"data": {"settings": {"theme": "light"}}}]
            left = [edge["node"]["id"] for edge in cut[1]["data"]["people"]["edges"]]
            assert left == ["p0", "p1", "p2"]  # ids alone count with all declared fields
            assert refused[0] == 403
        assert authority.people == ["p1", "p0", "p1", "p2"] * 2
    finally:
        authority.stop()
