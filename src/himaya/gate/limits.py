"""What a connection may cost: every bound of the listening side in one place."""

from __future__ import annotations

import msgspec

from himaya.config import GateConfig


class Limits(msgspec.Struct, frozen=True):
    """Bounds in bytes, seconds and counts. Past one of them a request is refused or a connection ends.

    `head_s` is the time for a whole request head, `body_s` for the next piece of a body, `send_s` for the next
    piece a slow reader takes, `idle_s` between requests. A piece of a body is `body_piece` bytes: a body that drips is
    no sign of life. `body_bytes` is the largest body of a request (0: any), `per_client` the connections of one client.
    `sleepers` are throttled requests that wait at the same
    time; further ones are told to slow down instead. `pipelined` are requests read ahead on one connection.
    `stop_s` is how long requests may take to finish when the gate stops, `stop_idle_s` how long an idle connection is
    still read then.
    """

    header_bytes: int = 64 * 1024
    header_count: int = 200
    body_bytes: int = 0
    connections: int = 2000
    per_client: int = 1_000_000
    pipelined: int = 32
    sleepers: int = 500
    buffer_bytes: int = 1024 * 1024
    head_s: float = 15.0
    body_s: float = 60.0
    body_piece: int = 8 * 1024
    send_s: float = 60.0
    idle_s: float = 75.0
    connect_s: float = 5.0
    answer_s: float = 60.0
    tunnel_idle_s: float = 3600.0
    stop_s: float = 10.0
    stop_idle_s: float = 0.5

    @classmethod
    def of(cls, config: GateConfig) -> Limits:
        """Return the bounds that a configuration sets."""
        return cls(
            header_bytes=config.max_header_bytes,
            body_bytes=config.max_body_bytes,
            connections=config.max_connections,
            per_client=config.max_connections_per_client,
            buffer_bytes=config.buffer_bytes,
            connect_s=config.connect_timeout_s,
            answer_s=config.read_timeout_s,
            idle_s=config.idle_timeout_s,
            head_s=min(cls().head_s, config.read_timeout_s),
            body_s=config.read_timeout_s,
            send_s=config.read_timeout_s,
        )
