"""nginx before the site: plain, with `limit_req`, or refusing the addresses of a deny file that others write."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from himaya.bench.live.children import Child, free_port
from himaya.bench.live.fronts.front import ENVIRONMENT, PEOPLE_ROUTES, Command, Front, told, where
from himaya.core.facts import Fact

_MAIN = """\
daemon off;
worker_processes 1;
worker_shutdown_timeout 1s;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Forwarded-For;
    access_log {folder}/access.log;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $remote_addr;
    geo $denied {{ default 0; include {folder}/deny.map; }}
    {zone}
    upstream site {{ server 127.0.0.1:{site}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port} backlog=512;
        if ($denied) {{ return 403; }}
        location / {{ proxy_pass http://site; }}
        location ~ {routes} {{ {limit} proxy_pass http://site; }}
    }}
}}
"""

#: Called as `deny.sh add ADDRESS` and `deny.sh del ADDRESS`, by fail2ban and by CrowdSec's bouncer.
_DENY = """\
#!/bin/sh
case $1 in
    add) echo "$2 1;" >>{folder}/deny.map ;;
    del) grep -vFx "$2 1;" {folder}/deny.map >{folder}/deny.new; mv {folder}/deny.new {folder}/deny.map ;;
esac
kill -HUP "$(cat {folder}/nginx.pid)"
"""


class Nginx(Front):
    """nginx with a deny file, which begins empty; the base of what reads its log."""

    programs: tuple[str, ...] = ("nginx",)
    zone = limit = ""

    async def start(self, site: int, folder: Path, facts: Sequence[Fact]) -> None:
        """Start nginx, then whatever reads its log."""
        self.port = free_port()
        (folder / "deny.map").touch()
        (folder / "access.log").touch()
        deny = folder / "deny.sh"
        deny.write_text(_DENY.format(folder=folder))
        deny.chmod(0o755)
        conf = folder / "nginx.conf"
        conf.write_text(self._conf(site, folder))
        command: Command = [
            where("nginx") or "nginx",
            "-p",
            folder,
            "-c",
            conf,
            "-e",
            folder / "error.log",
        ]
        child = Child(self.name, command, folder / "nginx.out", ENVIRONMENT)
        self.children.append(child)
        await child.ready(self.port)

    def _conf(self, site: int, folder: Path) -> str:
        user = "user root;" if os.geteuid() == 0 else ""
        return _MAIN.format(
            user=user,
            folder=folder,
            site=site,
            port=self.port,
            routes=PEOPLE_ROUTES,
            zone=self.zone,
            limit=self.limit,
        )

    def rule(self) -> str:
        """Return the version that ran."""
        return f"{told('nginx', '-v')} ran."


class LimitReq(Nginx):
    """`limit_req` by client address on the people routes, burst 20 at once, refusals 429."""

    def __init__(self, rate: int) -> None:
        """Allow `rate` requests a second."""
        setting = f"{rate} r/s"
        super().__init__(f"nginx limit_req {setting}", "nginx limit_req", setting)
        self.zone = f"limit_req_zone $binary_remote_addr zone=people:10m rate={rate}r/s;"
        self.limit = "limit_req zone=people burst=20 nodelay; limit_req_status 429;"
