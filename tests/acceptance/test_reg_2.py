"""REG-2: a fleet whose every member stays at 80 percent of every cap is found within a day."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.gate import Gate
from tests.acceptance.logs import View, members, told, write_config, write_log
from tests.acceptance.promise import broken, require
from tests.acceptance.site import Site, phone
from tests.acceptance.visitor import Visitor

POPULATION = 20_000
#: Every cap there is; each holds for accounts, addresses and networks.
CAP = {"hour": 10, "day": 100, "month": 3000}
#: Of a fleet's member: 80 percent of the hour in each of ten hours, which is 80 percent of the day.
AN_HOUR, HOURS = 8, 10
FLEET = 40
READERS = 150
#: The day of the log, in epoch seconds and as a date.
DAY, DATE = 1_772_409_600, "2026-03-02"
CLIENT = "t13d1516h2"


def fleet() -> Iterator[View]:
    """Yield what a list of 3,200 people costs when 40 accounts divide it among themselves."""
    chance = random.Random(2)
    people = iter(chance.sample(range(POPULATION), FLEET * AN_HOUR * HOURS))
    for number in range(FLEET):
        for hour in chance.sample(range(0, 24, 2), HOURS):
            for _ in range(AN_HOUR):
                at = DAY + 3600 * hour + chance.uniform(0, 3000)
                yield View(at, f"fleet.{number}", next(people), CLIENT)


def readers() -> Iterator[View]:
    """Yield what 150 readers open: some people are opened by many of them. They have six ordinary browsers."""
    chance = random.Random(3)
    for number in range(READERS):
        begin = DAY + 3600 * chance.uniform(0, 20)
        for step in range(30):
            person = int(POPULATION * chance.random() ** 3)
            at = begin + 480 * step + chance.uniform(0, 400)
            yield View(at, f"reader.{number}", person, f"browser{number % 6}")


def the_slow_fleet_is_found(directory: Path, authorised: list[str]) -> None:
    """The log of one day is read by the command, which looks for groups at the end of that day."""
    log, config, ledger = (directory / name for name in ("day.log", "himaya.toml", "ledger"))
    write_log(log, [*fleet(), *readers()])
    write_config(
        config,
        budgets={"account": CAP, "address": CAP, "prefix": CAP},
        groups={"authorised": authorised},
    )
    played = told("replay", log, "--config", config)
    assert not played["refused"], "no cap stands in the fleet's way"
    scanned = told("scan", log, "--config", config, "--ledger", ledger)
    assert not scanned["actors"], "no member is remarkable by itself"
    told("case", "find", "--ledger", ledger, "--config", config, "--from", DATE, "--to", DATE)
    cases = told("case", "list", "--ledger", ledger)["cases"]
    require(cases, "the fleet is found within a day")
    (case,) = cases
    assert case["opened"] <= "2026-03-03T00:00:00Z", "no later than its first day ends"
    found = members(ledger, case["id"])
    require(found == {f"account:fleet.{n}" for n in range(FLEET)}, "each member, and no reader")
    require((case["people"], case["shown"]) == (3200, 3200), "with the people it covered")


#: Look-ups of a member, with a cap of ten: eight, of which one in twenty finds somebody.
LOOKUPS = {"account": {"day": 10}, "address": {"day": 10}, "prefix": {"day": 10}}
MEMBERS = 20
#: The front door tells the class of the client. That is taken over by a start only.
TOLD = {"fingerprint_header": "X-JA4"}


@pytest.fixture(name="behind", scope="module")
def _behind(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    """Return a gate of its own, behind a front door that tells the class of the client."""
    gate = Gate(tmp_path_factory.mktemp("behind"), site.server_port)
    gate.configure(actor=TOLD)
    try:
        gate.start()
        yield gate
    finally:
        gate.stop()


def look_up(visitor: Visitor, number: int, *, known: bool) -> None:
    """Look up the telephone number of somebody, or one that belongs to nobody."""
    status = visitor.get(f"/lookup?phone={int(phone(number)) + (not known)}").status
    assert status == (200 if known else 404), "no cap stands in the way"


def the_guessing_fleet_is_found(gate: Gate, name: str, rate: float) -> None:
    """Twenty accounts look up eight numbers each; as many importers of address books with another client do, too."""
    gate.configure(actor=TOLD, budgets=LOOKUPS, detectors={"misses": {"rate": rate}})
    for member in range(MEMBERS):
        tries = range(8 * member, 8 * member + 8)
        with gate.visitor(f"{name}.{member}", X_JA4=f"{name}.guessing") as guesser:
            for number in tries:
                look_up(guesser, number, known=number % 20 == 19)
        with gate.visitor(f"{name}.importer.{member}", X_JA4=f"{name}.importing") as importer:
            for number in tries:
                look_up(importer, number, known=number % 5 > 1)
        assert gate.found("misses", f"account:{name}.{member}") is None, "alone it is not"
    found = gate.found("misses", gate.class_of(f"{name}.guessing"), wait_s=2)
    require(found, "the fleet is found by what its look-ups miss")
    assert "look-ups found nobody" in found["why"]
    importing = gate.found("misses", gate.class_of(f"{name}.importing"))
    require(not importing, "those who import address books are not")


def test_reg_2_a_slow_fleet_is_found(tmp_path):
    """40 accounts at 80 percent of every cap, nobody refused or remarkable alone, are one case on their first day."""
    the_slow_fleet_is_found(tmp_path, authorised=[])


def test_reg_2_twin_a_slow_fleet_is_found(tmp_path):
    """Where the fleet's client is authorised, nobody looks for groups among those who have it."""
    with broken("the fleet is found within a day"):
        the_slow_fleet_is_found(tmp_path, authorised=[f"fingerprint:{CLIENT}"])


def test_reg_2_a_guessing_fleet_is_found(behind, name):
    """Accounts at 80 percent of every cap are found together by look-ups that find nobody, none of them alone."""
    the_guessing_fleet_is_found(behind, name, rate=0.5)


def test_reg_2_twin_a_guessing_fleet_is_found(behind, name):
    """Where 95 misses of 100 are taken for honest, nothing is found."""
    with broken("the fleet is found by what its look-ups miss"):
        the_guessing_fleet_is_found(behind, name, rate=0.95)
