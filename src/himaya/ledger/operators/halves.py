"""Keys of periods, halved: for every pair of holders of two different roles one random half each, encrypted to them.

The XOR of both halves of a pair is the key; each alone is random, and so are two halves of different pairs. So no
single key opens a period, and no two keys of the same role do. A half opens only for the ledger, the period and the
time that it was made for: these are authenticated with it (`about`).
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from itertools import combinations

from himaya.ledger import entries as e
from himaya.ledger.archive import encrypt

KEY = 32


def about(ledger: str, period: str, day: int, before: int, pair: tuple[str, str]) -> bytes:
    """Return what a half is bound to: ledger, period, day of the rows (-1: names), day before which names were used."""
    return b"himaya half 1:%s" % ":".join((ledger, period, str(day), str(before), *pair)).encode()


def halved(
    key: bytes, holders: Mapping[str, e.Card], ledger: str, period: tuple[str, int, int]
) -> tuple[e.Half, ...]:
    """Return the halves of a key for every pair of holders (cards by id) of different roles.

    `period` is its id, the day of its rows or -1, and the day before which its names were last used.
    """
    return tuple(
        _halves(key, (first, holders[first]), (second, holders[second]), (ledger, *period))
        for first, second in combinations(sorted(holders), 2)
        if holders[first].role != holders[second].role
    )


def _halves(
    key: bytes,
    one: tuple[str, e.Card],
    two: tuple[str, e.Card],
    bound: tuple[str, str, int, int],
) -> e.Half:
    first, second = one[0], two[0]
    where, half = about(*bound, (first, second)), os.urandom(KEY)
    return e.Half(
        first=first,
        second=second,
        to_first=_to(one[1], half, where),
        to_second=_to(two[1], xor(key, half), where),
    )


def _to(card: e.Card, half: bytes, where: bytes) -> str:
    return base64.b64encode(encrypt(half, bytes.fromhex(card.box), where)).decode()


def xor(one: bytes, two: bytes) -> bytes:
    """Return the XOR of two texts of one length. Raises ValueError when they differ in length."""
    return bytes(a ^ b for a, b in zip(one, two, strict=True))
