"""What every defence of the live bench offers, and the one that is none."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from himaya.bench.defences.base import Exposed
from himaya.bench.live.children import Child
from himaya.core.errors import ServiceError
from himaya.core.facts import Fact

Command = list[str | Path]

#: Servers live here, and a plain login does not look there.
PATH = os.pathsep.join(
    [os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"]
)
#: Environment of the defences' own processes.
ENVIRONMENT = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/nonexistent"}

#: Routes that show people: every rival counts and limits these.
PEOPLE_ROUTES = "^/(u|photo|preview|search|suggest|api|lookup|lookup-mail|import|relatives)(/|$)"


class Front:
    """Stands before the site at 127.0.0.1:`port` from `start` to `stop`. This one is no defence: the site itself.

    `programs` are what it needs; `family` and `setting` are those of the model of the same name, if there is one.
    """

    programs: tuple[str, ...] = ()

    def __init__(self, name: str = "none", family: str = "", setting: str = "") -> None:
        """Take a name."""
        self.name, self.family, self.setting = name, family, setting
        self.port = 0
        self.children: list[Child] = []

    async def start(self, site: int, folder: Path, facts: Sequence[Fact]) -> None:
        """Start before the site at port `site`; `facts` are what the application knows. Raises ServiceError."""
        self.port = site

    def stop(self) -> None:
        """End every process, the last one started first."""
        for child in reversed(self.children):
            child.stop()

    def check(self) -> None:
        """Raise ServiceError when a process ended by itself."""
        for child in self.children:
            if not child.alive:
                raise ServiceError(f"{child.name} ended by itself:\n{child.said()}")

    def exposed(self, actors: Iterable[str]) -> Exposed | None:
        """Return who was shown to these actors by the defence's own record; None when it keeps none."""
        return None

    def missing(self) -> list[str]:
        """Return the programs this machine does not have."""
        return [program for program in self.programs if where(program) is None]

    def rule(self) -> str:
        """Return what really ran."""
        return "Nothing stands before the site."


def where(program: str) -> str | None:
    """Return where a program lies, also among the servers."""
    return shutil.which(program, path=PATH)


def told(*command: str) -> str:
    """Return the first line a program says, on either channel."""
    done = subprocess.run(
        [where(command[0]) or command[0], *command[1:]],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return (done.stdout + done.stderr).strip().partition("\n")[0]
