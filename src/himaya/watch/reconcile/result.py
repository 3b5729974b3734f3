"""What a comparison answers, as values."""

from __future__ import annotations

import msgspec

from himaya.ledger.answers import Period


class Sums(msgspec.Struct):
    """How many lines came out how: `compared` is `matched`, `missing`, `unclear`, `explained` and `pending` together.

    Of the matched, `by_number` have a row of which a name was erased, and `from_log` one that was made from a log: it
    says that the view is on record, not that a gate was asked. `only_in_ledger` counts rows (of a listing or
    look-up: exchanges) without a line.
    """

    compared: int = 0
    matched: int = 0
    by_number: int = 0
    from_log: int = 0
    missing: int = 0
    unclear: int = 0
    explained: int = 0
    pending: int = 0
    only_in_ledger: int = 0


class Skipped(msgspec.Struct, frozen=True):
    """Lines that were not compared.

    `elsewhere`: on no declared surface. `outside`: outside the ledger's period. `nothing`: refused, redirected, not
    modified, failed or without a body. `nobody`: the log says the answer showed nobody. `own`: one's own profile.
    `opened`: on a route of many operations. `malformed`: not readable. `late`: more than ten minutes behind earlier
    lines of the same log.
    """

    elsewhere: int
    outside: int
    nothing: int
    nobody: int
    own: int
    opened: int
    malformed: int
    late: int


class Explained(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """An unobserved period of the ledger, and the lines without a row that it explains."""

    start: str
    end: str
    why: str
    surface: str
    lines: int


class Named(msgspec.Struct, frozen=True):
    """One line by name; `actor` and `subject` are pseudonyms unless names were asked for. `why` may be ""."""

    file: str
    line: int
    at: str
    surface: str
    actor: str
    subject: str
    why: str = ""


class Reconciliation(msgspec.Struct, frozen=True):
    """The whole answer. `holds`: no line is missing (and with `strict` none unclear or unread).

    `log` is from when to when lines were compared, `ledger` what it speaks for.
    """

    holds: bool
    strict: bool
    log: Period
    ledger: Period
    tolerance_s: float
    settle_s: float
    pending_s: float
    lines: int
    sums: Sums
    surfaces: dict[str, Sums]
    skipped: Skipped
    explained: tuple[Explained, ...]
    missing: tuple[Named, ...]
    unclear: tuple[Named, ...]
    notices: tuple[str, ...]
