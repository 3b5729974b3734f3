"""JS23-29: laws of many countries as dated data; an entry past its review is presented as unverified, everywhere."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.acceptance.gate import HIMAYA
from tests.acceptance.promise import broken, require
from tests.response.site_support import case, site


def himaya(config: Path, *words: object) -> str:
    """Run the installed command with a configuration, and return what it prints."""
    told = [HIMAYA, *map(str, words), "--config", config]
    return subprocess.run(told, capture_output=True, text=True, check=True).stdout


def with_an_old_entry(directory: Path, review: str) -> Path:
    """Return a site whose entry of Spain was looked up in 2020, and which has a case of people there."""
    config = site(directory, '[response]\nregimes = "own"\n')
    (directory / "own").mkdir()
    (directory / "own" / "es.toml").write_text(f"as_of = 2020-03-01\n{review}\n")
    case(directory, "c-1", {"ES": 12, "NO": 3}, {"aware": 1})
    return config


def an_old_entry_is_unverified(directory: Path, review: str = "") -> None:
    """What rests on the entry of 2020 says so in list, page, date and calendar; what is new does not."""
    config = with_an_old_entry(directory, review)
    rows = {line.split()[0]: line for line in himaya(config, "regimes", "list").splitlines()}
    require("unverified" in rows["es"], "the list says unverified")
    require("unverified" not in rows["no"], "a fresh entry is not called unverified")
    shown = himaya(config, "regimes", "show", "es")
    require("unverified: looked up 2020-03-01" in shown, "its page says when it was looked up")
    told = json.loads(himaya(config, "deadlines", "--json", "--ics", directory / "d.ics"))
    marks = {one["regime"]: one["marks"] for one in told["deadlines"] if one["due"]}
    require({"unverified", "unconfirmed"} <= set(marks["es"]), "its dates say unverified")
    require(not marks["no"], "dates of a fresh entry stand without a mark")
    dates = (directory / "d.ics").read_text().replace("\n ", "").replace("\r", "")
    titles = [line for line in dates.splitlines() if line.startswith("SUMMARY:c-1: Spain")]
    require(titles and all("unverified" in one for one in titles), "its calendar says unverified")
    checked = himaya(config, "regimes", "check")
    require("stale: es was looked up 2020-03-01" in checked, "the check names it for review")


def test_js23_29_an_old_entry_is_unverified(tmp_path):
    """An entry older than its review is unverified in list, page, dates and calendar; a fresh one is not."""
    an_old_entry_is_unverified(tmp_path)


def test_js23_29_twin_an_old_entry_is_unverified(tmp_path):
    """With the review put off to the end of time nobody would be told that the entry is of 2020."""
    with broken("the list says unverified"):
        an_old_entry_is_unverified(tmp_path, "review_by = 9999-12-31")
