"""What asking a staging site tells, as it stands in the JSON."""

from __future__ import annotations

import msgspec

from himaya.ledger.answers import Unobserved


class SurfaceLoss(msgspec.Struct):
    """What one pattern got from one surface. `fields` counts people per field; `read` False: no JSON, as declared."""

    surface: str
    asked: int = 0
    refused: int = 0
    people: int = 0
    fields: dict[str, int] = {}
    read: bool = False


class PatternLoss(msgspec.Struct):
    """What one pattern of asking got: `people` in all, `before` the first refusal (None: never refused)."""

    id: str
    title: str
    how: str
    requests: int
    refused: int
    people: int
    before: int | None
    statuses: dict[str, int]
    surfaces: list[SurfaceLoss]
    ended: str


class StagingResult(msgspec.Struct):
    """People lost: how many of the named test people any pattern obtained. `stopped` says why the run broke off."""

    target: str
    address: str
    policy: str
    test_people: int
    people_lost: int
    share_lost: float
    fields_lost: dict[str, int]
    requests: int
    patterns: list[PatternLoss]
    left_out: dict[str, str]
    redirects_left: int
    stopped: str
    notes: list[str]


class ProbeResult(msgspec.Struct, rename={"start": "from", "end": "to"}):
    """Whether `who` names exactly those whom the examiner obtained as one actor, within `start` to `end`.

    `missing`: obtained and not named; `surplus`: named and not obtained; `not_obtained`: test people who were refused.
    """

    target: str
    actor: str
    start: str
    end: str
    test_people: int
    obtained: int
    named: int
    equal: bool
    missing: list[str]
    surplus: list[str]
    not_obtained: list[str]
    unattributed: int
    unobserved: list[Unobserved]
    note: str

    @property
    def exit_code(self) -> int:
        """Return 0 when the ledger is exact, else 1."""
        return 0 if self.equal else 1
