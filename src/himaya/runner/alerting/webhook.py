"""The webhook channel: the alert as JSON by POST, signed, to one configured place and nowhere else."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ssl
import time
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, urlsplit

import msgspec

from himaya._version import __version__
from himaya.core.errors import ServiceError
from himaya.runner.alerting.alert import Message
from himaya.runner.alerting.channel import failure, read_secret

#: The header with the time of sending and the signature.
HEADER = "Himaya-Signature"


def signature(secret: bytes, at: int, body: bytes) -> str:
    """Return the value of the signature header for a body sent at `at` (epoch seconds).

    `v1` is HMAC-SHA256 (RFC 2104) over the time in digits, a dot, and the body, in hex. A receiver that
    refuses old times cannot be told the same thing again.
    """
    digest = hmac.new(secret, b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def post(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> str:
    """Post JSON to a configured place and return in a few words what it said; 2xx means that it arrived.

    Redirects are not followed and proxies of the environment not used. Raises ServiceError.
    """
    place = urlsplit(url)
    host = place.hostname or ""
    target = f"{place.path or '/'}?{place.query}" if place.query else place.path or "/"
    connection = _connection(place, timeout_s)
    sent = {"Content-Type": "application/json", "User-Agent": f"himaya/{__version__}", **headers}
    try:
        connection.request("POST", target, body, sent)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        raise failure(f"the webhook at {host}", problem) from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise ServiceError(f"the webhook at {host} answered {status}")
    return f"{host} answered {status}"


def _connection(place: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    host = place.hostname or ""
    if place.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, place.port, timeout=timeout_s, context=context)
    return http.client.HTTPConnection(host, place.port, timeout=timeout_s)


class WebhookChannel:
    """Posts to `url`. Redirects are not followed, proxies of the environment not used, and 2xx means that it arrived.

    Raises ConfigError when the secret cannot be read at the start.
    """

    name = "webhook"

    def __init__(
        self, url: str, secret_file: str, timeout_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._url = url
        self._secret_file = secret_file
        self._timeout_s = timeout_s
        self._clock = clock
        self._secret()

    def _secret(self) -> bytes:
        return read_secret(self._secret_file, "alerts.webhook_secret_file")

    def send(self, message: Message) -> str:
        """Post one message."""
        body = msgspec.json.encode(message)
        headers = {
            # A message may arrive twice; the same id and event is the same message.
            "Himaya-Alert": f"{message.id}.{message.event}",
            HEADER: signature(self._secret(), int(self._clock()), body),
        }
        return post(self._url, body, headers, self._timeout_s)
