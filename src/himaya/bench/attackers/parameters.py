"""What an attacker has and how it works: one row of the table in `docs/bench.md`."""

from __future__ import annotations

from typing import Literal

import msgspec

Network = Literal["home", "proxy", "hosting", "carrier", "mobile", "office", "campus"]

#: CPU seconds of one request, by what sends it. Assumptions: an HTTP library, an app's client, a browser with a page.
CPU_S = {"library": 0.0005, "app": 0.001, "browser": 0.25}
#: CPU seconds to solve one challenge natively and in a browser; order of magnitude of a proof of work.
SOLVE_CPU_S = {"library": 0.02, "app": 0.05, "browser": 1.3}


class Parameters(msgspec.Struct, frozen=True):
    """One row of the attackers' table.

    `accounts` (0: logged out), their `age_days` at the start and the hours over which they signed up
    (`signup_spread_h`); `hands` that work at once (0: one per account, or one). `addresses` in use, over at
    most `prefixes` networks (0: as they come), from `network`. `rotates`: a hand that is refused goes on from
    another of these addresses, and it does so anyway after `turn` requests (0: never).
    `browsers` is how many browser classes are told apart, `client` what sends the requests. `pace_s` seconds
    between two requests of a hand, while at work `hours` of the day; `per_day` people a hand takes at most.
    `order` says how targets follow each other. `solver_usd` is what it pays for a solved challenge; None: it
    solves none.
    `tier` and `key` are what the site gave it. The hands begin one after the other within `settle_h` hours;
    accounts that are `fresh` sign up just before they begin.
    """

    accounts: int = 0
    age_days: float = 365.0
    signup_spread_h: float = 1.0
    hands: int = 0
    addresses: int = 1
    prefixes: int = 0
    network: Network = "hosting"
    rotates: bool = False
    turn: int = 0
    browsers: int = 1
    client: Literal["library", "app", "browser"] = "library"
    pace_s: float = 1.0
    hours: float = 24.0
    per_day: int = 0
    order: Literal["shuffled", "sequence", "graph", "pages", "numbers"] = "shuffled"
    solver_usd: float | None = None
    tier: str = ""
    key: str = ""
    settle_h: float = 0.0
    fresh: bool = False

    @property
    def count(self) -> int:
        """Return how many hands work."""
        return self.hands or max(1, self.accounts)


def unlinked(plan: Parameters) -> Parameters:
    """Return the same with nothing shared: an address and network per hand, ordinary browsers, sign-ups over a year."""
    hands = plan.count
    return msgspec.structs.replace(
        plan,
        addresses=max(hands, plan.addresses),
        prefixes=0,
        network="proxy" if plan.network in {"hosting", "carrier"} else plan.network,
        browsers=0,
        signup_spread_h=max(plan.signup_spread_h, 24.0 * 365),
        age_days=max(plan.age_days, 370.0) if plan.accounts else plan.age_days,
    )
