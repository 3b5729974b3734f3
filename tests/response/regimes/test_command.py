"""`himaya regimes list|show|check`, and the page about them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from himaya.cli import group
from himaya.core.errors import InputError

PAGE = (Path(__file__).parents[3] / "docs" / "regimes.md").read_text()


def run(*words):
    """Return exit code and output; an error of ours is raised."""
    done = CliRunner().invoke(group, ["regimes", *map(str, words)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


@pytest.fixture(name="own")
def _own(tmp_path):
    """Return a configuration with an empty directory of own regimes beside it."""
    (tmp_path / "own").mkdir()
    (tmp_path / "himaya.toml").write_text('[response]\nregimes = "own"\n')
    return tmp_path / "himaya.toml"


def test_the_list_has_all(own):
    """Nineteen lines with authority, duty, deadline, evidence, date and marks; voluntary ones are plain."""
    code, said = run("list", "--config", own)
    lines = {line.split()[0]: line for line in said.splitlines()[1:-1]}
    assert (code, len(lines)) == (0, 19)
    assert re.search(r"Información Pública +voluntary +no limit +secondary", lines["ar"])
    assert re.search(
        r"mandatory +15 business days +secondary +2026-11-23 +unconfirmed", lines["co"]
    )
    assert said.splitlines()[-1].startswith("Not legal advice")
    assert "you must" not in said.lower()


def test_the_list_as_json(own):
    """A program reads ids, countries, limits of both parties and marks."""
    told = json.loads(run("list", "--config", own, "--json")[1])["regimes"]
    assert len(told) == 19
    (one,) = [each for each in told if each["id"] == "us-ca"]
    assert one["authority"] == {"duty": "mandatory", "deadline": "15 days"}
    assert one["people"]["deadline"] == "30 days"


@pytest.mark.parametrize("name", ["il", "us-ca", "eu", "MA"])
def test_one_is_shown_in_full(own, name):
    """Contents stand in words, every group with its evidence, every source with its address."""
    said = run("show", name, "--config", own)[1]
    told = json.loads(run("show", name, "--config", own, "--json")[1])
    assert all(source["url"] in said for source in told["sources"])
    assert all(f"  {group}: " in said for group in told["evidence"])
    assert all(change["text"] in said for change in told["changes"])
    with pytest.raises(InputError, match="there is no regime 'xx'"):
        run("show", "xx", "--config", own)


def test_a_change_by_the_site_is_visible(own):
    """Whoever lists or shows a regime sees that the site changed it."""
    (own.parent / "own" / "gb.toml").write_text("as_of = 2026-12-01\n")
    assert re.search(r"gb .*2026-12-01 .*\(own\)", run("list", "--config", own)[1])
    assert f"changed by {own.parent}/own/gb.toml" in run("show", "gb", "--config", own)[1]


def test_check_says_what_is_wrong_and_what_is_old(own):
    """Mistakes are all told with exit code 2; an old entry is a warning only."""
    assert run("check", "--config", own)[0] == 0
    (own.parent / "own" / "gb.toml").write_text("as_of = 2020-01-01\n")
    code, said = run("check", "--config", own)
    assert (code, "stale: gb was looked up 2020-01-01, review was due 2020-06-29" in said) == (
        0,
        True,
    )
    (own.parent / "own" / "es.toml").write_text("as_off = 2020-01-01\n")
    (own.parent / "own" / "co.toml").write_text('[calendar]\nholidays = "QQ"\n')
    code, said = run("check", "--config", own)
    assert code == 2
    assert 'es.toml:1: as_off: unknown key. Did you mean "as_of"?' in said
    assert "co.toml: calendar.holidays: no table of holidays is known for 'QQ'" in said
    told = json.loads(run("check", "--config", own, "--json")[1])
    assert (len(told["errors"]), told["stale"], told["regimes"]) == (2, ["gb"], 18)


def test_the_table_of_the_page_is_the_one_of_the_package(own):
    """docs/regimes.md has the limits and the evidence that the command prints."""
    told = json.loads(run("list", "--config", own, "--json")[1])["regimes"]
    rows = {
        row[0]: row[1] for row in re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", PAGE, re.MULTILINE)
    }
    for one in told:
        assert one["authority_name"] in rows[one["id"]]
        assert one["authority"]["deadline"] in rows[one["id"]]
        assert one["people"]["deadline"] in rows[one["id"]]
        assert rows[one["id"]].endswith(f"| {one['evidence_of_deadline']['authority']}")
    assert rows.keys() >= {one["id"] for one in told}


def test_the_files_of_the_page_load(own):
    """The printed file of a site is a regime that can be used."""
    (text,) = [one for one in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "gb.toml" in one]
    (own.parent / "own" / "gb.toml").write_text(text)
    assert run("check", "--config", own)[0] == 0
    assert json.loads(run("show", "gb", "--config", own, "--json")[1])["as_of"] == "2027-05-01"
