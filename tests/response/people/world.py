"""A small site that the tests of this room share: two collectors, one honest account, a case, a command line."""

from __future__ import annotations

import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from click.testing import CliRunner
from tests.ledger.making import NOON, disclosed, write

from himaya import cli
from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.groups import Group
from himaya.bootstrap.register import open_register
from himaya.core.errors import HimayaError
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, micros
from himaya.response.cases import Act, Case

CONFIG = """
[site]
population = 5000
[fields]
email = 3
[[surface]]
id = "profile"
route = "/u/{subject}"
fields = ["name", "email", "photo"]
"""


def run(*words: object, code: int = 0) -> str:
    """Run `himaya`; return standard output, or the message when it ends with an error of its own."""
    done = CliRunner().invoke(cli.group, [str(word) for word in words])
    if isinstance(done.exception, HimayaError):
        assert code == 2, done.exception
        return str(done.exception)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.stdout


class World:
    """A ledger with a configuration and a register; `case` runs `himaya case NAME` on it."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.ledger = directory, directory / "l"
        self.config = directory / "himaya.toml"
        self.configure("")

    def configure(self, response: str, more: str = "") -> None:
        """Write the configuration with this `[response]`."""
        self.config.write_text(f"{more}{CONFIG}\n[response]\n{response}\n")

    def write(self, *rows: Any) -> None:
        """Put rows into the ledger."""
        write(self.ledger, *rows)

    def number(self, name: str, kind: Kind = Kind.ACTOR) -> int:
        """Return the surrogate of a name."""
        with Reader.open(self.ledger) as reader:
            return reader.identities.find(kind, name)

    def group(self, name: str, *accounts: str, found: float = NOON) -> None:
        """Put a group of accounts beside the ledger."""
        members = dict.fromkeys(self.number(f"account:{one}") for one in accounts)
        with CaseStore(cases_path(self.ledger)) as store:
            store.put(Group(name, NOON, found, members=members), NOON)

    def act(self, case: str, kind: str, why: str = "", **data: Any) -> Case:
        """Write an act into the register as a person without a role."""
        with open_register(self.ledger) as register:
            at = micros(NOON + 86_400) + len(register.entries())
            register.add(Act(case=case, kind=kind, at=at, by="dana", why=why, data=data))
            return register.case(case)

    def read(self, case: str) -> Case:
        """Return a case as it stands."""
        with open_register(self.ledger) as register:
            return register.case(case)

    def case(self, name: str, *words: object, code: int = 0) -> str:
        """Run a command of the group."""
        where = ("--ledger", self.ledger, "--config", self.config)
        return run("case", name, *where, *words, code=code)

    def told(self, name: str, *words: object) -> dict[str, Any]:
        """Return what a command prints as JSON."""
        found = json.loads(self.case(name, *words, "--json"))
        assert isinstance(found, dict)
        return found


def small(directory: Path) -> World:
    """Return a world in which a case `c1` of m1 and m2 concerns anna, ben and cy; an honest account saw dora.

    It is made once and copied: making a register takes most of a second.
    """
    shutil.copytree(_template().name, directory, dirs_exist_ok=True)
    return World(directory)


@cache
def _template() -> TemporaryDirectory[str]:
    place = TemporaryDirectory(prefix="himaya-people-")
    world = World(Path(place.name))
    world.write(
        disclosed(NOON, "m1", "anna", "ben", scope="public"),
        disclosed(NOON + 60, "m2", "ben", fields=("name", "email"), scope="members"),
        disclosed(NOON + 120, "m2", "cy", scope="public", fields=("photo",)),
        disclosed(NOON, "honest", "dora"),
    )
    world.group("g-1", "m1", "m2")
    world.act("c1", "opened", groups=["g-1"], title="a farm")
    return place
