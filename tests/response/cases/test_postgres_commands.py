"""`himaya case` with a register in PostgreSQL, named by the configuration."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from tests.ledger.making import NOON, disclosed, write

from himaya.cli import group
from himaya.core.errors import ServiceError


@pytest.mark.system
def test_a_register_in_postgresql_is_used_by_the_commands(postgres, tmp_path):
    """Cases are kept there and in no file; without the configuration it is missed; gone, it is an error in words."""
    write(tmp_path / "l", disclosed(NOON, "u1", "anna"))
    config = tmp_path / "site.toml"
    config.write_text(f'[response]\ndatabase = "{postgres.new("commands")}"\n')

    def run(*words: str, there: bool = True):
        given = ["--config", str(config)] if there else []
        return CliRunner().invoke(
            group, [*words, "--ledger", str(tmp_path / "l"), "--json", *given]
        )

    opened = run("case", "open", "--title", "a crew", "--why", "a report")
    assert opened.exit_code == 0, opened.exception
    (case,) = json.loads(run("case", "list").stdout)["cases"]
    assert case["id"] == json.loads(opened.stdout)["id"]
    assert not (tmp_path / "l.register").exists()
    assert json.loads(run("ledger", "verify").stdout) == {"problems": []}
    missed = run("ledger", "verify", there=False)
    assert missed.exit_code == 1
    assert "name its configuration with --config" in missed.stdout
    postgres.kill()
    try:
        gone = run("case", "note", case["id"], "--why", "nobody hears this").exception
        assert isinstance(gone, ServiceError)
        assert "it cannot be read" in str(gone)
    finally:
        postgres.start()
    done = run("case", "note", case["id"], "--why", "it is back")
    assert done.exit_code == 0, done.exception
