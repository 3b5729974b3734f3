"""Django: a middleware, `disclose()` and `{% himaya_disclose %}`, and links to people that nobody can walk through.

    INSTALLED_APPS += ["himaya.gate.django"]
    MIDDLEWARE = [..., "django.contrib.auth.middleware.AuthenticationMiddleware", "himaya.gate.django.GateMiddleware"]
    HIMAYA_CONFIG = "/etc/himaya/himaya.toml"

Links that work for one viewer (`himaya.gate.django.ids`) need `HIMAYA_IDS`.
Optional settings: `HIMAYA_ACCOUNT` and `HIMAYA_TIER`, dotted paths of functions that take the request and return text.
"""

from __future__ import annotations

from himaya.gate.disclose import disclose, disclose_nobody, redacted
from himaya.gate.django.ids import aresolve_or_404, link_to, resolve_or_404, share_link
from himaya.gate.django.middleware import GateMiddleware

__all__ = [
    "GateMiddleware",
    "aresolve_or_404",
    "disclose",
    "disclose_nobody",
    "link_to",
    "redacted",
    "resolve_or_404",
    "share_link",
]
