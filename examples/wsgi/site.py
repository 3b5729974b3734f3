"""A WSGI application of one file behind himaya: profiles and a search.

himaya gate --config examples/wsgi/himaya.toml --mode authority
python examples/wsgi/site.py [PORT] [CONFIG]
"""

import json
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIServer, make_server

from himaya.gate.wsgi import GateMiddleware, disclose

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
CONFIG = sys.argv[2] if len(sys.argv) > 2 else Path(__file__).with_name("himaya.toml")


def site(environ, start_response):
    """Answer /u/ID with a profile, /search?n=COUNT with a page, /api/people?n=COUNT with JSON."""
    path, query = environ["PATH_INFO"], parse_qs(environ["QUERY_STRING"])
    people = [f"p{n}" for n in range(int(query.get("n", ["3"])[0]))]
    kind = "text/html"
    if path.startswith("/u/"):
        body = f"<!doctype html><title>{path[3:]}</title><p>{path[3:]}@people.example"
    elif path == "/search":
        for one in people:
            disclose(one, ["name"])
        body = "<!doctype html><title>Search</title>" + "".join(f"<p>{one}" for one in people)
    else:
        kind = "application/json"
        body = json.dumps({"results": [{"id": one, "name": one} for one in people]})
    start_response("200 OK", [("Content-Type", kind)])
    return [body.encode()]


# The account comes from whatever logs visitors in; here a proxy or server that sets REMOTE_USER.
application = GateMiddleware(site, CONFIG, account=lambda environ: environ.get("REMOTE_USER", ""))


class Server(ThreadingMixIn, WSGIServer):
    """One thread for each request."""

    daemon_threads = True


if __name__ == "__main__":
    with make_server("127.0.0.1", PORT, application, Server) as server:
        print(f"http://127.0.0.1:{server.server_port}/search", flush=True)
        server.serve_forever()
