"""The collecting tools: those found really collect, and none of them leaves this machine."""

import asyncio
import sys

import pytest
from tests.bench.live_support import PEOPLE, SITE, running_site, serving

from himaya.bench.live import tools
from himaya.bench.live.http import Request
from himaya.bench.live.marks import disk_of
from himaya.core.errors import InputError

ADDRESS = "198.18.7.9"
LINKS = [f"/u/{n}" for n in range(1, 41)]
FOUND = [tool for tool in tools.find() if tool.version]


def collect(tool, port, folder, seconds=8.0, links=LINKS):
    """Let a tool collect; return how it fared."""
    base = f"http://127.0.0.1:{port}"
    return asyncio.run(tools.collect(tool, base, links, ADDRESS, seconds=seconds, folder=folder))


def test_every_tool_is_named_found_or_not(monkeypatch):
    """Each tool of the list is there with its version or with `not found`; a missing one is no error."""
    monkeypatch.setattr(tools.shutil, "which", lambda *_: None)
    found = {tool.name: tool.words for tool in tools.find(sys.executable)}
    assert {
        "curl",
        "wget",
        "httrack",
        "scrapy",
        "httpx",
        "requests",
        "aiohttp",
        "curl_cffi",
        "playwright",
    } <= set(found)
    assert found["curl"] == "curl: not found"
    assert found["httpx"].startswith("httpx 0.")


def test_an_interpreter_that_cannot_be_asked_is_named():
    """A wrong interpreter is an error that names it, not an empty list of tools."""
    with pytest.raises(InputError, match="/nowhere/python: is not a Python"):
        tools.find("/nowhere/python")
    with pytest.raises(InputError, match="is not a Python"):
        tools.find("/bin/false")


@pytest.mark.system
@pytest.mark.parametrize("tool", FOUND, ids=lambda tool: tool.name)
def test_a_tool_collects_people_under_its_address(tool, tmp_path):
    """Each tool found collects people of the site onto its disk, tells the simulated address, and ends by itself."""
    seen = set()

    def answer(path, headers):
        seen.add(headers.get("X-Forwarded-For"))
        if path == "/robots.txt":
            return 200, {}, b"User-agent: *\nDisallow: /\n"
        found = SITE(Request("GET", path.partition("?")[0]))
        return found.status, {"Content-Type": found.content_type, **dict(found.headers)}, found.body

    with serving(answer) as port:
        collected = collect(tool, port, tmp_path / "t")
    assert seen == {ADDRESS}
    assert not collected.trouble
    assert collected.cpu_s > 0
    assert len(disk_of(collected.folder).fields) >= 3


@pytest.mark.system
@pytest.mark.parametrize("tool", FOUND, ids=lambda tool: tool.name)
def test_no_redirect_leads_off_this_machine(tool, tmp_path, monkeypatch):
    """A redirect to another machine is not followed; a browser, which must, gets no further than a dead port."""
    trapped = []

    def trap(path, headers):
        trapped.append(path)
        return 502, {}, b""

    def away(path, headers):
        return 302, {"Location": "http://192.0.2.1/u/1"}, b'<a href="http://192.0.2.1/u/2">on</a>'

    with serving(trap) as trap_port, serving(away) as port:
        monkeypatch.setattr("himaya.bench.live.loopback.NOWHERE", f"http://127.0.0.1:{trap_port}")
        collected = collect(tool, port, tmp_path / "t", seconds=15, links=LINKS[:5])
    assert not disk_of(collected.folder).fields
    if tool.name not in {"chromium", "playwright"}:
        assert trapped == []
    else:
        # A browser also calls home by itself; the dead port takes that too.
        assert "http://192.0.2.1/u/1" in trapped


@pytest.mark.system
def test_a_tool_that_does_not_end_is_ended(tmp_path, monkeypatch):
    """A tool that hangs is ended after its time, and that is said."""
    monkeypatch.setattr(tools, "_GRACE_S", 0.5)
    script = tmp_path / "hang.py"
    script.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(tools, "_entry", lambda: script)
    tool = tools.Tool("httpx", "1", sys.executable)
    collected = collect(tool, 9, tmp_path / "t", seconds=0.2)
    assert "was ended" in collected.trouble
    assert collected.seconds < 5


@pytest.mark.system
def test_a_tool_that_fails_says_so(tmp_path, monkeypatch):
    """A tool that breaks down is no success of a defence: what it said is told."""
    script = tmp_path / "break.py"
    script.write_text("raise SystemExit('no browser here')\n")
    monkeypatch.setattr(tools, "_entry", lambda: script)
    collected = collect(tools.Tool("httpx", "1", sys.executable), 9, tmp_path / "t")
    assert collected.trouble == "it failed: no browser here"


@pytest.mark.system
def test_requests_are_bounded(tmp_path, monkeypatch):
    """A tool sends at most so many requests, however long it may work."""
    monkeypatch.setattr(tools, "MOST_REQUESTS", 7)
    tool = next(tool for tool in FOUND if tool.name == "httpx")
    with running_site(tmp_path) as port:
        collected = collect(tool, port, tmp_path / "t", links=[f"/u/{n}" for n in range(1, PEOPLE)])
    assert len(disk_of(collected.folder).fields) == 7
