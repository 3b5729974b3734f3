"""Makes the template tag known to Django, and checks the settings at start."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

from himaya.config import load
from himaya.core.errors import ConfigError


class HimayaConfig(AppConfig):  # type: ignore[misc]  # Django ships no types
    """The Django application `himaya`; it has no tables."""

    name = "himaya.gate.django"
    label = "himaya"
    verbose_name = "himaya"

    def ready(self) -> None:
        """Register the system check."""
        checks.register(check_settings)


def check_settings(**_: object) -> list[checks.CheckMessage]:
    """Say at start what would fail at the first request (`manage.py check`)."""
    path = getattr(settings, "HIMAYA_CONFIG", "himaya.toml")
    try:
        load(path)
    except ConfigError as problem:
        return [checks.Error(str(problem), id="himaya.E001")]
    names = list(getattr(settings, "MIDDLEWARE", ()))
    ours = "himaya.gate.django.GateMiddleware"
    user = "django.contrib.auth.middleware.AuthenticationMiddleware"
    if ours not in names:
        return [
            checks.Warning(f"{ours} is not in MIDDLEWARE; nothing is watched.", id="himaya.W001")
        ]
    if user in names and names.index(user) > names.index(ours):
        text = f"{ours} stands before {user}; every request counts as anonymous."
        return [checks.Warning(text, id="himaya.W002")]
    return []
