"""nginx and HAProxy refuse whom the files of the feed name, with the lines of docs/feed.md."""

from __future__ import annotations

import http.client
import socket
import subprocess
from contextlib import contextmanager

import pytest
from tests.gate.bouncer_rig import ENVIRONMENT, page
from tests.gate.feed_support import until

from himaya.gate.feeds.lists import Line, write

pytestmark = pytest.mark.system

HERE = [Line("127.0.0.1", "ban", 0.0, "himaya/operator"), Line("2001:db8::/32", "ban", 0.0, "x")]
ELSEWHERE = [Line("203.0.113.0/24", "ban", 0.0, "x"), Line("127.0.0.1", "captcha", 0.0, "x")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def status(port: int) -> int:
    """Return how a server answers, 0 when there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@contextmanager
def serving(folder, port: int, *words: str):
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(words, stdout=out, stderr=out, env=ENVIRONMENT)
    try:
        until(lambda: status(port), process, log)
        yield
    finally:
        process.terminate()
        process.wait(20)


def nginx(folder, form: str, lines) -> int:
    """Return how nginx answers this machine with a list of a format."""
    listed, port = folder / "list", free_port()
    listed.write_bytes(write(form, lines))
    shown = page("nginx").replace("/etc/nginx/himaya-blocked.geo", str(listed))
    if form == "nginx-map":
        shown = shown.replace("geo $himaya_listed", "map $remote_addr $himaya_listed")
    inside = f"server {{ listen 127.0.0.1:{port}; location / {{ return 200; }}"
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind}; "
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{shown.replace('server {', inside)} }}\n"
    )
    with serving(folder, port, "nginx", "-p", str(folder), "-c", str(config)):
        return status(port)


@pytest.mark.parametrize("form", ["nginx-geo", "nginx-map"])
def test_nginx_refuses_who_is_listed(tmp_path, form):
    """A web server answers 403 to a blocked address, and serves one that is not blocked or only challenged."""
    assert nginx(tmp_path, form, HERE) == 403
    assert nginx(tmp_path, form, ELSEWHERE) == 200


def haproxy(folder, lines) -> int:
    listed, port = folder / "list", free_port()
    listed.write_bytes(write("haproxy-map", lines))
    shown = page("haproxy").replace("/etc/haproxy/himaya.map", str(listed))
    config = folder / "haproxy.cfg"
    config.write_text(
        "defaults\n mode http\n timeout client 5s\n timeout server 5s\n timeout connect 5s\n"
        f"{shown} bind 127.0.0.1:{port}\n http-request return status 200\n"
    )
    with serving(folder, port, "haproxy", "-db", "-f", str(config)):
        return status(port)


def test_haproxy_refuses_who_is_listed(tmp_path):
    """HAProxy answers 403 to a blocked address, and serves one that is not blocked or only challenged."""
    assert haproxy(tmp_path, HERE) == 403
    assert haproxy(tmp_path, ELSEWHERE) == 200
