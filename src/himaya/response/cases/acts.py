"""What is done in a case: one act, and the entry of the register that keeps it."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

#: Who acts where no person does. A machine makes no act that starts a clock or decides anything.
MACHINE = "himaya"


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One act in a case; `kind` is one of `rules.ACTS`, which says what its `data` hold.

    `at` is when it is written down and `when` when it happened, microseconds; 0: the same moment. `role` is that of the
    operator `by` whom it is done, "" where no operators are enrolled. `data` name no data subject: surrogates only.
    """

    case: str
    kind: str
    at: int
    by: str
    role: str = ""
    why: str = ""
    when: int = 0
    data: dict[str, Any] = {}

    @property
    def moment(self) -> int:
        """Return when it happened, microseconds."""
        return self.when or self.at

    @property
    def is_back_dated(self) -> bool:
        """Tell whether it was written down later than it happened, by more than a minute."""
        return self.at - self.moment > 60_000_000

    def body(self) -> bytes:
        """Return what retention may remove of it: the reason and the data."""
        return msgspec.json.encode({"why": self.why, "data": self.data}, order="deterministic")


class Entry(msgspec.Struct, frozen=True):
    """An act as it is kept: its number in the register, and the links that show that nothing was changed.

    `removed`: retention took its reason and its data away; what these were can still be checked against `digest`.
    """

    number: int
    act: Act
    digest: str
    link: str
    removed: bool = False


def digest_of(body: bytes) -> str:
    """Return the SHA-256 (hex) of the body of an act."""
    return hashlib.sha256(body).hexdigest()


def linked(number: int, before: str, act: Act, digest: str) -> bytes:
    """Return the bytes that the link of an entry is made of: its number, the link before, all of the act."""
    parts = [number, before, act.case, act.kind, act.at, act.when, act.by, act.role, digest]
    return msgspec.json.encode(parts)
