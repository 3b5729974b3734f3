"""`himaya replay`: what a policy would have decided about a log."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.watch.logs import START, line, make_log

from himaya.config import load
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Request
from himaya.exchanges import Decided, ExchangeWriter, Recorded, Started
from himaya.watch.replay import replay_logs

HIMAYA = Path(sys.executable).with_name("himaya")
CONFIG = """
mode = "{mode}"
[owner]
name = "a"
contact = "a@example.org"
[retention]
identified_days = 31
[[surface]]
id = "profile"
route = "/u/{{subject}}"
[[surface]]
id = "search"
route = "/search"
kind = "listing"
max_people = 5
people = ["header"]
[budgets]
account = {{ hour = 10, day = 40 }}
address = {{ hour = 30, day = 90 }}
"""


@pytest.fixture(name="config")
def _config(tmp_path):
    path = tmp_path / "himaya.toml"
    path.write_text(CONFIG.format(mode="shadow"))
    return path


def run(*words, code=0):
    done = subprocess.run([HIMAYA, "replay", *map(str, words)], capture_output=True, check=False)
    assert done.returncode == code, done.stderr.decode()
    return done.stdout.decode(), done.stderr.decode()


def test_a_budget_bounds_what_a_scraper_gets(tmp_path, config):
    """With the policy an account gets its budget and no more, and its first refusal is told."""
    log = tmp_path / "log"
    log.write_text("".join(line(START + n, f"/u/{n}", account="u1") for n in range(50)))
    told = replay_logs([str(log)], load(config))
    assert told["people"] == {"without": 50, "with": 10}
    assert told["decisions"]["allow"] == 10
    assert sum(told["decisions"].values()) == 50
    (refused,) = told["refused"]
    assert refused["actor"] == "account:u1"
    assert refused["first"] == "2026-03-02T06:00:10Z"
    assert refused["people"] == {"without": 50, "with": 10}
    assert refused["times"] == 40
    assert "people within one hour" in refused["why"]


def test_people_of_a_listing_are_withheld(tmp_path, config):
    """A listing whose people exceed the budget is refused, on the log's own clock."""
    log = tmp_path / "log"
    rest = ' subjects="{}"'
    lines = [
        line(START + n, "/search?q=a", account="u1", rest=rest.format(", ".join(
            str(5 * n + each) for each in range(5))))
        for n in range(6)
    ]  # fmt: skip
    later = line(START + 7200, "/search?q=b", account="u1", rest=rest.format("900, 901"))
    log.write_text("".join([*lines, later]))
    told = replay_logs([str(log)], load(config))
    assert told["people"] == {"without": 32, "with": 12}


def test_without_concurrency_the_replay_equals_the_engine(tmp_path, config):
    """On profile surfaces, one request at a time, the replay of a log decides as the gate did."""
    made = make_log().make(3000, days=1.0)
    log = tmp_path / "log"
    log.write_text("".join(made.text()))
    settings = load(config)
    told = replay_logs([str(log)], settings)
    config.write_text(CONFIG.format(mode="enforce"))
    engine = Engine(load(config).policy())
    decided = Counter()
    from himaya.watch.actors import Exchanges
    from himaya.watch.formats import named_format, read_chunk
    from himaya.watch.keep import KeepSurfaces
    from himaya.watch.source import Chunk

    reading = read_chunk(
        named_format("combined"),
        Chunk(log.read_bytes().rstrip(b"\n"), 1),
        KeepSurfaces(settings.surfaces),
    )
    make = Exchanges(settings.actor)
    for number, entry in enumerate(reading.entries):
        exchange = make.exchange(entry)
        request = Request(str(number), exchange.request.actor, entry.target, entry.method)
        decision = engine.decide(request, entry.at)
        decided[str(decision.action)] += 1
        refused = not decision.passes
        engine.record(Exchange(request, entry.status, refused=refused), entry.at)
    assert {k: v for k, v in told["decisions"].items() if v} == dict(decided)


def test_the_command(tmp_path, config):
    """The words of the JSON, and the same in sentences."""
    log = tmp_path / "log"
    log.write_text("".join(line(START + n, f"/u/{n}", account="u1") for n in range(50)) + "?\n")
    told = json.loads(run(log, "--config", config, "--json")[0])
    assert (told["lines"], told["parsed"], told["malformed"]) == (51, 50, 1)
    assert {"decisions", "refused", "people", "disclosures", "policy", "from", "to"} <= set(told)
    assert "50 without the policy, 10 with it" in run(log, "--config", config)[0]


@pytest.mark.parametrize("words", [(), ("log",), ("log", "--exchanges", "x")])
def test_what_is_missing_is_said(words):
    """A replay needs a log and a policy, or an exchanges file, not both."""
    assert "Traceback" not in run(*words, code=2)[1]


def test_an_exchanges_file_replays_to_itself_or_says_where_not(tmp_path, config):
    """The command compares the answers, exits with 1 when they differ, and names the event."""
    policy = load(config).policy()
    engine = Engine(policy)
    path = tmp_path / "x"
    with ExchangeWriter(path) as writer:
        writer.write(Started(at=1.0, policy=policy))
        for number in range(20):
            request = Request(str(number), account("u1"), f"/u/{number}")
            decision = engine.decide(request, START + number)
            writer.write(Decided(at=START + number, request=request, decision=decision))
            exchange = Exchange(request, 200, source="proxy")
            rows = tuple(e.disclosures for e in engine.record(exchange, START + number))
            writer.write(Recorded(at=START + number, exchange=exchange, disclosures=rows))
    told = json.loads(run("--exchanges", path, "--json")[0])
    assert (told["same"], told["events"], told["people"]) == (True, 41, 20)
    path.write_bytes(path.read_bytes().replace(b'"/u/7"', b'"/u/8"'))
    told = json.loads(run("--exchanges", path, "--json", code=1)[0])
    assert told["same"] is False
    assert told["differing"][0] in {16, 17}
    other = json.loads(run("--exchanges", path, "--config", config, "--json")[0])
    assert "same" not in other


def account(name):
    from himaya.core.actor import Actor

    return Actor(address="192.0.2.1", account=name)
