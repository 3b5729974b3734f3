"""Whoever may run a command about cases may do what it writes down: the two tables say the same."""

from __future__ import annotations

import pytest

from himaya.ledger.operators.roles import MAY
from himaya.response.cases.rules import ACTS

#: The acts that each command writes down by whoever runs it.
WRITES = {
    "case open": ("opened", "signal", "merged", "attached"),
    "case ack": ("acknowledged",),
    "case owner": ("owner",),
    "case note": ("note",),
    "case attach": ("attached",),
    "case confirm": ("confirmed",),
    "case reopen": ("reopened",),
    "case clock": ("clock",),
    "case assess": ("assessment", "assessed"),
    "case notified": ("notified",),
    "case close": ("closed",),
    "case merge": ("merged", "took", "clock"),
    "case split": ("split", "opened", "confirmed", "clock"),
    "case expire": ("expired",),
    "case contain": ("blocked", "revoked", "delivered", "contained"),
    "case uncontain": ("unblocked", "uncontained", "note", "delivered"),
    "case people": ("counted",),
    "case compare": ("compared",),
    "case request": ("opened",),
    "case answer": ("answered",),
    "case deleted": ("told",),
    "forget": ("told",),
    "case import": ("opened", "signal"),
    "case claim": ("opened", "signal"),
    "case leak": ("reopened", "reappeared"),
    "case notify draft": ("drafted",),
    "case notify release": ("released",),
    "case notify withdraw": ("withdrawn",),
    "case notify send": ("wave", "sent"),
    "case notify receipt": ("sent", "receipt"),
    "case notify bounced": ("bounced",),
    "case letter draft": ("drafted",),
    "case letter researcher": ("researcher",),
    "case letter release": ("released",),
    "case letter withdraw": ("withdrawn",),
    "case letter sent": ("sent",),
    "case letter delivered": ("delivered",),
    "case letter reply": ("reply", "silent"),
    "case letter confirm": ("reply",),
    "case letter remind": ("reminded",),
}
#: Commands that write nothing into the register.
READS = {
    *("case find", "case list", "case show", "case verify", "case indicators"),
    *("case letter show", "case letter check", "case notify show"),
}


@pytest.mark.parametrize("command", WRITES)
def test_who_may_run_a_command_may_do_its_acts(command):
    """No role is let in by one table and refused by the other."""
    for act in WRITES[command]:
        assert MAY[command] <= ACTS[act].roles, act


def test_every_command_of_cases_is_looked_at():
    """A new command of cases stands in one of the two lists above."""
    assert {name for name in MAY if name.startswith("case ")} == ({*WRITES} | READS) - {"forget"}
