"""CS24-14: whoever looks people up and mostly finds nobody is stopped, also when no address does much."""

from __future__ import annotations

from tests.acceptance.gate import Gate
from tests.acceptance.promise import broken, require
from tests.acceptance.site import phone
from tests.acceptance.visitor import Visitor

#: Look-ups of one guesser or one network. Budgets are far away: 1,000 people a day.
TRIES = 60


def guess(visitor: Visitor, number: int) -> int:
    """Look up a number; of twenty, one belongs to somebody."""
    person, known = 10_000 + number, number % 20 == 19
    return visitor.get(f"/lookup?phone={int(phone(person)) + (0 if known else 1)}").status


def guessers_are_stopped(gate: Gate, name: str, action: str) -> None:
    """One account guesses from a new address each time, one network with 60 addresses; a member imports contacts."""
    misses = {"action": action, "for_s": 60}
    gate.configure(budgets={"account": {"day": 1000}}, detectors={"misses": misses})
    with gate.visitor(f"{name}.guesser") as guesser, gate.visitor(f"{name}.member") as member:
        book = [
            member.get(f"/lookup?phone={int(phone(n)) + (n % 5 < 2)}").status for n in range(50)
        ]
        require({*book} == {200, 404}, "a contact book with 40 percent misses is left alone")
        answers = []
        for number in range(TRIES):
            guesser.address = gate.address()
            answers.append(guess(guesser, number))
        require({*answers[40:]}.isdisjoint({200, 404}), "one client is stopped within 40 look-ups")
        found = gate.found("misses", f"account:{name}.guesser", wait_s=5)
        require(found and "look-ups found nobody" in found["why"], "and it is said why")
    with gate.visitor() as stranger:
        network = gate.address().rpartition(".")[0]
        answers = []
        for number in range(TRIES):
            stranger.address = f"{network}.{number + 1}"
            answers.append(guess(stranger, number))
        require({*answers[50:]}.isdisjoint({200, 404}), "so is a network, one look-up an address")


def misses_are_charged(gate: Gate, account: str) -> None:
    """An account tries numbers that belong to nobody, from a new address each time."""
    with gate.visitor(account) as guesser:
        statuses = []
        for number in range(120):
            guesser.address = gate.address()
            statuses.append(guesser.get(f"/lookup?phone={1 + int(phone(number))}").status)
        assert statuses[:100] == [404] * 100
        require(set(statuses[100:]) == {429}, "a hundred misses end it")


def test_cs24_14_guessers_are_stopped(gate, name):
    """Guessing is stopped by its share of misses, for an account and for a network; importing a contact book is not."""
    guessers_are_stopped(gate, name, "block")


def test_cs24_14_twin_guessers_are_stopped(gate, name):
    """Where the finding leads to nothing, guessing goes on."""
    with broken("one client is stopped within 40 look-ups"):
        guessers_are_stopped(gate, name, "allow")


def test_cs24_14_misses_are_charged(gate, name):
    """Numbers that belong to nobody use up the budget of the account, whatever address it comes from."""
    misses_are_charged(gate, name)


def test_cs24_14_twin_misses_are_charged(gate, name):
    """In shadow mode the guessing goes on."""
    gate.configure(mode="shadow")
    with broken("a hundred misses end it"):
        misses_are_charged(gate, name)
