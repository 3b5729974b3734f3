"""A case of its own for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.watch.reconcile.making import Case


@pytest.fixture(name="case")
def _case(tmp_path: Path) -> Case:
    return Case(tmp_path)
