"""A PostgreSQL of its own for tests: Debian's, in a directory, on a Unix socket alone, run by the user postgres."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

_USER = "postgres"


def _programs() -> Path:
    """Return where initdb and pg_ctl are."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = next((one for one in places if (one / "initdb").exists()), None)
    if found is None:
        found = Path(str(shutil.which("initdb"))).parent
    return found


class Postgres:
    """One server; `start` and `kill` as often as a test likes."""

    def __init__(self) -> None:
        """Make an empty cluster."""
        # A socket's path has at most 107 bytes, and root's temporary directories are closed to others.
        self.directory = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._as = self._demoted()
        self._data, self._programs = self.directory / "data", _programs()
        self._run("initdb", "-D", self._data, "-U", _USER, "-A", "trust", "-N", "-E", "UTF8")

    def _demoted(self) -> dict[str, object]:
        """Return whom to run it as: initdb refuses root."""
        if os.getuid():
            return {}
        account = pwd.getpwnam(_USER)
        os.chown(self.directory, account.pw_uid, account.pw_gid)
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def _run(self, program: str, *words: object) -> None:
        command = [str(self._programs / program), *map(str, words)]
        done = subprocess.run(
            command, cwd=self.directory, capture_output=True, text=True, check=False, **self._as
        )
        assert done.returncode == 0, done.stderr + self.log()

    def log(self) -> str:
        """Return what the server said."""
        path = self.directory / "log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def start(self) -> None:
        """Start the server and wait for it."""
        options = f"-c listen_addresses='' -k {self.directory} -c fsync=off -c max_connections=30"
        log = self.directory / "log"
        self._run("pg_ctl", "-D", self._data, "-w", "-t", "60", "-l", log, "-o", options, "start")

    def kill(self) -> None:
        """End it as a power cut would: without a word to whoever is connected."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    def address(self, database: str = "postgres") -> str:
        """Return the address of a database for a configuration."""
        return f"postgresql+psycopg://{_USER}@/{database}?host={self.directory}"

    def new(self, name: str) -> str:
        """Make a database and return its address."""
        where = ["-h", self.directory, "-U", _USER]
        self._run("createdb", *where, name)
        return self.address(name)

    def remove(self) -> None:
        """End it and remove it."""
        if (self._data / "postmaster.pid").exists():
            self.kill()
        shutil.rmtree(self.directory)
