"""What the engine knows of an account: tier, age, whether it is new, its access class."""

from __future__ import annotations

from himaya.core.actor import Actor
from himaya.core.assets import Assets
from himaya.core.budget import Known
from himaya.core.facts import Facts
from himaya.core.tables import make_room

_STRANGER = Known()


class Accounts:
    """Joins facts, what the door said, and when an account was first seen.

    An account of unknown age is new only when it was first seen at least `new_s` seconds after
    observation began; before that nobody can tell, and it is treated as old. Whoever came back when it was no
    longer new is kept apart, so that a flood of invented accounts makes room among newcomers first.
    """

    def __init__(
        self, facts: Facts, new_s: int, max_accounts: int, history_s: int = 30 * 86400
    ) -> None:
        """Hold first sightings of at most `max_accounts` accounts, seven eighths of them of those who came back.

        Of either kind the oldest leave, and count as first seen when they come again.
        """
        self.facts = facts
        self.history_s = history_s
        self.new_s = new_s
        self.most = max_accounts
        #: First sightings forgotten because too many were held.
        self.evicted = 0
        #: What actors without and with an account asked for beside pages of people; it outlives a new policy.
        self.assets = Assets()
        self._first: dict[str, int] = {}
        self._known: dict[str, int] = {}
        self._minutes: dict[int, int] = {}
        self._began: float | None = None

    def begin(self, now: float) -> None:
        """Note when observation began; only the first call counts."""
        if self._began is None:
            self._began = now

    def meet(self, actor: Actor, now: float) -> Known:
        """Note an actor's account and return what is known of it for its budgets."""
        if not actor.account:
            return Known(actor.tier) if actor.tier else _STRANGER
        self.seen(actor.account, now)
        age, fact = self.age_s(actor, now), self.facts.accounts.get(actor.account)
        return Known(
            tier=self.tier(actor),
            new=age is not None and age < self.new_s,
            trusted=age is not None and age >= self.history_s,
            batch=fact.batch if fact else "",
        )

    def seen(self, account: str, now: float) -> None:
        """Note the first sighting of an account, to the minute."""
        if self._began is None:
            self._began = now
        if account in self._known:
            return
        first = self._first.get(account)
        if first is not None:
            if now >= first * 60 + self.new_s:
                self._keep(account)
            return
        self.evicted += make_room(self._first, max(1, self.most - len(self._known)))
        # One shared int per minute keeps an account without people under 100 bytes.
        minute = int(now // 60)
        if len(self._minutes) > 100_000:
            self._minutes.clear()
        self._first[account] = self._minutes.setdefault(minute, minute)

    def _keep(self, account: str) -> None:
        """Keep the first sighting of an account that came back when it was no longer new."""
        self.evicted += make_room(self._known, max(1, self.most - self.most // 8))
        self._known[account] = self._first.pop(account)

    def age_s(self, actor: Actor, now: float) -> float | None:
        """Return the account's age in seconds, None when there is no account or nobody can tell."""
        if not actor.account:
            return None
        fact = self.facts.accounts.get(actor.account)
        created = fact.created if fact and fact.created is not None else actor.account_created
        if created is not None:
            return max(0.0, now - created)
        first = self._known.get(actor.account)
        if first is None:
            first = self._first.get(actor.account)
        if first is None or self._began is None or first * 60 < self._began + self.new_s:
            return None
        return max(0.0, now - first * 60)

    def is_new(self, actor: Actor, now: float) -> bool:
        """Tell whether the account is younger than the policy's `new_account_s`."""
        age = self.age_s(actor, now)
        return age is not None and age < self.new_s

    def cohort(self, actor: Actor, age_s: float | None) -> str:
        """Return the cohort of an actor whose account is `age_s` old: key, anonymous, paid, new or established."""
        if actor.key:
            return "key"
        if not actor.account:
            return "anonymous"
        fact = self.facts.accounts.get(actor.account)
        if actor.tier or (fact is not None and (fact.tier or fact.paid)):
            return "paid"
        return "new" if age_s is not None and age_s < self.new_s else "established"

    def owns(self, actor: Actor, subject: str) -> bool:
        """Tell whether the subject is the actor's own profile."""
        if not actor.account or not subject:
            return False
        return self.facts.own_subject(actor.account) == subject

    def tier(self, actor: Actor) -> str:
        """Return the budget tier: the application's fact first, then what the door said."""
        if not actor.account:
            return actor.tier
        fact = self.facts.accounts.get(actor.account)
        return fact.tier if fact and fact.tier else actor.tier

    def access(self, actor: Actor) -> str:
        """Return the access class: key, paid, account or anonymous."""
        if actor.account and not actor.key:
            fact = self.facts.accounts.get(actor.account)
            if fact and fact.paid:
                return "paid"
        return actor.access

    def tracked(self) -> int:
        """Return how many first sightings are held."""
        return len(self._first) + len(self._known)
