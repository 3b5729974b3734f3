"""A site with one declared surface, and the commands of `himaya canary` in it."""

from __future__ import annotations

from click.testing import CliRunner

from himaya.cli import group
from himaya.core.errors import InputError

CONFIG = """
[canaries]
file = "secret.txt"
[[surface]]
id = "profile"
route = "/u/{subject}"
"""


def run(folder, *words: str, code: int = 0, fails: str = "") -> str:
    where = ["--config", str(folder / "himaya.toml")]
    result = CliRunner().invoke(group, ["canary", words[0], *where, *words[1:]])
    if fails:
        assert isinstance(result.exception, InputError), result.output
        assert fails in str(result.exception)
        return ""
    assert result.exit_code == code, (result.output, result.exception)
    return result.output
