"""A case that was opened by hand freezes the rows of the actors that somebody named in it, and `who` knows it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from tests.response.crew_case import MEMBERS, START, Site

from himaya.bootstrap.matters import all_matters
from himaya.bootstrap.parts import keep_house
from himaya.cli import group
from himaya.config import load
from himaya.core.errors import InputError
from himaya.ledger import Ledger
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros

DAY = 86_400
TAKER = "account:taker0"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """Make a site with a case by hand about one account, once."""
    made = Site(tmp_path_factory.mktemp("frozen"))
    made.act("c-1", "opened", data={"source": "hand", "actors": [made.members[0]]})
    return made


@pytest.fixture
def site(tmp_path, template):
    """Give a copy of it."""
    return Site(tmp_path, template)


def run(site: Site, *words: object, code: int = 0) -> str:
    """Run a command about the ledger."""
    done = CliRunner().invoke(group, [*map(str, words), "--ledger", str(site.ledger)])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def matters(site: Site) -> list:
    with Reader.open(site.ledger) as reader:
        return list(all_matters(site.ledger, reader.state()))


def test_a_case_by_hand_is_a_matter_until_its_time(site):
    """Suspected it freezes for the days of ordinary viewers, confirmed for the longer time, closed nothing."""
    (suspected,) = matters(site)
    assert suspected.actors == {site.members[0]}
    assert not suspected.confirmed
    case = site.act("c-1", "confirmed", why="same list")
    (sure,) = matters(site)
    assert (sure.confirmed, sure.basis) == (True, "confirmed: same list")
    assert sure.until > suspected.until > micros(START + 31 * DAY)
    assert sure.until - case.last("confirmed").at == 730 * DAY * 1_000_000
    site.act("c-9", "opened", data={"practice": True, "actors": [site.members[1]]})
    site.act("c-8", "opened", data={"title": "nobody named"})
    assert [one.case for one in matters(site)] == ["c-1"]


def test_its_rows_outlive_retention(site):
    """A gate's upkeep leaves the rows of the named actor, and takes those of the others."""
    site.act("c-1", "confirmed", why="same list")
    text = site.config.read_text() + f'[ledger]\ndirectory = "{site.ledger}"\n'
    site.config.write_text(text)
    later = START + 40 * DAY
    with Ledger.open(site.ledger, clock=lambda: later) as ledger:
        keep_house(ledger, load(site.config), later)
    with Reader.open(site.ledger) as reader:
        assert reader.exposed_by([TAKER]).people == 24
        assert reader.exposed_by(MEMBERS).people == 24


def test_its_actor_is_erased_later(site):
    """A wish to be erased waits for the case, is told its basis, and is among the holds."""
    told = run(site, "forget", "--actor", TAKER, "--why", "asked", code=1)
    assert "case c-1" in told
    assert "named by a person, not confirmed yet" in told
    (held,) = json.loads(run(site, "hold", "--list", "--json"))["holds"]
    assert (held["id"], held["by"]) == ("case c-1", "somebody")
    assert "case c-1" in run(site, "ledger", "erasures")


def test_who_knows_a_case_by_hand(site):
    """`himaya who --case` answers for the actors of a case by hand, and for groups and named actors together."""
    told = json.loads(run(site, "who", "--case", "c-1", "--why", "count", "--json"))
    assert told["people"] == 24
    assert "members of case c-1 (suspected)" in told["about"]
    site.act("c-1", "joined", data={"groups": [site.crew("g-crew", proven=2)]})
    everybody = json.loads(run(site, "who", "--case", "c-1", "--why", "count", "--json"))
    proven = json.loads(run(site, "who", "--case", "c-1", "--proven", "--why", "c", "--json"))
    assert (everybody["people"], proven["people"]) == (120, 42)


def test_a_register_that_nobody_finds_is_no_empty_one(site):
    """Where the chain names a register and none is found, nothing is erased in its place; the message names the way."""
    (site.directory / "ledger.register").unlink()
    with pytest.raises(InputError, match="Name the configuration of its database with --config"):
        matters(site)
