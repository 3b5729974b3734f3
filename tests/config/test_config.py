"""What a loaded configuration says about itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from himaya.cli.config import config as command
from himaya.config import loads, unmatched, warnings

LISTING = """
[[surface]]
id = "search"
route = "/search"
kind = "listing"
max_people = 20

[[surface]]
id = "api"
route = "/api/people"
kind = "listing"
people = ["json"]
json_subject = "results[].id"

[[surface]]
id = "feed"
route = "/u/{owner}/friends"
kind = "listing"
people = ["header"]
max_people = 50

[[surface]]
id = "profile"
route = "/u/{subject}"
fields = ["name", "email"]

[[surface]]
id = "me"
route = "/profile"
"""


def test_surfaces_whose_people_cannot_be_seen_are_named() -> None:
    """A listing without a source and a profile without a subject are left out of claims by name."""
    config = loads(LISTING)
    assert config.unseen_surfaces() == ("search", "me")
    assert config.unseen_surfaces(sees_body=False) == ("search", "api", "me")


def test_the_subject_in_the_path_of_a_lookup_is_its_person() -> None:
    """`/by-handle/{subject}` finds the person it names; `/by-phone` does not say whom it found."""
    text = '[[surface]]\nid = "a"\nroute = "/h/{subject}"\nkind = "lookup"\n'
    text += '[[surface]]\nid = "b"\nroute = "/by-phone"\nkind = "lookup"\nquery = "phone"\n'
    assert loads(text).unseen_surfaces() == ("b",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no [[surface]] is declared"),
        (LISTING, 'surface "search": its people cannot be seen'),
        (LISTING, 'surface "api": a listing with max_people = 1'),
        (LISTING + "[fields]\nphone = 3", "fields.phone: no surface shows"),
        ('[actor]\naccount_header = "X-Account"', "actor.account_header: believed only from"),
        ("[budgets]\nkey = { hour = 5 }", "budgets.key: no limit per day"),
        ("[budgets.tier.a]\nkey = { hour = 5 }", "budgets.tier.a.key: no limit per day"),
    ],
)
def test_what_is_probably_not_meant_is_said(text: str, words: str) -> None:
    """The file loads, and `config check` says what the operator should know."""
    assert any(words in sentence for sentence in warnings(loads(text)))


def test_a_complete_file_has_no_warnings() -> None:
    """Silence means that nothing is known to be odd."""
    text = (
        '[[surface]]\nid = "p"\nroute = "/u/{subject}"\n[budgets]\nkey = {}\n[fields]\nname = 2\n'
    )
    assert warnings(loads(text)) == []


def test_a_route_that_matches_nothing_is_told_at_run_time() -> None:
    """Only a log can tell that a route is misspelt; whoever reads one asks."""
    told = unmatched(loads(LISTING), ["search", "api", "feed", "me"])
    assert told == ['surface "profile": the route /u/{subject} matched no request.']


def test_the_appeal_is_the_owner_unless_said_otherwise() -> None:
    """A refusal always has somebody to write to when there is an owner."""
    owner = '[owner]\ncontact = "dpo@site.example"\n'
    assert loads(owner).appeal == "dpo@site.example"
    assert loads(owner + '[gate]\nappeal = "https://site.example/why"').appeal.endswith("/why")


def test_check_names_every_mistake_and_exits_2(tmp_path: Path) -> None:
    """`himaya config check` prints one line per mistake with file and line."""
    file = tmp_path / "himaya.toml"
    file.write_text("[gate]\nlisen = 1\n[bounds]\nsettle_s = 0\npeeple = 1\n")
    result = CliRunner().invoke(command, ["check", str(file)])
    assert result.exit_code == 2
    assert f"{file}:2: gate.lisen: unknown key" in result.output
    assert f"{file}:5: bounds.peeple: unknown key" in result.output


def test_check_says_valid_with_hashes(tmp_path: Path) -> None:
    """A right file is told valid, with the hashes that decisions will carry."""
    file = tmp_path / "himaya.toml"
    file.write_text(LISTING)
    result = CliRunner().invoke(command, ["check", str(file)])
    assert result.exit_code == 0
    assert f"policy {loads(LISTING).policy().hash()}" in result.output
    assert "valid" in result.output


def test_show_prints_a_file_that_loads_to_the_same(tmp_path: Path) -> None:
    """`himaya config show` prints the whole configuration, ready to be kept."""
    file = tmp_path / "himaya.toml"
    file.write_text(LISTING)
    result = CliRunner().invoke(command, ["show", str(file)])
    assert loads(result.output).hash == loads(LISTING).hash
