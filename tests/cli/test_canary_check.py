"""`himaya canary check`: what it prints, how it ends, and what it needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.canary_rig import CONFIG, run
from tests.ledger.making import DAY, NOON, disclosed, write
from tests.watch.logs import line

from himaya.canaries import check
from himaya.canaries.check import Checked, Leak
from himaya.config import load
from himaya.ledger.canaries import keep
from himaya.ledger.erasure import forget
from himaya.ledger.reader import Reader


@pytest.fixture
def site(tmp_path):
    """Give a directory with a configuration and a ledger that knows the person p1."""
    (tmp_path / "himaya.toml").write_text(CONFIG)
    write(tmp_path / "ledger", disclosed(NOON, "m", "p1"))
    return tmp_path


def _listed(folder) -> None:
    (folder / "secret.txt").write_text("gap c1\nsitemap c2\n")
    (folder / "secret.txt").chmod(0o600)


def _history(readers: int) -> list[tuple[int, str, str]]:
    """Return (second, account, subject): readers of three days open c1 in the end, a walker of one day c2."""
    found = [(int(day * DAY) + n, f"r{n}", f"p{day}") for day in range(3) for n in range(readers)]
    found += [(int(2 * DAY) + 100 + n, f"r{n}", "c1") for n in range(readers)]
    found += [(int(2 * DAY) + 200 + n, "walker", f"p{n}") for n in range(60)]
    return [*found, (int(2 * DAY) + 300, "walker", "c2")]


@pytest.mark.parametrize(("readers", "code"), [(2, 1), (1, 0)])
def test_a_place_that_ordinary_accounts_come_to_leaks(tmp_path, readers, code):
    """Two accounts of three quiet days at one canary are a leak, one or a walker is none; the same for logs."""
    (tmp_path / "himaya.toml").write_text(CONFIG)
    _listed(tmp_path)
    rows = [disclosed(NOON + at, account, subject) for at, account, subject in _history(readers)]
    write(tmp_path / "ledger", *rows)
    log = tmp_path / "access.log"
    log.write_text(
        "".join(line(NOON + at, f"/u/{s}", account=account) for at, account, s in _history(readers))
    )
    ledger = ("--ledger", str(tmp_path / "ledger"), "--why", "placing")
    for words in (ledger, (str(log),)):
        told = json.loads(run(tmp_path, "check", *words, "--json", code=code))
        assert told == {
            "placed": 2,
            "shown": 2,
            "places": [
                {"place": "gap", "surface": "profile", "canaries": 1, "ordinary": readers,
                 "others": 0, "leaks": bool(code)},
                {"place": "sitemap", "surface": "profile", "canaries": 1, "ordinary": 0,
                 "others": 1, "leaks": False},
            ],
            "leaks": bool(code),
            "beyond": 0,
        }  # fmt: skip
    assert ("LEAKS" in run(tmp_path, "check", *ledger, code=code)) is bool(code)
    with Reader.open(tmp_path / "ledger") as reader:
        assert [e["command"] for e in reader.log() if e.get("command")] == ["canary check"] * 2


def test_a_check_without_canaries_or_input_is_a_mistake(site):
    """Nothing listed, nothing named, or both named end with a sentence."""
    (site / "secret.txt").write_text("")
    (site / "secret.txt").chmod(0o600)
    ledger = ("--ledger", str(site / "ledger"))
    run(site, "check", *ledger, "--why", "x", fails="no canaries are listed")
    run(site, "check", fails="name LOG")
    run(site, "check", "a.log", *ledger, fails="name LOG")
    run(site, "check", "a.log", "--from", "2025-01-01", fails="rows of a ledger")


def ledger_of(folder, readers: int = 2) -> tuple[str, ...]:
    """Write a site whose canary at `gap` so many readers come to, and return what names its ledger."""
    (folder / "himaya.toml").write_text(CONFIG)
    _listed(folder)
    rows = [disclosed(NOON + at, who, subject) for at, who, subject in _history(readers)]
    write(folder / "ledger", *rows)
    return ("--ledger", str(folder / "ledger"), "--why", "placing")


@pytest.mark.parametrize(
    ("more", "ordinary"),
    [(("--days", "3"), 2), (("--days", "4"), 0), (("--people", "1"), 2)],
)
def test_what_is_ordinary_is_an_option(tmp_path, more, ordinary):
    """Days at least and people at most of a history: the bounds themselves are ordinary still."""
    ledger = ledger_of(tmp_path)
    told = json.loads(run(tmp_path, "check", *ledger, *more, "--json", code=int(ordinary == 2)))
    assert {one["place"]: one["ordinary"] for one in told["places"]} == {
        "gap": ordinary,
        "sitemap": 0,
    }


@pytest.mark.parametrize("option", ["--days", "--people"])
def test_no_history_is_of_nothing(site, option):
    """Neither no day nor no people make a history: the command ends with 2."""
    assert option in run(site, "check", "a.log", option, "0", code=2)


def test_accounts_that_were_erased_are_told_apart(tmp_path):
    """Two readers whose names are gone were two accounts still, so the place leaks as before."""
    ledger = ledger_of(tmp_path)
    before = json.loads(run(tmp_path, "check", *ledger, "--json", code=1))
    with Reader.open(tmp_path / "ledger") as reader:
        for name in ("r0", "r1"):
            forget(reader, account=name, why="asked", by="me", now=NOON + 3 * DAY)
    assert json.loads(run(tmp_path, "check", *ledger, "--json", code=1)) == before


def test_a_canary_that_left_the_list_is_one_still(tmp_path):
    """What the ledger remembers of earlier lists counts with what is listed now; a log has only the list."""
    ledger = ledger_of(tmp_path)
    keep(tmp_path / "ledger", load(tmp_path / "himaya.toml").canary_places)
    (tmp_path / "secret.txt").write_text("sitemap c2\n")
    told = json.loads(run(tmp_path, "check", *ledger, "--json", code=1))
    assert [one["place"] for one in told["places"]] == ["gap", "sitemap"]
    log = tmp_path / "access.log"
    log.write_text(line(NOON, "/u/c1", account="r0"))
    assert json.loads(run(tmp_path, "check", str(log), "--json"))["placed"] == 1


def test_a_period_cuts_the_ledger_and_its_use_is_on_record(tmp_path):
    """Before the canaries were opened nobody was shown any; period and reason stand in the access log."""
    told = run(tmp_path, "check", *ledger_of(tmp_path), "--to", "2025-06-16")
    assert told == "0 of 2 canaries were shown to anybody.\n"
    with Reader.open(tmp_path / "ledger") as reader:
        (use,) = [entry for entry in reader.log() if entry["kind"] == "access"]
    assert (use["command"], use["why"]) == ("canary check", "placing")
    assert use["end"].startswith("2025-06-17")


def test_without_a_reason_nothing_is_read(site):
    """A ledger is read for a reason and a real period only, and the refused use is on no record."""
    _listed(site)
    ledger = ("--ledger", str(site / "ledger"))
    run(site, "check", *ledger, fails="--why is empty")
    run(site, "check", *ledger, "--why", "x", "--from", "soon", fails="is no time")
    with Reader.open(site / "ledger") as reader:
        assert [entry for entry in reader.log() if entry["kind"] == "access"] == []


def test_words_say_what_to_do_and_what_was_left_out(monkeypatch, tmp_path):
    """A leak names its place and what to look at, no leak says nothing of it; answers past the bound are counted."""
    ledger = ledger_of(tmp_path)
    told = run(tmp_path, "check", *ledger, code=1)
    assert told.startswith("2 of 2 canaries were shown to anybody.\n")
    assert "gap      profile  1         2                  0             LEAKS\n" in told
    assert "sitemap  profile  1         0                  1\n" in told
    assert "himaya who --subject" in told
    monkeypatch.setattr(check, "MAX_ACTORS", 1)
    told = run(tmp_path, "check", *ledger)
    assert "LEAKS" not in told
    assert "himaya who" not in told
    assert "answers to further actors were not looked at." in told


def test_the_words_of_json_are_those_of_the_page(root):
    """docs/canaries.md names every key that --json prints."""
    page = (root / "docs/canaries.md").read_text()
    for name in (*Checked.__struct_fields__, *Leak.__struct_fields__):
        assert f"`{name}`" in page


def test_the_installed_command_ends_with_its_code(tmp_path):
    """1 where a place leaks; 2, a sentence and no traceback where something cannot be read."""
    ledger = ledger_of(tmp_path)
    himaya = [Path(sys.executable).with_name("himaya"), "canary", "check"]
    done = subprocess.run(
        [*himaya, *ledger], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (1, "")
    done = subprocess.run(
        [*himaya, "none.log"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "none.log" in done.stderr
    assert "Traceback" not in done.stderr
