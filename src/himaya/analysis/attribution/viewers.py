"""About how many different actors saw each person: linear counting in a word of 62 bits, where that is not full.

Every actor sets one bit. Where z of b bits are still zero, the estimate is b * ln(b / z) (K.-Y. Whang,
B. Vander-Zanden, H. Taylor, "A linear-time probabilistic counting algorithm", ACM TODS 15(2), 1990). Surrogates are
random, so their remainder says which bit. Two actors are taken for one in 1 of 62 cases, and near a full word an eighth
of the estimate is noise; it only sorts people into strata. Whoever has a fuller word was seen by many, is one of few,
and is counted by HyperLogLog: for everybody that would take twice as long as all else that is asked of the rows.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

#: Bits of the word: signed integers of 64 bits hold them on every engine.
_BITS = 62
#: Bits past which the estimate is too rough: about 113 actors.
_FULL = 52


def word(actor: ir.IntegerColumn) -> ir.IntegerScalar:
    """Return the word as an aggregate over actors (surrogates: random, not negative)."""
    return (ibis.literal(1, "int64") << (actor % _BITS)).bit_or()


def estimates(words: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the estimate for every word, at least 1; 0 where the word is too full to say."""
    found: npt.NDArray[np.int64] = _TABLE[np.bitwise_count(words)]
    return found


def _table() -> npt.NDArray[np.int64]:
    """Return the estimate for every number of bits."""
    bits = np.arange(_BITS + 1)
    rough = np.rint(_BITS * np.log(_BITS / np.maximum(_BITS - bits, 1)))
    return np.where(bits <= _FULL, np.maximum(rough, 1), 0).astype(np.int64)


_TABLE = _table()
