"""A git repository as a place: each deposit is a commit, pushed to a repository that somebody else keeps.

A repository that refuses to move a branch back keeps every deposit; without that, whoever may push may also
take back. What is read is every version of every file that the branch ever had.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from himaya.anchoring.deposit import MAX_BYTES, Deposit
from himaya.anchoring.place import Found
from himaya.core.errors import ServiceError

#: Nobody is asked for a password, and no configuration of the account changes what is done.
_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "himaya",
    "GIT_AUTHOR_EMAIL": "himaya@localhost",
    "GIT_COMMITTER_NAME": "himaya",
    "GIT_COMMITTER_EMAIL": "himaya@localhost",
}


class Repository:
    """Commits deposits to one branch of the repository at `url`."""

    is_readable = True

    def __init__(self, name: str, url: str, branch: str, timeout_s: float) -> None:
        self.name, self._url, self._branch, self._timeout_s = name, url, branch, timeout_s

    def put(self, deposit: Deposit, now: float) -> bytes:
        """Push a commit with the deposit; the receipt is the commit's id."""
        with self._clone() as clone:
            path = clone / deposit.file_name
            if path.exists():
                if path.read_bytes() != deposit.encoded():
                    raise ServiceError(f"{self.name}: {path.name} is there with another content")
                return self._git(clone, "rev-parse", "HEAD").strip()
            path.write_bytes(deposit.encoded())
            date = {
                "GIT_AUTHOR_DATE": f"{int(now)} +0000",
                "GIT_COMMITTER_DATE": f"{int(now)} +0000",
            }
            self._git(clone, "add", "--", path.name)
            words = ("commit", "--quiet", "--no-gpg-sign", "--message", f"Entry {deposit.seq}")
            self._git(clone, *words, more=date)
            self._git(clone, "push", "--quiet", self._url, f"HEAD:refs/heads/{self._branch}")
            return self._git(clone, "rev-parse", "HEAD").strip()

    def found(self) -> Iterator[Found]:
        """Yield every version of every deposit in the history of the branch."""
        with self._clone(whole=True) as clone:
            if not (clone / ".git/refs/heads/here").exists():
                return
            for line in self._git(clone, "rev-list", "--objects", "HEAD").decode().splitlines():
                blob, _, name = line.partition(" ")
                if name.endswith(".json"):
                    size = int(self._git(clone, "cat-file", "-s", blob))
                    data = self._git(clone, "cat-file", "blob", blob) if size <= MAX_BYTES else b""
                    yield Found(f"{self.name}: {name}", data)

    @contextmanager
    def _clone(self, *, whole: bool = False) -> Iterator[Path]:
        """Have the branch checked out in a directory that goes again; empty where there is none yet."""
        with tempfile.TemporaryDirectory(prefix="himaya-anchor-") as folder:
            clone = Path(folder)
            self._git(clone, "init", "--quiet", "--initial-branch", "here")
            reference = f"refs/heads/{self._branch}"
            if self._git(clone, "ls-remote", self._url, reference).strip():
                depth = () if whole else ("--depth", "1")
                self._git(clone, "fetch", "--quiet", *depth, self._url, reference)
                self._git(clone, "reset", "--quiet", "--hard", "FETCH_HEAD")
            yield clone

    def _git(self, clone: Path, *words: str, more: dict[str, str] | None = None) -> bytes:
        """Return what git prints. Raises ServiceError with the last line of what it says."""
        environment = {**os.environ, **_ENVIRONMENT, **(more or {})}
        environment["GIT_CEILING_DIRECTORIES"] = str(clone.parent)
        try:
            done = subprocess.run(
                ["git", "-C", str(clone), "-c", "core.hooksPath=/dev/null", *words],
                env=environment,
                capture_output=True,
                check=False,
                timeout=self._timeout_s,
                stdin=subprocess.DEVNULL,
            )
        except FileNotFoundError:
            raise ServiceError(f"{self.name}: git is not installed") from None
        except subprocess.TimeoutExpired:
            raise ServiceError(f"{self.name}: git {words[0]} took too long") from None
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["it failed"]
            raise ServiceError(f"{self.name}: git {words[0]}: {said[-1]}"[:300])
        return done.stdout
