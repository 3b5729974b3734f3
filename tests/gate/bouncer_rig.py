"""Debian's bouncers as they are installed, with the override files of docs/feed.md, and a network of a test's own."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT
from tests.gate.feed_support import until

_BLOCK = r"<!-- {} -->\n```[a-z]+\n(.*?)```"

#: sbin is where nft and ip live, and a plain login does not look there.
ENVIRONMENT = os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}


def page(name: str) -> str:
    """Return a file that docs/feed.md shows."""
    found = re.search(
        _BLOCK.format(re.escape(name)), (ROOT / "docs/feed.md").read_text(), re.DOTALL
    )
    assert found, name
    return found[1]


def write_config(folder: Path, program: str, **changes) -> Path:
    """Write the package's own file, and beside it the override of the page with what a test has to change."""
    shipped = Path(f"/etc/crowdsec/bouncers/{program}.yaml").read_text()
    told = dict(line.split(": ", 1) for line in page(f"{program}.yaml.local").splitlines())
    assert told["api_key"] == "THE-KEY"
    file = folder / f"{program}.yaml"
    file.write_text(shipped)
    override = {**told, "daemonize": False, "log_mode": "stdout", "prometheus": {"enabled": False}}
    # JSON is YAML.
    file.with_name(f"{program}.yaml.local").write_text(json.dumps({**override, **changes}))
    return file


@contextmanager
def running(command: list[str], folder: Path, said: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the end of the block, once it said that it works."""
    log = folder / f"{Path(command[-3]).name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=ENVIRONMENT)
    try:
        until(lambda: said in log.read_text(), process, log)
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def bouncer(folder: Path, program: str, inside: tuple[str, ...] = (), **changes) -> Iterator[None]:
    """Run a bouncer that asks every second."""
    file = write_config(folder, program, update_frequency="1s", **changes)
    command = [*inside, program, "-c", str(file)]
    with running(command, folder, "Processing new and deleted decisions"):
        yield


@contextmanager
def network(*addresses: str) -> Iterator[tuple[str, ...]]:
    """Give the words that run a program in a network with these addresses, and nobody else's."""
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    holder = subprocess.Popen(["unshare", *own, "--net", "sleep", "600"], env=ENVIRONMENT)
    here = Path("/proc/self/ns/net").readlink()
    try:
        until(lambda: Path(f"/proc/{holder.pid}/ns/net").readlink() != here)
        user = ["--user", "--preserve-credentials"] if own else []
        inside = ("nsenter", f"--target={holder.pid}", *user, "--net", "--")
        run(inside, "ip", "link", "set", "lo", "up")
        for address in addresses:
            run(inside, "ip", "address", "add", f"{address}/32", "dev", "lo")
        yield inside
    finally:
        holder.kill()
        holder.wait(10)


def run(inside: tuple[str, ...], *words: str) -> str:
    """Run a command in a network and return what it prints."""
    done = subprocess.run(
        [*inside, *words], capture_output=True, text=True, check=False, env=ENVIRONMENT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
