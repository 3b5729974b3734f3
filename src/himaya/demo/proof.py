"""The worst scraper's own file beside the ledger's answer: both written down, then compared line by line."""

from __future__ import annotations

import asyncio
import difflib
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from himaya.core.errors import ServiceError
from himaya.demo.harvest import Haul
from himaya.demo.scrapers import Scraper

#: Runs the installed command in this very interpreter, wherever its script lies.
COMMAND = ("-c", "from himaya.cli import main; main()")
#: Where the scrapers' files lie in the directory of a run.
FILES = "scrapers"
_WHY = "demo"


class Proof(msgspec.Struct, frozen=True):
    """One comparison. `diff` holds the lines of a unified diff; empty means both files are equal."""

    scraper: Scraper
    directory: Path
    command: str
    own: Path
    ledger: Path
    people_own: int
    people_ledger: int
    diff: tuple[str, ...]


async def compare(scraper: Scraper, haul: Haul, directory: Path) -> Proof:
    """Ask the ledger in `directory` by its command, and compare with a scraper's own file.

    Both sides are written to `directory`/scrapers. Raises ServiceError when the command fails.
    """
    arguments = ["who", "--ledger", "ledger", "--actor", scraper.actor, "--why", _WHY, "--json"]
    answer = await asyncio.to_thread(_run, arguments, directory)
    into = directory / FILES
    (into / f"{scraper.key}.who.json").write_text(answer)
    told = ledger_lines(msgspec.json.decode(answer))
    own = haul.lines()
    mine, theirs = into / f"{scraper.key}.own.tsv", into / f"{scraper.key}.ledger.tsv"
    mine.write_text("".join(f"{line}\n" for line in own))
    theirs.write_text("".join(f"{line}\n" for line in told))
    return Proof(
        scraper=scraper,
        directory=directory,
        command=shlex.join(["himaya", *arguments]),
        own=mine,
        ledger=theirs,
        people_own=len(own),
        people_ledger=len(told),
        diff=tuple(difflib.unified_diff(own, told, mine.name, theirs.name, lineterm="", n=0)),
    )


def ledger_lines(answer: dict[str, Any]) -> list[str]:
    """Return the answer of `himaya who --json` in the form of a scraper's own file."""
    rows: Sequence[dict[str, Any]] = answer["subjects"]
    return sorted(f"{row['subject']}\t{','.join(sorted(row['fields']))}" for row in rows)


def _run(arguments: Sequence[str], directory: Path) -> str:
    done = subprocess.run(
        [sys.executable, *COMMAND, *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise ServiceError(
            f"`{shlex.join(['himaya', *arguments])}` ended with {done.returncode}: {said}"
        )
    return done.stdout
