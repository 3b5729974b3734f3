"""The order to the application's identity system: whose sessions and keys end. Signed as alerts' webhook is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from himaya.core.errors import ServiceError
from himaya.runner.alerting.channel import read_secret
from himaya.runner.alerting.webhook import HEADER, post, signature

#: Seconds waited before each try. With the time that a try may take the last one ends within a minute.
WAITS_S: Sequence[float] = (0.0, 1.0, 2.0, 4.0, 8.0)
#: Seconds that one try may take.
TRY_S = 8.0


class Revocation(msgspec.Struct, frozen=True):
    """What the identity system is asked to do; `revoke`, or `restore` when it is undone.

    `id` is the same for a repetition. `at` is when it was decided, ISO 8601 UTC. `sessions` are keyed hashes of the
    site's session cookie where himaya made them, else what the application or the log called them.
    """

    id: str
    event: Literal["revoke", "restore"]
    case: str
    practice: bool
    at: str
    accounts: tuple[str, ...]
    keys: tuple[str, ...]
    sessions: tuple[str, ...]


class Told(msgspec.Struct, frozen=True):
    """How it was taken: what the other side said, after how many tries, when (epoch seconds)."""

    said: str
    tries: int
    at: float


def tell(
    order: Revocation,
    url: str,
    secret_file: str,
    *,
    clock: Callable[[], float] = time.time,
    waits: Sequence[float] = WAITS_S,
) -> Told:
    """Post an order until it is taken. Raises ConfigError (the secret) and ServiceError with what failed last."""
    secret, body = (
        read_secret(secret_file, "response.revoke_secret_file"),
        msgspec.json.encode(order),
    )
    problem = "it was not tried"
    for number, wait in enumerate(waits, 1):
        time.sleep(wait)
        headers = {"Himaya-Revocation": order.id, HEADER: signature(secret, int(clock()), body)}
        try:
            return Told(post(url, body, headers, TRY_S), number, clock())
        except ServiceError as refused:
            problem = str(refused)
    raise ServiceError(f"{problem}; tried {len(waits)} times")
