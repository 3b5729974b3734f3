"""A small Django site of a test: `python django_people.py PORT`. Lists and profiles of invented people."""

import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, HttpResponseNotFound, JsonResponse
from django.template import Context, Engine
from django.urls import path

from himaya.core.exchange import Person
from himaya.core.subjects import format_subjects

settings.configure(ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, SECRET_KEY="a test", MIDDLEWARE=[])

PEOPLE = [f"person {n}é" if n % 50 == 0 else f"p{n}" for n in range(400)]
PAGE = Engine().from_string(
    "<h1>People</h1>{% for one in people %}<li data-person='{{ one }}'>"
    "<a href='/u/{{ one|urlencode }}'>{{ one }}</a></li>{% endfor %}"
)


def listing(request):
    """Show ten people from a place in the list, and say in the header whom."""
    start = int(request.GET.get("from", 0))
    people = PEOPLE[start : start + 10]
    response = HttpResponse(PAGE.render(Context({"people": people})))
    return told(response, people, ("name",))


def search(request):
    """Show as JSON whoever has the text in the name."""
    text = request.GET.get("q", "?")
    people = [one for one in PEOPLE if text in one][:20]
    return told(JsonResponse({"found": people}), people, ("name", "town"))


def profile(request, name):
    """Show one person, or 404."""
    if name not in PEOPLE:
        return HttpResponseNotFound("nobody")
    return HttpResponse(PAGE.render(Context({"people": [name]})))


def told(response, people, fields):
    response["Himaya-Subjects"] = format_subjects([Person(one, fields) for one in people])
    return response


urlpatterns = [
    path("people", listing),
    path("search", search),
    path("u/<name>", profile),
    path("about", lambda request: HttpResponse("about us")),
]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        return


if __name__ == "__main__":
    django.setup()
    with make_server(
        "127.0.0.1", int(sys.argv[1]), get_wsgi_application(), Server, Quiet
    ) as server:
        print("ready", flush=True)
        server.serve_forever()
