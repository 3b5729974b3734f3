"""What is decided for a request, and why, in words an operator can read aloud."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from himaya.core.exchange import Person


class Action(StrEnum):
    """The ladder, weakest first."""

    ALLOW = "allow"
    THROTTLE = "throttle"
    CHALLENGE = "challenge"
    REDACT = "redact"
    BLOCK = "block"


#: Actions under which the application is still asked.
PASSING = frozenset({Action.ALLOW, Action.THROTTLE, Action.REDACT})

#: Actions by which a standing decision comes before any budget; the others leave budgets in force.
BARRING = frozenset({Action.CHALLENGE, Action.REDACT, Action.BLOCK})

#: Where an action stands on the ladder.
STRENGTH = {action: rank for rank, action in enumerate(Action)}

#: Rules whose standing decisions go no further than a challenge: a learned model is never the sole ground of more.
ASKING = frozenset({"model"})


#: The rule of what people put on the block list: nothing was measured against a threshold.
LISTED = "listed"

#: How a kind of principal is named in a sentence.
_SPOKEN = {
    "key": "API key",
    "prefix": "network",
    "anonymous": "group of all visitors without an account",
    "new_account": "group of all new accounts",
    "group": "group of linked actors",
    "asn": "provider's network",
    "fingerprint": "class of browsers",
    "batch": "group of accounts that signed up together",
    "visitor": "address, by visitors without an account,",
    "visitor_prefix": "network, by visitors without an account,",
    "assetless": "group of all who ask for no style sheets, scripts or pictures",
    "surface": "page for all visitors together",
}


class Reason(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One measured value against one threshold.

    `principal` is the kind of principal (account, address, anonymous, ...), never its name.
    `value` and `threshold` are people (weighted) for budgets, the detector's unit for findings.
    `because` are the top reasons of a finding that has several, in words.
    """

    rule: str
    principal: str
    window: str
    value: float
    threshold: float
    because: tuple[str, ...] = ()

    def words(self) -> str:
        """Return the reason as one plain sentence without identities."""
        who = _SPOKEN.get(self.principal, self.principal)
        if self.rule == "budget":
            return (
                f"this {who} would have seen {self.value:g} people within one"
                f" {self.window}; the limit is {self.threshold:g}"
            )
        if self.rule == LISTED:
            return f"this {who} is on the block list of the site"
        if self.rule == "request":
            return f"this request has {self.value:g} {self.principal}; {self.threshold:g} are read at most"
        said = (
            f"{self.rule} found {self.value:g} for this {who}; the threshold is {self.threshold:g}"
        )
        return f"{said}: {', '.join(self.because)}" if self.because else said


class Decision(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The outcome for one request.

    `action` is what the policy asks for; `enforced` is False in shadow mode, where the door passes the request
    whatever the action. `surface` is the surface id, "" for routes that show nobody. `redact` are
    fields to withhold; `delay_s` is set for throttle. `max_people` is how many people the response may show.
    """

    action: Action = Action.ALLOW
    enforced: bool = True
    surface: str = ""
    reasons: tuple[Reason, ...] = ()
    redact: tuple[str, ...] = ()
    delay_s: float = 0.0
    max_people: int = -1
    retry_after_s: int = 0
    policy: str = ""

    @property
    def passes(self) -> bool:
        """Tell whether the application is asked (shadow always passes)."""
        return not self.enforced or self.action in PASSING


class Admission(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Who and which fields of a response may pass.

    `people` may pass; `withheld` must be taken out of the body (`action` redact), or, when
    `action` is challenge or block, the whole body is replaced by a refusal. `strip` are undeclared fields that must be
    taken out, whatever the action.
    """

    action: Action = Action.ALLOW
    enforced: bool = True
    people: tuple[Person, ...] = ()
    withheld: tuple[Person, ...] = ()
    reasons: tuple[Reason, ...] = ()
    strip: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Tell whether the body may leave, trimmed or whole."""
        return not self.enforced or self.action in PASSING


class Standing(msgspec.Struct, frozen=True, gc=False):
    """A decision that stands for a principal until `until` (epoch seconds), with its reason."""

    principal: str
    action: Action
    until: float
    reason: Reason
