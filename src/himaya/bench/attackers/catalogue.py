"""The attackers A1 to A10 of the catalogue. What they have stands in `plan`, what they do in `work`.

Parameters follow the pilot of the reference (`docs/bench.md` prints them); none of them is tuned to himaya.
"""

from __future__ import annotations

import msgspec

from himaya.bench.attackers import habits
from himaya.bench.attackers.attacker import Attacker, Operation, Work
from himaya.bench.attackers.hand import Hand
from himaya.bench.attackers.parameters import Parameters
from himaya.bench.world.knobs import Knobs


class FastWalk(Attacker):
    """A1."""

    id = "A1"
    title = "Fast walk from one address"
    how = "logged out, fifty profiles a second from one server"
    plan = Parameters(pace_s=0.02)

    def work(self, hand: Hand, op: Operation) -> Work:
        """Walk a list of links."""
        yield from habits.walk(hand, op)


class FiftyAccounts(Attacker):
    """A2."""

    id = "A2"
    title = "Fifty accounts on five addresses"
    how = "the list is split between accounts that signed up within a day"
    plan = Parameters(accounts=50, age_days=45, signup_spread_h=24, addresses=5, pace_s=2)

    def work(self, hand: Hand, op: Operation) -> Work:
        """Walk the account's share of the list."""
        yield from habits.walk(hand, op)


class Residential(Attacker):
    """A3."""

    id = "A3"
    title = "Rotating home addresses, logged out"
    how = "a new rented home address for every request, out of five thousand"
    plan = Parameters(
        hands=20, addresses=5000, network="proxy", rotates=True, turn=1, browsers=3, pace_s=1
    )

    def work(self, hand: Hand, op: Operation) -> Work:
        """Walk a share of the list."""
        yield from habits.walk(hand, op)


class LowAndSlow(Attacker):
    """A4."""

    id = "A4"
    title = "Low and slow, one account"
    how = "one profile a minute, day and night"
    plan = Parameters(accounts=1, age_days=300, network="home", client="browser", pace_s=60)

    def work(self, hand: Hand, op: Operation) -> Work:
        """Walk the list."""
        yield from habits.walk(hand, op)


class Enumeration(Attacker):
    """A5."""

    id = "A5"
    title = "Counting ids from twenty servers"
    how = "logged out, ids in sequence"
    plan = Parameters(hands=20, addresses=20, pace_s=0.5, order="sequence")

    def work(self, hand: Hand, op: Operation) -> Work:
        """Count up."""
        yield from habits.count_up(hand, op)


class SearchHarvest(Attacker):
    """A6."""

    id = "A6"
    title = "Harvest of search pages"
    how = "one account turns result pages of twenty people"
    plan = Parameters(
        accounts=1, age_days=200, network="home", client="browser", pace_s=3, order="pages"
    )

    def work(self, hand: Hand, op: Operation) -> Work:
        """Turn pages."""
        yield from habits.search(hand, op)


class StealthBrowsers(Attacker):
    """A7."""

    id = "A7"
    title = "Ten stealth browsers"
    how = "real browsers at a person's pace from rented homes, from friend to friend; they solve challenges"
    plan = Parameters(
        accounts=10,
        age_days=200,
        signup_spread_h=24 * 60,
        addresses=10,
        network="proxy",
        browsers=2,
        client="browser",
        pace_s=8,
        hours=16,
        order="graph",
        solver_usd=0.002,
    )

    def work(self, hand: Hand, op: Operation) -> Work:
        """Crawl."""
        yield from habits.crawl(hand, op)


class MobileInterface(Attacker):
    """A8."""

    id = "A8"
    title = "App interface behind a carrier"
    how = "five day-old accounts read fifty people a call, behind addresses that thousands share"
    plan = Parameters(
        accounts=5,
        age_days=1,
        addresses=2,
        network="carrier",
        client="app",
        pace_s=3,
        order="pages",
    )

    def work(self, hand: Hand, op: Operation) -> Work:
        """Read the interface page by page."""
        yield from habits.pages(hand, op)


class Farm(Attacker):
    """A9."""

    id = "A9"
    title = "Farm of 300 accounts at 80 a day"
    how = "each account stays at what vendors call safe, ten people in half an hour; the list is split"
    plan = Parameters(
        accounts=300,
        age_days=5,
        signup_spread_h=24 * 30,
        addresses=60,
        prefixes=40,
        network="proxy",
        browsers=2,
        client="browser",
        pace_s=180,
        hours=14,
        per_day=80,
        solver_usd=0.002,
    )

    def scaled(self, knobs: Knobs) -> Parameters:
        """Keep what an account does; 15 accounts for every thousand people, at most the 300."""
        accounts = min(300, max(15, round(0.015 * knobs.people)))
        part = accounts / 300
        addresses, prefixes = max(3, round(60 * part)), max(2, round(40 * part))
        return msgspec.structs.replace(
            self.plan, accounts=accounts, addresses=addresses, prefixes=prefixes
        )

    def work(self, hand: Hand, op: Operation) -> Work:
        """Walk the account's share of the list."""
        yield from habits.walk(hand, op)


class Insider(Attacker):
    """A10."""

    id = "A10"
    title = "Insider, 300 a day"
    how = "a genuine account of three years, in an office that others share"
    plan = Parameters(
        accounts=1,
        age_days=1100,
        network="office",
        browsers=0,
        client="browser",
        pace_s=20,
        hours=9,
        per_day=300,
    )

    def work(self, hand: Hand, op: Operation) -> Work:
        """Walk the list."""
        yield from habits.walk(hand, op)
