"""Whom a doctor's request was taken for: in memory, for a minute, bounded."""

from __future__ import annotations

import pytest

from himaya.core.actor import Actor
from himaya.core.errors import InputError
from himaya.core.exchange import Request
from himaya.gate.probes import MOST, WITHIN_S, Probes

MARK = "0" * 32


def request(target):
    return Request("r", Actor(address="192.0.2.1", account="u1"), target)


def test_only_announced_requests_are_noted_and_forgotten_when_told():
    """A request with an unannounced mark leaves nothing; an announced one is told once."""
    probes = Probes()
    probes.see(request(f"/?himaya-doctor={MARK}"), "", 0.0, trusted=True)
    assert probes.take(MARK) is None
    probes.expect(MARK, 0.0)
    probes.see(request("/other"), "", 1.0, trusted=True)
    probes.see(request(f"/?himaya-doctor={MARK}"), "10.0.0.1", 1.0, trusted=True)
    told = probes.take(MARK)
    assert (told.address, told.account, told.peer) == ("192.0.2.1", "u1", "10.0.0.1")
    assert probes.take(MARK) is None
    assert not probes.waiting


def test_announcements_end_and_are_bounded():
    """After a minute a mark is forgotten; of many only the newest wait; what is no mark is refused."""
    probes = Probes()
    probes.expect(MARK, 0.0)
    probes.see(request(f"/{MARK}"), "", WITHIN_S + 1.0, trusted=False)
    assert not probes.waiting
    for number in range(100):
        probes.expect(f"{number:032x}", 5.0)
    assert len(probes.waiting) == MOST
    with pytest.raises(InputError, match="32 hex"):
        probes.expect("/", 5.0)
