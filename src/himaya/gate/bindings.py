"""Which session belongs to which account, as the application told in `Himaya-Account` response headers."""

from __future__ import annotations

import contextlib
import logging
import os
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

import msgspec

log = logging.getLogger(__name__)


class Bindings:
    """Session marks (keyed hashes of cookie values) to accounts; bounded, the least recently used leaves.

    A session that left is simply unknown again until the application names its account once more.
    """

    def __init__(self, most: int = 500_000) -> None:
        self._most = most
        self._accounts: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._accounts)

    def account_of(self, marks: Iterable[str]) -> str:
        """Return the account of the first mark that is bound, or ""."""
        for mark in marks:
            account = self._accounts.get(mark)
            if account is not None:
                self._accounts.move_to_end(mark)
                return account
        return ""

    def bind(self, mark: str, account: str) -> None:
        """Bind a session to an account; an empty account ends the binding (log-out)."""
        self._accounts.pop(mark, None)
        if not account:
            return
        self._accounts[mark] = account
        if len(self._accounts) > self._most:
            self._accounts.popitem(last=False)

    def save(self, path: Path) -> None:
        """Keep the bindings over a planned restart, in a file that only its owner can read.

        A disk that refuses is logged: sessions are then unknown until they are named again.
        """
        if not self._accounts:
            return
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(list(self._accounts.items())))
        except OSError as problem:
            log.warning("sessions are not kept over the restart: %s", problem)

    def load(self, path: Path) -> None:
        """Take up what `save` kept, and remove the file: it speaks for one restart only."""
        try:
            kept = msgspec.json.decode(path.read_bytes(), type=list[tuple[str, str]])
        except FileNotFoundError:
            return
        except (OSError, msgspec.DecodeError) as problem:
            log.warning("sessions of before the restart cannot be read: %s", problem)
            kept = []
        for mark, account in kept:
            self.bind(mark, account)
        with contextlib.suppress(OSError):
            path.unlink()
