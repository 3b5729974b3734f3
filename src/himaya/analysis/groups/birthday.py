"""The anti-birthday test: people who share an interest meet, workers who split a job do not.

For every first view by member m of person p in group g, in the order of time:

    x = 1 if another member already saw p, else 0
    h = kappa * (pi(Seen_g) - pi(Own_m)) / (1 - pi(Own_m))
    E_k <- E_k * (1 + lambda_k * (h - x)),   E = mean of E_k

`pi(p)` is the popularity of p among everybody outside the group, known before the view; Seen_g are the people any
member saw, Own_m those that m saw. The null hypothesis: honest viewers meet at least `kappa` times as often as
popularity predicts, P(x = 1 | past) >= h. Then every E_k, and their mean, is a non-negative supermartingale that
begins at 1, and by Ville's inequality P(E ever reaches 1/a) <= a: nothing is trained, and one may look at any time.

The null is an assumption. A team with strictly disjoint territories breaks it, and is certified (`docs/groups.md`).
Sources: Ville, "Étude critique de la notion de collectif", 1939; Waudby-Smith and Ramdas, "Estimating means of bounded
random variables by betting", 2024, for the bets; the test as such: the design notes of this project.
"""

from __future__ import annotations

from math import exp, log, sqrt

#: Honest viewers may meet half as often as popularity says before the test counts it against them.
KAPPA = 0.5
#: Bets; small ones last through collisions, large ones are quick when there are none.
LAMBDAS = (0.1, 0.3, 0.6, 0.9)


class AntiBirthday:
    """The wealth of the bets; starts at 1 and is all the state there is."""

    __slots__ = ("_bets", "_wealth", "kappa")

    def __init__(self, kappa: float = KAPPA, lambdas: tuple[float, ...] = LAMBDAS) -> None:
        """Bet each of `lambdas` (between 0 and 1) against collisions at `kappa` times the predicted rate."""
        self.kappa = kappa
        self._bets = lambdas
        self._wealth = [1.0] * len(lambdas)

    def expected(self, seen: float, own: float) -> float:
        """Return h, from the popularity of what the group saw and of what the member saw (shares of 1)."""
        rest = 1.0 - own
        if rest <= 0.0:
            return 0.0
        return self.kappa * min(1.0, max(0.0, (seen - own) / rest))

    def bet(self, expected: float, *, met: bool) -> None:
        """Take one first view: `expected` is h, `met` tells whether another member already saw the person."""
        gain = expected - met
        wealth = self._wealth
        for k, share in enumerate(self._bets):
            wealth[k] *= 1.0 + share * gain

    @property
    def value(self) -> float:
        """Return E: how many times the stake was multiplied."""
        return sum(self._wealth) / len(self._wealth)

    def certifies(self, alpha: float) -> bool:
        """Tell whether E has reached 1/alpha."""
        return self.value >= 1.0 / alpha


def people_needed(population: int, alpha: float, kappa: float = KAPPA, bet: float = 0.9) -> float:
    """Return about how many people a perfect partition shows before it is certified.

    S ~ sqrt(2 N ln(1/a) / (kappa lambda)), whatever the number of accounts and their pace; the mixture of bets adds
    a little.
    """
    return sqrt(2.0 * population * log(1.0 / alpha) / (kappa * bet))


def disjointness(
    people: int, met: int, popularity: float, kappa: float = KAPPA, bet: float = 0.9
) -> float:
    """Return the e-value of two groups that avoid each other's people, on one bet.

    `people` is how many the second group saw, `met` how many of them the first one saw, `popularity` the share of
    attention that honest viewers give to what the first one saw.
    """
    h = kappa * min(1.0, popularity)
    growth = met * log(1.0 + bet * (h - 1.0)) + (people - met) * log(1.0 + bet * h)
    return exp(min(growth, 700.0))
