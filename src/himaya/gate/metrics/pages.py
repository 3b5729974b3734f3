"""The listener of `[metrics]`: `/metrics` for Prometheus, `/health` for whoever restarts, `/ready` for whoever watches.

It answers whoever can reach it, so nothing here names a person, an actor, an address or a path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.registry import Collector

from himaya.control.readiness import Readiness
from himaya.gate.heads import RequestHead
from himaya.gate.inbound import Inbound
from himaya.gate.limits import Limits
from himaya.gate.reply import plain_reply, reply
from himaya.gate.request_reader import Incoming

#: What this listener costs at most: a few scrapers, small heads, no bodies.
LIMITS = Limits(
    header_bytes=8 * 1024,
    header_count=50,
    body_bytes=1,
    connections=16,
    pipelined=4,
    head_s=5.0,
    body_s=5.0,
    send_s=10.0,
    idle_s=120.0,
    stop_s=0.0,
)

#: The text is made at most so often, whoever asks.
_FRESH_S = 0.5
#: The text format 0.0.4 of Prometheus.
_TEXT = b"text/plain; version=0.0.4; charset=utf-8"


class MetricsDoor:
    """Answers GET and HEAD of three paths."""

    def __init__(self, gate: Collector, ready: Callable[[], Readiness]) -> None:
        """Take what reads the gate, and what judges it."""
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(gate)
        ProcessCollector(registry=self._registry)
        self._ready = ready
        self._text = b""
        self._made_at = float("-inf")

    async def handle(self, incoming: Incoming, out: Inbound) -> None:
        """Answer one request."""
        head = incoming.head
        if head.method not in {"GET", "HEAD"}:
            allow = [(b"allow", b"GET, HEAD")]
            keep = out.stays_open
            out.write(plain_reply(405, "only GET and HEAD", keep_alive=keep, fields=allow))
            return
        match head.target.partition(b"?")[0]:
            case b"/metrics":
                _send(200, _TEXT, self._metrics(), head, out)
            case b"/health":
                _send(200, b"application/json", b'{"alive":true}\n', head, out)
            case b"/ready":
                found = self._ready()
                body = msgspec.json.encode(found) + b"\n"
                _send(200 if found.ready else 503, b"application/json", body, head, out)
            case _:
                why = "there is nothing here but /metrics, /health and /ready"
                keep = out.stays_open
                out.write(plain_reply(404, why, keep_alive=keep, method=head.method))

    def _metrics(self) -> bytes:
        now = asyncio.get_running_loop().time()
        if now - self._made_at >= _FRESH_S:
            self._text, self._made_at = generate_latest(self._registry), now
        return self._text


def _send(status: int, kind: bytes, body: bytes, head: RequestHead, out: Inbound) -> None:
    fields = [(b"content-type", kind), (b"cache-control", b"no-store")]
    out.write(reply(status, fields, body, keep_alive=out.stays_open, method=head.method))
