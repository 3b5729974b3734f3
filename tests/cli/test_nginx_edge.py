"""nginx with decisions at the edge: passes, in a real nginx with a real gate and a real follow."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.cli.edge_rig import CONFIG, EdgeRig, wait_until
from tests.cli.nginx_rig import Application, check

from himaya.cli.init import init
from himaya.control import Control
from himaya.control.messages import Stand
from himaya.core.decision import Action, Reason, Standing
from himaya.ledger.reader import Reader

pytestmark = pytest.mark.system


@pytest.fixture(name="rig", scope="module")
def _rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeRig]:
    rig = EdgeRig(tmp_path_factory.mktemp("edge"))
    try:
        rig.start()
        yield rig
    finally:
        rig.close()


def test_nginx_accepts_what_is_printed(tmp_path: Path) -> None:
    """`nginx -t` is content with the printed configuration, of whatever surfaces and cookies."""
    file = tmp_path / "himaya.toml"
    extra = '[[surface]]\nid = "odd"\nroute = "/a.b/é-$x\\"y/{a}-{b}/{rest...}"\nfail = "closed"\n'
    text = CONFIG.format(directory=tmp_path, limit=80, edge="").replace(
        "[budgets]", f"{extra}[budgets]"
    )
    file.write_text(text.replace('"sid"', '"__Host-s.id"\nkey_header = "X-API-Key"'))
    words = ["nginx", "--edge", str(file), "--log", str(tmp_path / "a.log")]
    result = CliRunner().invoke(init, words)
    assert result.exit_code == 0, result.output
    done = check(tmp_path, result.output)
    assert done.returncode == 0, done.stderr


def test_a_visitor_passes_unasked_until_its_budget_is_near(rig: EdgeRig) -> None:
    """Whoever has room is let through without asking; nobody obtains more people than the budget, not one."""
    statuses = []
    for number in range(100):
        statuses.append(rig.view(f"/p/{number}", "203.0.113.9"))
        if number in {0, 10, 30, 50, 70}:
            time.sleep(1.2)  # as long as nginx holds back its log
    edges = rig.edges(100)
    assert edges[0] == "asked"
    assert edges[1:10] == ["pass"] * 9
    assert set(edges[60:]) == {"asked"}
    assert statuses[:80] == [200] * 80
    assert 200 not in statuses[80:]
    with Control(str(rig.directory / "h.sock")) as control:
        control.flush()
    key = rig.directory / "ledger.key"
    with Reader.open(rig.directory / "ledger", key) as reader:
        rows = [row for row in reader.rows() if row.actor.address == "203.0.113.9"]
    assert len({row.subject_id for row in rows}) == 80
    assert {row.source for row in rows} == {"log", "edge"}
    assert sum(row.source == "edge" for row in rows) == edges.count("pass")


def test_a_decision_reaches_nginx_and_its_end_too(rig: EdgeRig) -> None:
    """A block withdraws the passes of its actor within seconds, of nobody else; when it ends, the actor passes."""
    mine, other = "203.0.113.21", "203.0.113.22"
    assert [rig.view("/p/1", each) for each in (mine, mine, other, other)] == [200] * 4
    begin, until = len(rig.logged()), time.time() + 8
    reason = Reason("velocity", "address", "", 1.0, 1.0)
    with Control(str(rig.directory / "h.sock")) as control:
        control.ask(Stand(Standing(f"address:{mine}", Action.BLOCK, until, reason)))
    time.sleep(3)  # a tick of the gate, and a second after which nginx looks at its files again
    assert [rig.view("/p/1", mine), rig.view("/p/1", other)] == [403, 200]
    assert time.time() < until, "this machine is too slow to tell"
    wait_until(lambda: rig.view("/p/1", mine) == 200, 20)
    assert time.time() >= until
    assert [line["edge"] for line in rig.logged()[begin : begin + 2]] == ["asked", "pass"]


def test_what_tells_actors_apart_needs_a_pass_of_its_own(rig: EdgeRig) -> None:
    """Another cookie, key, agent or address never rides on a pass; a cookie sent twice, or odd, is asked about."""
    mine = {"address": "203.0.113.31", "Cookie": "sid=mine; a=b", "User_Agent": "me"}
    seen = len(Application.seen)
    apart = [
        {**mine, "Cookie": "sid=other"},
        {**mine, "Cookie": "sid=mine; sid=other"},
        {**mine, "Cookie": "sid=mine; SID =other"},
        {**mine, "Cookie": "sid=mine|"},
        {**mine, "Cookie": "sid=mine; %73id=other"},
        {**mine, "Cookie": "sid=mine; himaya_clearance=x"},
        {**mine, "User_Agent": "you"},
        {**mine, "Authorization": "Basic eDp5"},
        {**mine, "address": "198.51.100.7"},
        {"address": "203.0.113.31", "User_Agent": "mine||me"},
    ]
    told = [mine, mine, {**mine, "X_Himaya_Pass": "forged", "Himaya_Verdict": "block"}]
    for each in (*told, *apart):
        assert rig.view("/p/1", **each) == 200
    assert rig.edges(13) == ["asked", "pass", "pass"] + ["asked"] * 10
    assert len(Application.seen) == seen + 13
    assert "himaya-verdict" not in Application.seen[seen + 2]


def test_no_spelling_of_a_path_leads_around_the_question(rig: EdgeRig) -> None:
    """What an application could read as a sensitive route is asked about, pass or not; pages of nobody never are."""
    begin = len(rig.logged())
    assert rig.view("/p/1") == 200
    spellings = (
        "/search", "/search?q=a", "/SEARCH", "/search/", "//search", "/./search", "/p/../search", "/search.",
        "/%73earch", "/search;x=1", "/p/%2e%2e/search", "/search%3fq", "/p//../search", "/p/1/../../search",
        "/search#x", "/p\\..\\search", "/p/1%00", "http://site.example/search", "/p/..;/search",
    )  # fmt: skip
    for path in spellings:
        assert rig.view(path) in {200, 400, 403, 429}, path
    assert rig.view("/p/1", method="POST") == 200
    assert [rig.view(path) for path in ("/", "/about?x=/search", "/static/app.css")] == [200] * 3
    lines = rig.logged()[begin:]
    asked = {line["target"]: line["edge"] for line in lines[1 : len(spellings) + 2]}
    assert [target for target, edge in asked.items() if edge != "asked"] == []
    assert [line["edge"] for line in lines[-3:]] == ["free"] * 3


def test_with_the_gate_away_each_surface_does_what_it_declares(tmp_path: Path) -> None:
    """A pass outlives the gate by its seconds at most; then open surfaces are served, closed ones refused: a gap."""
    rig = EdgeRig(tmp_path, edge="pass_s = 3")
    try:
        rig.start()
        assert [rig.view("/p/1"), rig.view("/search")] == [200, 200]
        assert rig.gate is not None
        rig.gate.kill()
        assert [rig.view("/p/1"), rig.view("/search"), rig.view("/p/%31")] == [200, 503, 503]
        time.sleep(4.2)  # nginx keeps an answer through its last second
        assert [rig.view("/p/1"), rig.view("/about")] == [200, 200]
        assert rig.logged()[-2]["gate"] == "down"
        rig.gate.start()
        wait_until(lambda: _gaps(rig) >= 1)
        assert list(rig.passes.iterdir()) == []
        assert [rig.view("/p/1"), rig.view("/p/1")] == [200, 200]
        assert rig.edges(2) == ["asked", "pass"]
    finally:
        rig.close()


def _gaps(rig: EdgeRig) -> int:
    """Return how many unobserved periods name a gate that did not answer."""
    with Control(str(rig.directory / "h.sock")) as control:
        control.flush()
    with Reader.open(rig.directory / "ledger", rig.directory / "ledger.key") as reader:
        return sum("did not answer" in gap.why for gap in reader.gaps(0, 1 << 62))
