"""REG-14: proposed law, such as Israel's draft guidance on scraping, is shown as a draft and computes nothing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.acceptance.gate import HIMAYA
from tests.acceptance.promise import broken, require
from tests.response.site_support import case, site

_GUIDANCE = "unlawful scraping from a database is a severe security incident"


def himaya(config: Path, *words: object) -> str:
    """Run the installed command with a configuration, and return what it prints."""
    told = [HIMAYA, *map(str, words), "--config", config]
    return subprocess.run(told, capture_output=True, text=True, check=True).stdout


def a_draft_is_shown_as_one(directory: Path, own: str = "") -> None:
    """Israel's row and page say draft; its dates are those of the law in force."""
    config = site(directory, '[response]\nregimes = "own"\n')
    (directory / "own").mkdir()
    (directory / "own" / "il.toml").write_text(own)
    case(directory, "c-1", {"IL": 12}, {"aware_or_suspected": 1})
    rows = {line.split()[0]: line for line in himaya(config, "regimes", "list").splitlines()}
    require("draft" in rows["il"], "the list says draft")
    shown = [
        one for one in himaya(config, "regimes", "show", "il").splitlines() if _GUIDANCE in one
    ]
    require(shown, "the page has the guidance")
    require(all(one.strip().startswith("draft:") for one in shown), "the page says draft beside it")
    told = json.loads(himaya(config, "deadlines", "--json"))["deadlines"]
    texts = [one["text"] for one in told if one["party"] == "authority"]
    require("immediately" in texts, "the law in force has its line")
    require(not any(_GUIDANCE in one for one in texts), "the draft is no deadline")


def test_reg_14_a_draft_is_shown_as_one(tmp_path):
    """Israel's draft guidance of April 2025 stands as draft in list and page, and starts no clock."""
    a_draft_is_shown_as_one(tmp_path)


def test_reg_14_twin_a_draft_is_shown_as_one(tmp_path):
    """An entry that takes the guidance for law in force says draft nowhere."""
    text = f"Guidance of April 2025: {_GUIDANCE}."
    with broken("the list says draft"):
        a_draft_is_shown_as_one(
            tmp_path, f'[[changes]]\nstatus = "in_force"\ntext = "{text}"\nsince = 2025-04-01\n'
        )
