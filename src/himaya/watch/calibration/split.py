"""Which accounts set thresholds, and which measure the rate: a keyed digest of the name decides, the same every time.

An account stays on its side whatever else is in the file, so that no later calibration measures a threshold on those
who set it, as long as the seed is the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

#: The seed where there is no ledger whose key gives one.
PLAIN_SEED = "himaya"


def splitter(seed: str, share: float) -> Callable[[str], bool]:
    """Return what tells whether a name is held out to measure the rate; `share` (0 to 1) of all are."""
    key = hashlib.sha256(seed.encode()).digest()
    below = round(share * (1 << 64))

    def held_out(name: str) -> bool:
        digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), key=key, digest_size=8)
        return int.from_bytes(digest.digest(), "big") < below

    return held_out
