"""Whom an alert is about, as surrogates of the ledger: erasing somebody there takes them out of the alerts, too."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from himaya.core.errors import LedgerError
from himaya.ledger.files import Layout
from himaya.ledger.identities import Identities
from himaya.ledger.keys import default_key_file, read_key_file
from himaya.ledger.schema import FACETS, Kind

#: What a name is looked up as when it is that of an actor; other facets bear the word before their colon.
ACTOR = "actor"


class LedgerNames:
    """Finds the surrogates of names in one ledger; nothing stays open."""

    def __init__(self, directory: Path, key_file: str = "") -> None:
        """Take where the ledger and its key lie."""
        self._layout = Layout(directory)
        self._key = Path(key_file) if key_file else default_key_file(directory)

    def find(self, names: Iterable[str]) -> dict[str, tuple[str, int]]:
        """Return facet and surrogate of each name that the ledger knows by now; none when it cannot be read."""
        try:
            identities = Identities(self._layout.identities, read_key_file(self._key))
        except LedgerError:
            return {}
        try:
            found = {name: _look(identities, name) for name in names}
        except LedgerError:
            return {}
        finally:
            identities.close()
        return {name: one for name, one in found.items() if one[1]}


def _look(identities: Identities, name: str) -> tuple[str, int]:
    whole = identities.find(Kind.ACTOR, name)
    if whole:
        return ACTOR, whole
    facet, _, rest = name.partition(":")
    kind = FACETS.get(facet)
    return (facet, identities.find(kind, rest)) if kind is not None and rest else ("", 0)
