"""GraphQL behind the Django middleware: `python django_graphql.py CONFIG` asks in threads and in a loop."""

import asyncio
import json
import sys

import django
from django.conf import settings
from django.http import JsonResponse
from django.test import AsyncRequestFactory, RequestFactory
from tests.gate.graphql_support import site

from himaya.gate.django import GateMiddleware

settings.configure(
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="a test",
    HIMAYA_CONFIG=sys.argv[1],
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
)
django.setup()

TEXTS = [
    '{ a: person(id: "p1") { uid: id e: email } }',
    "{ settings { theme } }",
    "{ people(first: 5) { edges { node { id } } } }",
    "{ settings { theme } }" + " " * 70_000,
]


def view(request):
    """Answer a POST."""
    return JsonResponse(site().run(json.loads(request.body)))


async def async_view(request):
    """Answer a POST in an event loop."""
    return view(request)


def told(response):
    return [response.status_code, json.loads(response.content)]


def in_threads(text):
    request = RequestFactory().post(
        "/graphql", {"query": text}, "application/json", REMOTE_ADDR="192.0.2.1"
    )
    return told(sync(request))


async def in_a_loop():
    gate = GateMiddleware(async_view)
    answers = []
    for text in TEXTS:
        asked = AsyncRequestFactory().post("/graphql", {"query": text}, "application/json")
        asked.META["REMOTE_ADDR"] = "192.0.2.2"
        answers.append(told(await gate(asked)))
    await gate.async_desk.close()
    return answers


sync = GateMiddleware(view)
answers = [in_threads(text) for text in TEXTS]
sync.desk.close()
print(json.dumps([answers, asyncio.run(in_a_loop())]))
