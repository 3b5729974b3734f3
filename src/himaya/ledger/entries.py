"""What the chain says: one type per kind of entry. Kinds and keys are stored, so they are never reused.

`at` is the time of writing, ISO 8601 UTC. Texts that may name a person (`why`, `basis`, `by`, a configuration)
are sealed with the key of the ledger; people and actors are surrogates, so that erasing a person reaches the chain too.
"""

from __future__ import annotations

import msgspec


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of all entries."""

    at: str


class Opened(Entry, frozen=True, tag_field="kind", tag="opened"):
    """A writer opened the ledger. `clean`: the one before it closed; `cut`: bytes of torn tails."""

    version: str = ""
    clean: bool = True
    cut: int = 0
    rows: int = 0


class Closed(Entry, frozen=True, tag_field="kind", tag="closed"):
    """The writer closed the ledger; everything it had was durable."""


class Repaired(Entry, frozen=True, tag_field="kind", tag="repaired"):
    """The last line of the chain was torn by a crash and was cut; it was never acknowledged."""

    cut: int


class File(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file of rows of one day. `first` and `last` are times in microseconds.

    `archive`: encrypted with the sealing key, readable only with its private half.
    """

    name: str
    day: int
    sha256: str
    bytes: int
    rows: int
    first: int
    last: int
    archive: bool = False


class Files(Entry, frozen=True):
    """Base of entries that change which files count. `upto`: segments up to it are in the files."""

    add: tuple[File, ...] = ()
    drop: tuple[str, ...] = ()
    upto: int = 0


class Sealed(Files, frozen=True, tag_field="kind", tag="sealed"):
    """Write-ahead segments became files."""


class Merged(Files, frozen=True, tag_field="kind", tag="merged"):
    """Several files of one day became one, with the same rows."""


class Removed(Files, frozen=True, tag_field="kind", tag="removed"):
    """Retention removed rows; `add` holds what a hold or an unobserved period keeps."""

    rows: int = 0
    before: int = 0


class Blanked(Files, frozen=True, tag_field="kind", tag="blanked"):
    """The fingerprint class of `rows` rows of days before this UTC day was blanked; they are the same otherwise."""

    rows: int = 0
    before: int = 0


class Archived(Files, frozen=True, tag_field="kind", tag="archived"):
    """Retention encrypted rows to the sealing key."""

    rows: int = 0
    before: int = 0


class Retention(Entry, frozen=True, tag_field="kind", tag="retention"):
    """How long identified rows are kept from now on, and what happens then; how long a fingerprint class is."""

    days: int
    then: str
    class_days: int = 31


class SealingKey(Entry, frozen=True, tag_field="kind", tag="sealing_key"):
    """The public key (hex) to which retention encrypts from now on."""

    public: str


class Config(Entry, frozen=True, tag_field="kind", tag="config"):
    """A configuration became active. `text` is sealed, and absent where an earlier entry has it.

    `mode`: shadow or enforce where a gate decides by it; "" where a log was read.
    """

    policy: str
    digest: str
    text: str = ""
    mode: str = ""


class Forecast(Entry, frozen=True, tag_field="kind", tag="forecast"):
    """What a policy would have done to past traffic, before it was enforced.

    `policy` is its hash when enforced. `source`: log or ledger; `lines` of it and `actors` in it, from `start` to
    `end` (microseconds). `low` and `high`: 95 % interval of the share of actors who stand out by nothing and would
    have been restricted. `summary` says it in words, without names; `by` is sealed.
    """

    policy: str
    source: str
    start: int
    end: int
    lines: int
    actors: int
    low: float
    high: float
    summary: str
    by: str


class Calibration(Entry, frozen=True, tag_field="kind", tag="calibration"):
    """Thresholds were taken from accounts later proven honest.

    `policy` is the hash, as enforced, of the policy that was calibrated, `calibrated` of the one with the new values.
    `receipt` is canonical JSON without identities, `digest` its SHA-256; `by` is sealed.
    """

    policy: str
    calibrated: str
    receipt: str
    digest: str
    by: str


class Unforecast(Entry, frozen=True, tag_field="kind", tag="unforecast"):
    """A policy is enforced without a forecast.

    `how`: waived (somebody took it upon them; `why` and `by` are sealed), warned (the configuration asks for no
    more), first (no configuration was in force in this ledger before).
    """

    policy: str
    how: str
    why: str = ""
    by: str = ""


class Leases(Entry, frozen=True, tag_field="kind", tag="leases"):
    """From now on until the gate stops, up to `workers` have leases, each of up to `people` of any principal."""

    workers: int
    people: int


class Access(Entry, frozen=True, tag_field="kind", tag="access"):
    """Somebody asked. `about` is a column and a surrogate (0: a name the ledger does not know)."""

    column: str
    surrogate: int
    why: str
    by: str
    start: int = 0
    end: int = 0
    command: str = "who"


class Hold(Entry, frozen=True, tag_field="kind", tag="hold"):
    """Rows that an open matter needs stay: `column` = `surrogate`, time in [start, end).

    `until` is when the hold ends, in microseconds. `basis` and `by` are sealed.
    """

    id: str
    column: str
    surrogate: int
    basis: str
    by: str
    until: int
    start: int = 0
    end: int = 0


class Released(Entry, frozen=True, tag_field="kind", tag="released"):
    """A hold ended before its time."""

    id: str
    why: str
    by: str


class Forgotten(Entry, frozen=True, tag_field="kind", tag="forgotten"):
    """An identity was erased: these surrogates name nobody any more."""

    surrogates: tuple[int, ...]
    why: str
    by: str


class Place(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one block of a decision is about: `column` (address or prefix) and surrogate.

    `id` names the block, `action` is block or challenge, `collateral` how many ordinary accounts share the place.
    """

    id: str
    column: str
    surrogate: int
    action: str
    collateral: int = 0


class Blocked(Entry, frozen=True, tag_field="kind", tag="blocked"):
    """A person, or a case that a person confirmed, had places blocked or challenged at the feed.

    `start` and `until` are microseconds. `case` is the case, "" for an operator's own decision. `why` and `by` are
    sealed.
    """

    places: tuple[Place, ...]
    why: str
    by: str
    start: int
    until: int
    case: str = ""


class Lifted(Entry, frozen=True, tag_field="kind", tag="lifted"):
    """Blocks ended before their time. `why` and `by` are sealed."""

    ids: tuple[str, ...]
    why: str
    by: str


AnyEntry = (
    Opened
    | Closed
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
)

#: Entries by which retention changes which files count.
AnyFiles = Removed | Blanked | Archived
