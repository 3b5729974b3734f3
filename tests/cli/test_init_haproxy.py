"""What `himaya init haproxy` prints, as the installed haproxy reads it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from himaya.cli.init import init
from himaya.config import loads
from himaya.core.errors import InputError

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = {"cfg": "haproxy.cfg", "spoe": "himaya-spoe.conf", "rsyslog": "48-himaya.conf"}
PORTS = ("--listen", "127.0.0.1:8390", "--spoe-listen", "127.0.0.1:8391")


def printed(*words: str) -> str:
    """Return what `himaya init haproxy` prints."""
    result = CliRunner().invoke(init, ["haproxy", *words])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("part", EXAMPLES)
def test_the_examples_are_what_is_printed(part: str) -> None:
    """The files of examples/haproxy are those of the command without options."""
    assert (ROOT / "examples/haproxy" / EXAMPLES[part]).read_text() == printed("--part", part)


@pytest.mark.system
@pytest.mark.parametrize(
    "words",
    [(), PORTS, ("--site", "people.example", "--port", "127.0.0.1:8080"), ("--closed", "/u/", "--closed", "/search")],
)  # fmt: skip
@pytest.mark.parametrize("uncomment", [False, True])
def test_haproxy_accepts_what_is_printed(
    tmp_path: Path, words: tuple[str, ...], *, uncomment: bool
) -> None:
    """`haproxy -c` is content with every variant, also when all commented lines are switched on."""
    conf = tmp_path / "spoe.conf"
    conf.write_text(printed("--part", "spoe", *words))
    text = printed("--conf", str(conf), "--chroot", "", *words)
    if uncomment:
        # A certificate for the TLS line is not there; every other line is tried.
        text = re.sub(r"(?m)^(    +)#(?=\S)(?!bind)", r"\1", text)
    assert not re.search(r"@[a-z]+@", text)
    (tmp_path / "haproxy.cfg").write_text(text)
    done = subprocess.run(
        ["haproxy", "-c", "-f", tmp_path / "haproxy.cfg"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


def test_sockets_lie_where_a_locked_in_haproxy_sees_them() -> None:
    """HAProxy's file names sockets as seen from inside its chroot; himaya and rsyslog see them from outside."""
    text = printed()
    assert "chroot /var/lib/haproxy\n" in text
    assert re.findall(r"unix@\S+", text) == [
        "unix@/himaya/log.sock", "unix@/himaya/spoe.sock", "unix@/himaya/auth.sock",
        "unix@/himaya/auth.sock",
    ]  # fmt: skip
    assert 'spoe_listen = "unix:/var/lib/haproxy/himaya/spoe.sock"' in text
    assert 'path="/var/lib/haproxy/himaya/log.sock"' in printed("--part", "rsyslog")


def test_the_page_says_what_is_printed() -> None:
    """Sockets, files and log of docs/haproxy.md are those of the printed files; its configuration is valid."""
    page = (ROOT / "docs/haproxy.md").read_text()
    (block,) = re.findall(r"<!-- config -->\n```toml\n(.*?)```", page, re.DOTALL)
    config = loads(block)
    for line in (f'listen = "{config.gate.listen}"', f'spoe_listen = "{config.gate.spoe_listen}"'):
        assert line in printed()
    assert "himaya follow /var/log/himaya-haproxy.log" in page
    assert 'file="/var/log/himaya-haproxy.log"' in printed("--part", "rsyslog")
    assert "--part spoe > /etc/haproxy/himaya-spoe.conf" in page
    assert "config /etc/haproxy/himaya-spoe.conf" in printed()


def test_a_port_needs_the_secret() -> None:
    """With the pages on a port HAProxy shows the gate's secret, and is told so; on a socket there is none."""
    assert printed(*PORTS).count("X-Himaya-Secret PUT-THE-SECRET-HERE") == 2
    assert "PUT-THE-SECRET-HERE" not in printed()


def test_fail_closed_is_a_comment_until_routes_are_named() -> None:
    """Without --closed every page is served while himaya is down."""
    closed = "http-request deny deny_status 503"
    assert f"    #{closed}" in printed()
    assert f"    {closed}" in printed("--closed", "/u/")
    assert "-m beg /u/ /me/" in printed("--closed", "/u/", "--closed", "/me/")


@pytest.mark.parametrize(
    "words",
    [
        ("--site", "a b"),
        ("--closed", "/u/ or"),
        ("--directory", ""),
        ("--upstream", "a\nb"),
        ("--spoe-listen", "a b"),
    ],
)
def test_a_value_that_could_end_a_line_is_refused(words: tuple[str, ...]) -> None:
    """A value with a space or line end is an error that names the option, not a configuration."""
    result = CliRunner().invoke(init, ["haproxy", *words])
    assert isinstance(result.exception, InputError)
    assert words[0] in str(result.exception)
