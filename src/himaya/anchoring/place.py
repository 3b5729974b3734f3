"""A place: somewhere outside this machine that keeps deposits. Both calls may wait; they run off the request path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import msgspec

from himaya.anchoring.deposit import Deposit
from himaya.core.errors import ServiceError


class Found(msgspec.Struct, frozen=True):
    """Something that a place keeps: `where` in words, the `data` of the deposit.

    `problem` says what is wrong with it beside its content. `stamped` is when others say it existed
    (ISO 8601 UTC), or "".
    """

    where: str
    data: bytes
    problem: str = ""
    stamped: str = ""


class Place(Protocol):
    """Somewhere that keeps deposits. `is_readable`: what is there can be read back by `found`."""

    name: str
    is_readable: bool

    def put(self, deposit: Deposit, now: float) -> bytes:
        """Deposit, and return the receipt: what shows that the place has it. `now` is epoch seconds.

        The same deposit may come twice. Another one under its name is refused. Raises ServiceError saying what
        failed; then it is tried again.
        """
        ...

    def found(self) -> Iterator[Found]:
        """Yield everything the place keeps, in no order. Raises ServiceError when it cannot be read."""
        ...


def failure(what: str, problem: Exception) -> ServiceError:
    """Return the error of a place: what failed, and what the system says of it."""
    said = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    return ServiceError(f"{what}: {said}"[:300])
