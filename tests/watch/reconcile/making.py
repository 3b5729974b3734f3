"""A configuration, a ledger and a log for `himaya reconcile`, and what it says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from tests.ledger.making import DAY, NOON, disclosed, write
from tests.watch.logs import line

from himaya import cli
from himaya.core.disclosure import Disclosures
from himaya.core.errors import HimayaError

CONFIG = """
mode = "enforce"
[owner]
name = "Somebody"
contact = "a@example.org"
[retention]
identified_days = 31
[[surface]]
id = "profile"
route = "/u/{subject}"
[[surface]]
id = "card"
route = "/card/{subject}"
redact = ["name"]
[[surface]]
id = "search"
route = "/search"
kind = "listing"
people = ["links"]
links = "/u/{subject}"
max_people = 20
[[surface]]
id = "find"
route = "/find"
kind = "lookup"
query = "phone"
people = ["json"]
json_subject = "id"
"""


ADDRESS = "203.0.113.9"


#: Rows before and after everything, so that the ledger speaks for all that is between.
EDGES = (disclosed(NOON - 600, "edge", "e"), disclosed(NOON + 3 * DAY, "edge", "e"))


class Case:
    """A directory with a configuration, a ledger and a log."""

    def __init__(self, path: Path) -> None:
        self.path, self.log, self.ledger = path, path / "a.log", path / "ledger"
        (path / "himaya.toml").write_text(CONFIG)

    def write(self, *rows: Disclosures, gaps: tuple[tuple[Any, ...], ...] = ()) -> None:
        ledger = write(self.ledger, *EDGES, *rows, close=False)
        for gap in gaps:
            ledger.note_gap(*gap)
        ledger.close()

    def run(self, *words: str, code: int = 0, logs: tuple[Path, ...] = ()) -> str:
        done = CliRunner().invoke(
            cli.group,
            [
                *("reconcile", *map(str, logs or (self.log,))),
                *("--config", str(self.path / "himaya.toml"), "--ledger", str(self.ledger)),
                *("--why", "a test", *words),
            ],
        )
        if isinstance(done.exception, HimayaError):
            assert code == 2
            return str(done.exception)
        assert done.exit_code == code, done.output + repr(done.exception)
        return done.stdout

    def compare(self, *lines: str, code: int = 0, words: tuple[str, ...] = ()) -> dict[str, Any]:
        self.log.write_text("".join(lines))
        return json.loads(self.run("--json", "--pending-s", "0", *words, code=code))


def view(at: float, target: str, account: str = "u1", **more: Any) -> str:
    return line(at, target, account=account, **{"address": ADDRESS, **more})


def listed(
    at: float, account: str = "u1", people: tuple[str, ...] = (), **more: Any
) -> Disclosures:
    base = {"surface": "search", "kind": "listing", "source": "proxy"}
    return disclosed(at, account, *people, **{**base, **more})
