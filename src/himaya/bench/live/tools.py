"""The collecting tools: which of them this machine has, and how one is set to work."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from himaya.bench.live import collect as script
from himaya.bench.live.children import Child
from himaya.bench.live.loopback import environment, must_be_loopback
from himaya.core.errors import InputError

#: Tools that are programs, with what they are called on the disk; the others are packages of an interpreter.
_PROGRAMS = {"curl": "curl", "wget": "wget", "httrack": "httrack", "chromium": "chromium"}
_PACKAGES = {
    "httpx": "httpx",
    "requests": "requests",
    "aiohttp": "aiohttp",
    "curl_cffi": "curl_cffi",
    "scrapy": "Scrapy",
    "playwright": "playwright",
}
NAMES = tuple(tool.__name__ for tool in script.TOOLS)
#: A tool that has not ended so long after its time is ended.
_GRACE_S = 15.0
#: The most requests of one tool: a run ends also on a very fast machine.
MOST_REQUESTS = 20_000

_ASK = (
    "import json,sys;from importlib import metadata as m;d={}\n"
    "for n in sys.argv[1:]:\n"
    " try: d[n]=m.version(n)\n"
    " except m.PackageNotFoundError: pass\n"
    "print(json.dumps(d))"
)


class Tool(msgspec.Struct, frozen=True):
    """One tool that was found, or not: then `version` is ""."""

    name: str
    version: str
    python: str

    @property
    def words(self) -> str:
        """Return name and version, or that it was not found."""
        return f"{self.name} {self.version}" if self.version else f"{self.name}: not found"


class Job(msgspec.Struct, frozen=True):
    """What a tool is told: see `collect.py`."""

    base: str
    links: Sequence[str]
    address: str
    seconds: float
    most: int
    out: str


class Collected(msgspec.Struct, frozen=True):
    """How a tool fared: the folder it wrote to, the seconds and CPU seconds it took.

    `trouble` says that it had to be ended, or that it failed and what it said; then few people are no defence's merit.
    """

    folder: Path
    seconds: float
    cpu_s: float
    trouble: str = ""


def find(python: str = "") -> list[Tool]:
    """Return every tool this room can drive, in a fixed order.

    `python` is the interpreter whose packages count, by default the one that runs himaya. Raises InputError when it
    cannot be run. A plain Chromium is used only where Playwright is missing: both are the same browser.
    """
    python = python or sys.executable
    packages = _packages(python)
    found = []
    for name in NAMES:
        version = packages.get(_PACKAGES.get(name, ""), "") or _program(name)
        # The plain Chromium is driven by a module of ours, so by our own interpreter.
        found.append(Tool(name, version, sys.executable if name == "chromium" else python))
    by_name = {tool.name: tool for tool in found}
    if not by_name["chromium"].version:
        by_name["playwright"] = Tool("playwright", "", python)
    if by_name["playwright"].version:
        del by_name["chromium"]
    return list(by_name.values())


def _packages(python: str) -> dict[str, str]:
    try:
        done = subprocess.run(
            [python, "-c", _ASK, *_PACKAGES.values()], capture_output=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as problem:
        raise InputError(
            f"{python}: is not a Python that could be asked for its packages: {problem}"
        ) from None
    return msgspec.json.decode(done.stdout, type=dict[str, str])


def _program(name: str) -> str:
    """Return the version a program tells, "" when it is not there."""
    program = shutil.which(_PROGRAMS.get(name, "") or "/nowhere")
    if not program:
        return ""
    done = subprocess.run(
        [program, "--version"], capture_output=True, text=True, check=False, timeout=60
    )
    words = done.stdout.split()
    return (
        next((w.removeprefix("version").rstrip(",") for w in words if w[:1].isdigit()), "")
        or "found"
    )


async def collect(
    tool: Tool, base: str, links: Sequence[str], address: str, *, seconds: float, folder: Path
) -> Collected:
    """Let a tool collect `links` (paths) of the site at `base` into `folder`, and return how it fared.

    `address` is what it is told to come from. Raises InputError for a base that is not this machine, or a link that
    leads away from it, before anything is started.
    """
    base = must_be_loopback(base).rstrip("/")
    for link in links:
        must_be_loopback(base + link)
    disk, home = folder / "disk", folder / "home"
    home.mkdir(parents=True)
    job = folder / "job.json"
    most = MOST_REQUESTS
    job.write_bytes(msgspec.json.encode(Job(base, links, address, seconds, most, str(disk))))
    cpu, began = _cpu(), asyncio.get_running_loop().time()
    command = [tool.python, "-I", str(_entry()), tool.name, str(job)]
    inside = environment(os.environ.get("PATH", os.defpath), str(home))
    child = Child(tool.name, command, folder / "said.txt", inside)
    try:
        ended = await child.ended(seconds + _GRACE_S)
        trouble = _trouble(child) if ended else "it did not end by itself and was ended"
    finally:
        child.stop()
    disk.mkdir(exist_ok=True)
    return Collected(disk, asyncio.get_running_loop().time() - began, _cpu() - cpu, trouble)


def _trouble(child: Child) -> str:
    return f"it failed: {child.said()}" if child.failed else ""


def _entry() -> Path:
    return Path(script.__file__)


def _cpu() -> float:
    """Return the CPU seconds of all children that have ended; nothing else ends while a tool works."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
