"""A Django site of one file behind himaya: profiles, a search, friends, an API, a directory nobody can walk through.

    himaya gate --config examples/django/himaya.toml --mode authority
    python examples/django/site.py [wsgi|asgi] [PORT] [CONFIG]

Visitors log in with /login?as=NAME, without a password, because this is an example.
"""

import os
import sys
import tempfile
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server

import django
import uvicorn
from django.conf import settings

HERE = Path(__file__).resolve().parent
KIND = sys.argv[1] if len(sys.argv) > 1 else "wsgi"
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 8000
CONFIG = sys.argv[3] if len(sys.argv) > 3 else str(HERE / "himaya.toml")
DATABASE = tempfile.NamedTemporaryFile(suffix=".sqlite3")  # noqa: SIM115 - it lives as long as the site

settings.configure(
    SECRET_KEY=os.urandom(16).hex(),
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE.name}},
    INSTALLED_APPS=[
        "django.contrib.contenttypes",
        "django.contrib.auth",
        "django.contrib.sessions",
        "himaya.gate.django",
    ],
    MIDDLEWARE=[
        "django.middleware.gzip.GZipMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "himaya.gate.django.GateMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {}}],
    HIMAYA_CONFIG=CONFIG,
    HIMAYA_ACCOUNT=lambda request: request.user.get_username(),
    # A real site keeps its key in a file: {"key_file": "/etc/himaya/ids.key"}
    HIMAYA_IDS={"keys": [os.urandom(32)]},
)
django.setup()

from django.contrib.auth import get_user_model, login
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.template import Context, Engine
from django.urls import path

from himaya.gate.django import disclose, disclose_nobody, resolve_or_404, share_link

PEOPLE = {
    f"p{n}": {
        "id": f"p{n}",
        "name": f"Person {n}",
        "employer": f"Firm {n % 7}",
        "email": f"p{n}@people.example",
    }
    for n in range(200)
}

SEARCH = Engine(libraries={"himaya": "himaya.gate.django.templatetags.himaya"}).from_string(
    """{% load himaya %}{% himaya_redacted "email" as hide_email %}<!doctype html><title>Search</title>
{% for person in people %}{% himaya_disclose person.id "name,employer,email" %}
<p>{{ person.name }}, {{ person.employer }}{% if not hide_email %}, {{ person.email }}{% endif %}</p>
{% endfor %}"""
)

DIRECTORY = Engine(libraries={"himaya": "himaya.gate.django.templatetags.himaya"}).from_string(
    """{% load himaya %}<!doctype html><title>Directory</title>
{% for person in people %}{% himaya_disclose person.id "name" %}
<p><a href="{% himaya_link person.id %}">{{ person.name }}</a></p>
{% endfor %}"""
)


def enter(request):
    """Log a visitor in."""
    user, _ = get_user_model().objects.get_or_create(username=request.GET["as"])
    login(request, user)
    return HttpResponse(f"Hello {user}")


def profile(request, who):
    """Show one person; himaya knows whom from the path."""
    if who not in PEOPLE:
        raise Http404
    return HttpResponse(
        "<!doctype html><title>{name}</title><p>{name}, {employer}, {email}".format(**PEOPLE[who])
    )


def found(request):
    """Return the people of a page of results: ?from=N&n=COUNT."""
    first, count = int(request.GET.get("from", 0)), int(request.GET.get("n", 10))
    return list(PEOPLE.values())[first : first + count]


def search(request):
    """Show results; the template calls `himaya_disclose` for each person."""
    people = found(request)
    if not people:
        disclose_nobody()
    return HttpResponse(SEARCH.render(Context({"people": people})))


def search_stream(request):
    """Show results as they are found: himaya holds them until everybody is named."""

    def lines():
        disclose_nobody()
        for person in found(request):
            disclose(person["id"], ["name"])
            yield f"<p>{person['name']}"

    async def lines_async():
        for line in lines():
            yield line

    return StreamingHttpResponse(lines_async() if KIND == "asgi" else lines())


def friends(request, of):
    """Show links to friends; himaya reads them."""
    links = "".join(f'<li><a href="/u/{p["id"]}">{p["name"]}</a>' for p in found(request))
    return HttpResponse(f"<!doctype html><title>Friends of {of}</title><ul>{links}</ul>")


def directory(request):
    """Show links that work for this visitor only."""
    people = found(request)
    if not people:
        disclose_nobody()
    return HttpResponse(DIRECTORY.render(Context({"people": people, "request": request})))


def card(request, person):
    """Show the person under such a link; `resolve_or_404` tells himaya whom."""
    return profile(request, resolve_or_404(request, person))


def share(request, person):
    """Make, when asked to, a link of a person that works for everybody for a week."""
    return HttpResponse(share_link(request, resolve_or_404(request, person, "name")))


def api(request):
    """Answer with JSON; himaya reads the ids and takes out rows over the budget."""
    people = found(request)
    return JsonResponse({"total": len(PEOPLE), "results": people})


urlpatterns = [
    path("login", enter),
    path("u/<who>", profile),
    path("search", search),
    path("search/", search_stream),
    path("friends/<of>", friends),
    path("api/people", api),
    path("directory", directory),
    path("p/<himaya:person>", card, name="profile"),
    path("p/<himaya:person>/share", share),
]


class Server(ThreadingMixIn, WSGIServer):
    """One thread for each request."""

    daemon_threads = True


def serve() -> None:
    """Make the database and serve until interrupted."""
    call_command("migrate", verbosity=0)
    if KIND == "asgi":
        uvicorn.run(get_asgi_application(), port=PORT, log_level="warning", lifespan="off")
        return
    with make_server("127.0.0.1", PORT, get_wsgi_application(), Server) as server:
        print(f"http://127.0.0.1:{server.server_port}/search", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    serve()
