"""A site that shows a person whenever a usual way of reading a path leads to one, and writes down whom it showed.

    python hostile_site.py wsgi|asgi|django PORT CONFIG RECORD

Behind it stand the habits of common servers and frameworks: undoing percent-encoding, collapsing slashes, ignoring
letter case, `;parameters`, dot segments, a slash or dot at the end. Whatever a door lets through counts as shown, so
the record is what a ledger has to be compared with. `upstream_answer` is the same site behind a front server.
"""

import json
import re
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from urllib.parse import unquote
from wsgiref.simple_server import ServerHandler, WSGIRequestHandler, WSGIServer, make_server

PERSON = re.compile(r"/[uU]/(p[0-9]{3}[a-z])")

#: What is in every value that a visitor made up.
FORGED = "visitor"

#: What a visitor never may say to the application, whatever the spelling.
OURS = re.compile(
    r"(?:HTTP_)?(?:X[-_]ACCOUNT|HIMAYA[-_](?:ACCOUNT|SUBJECTS|REDACT|VERDICT|REFERENCE))",
    re.IGNORECASE,
)


def person_of(path, *, decoded=False):
    """Return whom a path shows, "" for nobody.

    `decoded`: the server has undone the percent-encoding, as WSGI and ASGI servers do. Then nobody can tell a `;`
    from an encoded one, and frameworks take it as a part of the name.
    """
    if not decoded:
        path = path.partition("?")[0].partition("#")[0]
        if "://" in path[:12]:
            path = "/" + path.split("://", 1)[1].partition("/")[2]
        path = "/".join(segment.partition(";")[0] for segment in path.split("/"))
    for reading in (path.split("/"), *([] if decoded else [unquote(path).split("/")])):
        for found in ("/".join(reading), _resolved(reading)):
            if match := PERSON.fullmatch(found):
                return match[1]
    return ""


def _resolved(segments):
    out = []
    for segment in segments:
        if segment == ".." and out:
            out.pop()
        elif segment.rstrip("."):
            out.append(segment.rstrip("."))
    return "/" + "/".join(out)


def page(person):
    return f"<title>{person}</title><p>{person}@people.example".encode()


class Record:
    """What the site did, as lines of a file: `(person, [fields that name himaya or an account])`."""

    def __init__(self, file):
        self.file = Path(file)
        self.file.touch()

    def note(self, person, fields):
        """Write down one answer; `fields` are (name, value) pairs of its request."""
        forged = [
            f"{name}: {value}" for name, value in fields if OURS.fullmatch(name) and FORGED in value
        ]
        with self.file.open("a") as out:
            out.write(json.dumps([person, forged]) + "\n")

    def read(self):
        """Return the people shown, in order, "" where nobody was; and the fields nobody may send."""
        rows = [json.loads(line) for line in self.file.read_text().splitlines()]
        return [person for person, _ in rows], [field for _, forged in rows for field in forged]


def wsgi_app(record):
    def app(environ, start_response):
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        person = person_of(path, decoded=True) if environ["REQUEST_METHOD"].upper() == "GET" else ""
        record.note(person, [(k, v) for k, v in environ.items() if k.startswith("HTTP_")])
        start_response("200 OK" if person else "404 Not Found", [("Content-Type", "text/html")])
        return [page(person) if person else b"nobody"]

    return app


def asgi_app(record):
    async def app(scope, receive, send):
        if scope["type"] != "http":
            return
        person = person_of(scope["path"], decoded=True) if scope["method"].upper() == "GET" else ""
        record.note(
            person, [(k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]]
        )
        status, body = (200, page(person)) if person else (404, b"nobody")
        fields = [(b"content-type", b"text/html"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": body})

    return app


def upstream_answer(record):
    """Return the site as the `answer` of `gate_support.Upstream`, which reads requests as leniently as it can."""

    def answer(asked, sock):
        person = person_of(asked.target) if asked.method.upper() == "GET" else ""
        record.note(person, asked.fields)
        status, body = ("200 OK", page(person)) if person else ("404 Not Found", b"nobody")
        head = (
            f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        if asked.headers.get("connection") != "close":
            return head.encode() + body
        sock.sendall(head.encode() + body)
        return None

    return answer


def django_app(record, config):
    import django
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse
    from django.urls import re_path

    def view(request):
        person = (
            person_of(request.path_info, decoded=True) if request.method.upper() == "GET" else ""
        )
        record.note(person, [(k, v) for k, v in request.META.items() if k.startswith("HTTP_")])
        return HttpResponse(page(person)) if person else HttpResponse("nobody", status=404)

    settings.configure(
        ALLOWED_HOSTS=["*"], ROOT_URLCONF=(re_path("(?s).*", view),), SECRET_KEY="a test",
        INSTALLED_APPS=["himaya.gate.django"], MIDDLEWARE=["himaya.gate.django.GateMiddleware"],
        HIMAYA_CONFIG=config,
    )  # fmt: skip
    django.setup()
    return get_wsgi_application()


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        return


class Quiet(WSGIRequestHandler):
    timeout = 30

    def log_message(self, *_):
        return


def serve(kind, port, config, record):
    """Serve until killed."""
    if kind == "asgi":
        import uvicorn

        from himaya.gate.asgi import GateMiddleware as Asgi

        uvicorn.run(Asgi(asgi_app(record), config=config), port=port, log_level="critical")
        return
    if kind == "django":
        app = django_app(record, config)
    else:
        from himaya.gate.wsgi import GateMiddleware as Wsgi

        app = Wsgi(wsgi_app(record), config=config)
    with make_server("127.0.0.1", port, app, Server, Quiet) as server:
        server.serve_forever()


if __name__ == "__main__":
    ServerHandler.log_exception = lambda *_: None
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3], Record(sys.argv[4]))
