"""The printed Caddyfile in a real Caddy, with the gate, `follow` and the ledger."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import altcha
import pytest
from click.testing import CliRunner
from tests.cli.caddy_rig import Application, CaddyRig
from tests.gate.gate_support import wait_for

from himaya.cli.init import init

pytestmark = pytest.mark.system

HTML = {"Accept": "text/html"}


@pytest.fixture(name="rig", scope="module")
def _rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaddyRig]:
    rig = CaddyRig(tmp_path_factory.mktemp("caddy"))
    yield rig
    rig.close()


@pytest.fixture(name="small")
def _small(tmp_path: Path) -> Iterator[CaddyRig]:
    rig = CaddyRig(tmp_path, budget=3)
    yield rig
    rig.close()


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--fail", "closed", "--address", "people.example"),
        ("--listen", "127.0.0.1:8390", "--upstream", "unix:/run/app.sock"),
    ],
)
def test_caddy_accepts_what_is_printed(tmp_path: Path, words: tuple[str, ...]) -> None:
    """`caddy adapt` is content with every variant, and would format nothing anew."""
    result = CliRunner().invoke(init, ["caddy", *words])
    assert result.exit_code == 0
    file = tmp_path / "Caddyfile"
    file.write_text(result.output)
    done = subprocess.run(["caddy", "adapt", "--config", file], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"not formatted" not in done.stderr
    assert json.loads(done.stdout)["apps"]["http"]["servers"]


def test_the_log_settles_what_was_reserved(rig: CaddyRig) -> None:
    """Profiles and lists that pass are rows of exactly the people shown, settled by the id in Caddy's own log."""
    for target in ("/u/a1", "/u/a1", "/people?from=20", "/gone", "/about"):
        rig.get(target)
    rig.settled()
    expected = {"a1": 2, "p20": 1, "p21": 1, "p22": 1}
    assert {who: times for who, times in rig.shown().items() if who in expected} == expected
    assert rig.unobserved() == []


def test_neither_side_hears_what_is_not_meant_for_it(rig: CaddyRig) -> None:
    """The visitor sees no people's list; the application no visitor's Himaya header, and always a real Redact."""
    _, _, headers = rig.get(
        "/people?from=40", Himaya_Redact="none", Himaya_Account="boss", X_Forwarded_Uri="/about",
        X_Request_ID="chosen-by-a-visitor", X_Forwarded_For="203.0.113.66",
    )  # fmt: skip
    assert not [name for name in headers if name.lower().startswith("himaya")]
    asked = Application.seen[-1]
    assert asked["himaya-redact"] == ""
    assert "{" not in "".join(asked.values())
    assert "himaya-account" not in asked
    assert asked["x-request-id"] != "chosen-by-a-visitor"
    assert "203.0.113.66" not in asked["x-forwarded-for"]
    rig.settled()
    assert rig.shown()["p40"] == 1
    assert rig.shown("203.0.113.66") == {}


def test_a_body_reaches_the_application_whole(rig: CaddyRig) -> None:
    """The question takes nothing of the visitor's body."""
    assert rig.get("/form", "POST", b"x" * 100_000)[1] == "/form" + "x" * 100_000


def test_over_budget_is_the_challenge_and_solving_it_opens(small: CaddyRig) -> None:
    """Past the budget the page of a challenge comes; its puzzle, solved through Caddy, buys three people."""
    assert [small.get(f"/u/{n}")[0] for n in range(3)] == [200] * 3
    status, page, headers = small.get("/u/9", **HTML)
    assert (status, headers["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert "appeals@people.example" in page
    assert headers["Himaya-Reference"] in page
    assert small.get("/.himaya/check.js")[0] == 200
    puzzle = altcha.Challenge.from_dict(json.loads(small.get("/.himaya/challenge")[1]))
    form = {
        "altcha": altcha.Payload(puzzle, altcha.solve_challenge(puzzle)).to_base64(),
        "to": "/u/9",
    }
    status, _, headers = small.get(
        "/.himaya/clear", "POST", urlencode(form).encode(), Content_Type="application/x-www-form-urlencoded"
    )  # fmt: skip
    assert (status, headers["Location"]) == (303, "/u/9")
    cookie = headers["Set-Cookie"].partition(";")[0]
    codes = [small.get(f"/u/{n}", Cookie=cookie)[0] for n in range(9, 13)]
    assert codes == [200, 200, 200, 403]
    small.settled()
    assert len(small.shown()) == 6


def test_block_and_redaction(tmp_path: Path) -> None:
    """Without challenges: a card loses its fields and says which, a profile is 429 with the time to come again."""
    rig = CaddyRig(tmp_path, budget=1, ladder="challenge = false")
    try:
        assert rig.get("/card/1")[0] == 200
        assert rig.get("/card/2")[0] == 200
        assert Application.seen[-1]["himaya-redact"] == "name, email"
        status, _, headers = rig.get("/u/3")
        assert status == 429
        assert int(headers["Retry-After"]) > 0
    finally:
        rig.close()


@pytest.mark.slow
@pytest.mark.parametrize(("fail", "allowed"), [("open", {200}), ("closed", {200, 503})])
def test_a_gate_killed_under_load_fails_as_declared(
    tmp_path: Path, fail: str, allowed: set[int]
) -> None:
    """After kill -9 under load every page is served, or every one refused, as printed; the ledger has the gap."""
    rig = CaddyRig(tmp_path, fail=fail)
    codes: list[int] = []
    stop = threading.Event()

    def visit(number: int) -> None:
        while not stop.is_set():
            codes.append(rig.get(f"/u/v{number}")[0])

    visitors = [threading.Thread(target=visit, args=(number,)) for number in range(4)]
    try:
        for one in visitors:
            one.start()
        wait_for(lambda: len(codes) > 40, timeout=40)
        rig.gate.kill()
        rig.gate.wait(10)
        seen = len(codes)
        wait_for(lambda: len(codes) > seen + 40, timeout=40)
        stop.set()
        for one in visitors:
            one.join(40)
        assert set(codes) == allowed
        assert rig.get("/u/down", "POST", b"a body")[0] == (200 if fail == "open" else 503)
        rig.start_gate()
        assert rig.get("/u/again")[0] == 200
        wait_for(lambda: any("did not answer" in why for why in rig.unobserved()), timeout=40)
    finally:
        stop.set()
        rig.close()
