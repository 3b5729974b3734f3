"""Which cohort an actor belongs to: only what the site itself knows of an account, a key or its absence.

Nothing is inferred of anybody. An actor keeps the cohort of its first request: who was new then is counted as new.
"""

from __future__ import annotations

from himaya.core.accounts import Accounts
from himaya.core.actor import Actor

ANONYMOUS, KEY, PAID = "anonymous", "key", "paid"
NEW, ESTABLISHED, UNKNOWN_AGE = "new_account", "established_account", "account_of_unknown_age"
TIER = "tier:"

_SPOKEN = {
    ANONYMOUS: "without account",
    NEW: "new accounts",
    ESTABLISHED: "established accounts",
    UNKNOWN_AGE: "accounts of unknown age",
    PAID: "paid accounts",
    KEY: "API keys",
}
_ORDER = (*_SPOKEN, TIER)


def cohort_of(actor: Actor, accounts: Accounts, now: float) -> str:
    """Return the cohort of an actor: key, tier, paid, account by age, or anonymous."""
    if actor.key:
        return KEY
    tier = accounts.tier(actor)
    if tier:
        return f"{TIER}{tier}"
    if not actor.account:
        return ANONYMOUS
    if accounts.access(actor) == PAID:
        return PAID
    age = accounts.age_s(actor, now)
    if age is None:
        return UNKNOWN_AGE
    return NEW if age < accounts.new_s else ESTABLISHED


def in_words(cohort: str) -> str:
    """Return how a cohort is called in a sentence."""
    return _SPOKEN.get(cohort) or f"tier {cohort.removeprefix(TIER)}"


def rank(cohort: str) -> tuple[int, str]:
    """Return where a cohort stands in a list."""
    known = TIER if cohort.startswith(TIER) else cohort
    return _ORDER.index(known), cohort
