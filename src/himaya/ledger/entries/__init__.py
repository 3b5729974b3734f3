"""What the chain says: one type per kind of entry. Kinds and keys are stored, so they are never reused.

`at` is the time of writing, ISO 8601 UTC. Texts that may name a person (`why`, `basis`, `by`, a configuration)
are sealed with the key of the ledger; people and actors are surrogates, so that erasing a person reaches the chain too.
"""

from __future__ import annotations

from himaya.ledger.entries.access import Naming as Naming
from himaya.ledger.entries.access import Stated as Stated
from himaya.ledger.entries.anchors import Anchored as Anchored
from himaya.ledger.entries.anchors import AnchorEntry as AnchorEntry
from himaya.ledger.entries.anchors import Unanchored as Unanchored
from himaya.ledger.entries.attachments import Attached as Attached
from himaya.ledger.entries.attachments import Detached as Detached
from himaya.ledger.entries.backups import Backup as Backup
from himaya.ledger.entries.backups import Rekeyed as Rekeyed
from himaya.ledger.entries.backups import Restored as Restored
from himaya.ledger.entries.base import CompactFile as CompactFile
from himaya.ledger.entries.base import Entry as Entry
from himaya.ledger.entries.base import File as File
from himaya.ledger.entries.base import Files as Files
from himaya.ledger.entries.base import Twin as Twin
from himaya.ledger.entries.cases import CaseEntry as CaseEntry
from himaya.ledger.entries.files import AnyFiles as AnyFiles
from himaya.ledger.entries.files import AnySigned as AnySigned
from himaya.ledger.entries.files import Archived as Archived
from himaya.ledger.entries.files import Blanked as Blanked
from himaya.ledger.entries.files import Compacted as Compacted
from himaya.ledger.entries.files import CompactEnded as CompactEnded
from himaya.ledger.entries.files import Merged as Merged
from himaya.ledger.entries.files import Removed as Removed
from himaya.ledger.entries.files import Renumbered as Renumbered
from himaya.ledger.entries.files import Retention as Retention
from himaya.ledger.entries.files import Sealed as Sealed
from himaya.ledger.entries.files import SealingKey as SealingKey
from himaya.ledger.entries.operators import AccessRefused as AccessRefused
from himaya.ledger.entries.operators import Card as Card
from himaya.ledger.entries.operators import Half as Half
from himaya.ledger.entries.operators import OpeningRequested as OpeningRequested
from himaya.ledger.entries.operators import OperatorEnrolled as OperatorEnrolled
from himaya.ledger.entries.operators import OperatorRetired as OperatorRetired
from himaya.ledger.entries.operators import PeriodOpened as PeriodOpened
from himaya.ledger.entries.operators import PeriodSealed as PeriodSealed
from himaya.ledger.entries.operators import Retirement as Retirement
from himaya.ledger.entries.people import Access as Access
from himaya.ledger.entries.people import Blocked as Blocked
from himaya.ledger.entries.people import Forgotten as Forgotten
from himaya.ledger.entries.people import Hold as Hold
from himaya.ledger.entries.people import Lifted as Lifted
from himaya.ledger.entries.people import Place as Place
from himaya.ledger.entries.people import Released as Released
from himaya.ledger.entries.policies import Calibration as Calibration
from himaya.ledger.entries.policies import Config as Config
from himaya.ledger.entries.policies import Forecast as Forecast
from himaya.ledger.entries.policies import Unforecast as Unforecast
from himaya.ledger.entries.retention import Classes as Classes
from himaya.ledger.entries.retention import Destroyed as Destroyed
from himaya.ledger.entries.retention import Exported as Exported
from himaya.ledger.entries.retention import Judged as Judged
from himaya.ledger.entries.writers import Abandoned as Abandoned
from himaya.ledger.entries.writers import Closed as Closed
from himaya.ledger.entries.writers import Format as Format
from himaya.ledger.entries.writers import Leases as Leases
from himaya.ledger.entries.writers import Opened as Opened
from himaya.ledger.entries.writers import Repaired as Repaired

AnyEntry = (
    Opened
    | Closed
    | Abandoned
    | Format
    | Repaired
    | Sealed
    | Merged
    | Removed
    | Blanked
    | Archived
    | Retention
    | SealingKey
    | Config
    | Forecast
    | Calibration
    | Unforecast
    | Leases
    | Access
    | Hold
    | Released
    | Forgotten
    | Blocked
    | Lifted
    | Naming
    | Stated
    | Compacted
    | Renumbered
    | CompactEnded
    | Classes
    | Exported
    | Destroyed
    | Judged
    | OperatorEnrolled
    | OperatorRetired
    | AccessRefused
    | PeriodSealed
    | OpeningRequested
    | PeriodOpened
    | Backup
    | Restored
    | Rekeyed
    | Attached
    | Detached
    | Anchored
    | Unanchored
    | CaseEntry
)
