"""A detector crossed its threshold: the finding says for whom, how much, and why in words."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One crossing of one detector's threshold.

    `actor` is the actor's name (`account:u777`, `address:203.0.113.9`). `value` and `threshold` are in the
    detector's unit, named in `why`. `at` is epoch seconds. `claimed` is a crawler name that the
    actor's agent string claims without proof. `members` are other actors implicated. `because` are the top reasons,
    where a finding has several. `report_only`: nothing follows from it, whatever the policy says of the detector.
    """

    detector: str
    actor: str
    at: float
    value: float
    threshold: float
    why: str
    claimed: str = ""
    members: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    report_only: bool = False
