"""Which session belongs to which account, as the application told in `Himaya-Account` response headers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable


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

    def items(self) -> list[tuple[str, str]]:
        """Return all bindings, least recently used first, to be kept over a restart."""
        return list(self._accounts.items())
