"""Did anything go around the gate? The web server's own log compared with the ledger, line by line.

    asked    which lines must have left a row, which may have left none, which can have left none
    units    the rows of the ledger as what one line can have left behind
    period   from when to when the ledger speaks
    match    points in time to spans of time: as many pairs as there can be
    passes   the same for people and actors: by account, key or address, then where a name was erased or not known yet
    days     a UTC day at a time, with what reaches over midnight
    verdict  why a line without a row has none: a recorded gap, too young, in doubt, or nothing
    tally    the sums, and the first lines by name
    result   the answer
    compare  all of it

What is in memory: the lines and the rows of one UTC day, rows of `tolerance + settle_s` around it, and ten minutes of
lines of the next one. The length of the log does not matter.
"""

from __future__ import annotations

from himaya.watch.reconcile.compare import Limits, reconcile
from himaya.watch.reconcile.result import Reconciliation

__all__ = ["Limits", "Reconciliation", "reconcile"]
