"""Groups: actors that share a linking key and split a job between them.

`keys` says what may link, `candidate` streams the tests (`birthday`, `coverage`, `synchrony`) over one key, `search`
keeps all candidates and opens groups, `asking` asks the ledger (import it by name: it loads the engine of questions).
`docs/groups.md` says what the tests assume.
"""

from __future__ import annotations

from himaya.analysis.groups.group import Ground, Group, names_of
from himaya.analysis.groups.keys import Sighting
from himaya.analysis.groups.search import Search
from himaya.analysis.groups.settings import Settings

__all__ = [
    "Ground",
    "Group",
    "Search",
    "Settings",
    "Sighting",
    "names_of",
]
