"""REG-6: accounts that were shown about 500 relatives each over months are flagged as one cluster."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from tests.acceptance.logs import View, members, told, write_config, write_log
from tests.acceptance.promise import broken, require

POPULATION = 100_000
SOAK = os.environ.get("HIMAYA_SOAK") == "1"
#: Accounts that somebody else signs in to, with passwords that were used on another site, too.
TAKEN = 60 if SOAK else 24
RELATIVES = 500
#: The first day of the log, in epoch seconds; the last; and how many there are.
BEGIN, LAST, DAYS = 1_777_593_600, "2026-09-27", 150
#: The days on which anybody comes: all of them, or every fifth.
ACTIVE = range(0, DAYS, 1 if SOAK else 5)
CLIENT = "t13d1516h2"
#: Families whose members come by themselves and look at each other.
FAMILIES, OF_A_FAMILY, SIZE = 30, 10, 40


def harvest() -> Iterator[View]:
    """Yield what the taken accounts open, a few a day each: their relatives, and nobody a second time."""
    chance = random.Random(6)
    people = iter(chance.sample(range(FAMILIES * SIZE, POPULATION), TAKEN * RELATIVES))
    for number in range(TAKEN):
        for _ in range(RELATIVES):
            at = BEGIN + 86_400 * (chance.choice(ACTIVE) + chance.random())
            yield View(at, f"taken.{number}", next(people), CLIENT)


def families() -> Iterator[View]:
    """Yield what 300 members open in these months: 25 of their own relatives, with five ordinary browsers."""
    chance = random.Random(7)
    browsers = cycle([f"browser{number}" for number in range(5)])
    for number in range(FAMILIES * OF_A_FAMILY):
        family = range(SIZE * (number % FAMILIES), SIZE * (number % FAMILIES + 1))
        browser = next(browsers)
        for person in chance.sample(family, 25):
            at = BEGIN + 86_400 * (chance.choice(ACTIVE) + chance.random())
            yield View(at, f"member.{number}", person, browser)


@pytest.fixture(name="months", scope="module")
def _months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with the months' log in a ledger, nobody having looked for groups yet."""
    directory = tmp_path_factory.mktemp("months")
    log, config = directory / "months.log", directory / "himaya.toml"
    write_log(log, [*harvest(), *families()])
    write_config(config, site={"population": POPULATION}, retention={"identified_days": DAYS + 31})
    scanned = told("scan", log, "--config", config, "--ledger", directory / "ledger")
    assert not scanned["actors"], "no account is remarkable by itself on any day"
    return directory


def the_months_are_put_together(months: Path, directory: Path, start: str) -> None:
    """The command looks for groups in what is kept from `start` on."""
    shutil.copytree(months, directory, dirs_exist_ok=True)
    ledger, config = directory / "ledger", directory / "himaya.toml"
    one = told(*("who", "--ledger", ledger, "--actor", "account:taken.7", "--why", "acceptance"))
    assert one["people"] == RELATIVES
    about = ("--config", config, "--from", start, "--to", LAST)
    cases = told("case", "find", "--ledger", ledger, *about)["cases"]
    require(cases, "the accounts are flagged as a cluster")
    (case,) = cases
    found = members(ledger, case["id"])
    require(found == {f"account:taken.{n}" for n in range(TAKEN)}, "all of them, and nobody else")
    require(case["people"] == TAKEN * RELATIVES, "with everybody whom they were shown")


def test_reg_6_months_are_put_together(months, tmp_path):
    """A few people a day for each account, for five months: one case with all of the accounts and nobody else.

    24 accounts that come on every fifth day; with HIMAYA_SOAK=1 60 that come every day.
    """
    the_months_are_put_together(months, tmp_path, "2026-05-01")


def test_reg_6_twin_months_are_put_together(months, tmp_path):
    """Whoever looks at the last week alone finds nothing in it."""
    with broken("the accounts are flagged as a cluster"):
        the_months_are_put_together(months, tmp_path, "2026-09-21")
