"""Effects are values: the core returns them, a runner at the edge performs them."""

from __future__ import annotations

import msgspec

from himaya.core.decision import Standing
from himaya.core.disclosure import Disclosures
from himaya.core.finding import Finding


class RecordDisclosures(msgspec.Struct, frozen=True, gc=False):
    """Append these disclosures to the ledger."""

    disclosures: Disclosures


class RaiseFinding(msgspec.Struct, frozen=True, gc=False):
    """Show this finding to the operator (report, alert)."""

    finding: Finding


class PublishStanding(msgspec.Struct, frozen=True, gc=False):
    """Tell the front doors about a decision that stands for a principal."""

    standing: Standing


Effect = RecordDisclosures | RaiseFinding | PublishStanding
