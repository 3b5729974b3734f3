"""The printed nginx configuration, in a real nginx: with the gate, without it, and with a broken one."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.nginx_rig import Application, Authority, Rig, check

from himaya.cli.init import init

pytestmark = pytest.mark.system

CLOSED = {"return 204;": "return 403;"}


@pytest.fixture(name="rig")
def _rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    rig.start_authority()
    yield rig
    rig.close()


@pytest.fixture(name="alone")
def _alone(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture(name="closed")
def _closed(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path, edit=CLOSED)
    yield rig
    rig.close()


def printed(*words: str) -> str:
    """Return what `himaya init nginx` prints."""
    result = CliRunner().invoke(init, ["nginx", *words])
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--listen", "127.0.0.1:8390", "--site", "people.example"),
        ("--upstream", "unix:/run/app.sock", "--port", "8080"),
    ],
)
@pytest.mark.parametrize("uncomment", [False, True])
def test_nginx_accepts_what_is_printed(
    tmp_path: Path, words: tuple[str, ...], *, uncomment: bool
) -> None:
    """`nginx -t` is content with every variant, also when all commented lines are switched on."""
    text = printed("--log", str(tmp_path / "a.log"), *words)
    assert "@" not in re.sub(r"@himaya_\w+", "", text)
    if uncomment:
        text = re.sub(r"(?m)^(    +)#(?=\S)", r"\1", text)
        text = re.sub(r"(?m)^    #(?=    \S|\})", "    ", text)
    done = check(tmp_path, text)
    assert "syntax is ok" in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr


def test_an_allowed_page_is_served(rig: Rig) -> None:
    """A page that himaya allows arrives, and the visitor sees nothing of himaya."""
    status, body, headers = rig.get("/u/1")
    assert (status, body) == (200, "two people")
    assert not [name for name in headers if name.startswith("himaya")]


@pytest.mark.parametrize("name", ["challenge", "block", "throttle"])
def test_a_refusal_is_the_page_of_himaya(rig: Rig, name: str) -> None:
    """401 and 403 of the authority become its own page with its own status and headers."""
    status, body, headers = rig.get(f"/{name}", method="POST")
    assert (status, body) == (429, f"the page of a {name}")
    assert headers["retry-after"] == "60"
    assert Authority.seen[-1]["himaya-reference"] == "K7Q2"
    assert Authority.seen[-1]["x-original-uri"] == f"/{name}"
    assert Application.seen == []


@pytest.mark.parametrize("status", [401, 403, 500])
def test_answers_of_the_site_stay(rig: Rig, status: int) -> None:
    """The application's own 401, 403 and 500 reach the visitor as they are."""
    assert rig.get(f"/own{status}")[:2] == (status, "two people")


def test_a_stopped_gate_changes_nothing(rig: Rig) -> None:
    """Before the gate starts, after it ends and when it is back, the site answers 200."""
    assert rig.get("/u/1")[0] == 200
    rig.stop_authority()
    assert rig.get("/u/1")[:2] == (200, "two people")
    assert rig.get("/block")[:2] == (200, "two people")
    rig.socket.unlink()
    assert rig.get("/u/1")[:2] == (200, "two people")
    rig.start_authority()
    assert rig.get("/block")[0] == 429
    states = [line["gate"] for line in rig.lines(5)]
    assert states == ["up", "down", "down", "down", "up"]


@pytest.mark.parametrize(
    "name",
    ["hang", "close", "301", "302", "307", "400", "404", "405", "429", "500", "502", "503"],
)
def test_a_broken_gate_changes_nothing(rig: Rig, name: str) -> None:
    """A gate that hangs, breaks off or answers anything unexpected never turns a page into a 500."""
    assert rig.get(f"/{name}")[:2] == (200, "two people")
    assert rig.lines(1)[-1]["gate"] == "down"


def test_the_pages_of_a_stopped_gate_say_502(alone: Rig) -> None:
    """Only the pages of himaya itself are missing when it is stopped."""
    assert alone.get("/.himaya/challenge")[0] == 502
    assert alone.get("/u/1")[0] == 200


def test_fail_closed_answers_503(closed: Rig) -> None:
    """With the one line changed, a stopped gate means 503, and a running one changes nothing."""
    assert closed.get("/u/1")[0] == 503
    assert Application.seen == []
    closed.start_authority()
    assert closed.get("/u/1")[0] == 200
    assert closed.get("/block")[0] == 429


def test_visitors_cannot_speak_for_the_application(rig: Rig) -> None:
    """Himaya headers of a visitor reach neither the application nor the authority."""
    rig.get(
        "/u/1", Himaya_Account="boss", Himaya_Subjects="u9", Himaya_Redact="x", X_Real_IP="9.9.9.9"
    )
    assert not [name for name in Application.seen[-1] if name.startswith("himaya")]
    asked = Authority.seen[-1]
    assert not [name for name in asked if name.startswith("himaya")]
    assert asked["x-real-ip"] != "9.9.9.9"


def test_the_visitor_cannot_ask_the_authority(rig: Rig) -> None:
    """The question itself is not open to the world."""
    assert rig.get("/.himaya/auth")[0] == 404
    assert rig.get("/.himaya/challenge")[1] == "page of himaya: /.himaya/challenge"


def test_what_the_authority_is_asked(rig: Rig) -> None:
    """The authority hears method, target, address, request id and cookies, but no body."""
    rig.get("/u/1?page=2", method="POST", Cookie="s=1")
    asked = Authority.seen[-1]
    assert asked["x-original-uri"] == "/u/1?page=2"
    assert asked["x-original-method"] == "POST"
    assert asked["cookie"] == "s=1"
    assert asked["host"] == "site.example"
    assert asked["x-request-id"] == Application.seen[-1]["x-request-id"] == rig.lines(1)[-1]["id"]


def test_fields_to_withhold_reach_the_application(rig: Rig) -> None:
    """A redaction passes the page and tells the application which fields to leave out."""
    assert rig.get("/redact")[0] == 200
    assert Application.seen[-1]["himaya-redact"] == "email"


def test_the_log_names_people_account_and_request(rig: Rig) -> None:
    """One JSON object per request holds what himaya reads, whatever a visitor sends."""
    rig.get('/u/1?q="\\', User_Agent='a"b\\c')
    line = rig.lines(1)[-1]
    assert line["subjects"] == "u1, u2"
    assert line["himaya_account"] == "me"
    assert (line["status"], line["sent"], line["completion"]) == (200, 10, "OK")
    assert (line["verdict"], line["agent"]) == ("allow", 'a"b\\c')


def test_a_long_list_of_people_passes(rig: Rig) -> None:
    """A page that names 2,500 people (34 kB of header) is served and logged whole."""
    assert rig.get("/many")[0] == 200
    assert str(rig.lines(1)[-1]["subjects"]).count(",") == 2499


def test_a_page_from_the_cache_of_nginx_names_its_people(tmp_path: Path) -> None:
    """A stored answer is asked for like any other, and its log line carries the people of the copy."""
    upstream, hide = "upstream himaya_gate {", "proxy_hide_header Himaya-Account;"
    path = f"proxy_cache_path {tmp_path}/cache keys_zone=z:1m;\n"
    rig = Rig(
        tmp_path,
        edit={upstream: path + upstream, hide: f"proxy_cache z; proxy_cache_valid 1m; {hide}"},
    )
    try:
        rig.start_authority()
        assert [rig.get("/u/1")[:2] for _ in range(2)] == [(200, "two people")] * 2
        assert [line["subjects"] for line in rig.lines(2)] == ["u1, u2"] * 2
        assert (len(Application.seen), len(Authority.seen)) == (1, 2)
    finally:
        rig.close()


def test_an_internal_redirect_asks_again_under_the_same_id(tmp_path: Path) -> None:
    """What nginx hands on inside itself is asked for twice; target and request id are the same."""
    location = "    location / {"
    rig = Rig(
        tmp_path, edit={location: f"    location /old/ {{ try_files /no /u/1; }}\n{location}"}
    )
    try:
        rig.start_authority()
        assert rig.get("/old/7")[0] == 200
        assert {(a["x-original-uri"], a["x-request-id"]) for a in Authority.seen} == {
            ("/old/7", str(rig.lines(1)[0]["id"]))
        }
        assert len(Authority.seen) == 2
    finally:
        rig.close()


@pytest.mark.parametrize(("people", "logged"), [("nobody", ","), ("unsaid", "-")])
def test_nobody_and_not_said_stay_apart(rig: Rig, people: str, logged: str) -> None:
    """The log tells an answer that shows nobody from one that does not say whom it shows."""
    rig.get(f"/{people}")
    assert rig.lines(1)[-1]["subjects"] == logged


def test_a_transfer_that_breaks_off_is_told(rig: Rig) -> None:
    """A visitor who leaves in the middle of a page leaves a line that is not complete."""
    with socket.socket(socket.AF_UNIX) as visitor:
        visitor.connect(str(rig.directory / "front.sock"))
        visitor.sendall(b"GET /large HTTP/1.1\r\nHost: site.example\r\n\r\n")
        assert visitor.recv(1000).startswith(b"HTTP/1.1 200")
    assert (rig.lines(1)[-1]["status"], rig.lines(1)[-1]["completion"]) == (200, "")


def test_a_value_that_could_end_a_directive_is_refused() -> None:
    """A site name with a semicolon is an error, not a configuration."""
    result = CliRunner().invoke(init, ["nginx", "--site", "a;b"])
    assert "cannot stand in a configuration file" in str(result.exception)
