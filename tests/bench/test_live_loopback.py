"""The live bench speaks to this machine and to no other."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.bench.live import collect, tools
from himaya.bench.live.loopback import environment, must_be_loopback
from himaya.core.errors import InputError

HOSTILE = [
    "http://example.org/",
    "http://192.0.2.1/",
    "http://10.0.0.1:8080",
    "http://0.0.0.0:8080",
    "http://[::]:8080",
    "http://[fe80::1]/",
    "http://[::1%25eth0]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:192.0.2.1]/",
    "http://128.0.0.1/",
    "http://127.0.0.1@192.0.2.1/",
    "http://127.0.0.1:80@192.0.2.1/",
    "http://192.0.2.1#@127.0.0.1/",
    "http://192.0.2.1?@127.0.0.1/",
    "http://192.0.2.1\\@127.0.0.1/",
    "http://127.0.0.1\\@192.0.2.1/",
    "http://127.0.0.1 .example.org/",
    "http://127.0.0.1\t.example.org/",
    "http://127.0.0.1\r\nHost: example.org/",
    "http://127.0.0.1.example.org/",
    "http://localhost.example.org/",
    "http://localhost./",
    "http://localhost%2eexample.org/",
    "http://%31%32%37.0.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:http/",
    "http:///u/1",
    "http:127.0.0.1/",
    "//127.0.0.1/",
    "127.0.0.1:8080",
    "https://127.0.0.1/",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://\uff11\uff12\uff17.0.0.1/",
    "http://[::1/",
    "",
]


@pytest.mark.parametrize("url", HOSTILE)
def test_everything_but_loopback_is_refused(url):
    """Other hosts, other schemes and every spelling that could be read as another host are refused, and named."""
    with pytest.raises(InputError, match="live mode refuses") as refused:
        must_be_loopback(url)
    assert "this machine" in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080",
        "http://127.9.8.7/u/1?page=2",
        "http://[::1]:8080/",
        "HTTP://127.0.0.1/",
    ],
)
def test_loopback_passes_unchanged(url):
    """Addresses of this machine pass as they are."""
    assert must_be_loopback(url) == url


def test_localhost_is_pinned_to_its_address():
    """`localhost` becomes the loopback address it resolves to, port and path kept."""
    assert must_be_loopback("http://LocalHost:8080/u/1") in {
        "http://127.0.0.1:8080/u/1",
        "http://[::1]:8080/u/1",
    }


def test_a_localhost_that_leads_away_is_refused(monkeypatch):
    """Where `localhost` resolves to another machine as well, it is refused."""

    def elsewhere(*_, **__):
        return [(0, 0, 0, "", ("127.0.0.1", 0)), (0, 0, 0, "", ("192.0.2.1", 0))]

    monkeypatch.setattr("himaya.bench.live.loopback.socket.getaddrinfo", elsewhere)
    with pytest.raises(InputError, match="is not this machine"):
        must_be_loopback("http://localhost/")


@given(st.text(max_size=60))
def test_whatever_passes_is_this_machine(text):
    """No text makes the check fail in another way, and none passes whose host is not loopback."""
    for url in (text, f"http://{text}", f"http://127.0.0.1{text}"):
        try:
            passed = must_be_loopback(url)
        except InputError:
            continue
        host = passed[len("http://") :].partition("/")[0].partition("?")[0].partition("#")[0]
        assert host.startswith(("127.", "[::1]"))
        assert "@" not in host


@pytest.mark.parametrize(
    ("base", "link"),
    [
        ("http://192.0.2.1:80", "/u/1"),
        ("http://127.0.0.1:80", "@192.0.2.1/u/1"),
        ("http://127.0.0.1", ".example.org/u/1"),
        ("http://127.0.0.1:8", "0@192.0.2.1/"),
    ],
)
def test_no_tool_starts_for_another_machine(tmp_path, monkeypatch, base, link):
    """A base or a link that leads away is refused before any process starts."""
    monkeypatch.setattr("himaya.bench.live.children.subprocess.Popen", None)
    tool = tools.Tool("httpx", "1", sys.executable)
    with pytest.raises(InputError, match="live mode refuses"):
        asyncio.run(
            tools.collect(tool, base, [link], "198.18.0.1", seconds=1, folder=tmp_path / "t")
        )
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    ("base", "link"),
    [
        ("http://192.0.2.1", "/u/1"),
        ("http://localhost.example.org", "/u/1"),
        ("http://127.0.0.1", "@192.0.2.1/"),
        ("http://127.0.0.1@192.0.2.1", "/u/1"),
    ],
)
def test_the_script_itself_refuses_too(tmp_path, base, link):
    """Started by hand, the script that drives the tools speaks to this machine only."""
    job = tmp_path / "job.json"
    told = {"base": base, "links": [link], "address": "198.18.0.1", "seconds": 1, "most": 1}
    job.write_text(json.dumps({**told, "out": str(tmp_path / "out")}))
    command = [sys.executable, "-I", Path(collect.__file__), "curl", job]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "this machine only" in done.stderr
    assert not (tmp_path / "out").exists()


def test_tools_get_no_way_out():
    """A tool's environment sends everything but loopback to a port nobody listens on, and nothing of ours is in it."""
    told = environment("/usr/bin", "/tmp/home")
    assert told["http_proxy"] == told["https_proxy"] == told["all_proxy"] == "http://127.0.0.1:9"
    assert "127.0.0.1" in told["no_proxy"]
    assert set(told) <= {
        "http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "PATH", "HOME", "LANG",
    }  # fmt: skip
