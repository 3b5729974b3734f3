"""Misses: look-ups that find nobody more often than honest people's do.

Whoever imports an address book knows the people in it, and some of them are not on the site; whoever tries numbers
or mail addresses knows nobody, and mostly finds nobody. The test is a bet at fair odds: before each look-up one
wagers that it will miss; if at most `rate` of an honest actor's look-ups miss, no way of betting makes a
capital of 1 reach `odds` with a probability above 1/odds, whenever one looks (Ville's inequality). Five ways of
betting share the capital, because the true share of misses is not known.
"""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.actor import Actor, prefix_of
from himaya.core.detectors import Observation
from himaya.core.finding import Finding
from himaya.core.policy import Misses

_DAY_S = 86400
#: Shares of the capital that are risked in each look-up.
_STAKES = (0.2, 0.4, 0.6, 0.8, 0.9)
#: Capital above which nothing more is to be learnt.
_MOST = 1e15


class _Bet:
    """One bettor: the capital of each stake, how many look-ups and misses, and the day it began."""

    __slots__ = ("capital", "day", "misses", "tried")

    def __init__(self, day: int) -> None:
        self.day = day
        self.capital = [1.0] * len(_STAKES)
        self.tried = 0
        self.misses = 0

    def take(self, factors: tuple[float, ...], least: float, *, missed: bool) -> float:
        """Multiply the capital by what the look-up paid; it is never below `least`. Return the mean capital."""
        self.tried += 1
        self.misses += missed
        pairs = zip(self.capital, factors, strict=True)
        self.capital = [min(_MOST, max(held, least) * factor) for held, factor in pairs]
        return sum(self.capital) / len(self.capital)


class MissesDetector:
    """Bets against each actor for a day, and against networks, fingerprint classes and surfaces for good.

    Groups live long, and honest look-ups would use up a bettor's capital; theirs begins anew with 1 instead of falling
    below it. The guarantee is then another one: at least `group_odds` look-ups between false findings, on average.
    """

    name = "misses"

    def __init__(self, settings: Misses, max_actors: int = 100_000) -> None:
        """Take the rate and the odds; past `max_actors` whoever is unseen for longest is forgotten."""
        self._settings = settings
        self._max = max_actors
        self._bets: OrderedDict[str, _Bet] = OrderedDict()
        rate = settings.rate
        self._won = tuple([1 + stake * (1 - rate) / rate for stake in _STAKES])
        self._lost = tuple([1 - stake for stake in _STAKES])

    def observe(self, seen: Observation) -> Finding | None:
        """Take in a look-up that found somebody; nobody is found by it.

        Somebody who was shown before says nothing: whoever knows one number could ask for it again and again.
        """
        if seen.kind == "lookup" and seen.fresh:
            self.take(seen)
        return None

    def take(self, seen: Observation) -> list[Finding]:
        """Take in any look-up; return the actor and the groups of it against whom the odds are reached."""
        who = [(seen.name, self._settings.odds, False)]
        who += [(group, self._settings.group_odds, True) for group in _groups(seen)]
        found = [self._bet(seen, name, odds, lasting=lasting) for name, odds, lasting in who]
        return [finding for finding in found if finding is not None]

    def _bet(self, seen: Observation, who: str, odds: float, *, lasting: bool) -> Finding | None:
        day = 0 if lasting else int(seen.now // _DAY_S)
        bet = self._held(who, day)
        factors = self._won if seen.missed else self._lost
        capital = bet.take(factors, 1.0 if lasting else 0.0, missed=seen.missed)
        if capital < odds or not seen.missed:
            return None
        return Finding(
            detector=self.name,
            actor=who,
            at=seen.now,
            value=round(capital, 1),
            threshold=odds,
            why=(
                f"{bet.misses} of {bet.tried} look-ups found nobody: odds of {capital:,.0f} to 1 against"
                f" an honest share of at most {self._settings.rate:.0%}"
            ),
        )

    def _held(self, who: str, day: int) -> _Bet:
        bet = self._bets.get(who)
        if bet is None or bet.day != day:
            bet = self._bets[who] = _Bet(day)
        self._bets.move_to_end(who)
        if len(self._bets) > self._max:
            self._bets.popitem(last=False)
        return bet

    def level(self, actor: Actor) -> float | None:
        """Return the capital won against an actor on the day of its last look-up, None without one."""
        bet = self._bets.get(actor.name)
        return sum(bet.capital) / len(bet.capital) if bet is not None else None

    def tracked(self) -> int:
        """Return how many actors and groups are bet against."""
        return len(self._bets)


def _groups(seen: Observation) -> list[str]:
    """Return the groups a look-up belongs to: its network, its fingerprint class, its surface."""
    actor = seen.actor
    groups = [f"prefix:{prefix_of(actor.address)}"] if actor.address else []
    if actor.fingerprint:
        groups.append(f"fingerprint:{actor.fingerprint}")
    return [*groups, f"surface:{seen.surface}"]
