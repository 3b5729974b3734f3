"""HAProxy with stick tables: requests in a sliding period, by client address and by session cookie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from himaya.bench.live.children import Child, free_port
from himaya.bench.live.fronts.front import ENVIRONMENT, PEOPLE_ROUTES, Command, Front, told, where
from himaya.core.facts import Fact

_CONF = """\
global
    maxconn 2000
defaults
    mode http
    timeout client 30s
    timeout server 30s
    timeout connect 5s
backend by_address
    stick-table type ipv6 size 100k expire {expire}s store http_req_rate({period}s)
backend by_session
    stick-table type string len 64 size 100k expire {expire}s store http_req_rate({period}s)
frontend front
    bind 127.0.0.1:{port}
    http-request set-src req.hdr(X-Forwarded-For) if {{ src 127.0.0.1 }} {{ req.hdr(X-Forwarded-For) -m found }}
    acl people path_reg {routes}
    http-request track-sc0 src table by_address if people
    http-request track-sc1 req.cook(sid) table by_session if people {{ req.cook(sid) -m found }}
    http-request deny deny_status 429 if people {{ sc_http_req_rate(0) gt {limit} }}
    http-request deny deny_status 429 if people {{ sc_http_req_rate(1) gt {limit} }}
    default_backend site
backend site
    http-reuse always
    server one 127.0.0.1:{site}
"""


class HAProxy(Front):
    """`http_req_rate` by address and session on the people routes, refusals 429; refused requests count too."""

    programs = ("haproxy",)

    def __init__(self, limit: int, period_s: int) -> None:
        """Allow `limit` requests in a period."""
        setting = f"{limit} in {period_s} s"
        super().__init__(f"HAProxy stick table {setting}", "HAProxy stick table", setting)
        self._limit, self._period = limit, period_s

    async def start(self, site: int, folder: Path, facts: Sequence[Fact]) -> None:
        """Start HAProxy."""
        self.port = free_port()
        conf = folder / "haproxy.cfg"
        conf.write_text(
            _CONF.format(
                port=self.port,
                site=site,
                limit=self._limit,
                period=self._period,
                expire=2 * self._period,
                routes=PEOPLE_ROUTES,
            )
        )
        command: Command = [where("haproxy") or "haproxy", "-db", "-f", conf]
        child = Child(self.name, command, folder / "haproxy.out", ENVIRONMENT)
        self.children.append(child)
        await child.ready(self.port)

    def rule(self) -> str:
        """Return the version that ran."""
        return f"{told('haproxy', '-v')} ran."
