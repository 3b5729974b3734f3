"""Consent: the host itself serves this run's one-time token, or nothing is asked of it."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from himaya.bench.staging.client import Client, Heard
from himaya.core.errors import InputError, ServiceError

PLACE = "/.well-known/himaya-bench"
_POLL_S = 2.0
_LONGEST_WAIT_S = 86_400.0


def make_token() -> str:
    """Return a token that nobody can guess and no earlier run had."""
    return secrets.token_urlsafe(32)


def write_token(path: Path, token: str) -> None:
    """Write the token for a web server to serve. Raises InputError."""
    try:
        path.write_text(f"{token}\n", "ascii")
    except OSError as problem:
        raise InputError(f"cannot be written: {problem.strerror}", file=str(path)) from None


def await_token(
    client: Client, token: str, wait_s: float, say: Callable[[str], None], poll_s: float = _POLL_S
) -> None:
    """Return once the target serves exactly this token at its well-known place; a last line feed is allowed.

    A redirect is no consent, wherever it leads: the host must answer itself. Raises ServiceError when it does not
    within `wait_s` seconds.
    """
    url = f"{client.target.url}{PLACE}"
    say(f"Serve this token at {url} (text, nothing else), then the run begins:\n{token}")
    end = time.monotonic() + min(wait_s, _LONGEST_WAIT_S)
    while True:
        heard = client.once(PLACE)
        if _serves(heard, token):
            return
        left = end - time.monotonic()
        if left <= 0:
            raise ServiceError(
                f"{url} does not serve this run's token: {_instead(heard)}. Nothing was asked"
            )
        time.sleep(min(poll_s, left))


def _serves(heard: Heard, token: str) -> bool:
    body = heard.body.removesuffix(b"\n").removesuffix(b"\r")
    return heard.status == 200 and hmac.compare_digest(body, token.encode())


def _instead(heard: Heard) -> str:
    if 300 <= heard.status < 400:
        return "it redirects, and only the host's own answer counts"
    if heard.status == 200:
        return "it serves something else, perhaps the token of an earlier run"
    if heard.status == 599:
        return f"no connection ({heard.body.decode(errors='replace')})"
    return f"it answers with status {heard.status}"
