"""An object store as a place: objects that are written once, and locked for a time where the store can."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from himaya.anchoring.deposit import MAX_BYTES, Deposit
from himaya.anchoring.place import Found
from himaya.core.errors import ServiceError
from himaya.ledger.storage import Storage


class Objects:
    """Writes to the store at `url`; with `retain_days` each object is locked (S3 Object Lock, compliance mode)."""

    is_readable = True

    def __init__(self, name: str, url: str, retain_days: int) -> None:
        self.name, self._url, self._retain_days = name, url, retain_days

    @cached_property
    def _storage(self) -> Storage:
        return Storage(self._url)

    def put(self, deposit: Deposit, now: float) -> bytes:
        """Write the object where it is not there yet; the receipt is what then stands in it."""
        name, data, storage = deposit.file_name, deposit.encoded(), self._storage
        if not storage.exists(name):
            storage.put(name, data, **self._lock(now))
        if storage.get(name, MAX_BYTES) != data:
            raise ServiceError(f"{self.name}: {name} is there with another content")
        return data

    def found(self) -> Iterator[Found]:
        """Yield the deposits of the store."""
        storage = self._storage
        for name in storage.names():
            if name.endswith(".json"):
                yield Found(f"{self.name}: {name}", storage.get(name, MAX_BYTES))

    def _lock(self, now: float) -> dict[str, Any]:
        """Return the words by which S3 keeps an object until a time, whoever asks for it to go."""
        if not self._retain_days:
            return {}
        until = datetime.fromtimestamp(now, UTC) + timedelta(days=self._retain_days)
        return {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
