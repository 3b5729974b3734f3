"""Makes the template tag known to Django, and checks the settings at start."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.urls import register_converter

from himaya.config import load
from himaya.core.errors import ConfigError
from himaya.gate.django.ids import PersonConverter, ids_of_settings

_OURS = "himaya.gate.django.GateMiddleware"
_USER = "django.contrib.auth.middleware.AuthenticationMiddleware"
_CACHE = "django.middleware.cache.FetchFromCacheMiddleware"


class HimayaConfig(AppConfig):  # type: ignore[misc]  # Django ships no types
    """The Django application `himaya`; it has no tables."""

    name = "himaya.gate.django"
    label = "himaya"
    verbose_name = "himaya"

    def ready(self) -> None:
        """Register the system checks, and the path converter `<himaya:person>`."""
        checks.register(check_settings)
        checks.register(check_ids)
        register_converter(PersonConverter, "himaya")


def check_settings(**_: object) -> list[checks.CheckMessage]:
    """Say at start what would fail, or go unseen, at the first request (`manage.py check`)."""
    path = getattr(settings, "HIMAYA_CONFIG", "himaya.toml")
    try:
        load(path)
    except ConfigError as problem:
        return [checks.Error(str(problem), id="himaya.E001")]
    names = list(getattr(settings, "MIDDLEWARE", ()))
    if _OURS not in names:
        return [
            checks.Warning(f"{_OURS} is not in MIDDLEWARE; nothing is watched.", id="himaya.W001")
        ]
    before, after = names[: names.index(_OURS)], names[names.index(_OURS) :]
    found = []
    if _USER in after:
        text = f"{_OURS} stands before {_USER}; every request counts as anonymous."
        found.append(checks.Warning(text, id="himaya.W002"))
    if _CACHE in before:
        text = f"{_CACHE} stands before {_OURS}; what it answers from the cache is not seen."
        found.append(checks.Warning(text, id="himaya.W003"))
    return found


def check_ids(**_: object) -> list[checks.CheckMessage]:
    """Say at start what would fail at the first link; a site without HIMAYA_IDS makes none."""
    if getattr(settings, "HIMAYA_IDS", None) is None:
        return []
    try:
        ids_of_settings()
    except ConfigError as problem:
        return [checks.Error(str(problem), id="himaya.E002")]
    return []
