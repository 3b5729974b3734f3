"""The printed nginx configuration and `himaya gate --mode authority` together."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.nginx_rig import RealGate, Rig

from himaya.cli.scan import scan
from himaya.config import load
from himaya.control import Control
from himaya.doctor import Asked, Scene, outside

pytestmark = pytest.mark.system

CONFIG = """
mode = "{mode}"
[owner]
name = "owner"
contact = "appeal@site.example"
[retention]
[[surface]]
id = "profile"
route = "/u/{{subject}}"
[[surface]]
id = "search"
route = "/search"
kind = "listing"
people = ["header"]
max_people = 20
[budgets]
address = {{ hour = {limit}, day = 100 }}
prefix = {{}}
"""

REDIRECT = {"    location / {": "    location /old/ { try_files /no /u/1; }\n    location / {"}


def both(directory: Path, mode: str, limit: int) -> tuple[Rig, RealGate]:
    """Start nginx and the gate."""
    rig = Rig(directory, edit=REDIRECT)
    try:
        return rig, RealGate(rig, CONFIG.format(mode=mode, limit=limit))
    except BaseException:
        rig.close()
        raise


@pytest.fixture(name="enforced")
def _enforced(tmp_path: Path) -> Iterator[tuple[Rig, RealGate]]:
    rig, gate = both(tmp_path, "enforce", 25)
    yield rig, gate
    gate.stop()
    rig.close()


@pytest.fixture(name="shadow")
def _shadow(tmp_path: Path) -> Iterator[tuple[Rig, RealGate]]:
    rig, gate = both(tmp_path, "shadow", 1)
    yield rig, gate
    gate.stop()
    rig.close()


def test_over_budget_is_the_challenge_and_a_killed_gate_changes_nothing(
    enforced: tuple[Rig, RealGate],
) -> None:
    """People pass within the budget, then comes the page; after kill -9 the site goes on."""
    rig, gate = enforced
    assert [rig.get(f"/u/{n}")[0] for n in range(25)] == [200] * 25
    status, body, headers = rig.get("/u/99", Accept="text/html")
    assert status in {403, 429}
    assert "appeal@site.example" in body
    assert headers["content-type"].startswith("text/html")
    line = rig.lines(26)[-1]
    assert (line["verdict"], line["gate"]) == ("challenge", "up")
    assert line["reference"] in body
    assert rig.get("/about")[0] == 200
    gate.kill()
    assert rig.get("/u/99")[:2] == (200, "two people")
    assert rig.lines(28)[-1]["gate"] == "down"
    gate.start()


def test_the_pages_of_the_challenge_are_served(enforced: tuple[Rig, RealGate]) -> None:
    """Puzzle, script and style come through nginx although the visitor is refused."""
    rig, _ = enforced
    assert rig.get("/.himaya/challenge")[0] == 200
    assert rig.get("/.himaya/check.js")[2]["content-type"].startswith("text/javascript")


def test_an_internal_redirect_is_charged_once(enforced: tuple[Rig, RealGate]) -> None:
    """Nginx asks twice for one visit; the second answer is the first one, and reserves nothing."""
    rig, gate = enforced
    assert rig.get("/old/7")[0] == 200
    assert rig.get("/search?q=a")[0] == 200
    with Control(str(gate.config.parent / "h.sock")) as control:
        assert control.status().open_tickets == 1
    assert [rig.get(f"/u/{n}")[0] for n in range(5)] == [200] * 5
    assert rig.get("/u/9")[0] != 200


def test_scan_reads_the_log_that_nginx_writes(shadow: tuple[Rig, RealGate]) -> None:
    """Every line of the printed format is understood, with the people that the application named."""
    rig, gate = shadow
    for target in ("/search?q=a", "/search?q=b", "/about", "/nobody"):
        rig.get(target)
    rig.lines(4)
    words = [str(rig.log), "--config", str(gate.config), "--json"]
    told = json.loads(CliRunner().invoke(scan, words).stdout)
    assert (told["lines"], told["parsed"], told["unattributed"]) == (4, 4, 0)
    assert (told["people"], told["disclosures"]) == (2, 4)


def test_nobody_is_refused_in_shadow(shadow: tuple[Rig, RealGate]) -> None:
    """Whatever a visitor's program sends and nginx takes, shadow mode lets it pass, over any budget."""
    rig, _ = shadow
    targets = ["/u/%C3%A9", "/u/é", "/u/a%7Fb", "/u/..%2f", "//u//1", "/u/1?é", "/search"] * 3
    for target in targets:
        assert rig.get(target.encode().decode("latin-1"))[:2] == (200, "two people"), target
    for method in ("POST", "DELETE", "M-SEARCH", "OPTIONS"):
        assert rig.get("/u/1", method)[0] in {200, 501}, method
    assert {line["gate"] for line in rig.lines(len(targets) + 4)} == {"up"}


def forged_headers(directory: Path, **passed: str) -> tuple[str, str]:
    """Return what the doctor says of forged headers that come through nginx, which takes `passed` from the visitor."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    edit = {"    listen unix:": f"    listen 127.0.0.1:{port};\n    listen unix:", **passed}
    rig = Rig(directory, edit=edit)
    try:
        gate = RealGate(rig, CONFIG.format(mode="shadow", limit=1))
        try:
            asked = Asked(time.time(), f"http://127.0.0.1:{port}", "/about")
            with Scene(load(gate.config), asked) as scene:
                (found,) = [one for one in outside.outside(scene) if one.name == "headers"]
        finally:
            gate.stop()
    finally:
        rig.close()
    return found.level, found.said


def test_the_doctor_finds_nothing_forged_behind_the_printed_file(tmp_path: Path) -> None:
    """Whatever a visitor claims, nginx says who they are."""
    assert forged_headers(tmp_path) == ("ok", "a visitor's forged headers are not believed.")


def test_the_doctor_finds_a_header_that_nginx_passes_on(tmp_path: Path) -> None:
    """With the visitor's own X-Forwarded-For handed on, everybody is who they say: the doctor names it."""
    line = "proxy_set_header X-Forwarded-For $remote_addr;"
    level, said = forged_headers(
        tmp_path, **{line: line.replace("$remote_addr", "$http_x_forwarded_for")}
    )
    assert level == "problem"
    assert "X-Forwarded-For or X-Real-IP is believed" in said
