"""What judging a log needs to begin."""

from __future__ import annotations

import msgspec

from himaya.config import ActorConfig
from himaya.core.facts import Facts
from himaya.core.policy import Policy
from himaya.core.salt import Salted


class Limits(msgspec.Struct, frozen=True):
    """How much a log can make a scan hold. Past a limit totals of lines stay right, figures of people do not.

    `actors`: what further actors did is counted, not kept. `people`: further people count as disclosures only.
    """

    actors: int = 2_000_000
    people: int = 10_000_000


class Setup(msgspec.Struct, frozen=True):
    """`actor` is None without a configuration; `began` is the first time of the logs.

    `salt` is what fingerprint classes go through on their way into a ledger.
    """

    policy: Policy
    actor: ActorConfig | None
    limits: Limits
    began: float
    facts: Facts
    salt: Salted | None = None
