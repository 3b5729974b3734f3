"""Requests for assets in logs: engines see them where a policy counts them, and no figure does."""

from __future__ import annotations

from click.testing import CliRunner
from tests.watch.logs import START, line

from himaya import cli
from himaya.config import loads
from himaya.ledger.reader import Reader as LedgerReader
from himaya.watch.beside import keep_of
from himaya.watch.forecast_past import Policies, forecast_ledger, forecast_logs
from himaya.watch.replay import replay_logs

CONFIG = """
[[surface]]
id = "profile"
route = "/u/{subject}"
[budgets]
address = {}
prefix = {}
assetless = { day = 4 }
[assets]
after = 3
share = 0
"""
OFF = CONFIG.replace("assetless = { day = 4 }", "")


def log(folder, browsers=4):
    """Write a log of six libraries and a few browsers, which look at ten people each."""
    lines = []
    for n in range(10):
        for who in range(6 + browsers):
            at = START + 60 * n + who
            agent = "curl/8" if who < 6 else "Mozilla/5.0 Firefox/130.0"
            lines.append(line(at, f"/u/p{n}x{who}", address=f"192.0.2.{who}", agent=agent))
            if who >= 6:
                style = line(at, "/static/site.css?v=1", address=f"192.0.2.{who}", agent=agent)
                lines += [style, line(at, "/about", address=f"192.0.2.{who}", agent=agent)]
    path = folder / "access.log"
    path.write_text("".join(lines))
    return str(path)


def test_a_replay_tells_browsers_from_libraries(tmp_path):
    """A replay holds the libraries of a log to their budget together and leaves its browsers alone."""
    told = replay_logs([log(tmp_path)], loads(CONFIG))
    assert told["people"] == {"without": 100, "with": 40 + 6 * 3 + 4}
    assert sum(told["decisions"].values()) == 100
    assert {one["actor"] for one in told["refused"]} == {f"address:192.0.2.{n}" for n in range(6)}


def test_a_replay_without_the_budget_is_what_it_was(tmp_path):
    """Without the budget lines for assets are read, counted as lines, and dropped (the twin)."""
    told = replay_logs([log(tmp_path)], loads(OFF))
    assert told["people"] == {"without": 100, "with": 100}
    assert told["lines"] == 180


def test_a_forecast_tells_browsers_from_libraries(tmp_path):
    """A forecast counts exchanges of pages only, and says that libraries are met at both ends and no browser is."""
    told = forecast_logs([log(tmp_path)], Policies(loads(CONFIG), loads(OFF)), {})
    assert told["exchanges"] == 100
    assert told["actors"] == 10
    assert told["all"]["new"]["restricted"]["nobody_solves"] == 6
    assert told["all"]["new"]["restricted"]["browsers_solve"] == 6
    assert told["all"]["old"]["restricted"]["nobody_solves"] == 0


def test_a_forecast_from_the_ledger_judges_nobody_by_assets(tmp_path):
    """Rows hold no requests for assets, so nobody is held to the budget of those who ask for none."""
    config = tmp_path / "himaya.toml"
    config.write_text(CONFIG)
    words = ["scan", log(tmp_path), "--config", str(config), "--ledger", str(tmp_path / "l")]
    assert CliRunner().invoke(cli.group, words).exit_code == 0
    with LedgerReader.open(tmp_path / "l") as reader:
        told = forecast_ledger(reader, Policies(loads(CONFIG)), {})
    assert told["exchanges"] == 100
    assert told["all"]["new"]["restricted"]["nobody_solves"] == 0


def test_only_what_a_policy_counts_is_kept():
    """Without such a budget the quick test of surfaces is used alone; with it assets pass, and nothing else does."""
    on, off = (loads(text) for text in (CONFIG, OFF))
    assert not keep_of(off.surfaces, [off.policy()]).keeps("GET", "/a.css")
    kept = keep_of(on.surfaces, [off.policy(), on.policy()])
    targets = ["/a.css", "/A.CSS?x", "/u/1", "/about", "/css"]
    assert [t for t in targets if kept.may_keep(t) and kept.keeps("GET", t)] == targets[:3]
