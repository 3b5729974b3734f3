"""`--ledger` takes every spelling of a directory."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from himaya.cli import group
from himaya.core.errors import LedgerError
from himaya.ledger import Ledger


@pytest.mark.parametrize("spelling", [".", "sealed/..", "../l", "./"])
@pytest.mark.parametrize("words", [("ledger", "log"), ("case", "list"), ("deadlines",)])
def test_a_ledger_is_found_from_within(tmp_path, monkeypatch, words, spelling):
    """A command that is run in the directory of the ledger finds key and cases beside it."""
    Ledger.open(tmp_path / "l").close()
    monkeypatch.chdir(tmp_path / "l")
    done = CliRunner().invoke(group, [*words, "--ledger", spelling], catch_exceptions=False)
    assert done.exit_code == 0, done.output


def test_the_root_is_no_ledger():
    """A directory that has no name at all is refused in one sentence."""
    with pytest.raises(LedgerError, match="no ledger here"):
        group.main(["case", "list", "--ledger", "/"], standalone_mode=False)
