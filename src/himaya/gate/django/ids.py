"""Links to people that work for one viewer only, as Django sites make and resolve them.

    HIMAYA_IDS = {"key_file": "/etc/himaya/ids.key"}           # settings; see docs/ids.md

    path("p/<himaya:person>", profile, name="profile")         # urls

    def profile(request, person):                              # views
        subject = resolve_or_404(request, person)              # opens the token, and calls disclose()

    {% load himaya %}<a href="{% himaya_link person %}">       # templates

Who the viewer is: the account of `request.user`; for people who are not signed in a random mark in their session, made
with their first link. Somebody who signs in keeps the session, so links from before go on working. Without sessions, or
with `"anonymous": "class"`, all people who are not signed in are one viewer: their pages stay cacheable, and what one
of them collected works for the others until it has run out. `HIMAYA_VIEWER` names a function that knows better.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string

from himaya.core.errors import ConfigError
from himaya.gate.disclose import disclose
from himaya.ids import DAY_S, SHAPE, Ids, read_keys

ANONYMOUS = "anonymous"
_MARK = "himaya_viewer"
_KNOWN = frozenset({"key_file", "keys", "rotate_s", "keep", "anonymous"})

Fields = Iterable[str] | str | None


class PersonConverter:
    """The path converter `<himaya:name>`: hands over what looks like a token; the view resolves it."""

    regex = SHAPE

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


def link_to(
    request: HttpRequest, person: object, view: str = "profile", purpose: str = "profile"
) -> str:
    """Return the URL of `view` for a person (an id, or an object with `pk`) that works for this viewer.

    Raises ConfigError without HIMAYA_IDS, InputError for an id that is empty or longer than 200 bytes.
    """
    viewer = _viewers(request, make=True)[0]
    token = ids_of_settings().seal(_subject(person), viewer, time.time(), purpose)
    return str(reverse(view, args=[token]))


def share_link(
    request: HttpRequest,
    person: object,
    view: str = "profile",
    lasts_s: float = 7 * DAY_S,
    purpose: str = "profile",
) -> str:
    """Return a URL of `view` that works for everybody until it ends: for a "send this to a friend", never for lists."""
    sharer = _viewers(request, make=True)[0]
    token = ids_of_settings().share(_subject(person), sharer, time.time(), lasts_s, purpose)
    return str(reverse(view, args=[token]))


def resolve_or_404(
    request: HttpRequest, token: str, fields: Fields = None, purpose: str = "profile"
) -> str:
    """Return the id of the person a token stands for, and say that the response shows them (`disclose`).

    `fields` as for `disclose`. A token of somebody else, of another page, one that has run out and one that was never
    made all raise the same Http404. After a shared link `request.himaya_shared_by` names who shared it, else it is
    "".
    """
    subject, sharer = _resolved(request, token, purpose)
    if subject is None:
        raise Http404("there is nobody under this link, or it has run out")
    request.himaya_shared_by = sharer
    disclose(subject, fields)
    return subject


async def aresolve_or_404(
    request: HttpRequest, token: str, fields: Fields = None, purpose: str = "profile"
) -> str:
    """Do the same in an asynchronous view, where sessions and users are read in a thread."""
    return str(await sync_to_async(resolve_or_404)(request, token, fields, purpose))


@cache
def ids_of_settings() -> Ids:
    """Return the ids that HIMAYA_IDS describes. Raises ConfigError naming the key that is wrong."""
    told = getattr(settings, "HIMAYA_IDS", None)
    if not isinstance(told, Mapping):
        raise ConfigError(
            'HIMAYA_IDS is missing in the settings; write {"key_file": "/etc/himaya/ids.key"}'
        )
    wrong = sorted(set(told) - _KNOWN)
    if wrong or ("key_file" in told) == ("keys" in told):
        what = f"unknown: {', '.join(wrong)}" if wrong else "name either key_file or keys"
        raise ConfigError(f"HIMAYA_IDS: {what}; known are {', '.join(sorted(_KNOWN))}")
    if told.get("anonymous", "session") not in {"session", "class"}:
        raise ConfigError('HIMAYA_IDS: anonymous is "session" or "class"')
    keys = read_keys(told["key_file"]) if "key_file" in told else tuple(told["keys"])
    numbers = {name: int(told[name]) for name in ("rotate_s", "keep") if name in told}
    return Ids(keys, **numbers)


def _resolved(request: HttpRequest, token: str, purpose: str) -> tuple[str | None, str]:
    """Return person and sharer. Every viewer is tried, so that time does not tell whose token it was."""
    ids, now = ids_of_settings(), time.time()
    tried = [ids.open(token, viewer, now, purpose) for viewer in _viewers(request)]
    found = next((subject for subject in tried if subject is not None), None)
    shared = ids.open_shared(token, now, purpose)
    return (shared.subject, shared.sharer) if shared else (found, "")


def _viewers(request: HttpRequest, *, make: bool = False) -> list[str]:
    """Return as whom this request may open tokens; the first is whom links are made for."""
    named = _named(request)
    if named:
        return [named]
    user = getattr(request, "user", None)
    known = [f"account:{user.pk}"] if user is not None and user.is_authenticated else []
    session = getattr(request, "session", None)
    if session is None or settings.HIMAYA_IDS.get("anonymous") == "class":
        return [*known, ANONYMOUS]
    if make and not known and _MARK not in session:
        session[_MARK] = secrets.token_urlsafe(12)
    mark = session.get(_MARK)
    return [*known, f"session:{mark}"] if mark else known or [ANONYMOUS]


def _named(request: HttpRequest) -> str:
    """Return what HIMAYA_VIEWER says, "" when there is no such setting or it says nothing."""
    told: Any = getattr(settings, "HIMAYA_VIEWER", None)
    function = import_string(told) if isinstance(told, str) else told
    return str(function(request) or "") if function is not None else ""


def _subject(person: object) -> str:
    return str(getattr(person, "pk", person))
