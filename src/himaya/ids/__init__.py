"""Ids for pages of people that nobody can walk through: opaque, one per viewer, and only for a while.

    ids = Ids(key)
    token = ids.seal("17", "account:4", now)      what stands in the link that account 4 sees
    ids.open(token, "account:4", now)             "17"
    ids.open(token, "account:5", now)             None

ids       `Ids`: seal, open, and share on purpose
subjects  how an id becomes few bytes, and whole again
keys      new keys, and the file they lie in

What this takes from a collector, and what it does not:

- Counting on (`/u/17`, `/u/18`) and guessing find nobody: a token is authenticated with 128 bits.
- A list of links that one viewer collected is worthless to another, to a fleet of other accounts, and to whoever buys
  the list.
- Two viewers' links of one person cannot be compared, so lists cannot be joined by link.
- It does not hide people from a viewer who may see their pages: whoever is shown a link can follow it. Budgets bound
  that.
- It does not help where a page itself prints the real id (in JSON, in the address of a photo, in `data-` attributes).
"""

from __future__ import annotations

from himaya.ids.ids import DAY_S, SHAPE, Ids, Shared
from himaya.ids.keys import new_key, read_keys

__all__ = ["DAY_S", "SHAPE", "Ids", "Shared", "new_key", "read_keys"]
