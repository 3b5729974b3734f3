"""Registers on both databases for the tests of cases."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.response.cases.postgres import Postgres

from himaya.ledger.keys import Keys
from himaya.response.cases import Entry, Register
from himaya.response.cases.tables import connect

KEYS = Keys(b"k" * 32)
_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres(system_parts: None) -> Iterator[Postgres]:
    """Give a running PostgreSQL."""
    del system_parts
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def address(request: pytest.FixtureRequest) -> str:
    """Give the address of an empty database, "" for a file beside the ledger."""
    if request.param == "sqlite":
        return ""
    server: Postgres = request.getfixturevalue("postgres")
    return server.new(f"cases{next(_NUMBERS)}")


Opener = Callable[..., Register]


@pytest.fixture
def opener(address: str, tmp_path: Path) -> Opener:
    """Give what opens the register, again and again."""

    def open_one(keys: Keys = KEYS, seen: list[Entry] | None = None) -> Register:
        witness = seen.append if seen is not None else lambda _: None
        return Register(connect(address, tmp_path / "ledger"), keys, witness)

    return open_one


@pytest.fixture
def register(opener: Opener) -> Iterator[Register]:
    """Give an empty register."""
    with opener() as opened:
        yield opened
