"""One deadline of a case: whom to tell, by which law, until when, and how that stands."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from himaya.response.regimes.regime import Party


class Standing(StrEnum):
    """How a deadline stands, the most urgent first. `PROMPTLY`: the law says "as soon as", not a time.

    `WAITING`: its clock was not started. `VOLUNTARY`: no law asks for it, or a person decided so.
    `LATE`: done after it was due.
    """

    OVERDUE = "overdue"
    RUNNING = "running"
    PROMPTLY = "promptly"
    WAITING = "clock not started"
    VOLUNTARY = "voluntary"
    LATE = "done late"
    MET = "met"
    NOT_NEEDED = "not needed"


#: Standings in which somebody still has to do something.
OPEN = frozenset({Standing.OVERDUE, Standing.RUNNING, Standing.PROMPTLY, Standing.WAITING})
#: Standings in which nothing is left to do.
ENDED = frozenset({Standing.LATE, Standing.MET, Standing.NOT_NEEDED})


class Deadline(msgspec.Struct, frozen=True, kw_only=True):
    """One deadline. `countries` are those of the case that the regime covers; `open` are those not told yet.

    `kind` is that of its limit (statute, assessment, guidance), "" where there is none. `started`, `due` and `done`
    are microseconds, 0 for none. `marks`: practice, unconfirmed, unverified, estimated. `entry` is the number of the
    register's entry that set it or ended it, the later of the two. `version` is that of the regime's text.
    """

    case: str
    regime: str
    version: str = ""
    name: str
    authority: str
    party: Party
    standing: Standing
    kind: str = ""
    clock: str = ""
    started: int = 0
    due: int = 0
    done: int = 0
    text: str = ""
    countries: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    people: int = 0
    phased: bool = False
    marks: tuple[str, ...] = ()
    note: str = ""
    entry: int = 0

    @property
    def id(self) -> str:
        """Return what stays the same of it while its date moves."""
        return "-".join(one for one in (self.case, self.regime, self.party, self.kind) if one)

    @property
    def is_practice(self) -> bool:
        """Tell whether it belongs to a drill."""
        return "practice" in self.marks


def order(deadline: Deadline) -> tuple[int, int, str]:
    """Return what sorts deadlines: overdue ones first, then by date."""
    return list(Standing).index(deadline.standing), deadline.due, deadline.id
