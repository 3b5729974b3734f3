"""The ladder: allow, throttle, challenge, redact, block; the weakest rung that holds is taken.

within budget                     allow, or throttle near the limit
over, a challenge can still help  challenge (a solved one buys a stated number of people)
over, the surface can do without  redact (every personal field is withheld)
otherwise                         block, until the window frees
"""

from __future__ import annotations

from collections import OrderedDict

from himaya.core.clearances import Clearances
from himaya.core.decision import ASKING, Action, Decision, Reason, Standing
from himaya.core.exchange import Excess
from himaya.core.policy import Policy
from himaya.core.ticket import Ticket
from himaya.core.window import UNIT, UNLIMITED, Triple

_NAMES = ("hour", "day", "month")
#: The soonest a window can free anything: its bucket.
_RETRY_S = {"hour": 300, "day": 3600, "month": 86400}
_HOUR_S = 3600


def allowances(policy: Policy) -> dict[str, Decision]:
    """Return the plain allow decision of every surface by id, and of no surface under ""."""
    enforced, policy_hash = policy.mode == "enforce", policy.hash()
    ids = ["", *(surface.id for surface in policy.surfaces)]
    return {i: Decision(enforced=enforced, surface=i, policy=policy_hash) for i in ids}


class Ladder:
    """Turns shortages and standing decisions into decisions with reasons."""

    def __init__(self, policy: Policy, clearances: Clearances) -> None:
        """Take the policy and who may still buy clearances."""
        self._policy = policy
        self._rungs = policy.ladder
        self._clearances = clearances
        self._enforced = policy.mode == "enforce"
        self._hash = policy.hash()
        self._unsolved: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def by_budget(self, ticket: Ticket, needs: list[Triple], now: float) -> Decision:
        """Return the decision for a request that lacks budget."""
        reasons = self.reasons(ticket, needs)
        return self._decision(ticket, self.refusal(ticket, now), reasons)

    def by_excess(self, ticket: Ticket, excess: Excess) -> Decision:
        """Return the decision for a request of which nobody can tell what it asks for."""
        reason = Reason("request", excess.what, "", excess.value, excess.most)
        return self._decision(ticket, Action.BLOCK, (reason,))

    def by_standing(self, ticket: Ticket, standing: Standing, now: float) -> Decision:
        """Return the decision for a request whose actor has a standing decision.

        What may only ask goes on asking: it is not turned into a refusal when nobody solves anything.
        """
        action = standing.action
        if standing.reason.rule in ASKING:
            return self._decision(ticket, Action.CHALLENGE, (standing.reason,))
        if action is Action.CHALLENGE:
            action = self.refusal(ticket, now)
        if action is Action.REDACT and not self.can_redact(ticket):
            action = Action.BLOCK
        return self._decision(ticket, action, (standing.reason,))

    def passing(self, ticket: Ticket, standing: Standing | None) -> Decision | None:
        """Return what a request that passes is told: slower by a standing decision or near a limit, else None."""
        if standing is None or standing.action is not Action.THROTTLE:
            return self.near(ticket)
        ticket.action = Action.THROTTLE
        return self._decision(ticket, Action.THROTTLE, (standing.reason,))

    def refusal(self, ticket: Ticket, now: float) -> Action:
        """Return the weakest rung that withholds people from this request."""
        if self._rungs.challenge and self._may_challenge(ticket.name, now, ticket.group):
            return Action.CHALLENGE
        return Action.REDACT if self.can_redact(ticket) else Action.BLOCK

    def can_redact(self, ticket: Ticket) -> bool:
        """Tell whether the surface can do without every personal field; a look-up tells enough without any."""
        surface = ticket.match.surface
        return (
            self._rungs.redact
            and surface.kind != "lookup"
            and bool(surface.redact)
            and not (set(surface.fields) - set(surface.redact))
        )

    def _may_challenge(self, name: str, now: float, group: str) -> bool:
        """Count challenges of this hour; many unsolved, or today's purchases used up, end them."""
        hour = int(now // _HOUR_S)
        on, count = self._unsolved.get(name, (hour, 0))
        count = count + 1 if on == hour else 1
        self._unsolved[name] = (hour, count)
        self._unsolved.move_to_end(name)
        if len(self._unsolved) > self._policy.bounds.clearances:
            self._unsolved.popitem(last=False)
        within = count <= self._rungs.challenges_before_block
        return within and self._clearances.may_buy(name, now, group)

    def solved(self, name: str) -> None:
        """Forget the unsolved challenges of an actor who solved one."""
        self._unsolved.pop(name, None)

    def near(self, ticket: Ticket) -> Decision | None:
        """Return a throttle when a window is at `throttle_at` of its limit or above, else None."""
        share = self._rungs.throttle_at
        if share >= 1.0:
            return None
        for (kind, _, limits), window in zip(ticket.principals, ticket.windows, strict=True):
            used = (window.hour, window.day, window.month)
            for name, have, limit in zip(_NAMES, used, limits, strict=True):
                if have + window.reserved >= share * limit:
                    value, most = (have + window.reserved) / UNIT, limit / UNIT
                    ticket.action = Action.THROTTLE
                    reason = Reason("budget", kind, name, value, most)
                    return self._decision(ticket, Action.THROTTLE, (reason,))
        return None

    def reasons(self, ticket: Ticket, needs: list[Triple]) -> tuple[Reason, ...]:
        """Return every window of every principal that `needs` does not fit into."""
        found: list[Reason] = []
        rows = zip(ticket.principals, ticket.windows, needs, strict=True)
        for (kind, _, limits), window, need in rows:
            used = (window.hour, window.day, window.month)
            for name, have, limit, more in zip(_NAMES, used, limits, need, strict=True):
                wanted = have + window.reserved + more
                if more and limit < UNLIMITED and wanted > limit:
                    found.append(Reason("budget", kind, name, wanted / UNIT, limit / UNIT))
        return tuple(found)

    def _decision(self, ticket: Ticket, action: Action, reasons: tuple[Reason, ...]) -> Decision:
        surface = ticket.match.surface
        wait = max((_RETRY_S.get(reason.window, 0) for reason in reasons), default=0)
        return Decision(
            action=action,
            enforced=self._enforced,
            surface=surface.id,
            reasons=reasons,
            redact=surface.redact if action is Action.REDACT else (),
            delay_s=self._rungs.throttle_s if action is Action.THROTTLE else 0.0,
            retry_after_s=wait,
            policy=self._hash,
        )
