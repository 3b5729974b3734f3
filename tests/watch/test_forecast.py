"""`himaya forecast`: whom a policy would have touched, per cohort, at both ends of what challenges leave open."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from tests.watch.logs import START, line

from himaya import cli
from himaya.config import load, loads
from himaya.core.actor import Actor
from himaya.core.errors import HimayaError
from himaya.core.exchange import Exchange, Person, Request
from himaya.core.facts import AccountFact, Facts
from himaya.core.rates import wilson
from himaya.ledger.reader import Reader
from himaya.watch.forecast import Forecast, browser_like
from himaya.watch.forecast_past import Policies, forecast_logs, read_known
from himaya.watch.replay import replay_logs
from himaya.watch.trial import Met, Trial

CONFIG = """
mode = "{mode}"
[owner]
name = "a"
contact = "a@example.org"
[retention]
identified_days = 31
[actor]
key_header = "X-Api-Key"
[budgets]
account = {{ hour = {limit} }}
address = {{ hour = {limit} }}
session = {{}}
key = {{ hour = {limit} }}
prefix = {{}}
[budgets.tier.gold]
account = {{ hour = 1000 }}
address = {{}}
[challenge]
people = 3
per_day = 4
[ladder]
challenge = {challenge}
challenges_before_block = 5
[detectors.breadth]
hour = 40
day = 100
[[surface]]
id = "profile"
route = "/u/{{subject}}"
[[surface]]
id = "search"
route = "/search"
kind = "listing"
max_people = 5
people = ["header"]
[[surface]]
id = "lookup"
route = "/lookup"
kind = "lookup"
query = "phone"
people = ["header"]
"""
AGENT, PROGRAM = "Mozilla/5.0 (X11; Linux x86_64) Firefox/130.0", "python-requests/2.32"


def text(limit=10, challenge="true", mode="enforce"):
    return CONFIG.format(limit=limit, challenge=challenge, mode=mode)


def policy(**about):
    return loads(text(**about)).policy()


@pytest.fixture(name="config")
def _config(tmp_path):
    path = tmp_path / "new.toml"
    path.write_text(text())
    return path


def view(name, person, *, agent=AGENT, **facets):
    actor = Actor(address="192.0.2.1", account=name, **facets)
    return Exchange(Request("", actor, f"/u/{person}", agent=agent), 200)


def views(forecast, name, people, start=START, **more):
    for number, person in enumerate(people):
        forecast.add(view(name, person, **more), start + number)


def crowd_log(tmp_path, readers=20):
    """Write readers of three people each, one of 12, and one scraper of 60 with a program."""
    rows = [line(START + n, f"/u/{3 * n + k}", account=f"r{n}", address=f"10.0.{n}.1")
            for n in range(readers) for k in range(3)]  # fmt: skip
    rows += [
        line(START + 100 + n, f"/u/{n}", account="keen", address="10.1.0.1") for n in range(12)
    ]
    rows += [line(START + 200 + n, f"/u/{n}", account="taker", address="10.2.0.1", agent=PROGRAM)
             for n in range(60)]  # fmt: skip
    path = tmp_path / "access.log"
    path.write_text("".join(rows))
    return path


def run(*words, code=0):
    done = CliRunner().invoke(cli.group, ["forecast", *map(str, words)])
    if isinstance(done.exception, HimayaError):
        assert code == 2
        return str(done.exception)
    assert done.exit_code == code, done.output
    return done.stdout


def test_cohorts_are_what_the_site_knows():
    """Key, tier, paid, anonymous, and accounts by age: told by facts or the door, never inferred of anybody."""
    facts = Facts()
    for fact in (
        AccountFact("young", created=START - 100),
        AccountFact("old", created=START - 10**8),
        AccountFact("golden", tier="gold"),
        AccountFact("payer", paid=True),
    ):
        facts.add(fact)
    forecast = Forecast(policy(), facts=facts)
    for name in ("young", "old", "golden", "payer", "nobody-knows", ""):
        views(forecast, name, ["1"])
    views(forecast, "", ["1"], key="k1")
    told = forecast.outcome()
    assert [(one["cohort"], one["actors"]) for one in told["cohorts"]] == [
        ("anonymous", 1),
        ("new_account", 1),
        ("established_account", 1),
        ("account_of_unknown_age", 1),
        ("paid", 1),
        ("key", 1),
        ("tier:gold", 1),
    ]
    assert told["actors"] == 7


def test_shares_carry_wilsons_interval(tmp_path, config):
    """Of 22 accounts two are challenged; both ends and the interval over actors are told, and who stands out."""
    told = forecast_logs([str(crowd_log(tmp_path))], Policies(load(config)), {})
    new = told["all"]["new"]
    assert told["all"]["actors"] == 22
    assert (new["challenged"]["nobody_solves"], new["challenged"]["browsers_solve"]) == (2, 2)
    assert new["challenged"]["ci95"] == [wilson(2, 22)[0], wilson(2, 22)[1]]
    assert new["throttled"]["ci95"] == [0.0, wilson(0, 22)[1]]
    assert [one["actor"] for one in told["stand_out"]] == ["account:taker"]
    unfound = new["restricted_unfound"]
    assert (unfound["of"], unfound["nobody_solves"]) == (21, 1)
    assert [one["actor"] for one in told["first_restricted"]] == ["account:keen"]


def test_both_ends_of_a_challenge(tmp_path, config):
    """Who has a browser's agent may solve and then has every page; a program does not; what is true lies between."""
    told = forecast_logs([str(crowd_log(tmp_path))], Policies(load(config)), {})
    withheld = told["all"]["new"]["withheld"]
    assert (withheld["nobody_solves"], withheld["browsers_solve"]) == (2, 1)
    known = {
        "c1": ("account:keen",),
        "c2": ("account:taker",),
        "both": ("account:keen", "account:taker"),
    }
    told = forecast_logs([str(crowd_log(tmp_path))], Policies(load(config)), known)
    people = {one["case"]: one["people"] for one in told["known"]}
    assert people["c1"] == {"without": 12, "new": {"nobody_solves": 10, "browsers_solve": 12}}
    assert people["c2"] == {"without": 60, "new": {"nobody_solves": 10, "browsers_solve": 10}}
    assert people["both"]["without"] == 60


def test_a_solver_buys_what_the_policy_sells_and_no_more():
    """Solving at once ends with the day's number: the budget and 4 times 3 people, then refusals."""
    trial = Trial(policy(), solves=browser_like)
    for number in range(60):
        trial.add(view("u1", str(number)), START + number)
    assert trial.shown.of("account:u1") == 10 + 4 * 3
    assert trial.met["account:u1"] & (Met.CHALLENGE | Met.WITHHELD)
    nobody = Trial(policy())
    for number in range(60):
        nobody.add(view("u1", str(number)), START + number)
    assert nobody.shown.of("account:u1") == 10
    assert nobody.met["account:u1"] == Met.CHALLENGE | Met.BLOCK | Met.WITHHELD


def test_a_page_of_a_listing_is_paid_for_with_as_many_challenges_as_it_takes():
    """A page of five people over the budget is had after two challenges that buy three each."""
    trial = Trial(policy(limit=1), solves=browser_like)
    people = tuple(Person(str(n)) for n in range(5))
    request = Request("", Actor(address="192.0.2.1", account="u1"), "/search", agent=AGENT)
    trial.add(Exchange(request, 200, people), START)
    assert trial.shown.of("account:u1") == 5
    assert trial.met["account:u1"] == Met.CHALLENGE
    assert trial.decisions == {"challenge": 2, "allow": 1}


@pytest.mark.parametrize(
    ("agent", "may"),
    [
        (AGENT, True),
        (PROGRAM, False),
        ("", False),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", False),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0.0.0", False),
    ],
)
def test_who_might_solve_a_challenge(agent, may):
    """Only an agent like a browser's might; a crawler that names itself and a headless browser do not."""
    assert browser_like(view("u", "1", agent=agent)) is may


def test_without_challenges_both_ends_are_one():
    """A ladder without challenges leaves nothing open: one engine, one figure."""
    forecast = Forecast(policy(challenge="false"))
    views(forecast, "u1", map(str, range(20)))
    new = forecast.outcome()["all"]["new"]
    assert (new["blocked"]["nobody_solves"], new["blocked"]["browsers_solve"]) == (1, 1)
    assert new["challenged"]["nobody_solves"] == 0


def test_nobody_solving_is_what_replay_says(tmp_path, config):
    """The end at which nobody solves is, figure by figure, what `himaya replay` tells of the same log."""
    log, loaded = crowd_log(tmp_path), load(config)
    replayed = replay_logs([str(log)], loaded)
    told = forecast_logs([str(log)], Policies(loaded), {})
    assert told["policies"]["new"] == replayed["policy"]
    assert told["all"]["people"]["without"] == replayed["people"]["without"]
    assert told["all"]["people"]["new"]["nobody_solves"] == replayed["people"]["with"]
    assert (told["lines"], told["left_out"]) == (replayed["lines"], replayed["left_out"])


def test_two_policies_on_one_past(tmp_path, config):
    """Against the old policy: the same actors, what each of the two does to them, and the people of each."""
    old = tmp_path / "old.toml"
    old.write_text(text(limit=50))
    told = json.loads(run(crowd_log(tmp_path), "--config", config, "--against", old, "--json"))
    assert told["policies"]["old"] == load(old).policy().hash()
    assert told["all"]["old"]["challenged"]["nobody_solves"] == 1
    assert told["stand_out"][0]["people"]["old"]["nobody_solves"] == 50
    words = run(tmp_path / "access.log", "--config", config, "--against", old)
    assert "Under the new policy" in words
    assert "Under the old policy" in words
    assert "Stands out: account:taker" in words
    assert "nobody solves a challenge" in words


def test_late_lines_are_left_out_and_said(tmp_path, config, monkeypatch):
    """Lines that stand two hours behind are judged by no window, and the words say how many."""
    monkeypatch.setattr("himaya.watch.source.BLOCK", 4096)
    log = crowd_log(tmp_path)
    log.write_text(log.read_text() + line(START - 7200, "/u/1", account="late"))
    assert json.loads(run(log, "--config", config, "--json"))["left_out"] == 1
    assert "1 lines were too late" in run(log, "--config", config)


def test_the_same_past_gives_the_same_forecast(tmp_path, config):
    """Two runs give the same bytes."""
    log = crowd_log(tmp_path)
    assert run(log, "--config", config, "--json") == run(log, "--config", config, "--json")


def test_exit_codes(tmp_path, config):
    """0 done; 1 nobody seen, or more restricted than asked for; 2 what is missing is said."""
    log, empty = crowd_log(tmp_path), tmp_path / "none.log"
    empty.write_text(line(START, "/static/app.css") * 3)
    assert "forecasts nothing" in run(empty, "--config", config, code=1)
    run(log, "--config", config, "--max-restricted", "1", code=1)
    run(log, "--config", config, "--max-restricted", "5")
    assert "LOG" in run("--config", config, code=2)
    assert "--ledger" in run(log, "--config", config, "--record", code=2)
    on = ("--config", config, "--ledger", tmp_path / "l")
    assert "--why" in run(*on, code=2)
    assert "no ledger here" in run(*on, "--why", "t", code=2)
    assert "no forecast to record" in run(empty, *on, "--record", code=2)


def test_known_cases_come_from_a_file(tmp_path, config):
    """JSON lines name cases and actors; a line that is none is named."""
    known = tmp_path / "known.jsonl"
    known.write_text(
        '{"case": "c1", "actors": ["account:taker"]}\n\n{"case": "c1", "actors": ["account:keen"]}\n'
    )
    assert read_known(known) == {"c1": ("account:taker", "account:keen")}
    words = run(crowd_log(tmp_path), "--config", config, "--known", known)
    assert "Case c1 (2 actors): 60 without a policy, 10 to 12 under the new one." in words
    known.write_text('{"case": "c1"}\n')
    assert "known.jsonl:1: not a known case" in run(
        tmp_path / "access.log", "--config", config, "--known", known, code=2
    )


def test_a_forecast_goes_on_record(tmp_path, config):
    """--record appends to the chain: policy, period, lines, actors, interval, in words; verified; no name in it."""
    log, ledger = crowd_log(tmp_path), tmp_path / "l"
    assert "On record in" in run(log, "--config", config, "--record", "--ledger", ledger)
    with Reader.open(ledger) as reader:
        (entry,) = [one for one in reader.log() if one["kind"] == "forecast"]
        assert reader.verify() == []
    assert entry["policy"] == load(config).policy().hash()
    assert (entry["source"], entry["lines"], entry["actors"]) == ("log", 132, 22)
    assert (entry["start"], entry["end"]) == ("2026-03-02T06:00:00Z", "2026-03-02T06:04:19Z")
    assert (entry["low"], entry["high"]) == (wilson(1, 21)[0], wilson(1, 21)[1])
    assert "1 of 21 actors who stand out by nothing" in entry["summary"]
    assert b"taker" not in (ledger / "chain.jsonl").read_bytes()


def test_shadow_and_enforce_are_one_policy_to_a_forecast(tmp_path, config):
    """A draft in shadow mode is forecast as it would be enforced: the hash on record is the enforced one."""
    enforced = load(config).policy().hash()
    config.write_text(text(mode="shadow"))
    told = json.loads(run(crowd_log(tmp_path), "--config", config, "--json"))
    assert told["policies"]["new"] == enforced


def test_the_ledger_is_a_past_too(tmp_path, config):
    """Rows that a scan wrote are decided again: the same actors, people and measures as from the log itself."""
    log, ledger = crowd_log(tmp_path), tmp_path / "l"
    rows = log.read_text().replace("\n", ' subjects="-"\n')
    rows += line(START + 300, "/search?q=a", account="finder", rest=' subjects="1, 2, 3, 4, 5"')
    rows += line(
        START + 301, "/search?q=b", account="finder", rest=' subjects="6, 7, 8, 9, 10, 11"'
    )
    rows += "".join(
        line(START + 310 + n, f"/lookup?phone={n}", account="prober", status=404,
             rest=' subjects="-"') for n in range(12)
    )  # fmt: skip
    log.write_text(rows)
    done = CliRunner().invoke(
        cli.group, ["scan", str(log), "--config", str(config), "--ledger", str(ledger)]
    )
    assert done.exit_code == 0, done.output
    by_log = json.loads(run(log, "--config", config, "--json"))
    on = ("--config", config, "--ledger", ledger, "--why", "forecast of the new cap")
    by_ledger = json.loads(run(*on, "--json"))
    assert by_ledger["source"] == "ledger"
    assert by_ledger["rows"] == 132 + 11 + 12
    assert by_ledger["all"]["people"]["without"] == by_log["all"]["people"]["without"]
    for name in ("throttled", "challenged", "redacted", "blocked"):
        told = [by["all"]["new"][name]["nobody_solves"] for by in (by_log, by_ledger)]
        assert told[0] == told[1], name
    assert by_ledger["all"]["new"]["challenged"]["nobody_solves"] == 4
    assert "keeps no agents" in run(*on)
    later = json.loads(run(*on, "--from", "2026-03-02T06:03:20Z", "--json"))
    assert later["actors"] == 3
    with Reader.open(ledger) as reader:
        uses = [one for one in reader.log() if one["kind"] == "access"]
    assert uses[0]["command"] == "forecast"
    assert uses[0]["why"] == "forecast of the new cap"


def test_rows_of_an_enforced_policy_are_called_incomplete(tmp_path, config):
    """What an enforced policy refused is not in the ledger, and the forecast says so; rows of other surfaces too."""
    from tests.ledger.making import disclosed, write

    ledger = tmp_path / "l"
    policy_hash = load(config).policy().hash()
    opened = write(ledger, close=False)
    opened.config_version(policy_hash, load(config).canonical, START, "enforce")
    for number in range(3):
        opened.append(disclosed(START + number, "u1", f"p{number}", policy=policy_hash))
    opened.append(disclosed(START + 9, "u1", "p9", surface="gone"))
    opened.note_gap(START + 20, START + 30, "the gate was not running")
    opened.close()
    on = ("--config", config, "--ledger", ledger, "--why", "t")
    told = json.loads(run(*on, "--json"))
    assert (told["rows"], told["rows_while_enforcing"], told["rows_of_other_surfaces"]) == (4, 3, 1)
    assert told["unobserved"][0]["why"] == "the gate was not running"
    words = run(*on)
    assert "3 rows were written while a policy was enforced" in words
    assert "1 rows are of surfaces this policy does not have" in words
