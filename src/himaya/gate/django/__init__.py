"""Django: a middleware, `disclose()` for views, and `{% himaya_disclose %}` for templates.

    INSTALLED_APPS += ["himaya.gate.django"]
    MIDDLEWARE = [..., "django.contrib.auth.middleware.AuthenticationMiddleware", "himaya.gate.django.GateMiddleware"]
    HIMAYA_CONFIG = "/etc/himaya/himaya.toml"

Optional settings: `HIMAYA_ACCOUNT` and `HIMAYA_TIER`, dotted paths of functions that take the request and return text.
"""

from __future__ import annotations

from himaya.gate.disclose import disclose, disclose_nobody, redacted
from himaya.gate.django.middleware import GateMiddleware

__all__ = ["GateMiddleware", "disclose", "disclose_nobody", "redacted"]
