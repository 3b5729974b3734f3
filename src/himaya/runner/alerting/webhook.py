"""The webhook channel: the alert as JSON by POST, signed, to one configured place and nowhere else."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ssl
import time
from collections.abc import Callable
from urllib.parse import urlsplit

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


class WebhookChannel:
    """Posts to `url`. Redirects are not followed, proxies of the environment not used, and 2xx means that it arrived.

    Raises ConfigError when the secret cannot be read at the start.
    """

    name = "webhook"

    def __init__(
        self, url: str, secret_file: str, timeout_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._url = urlsplit(url)
        self._secret_file = secret_file
        self._timeout_s = timeout_s
        self._clock = clock
        self._secret()

    def _secret(self) -> bytes:
        return read_secret(self._secret_file, "alerts.webhook_secret_file")

    def send(self, message: Message) -> str:
        """Post one message."""
        body, host = msgspec.json.encode(message), self._url.hostname or ""
        connection = self._connection(host)
        try:
            connection.request("POST", self._target(), body, self._headers(message, body))
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as problem:
            raise failure(f"the webhook at {host}", problem) from None
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise ServiceError(f"the webhook at {host} answered {status}")
        return f"{host} answered {status}"

    def _connection(self, host: str) -> http.client.HTTPConnection:
        if self._url.scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(
                host, self._url.port, timeout=self._timeout_s, context=context
            )
        return http.client.HTTPConnection(host, self._url.port, timeout=self._timeout_s)

    def _target(self) -> str:
        path = self._url.path or "/"
        return f"{path}?{self._url.query}" if self._url.query else path

    def _headers(self, message: Message, body: bytes) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": f"himaya/{__version__}",
            # A message may arrive twice; the same id and event is the same message.
            "Himaya-Alert": f"{message.id}.{message.event}",
            HEADER: signature(self._secret(), int(self._clock()), body),
        }
