"""Three guessers, and how often each finds somebody.

Each is measured on ids it did not learn from: half of the ids seen (chosen by a hash, so always the same half) are
known to the guesser, the other half are to be found. Nobody is asked. People who were not seen exist too, so the
chances of the first two are lower bounds; that of the third is multiplied by how many people there may be.

    next number       the number before and after each known one
    number in range   any number between the lowest and the highest
    same shape        every character drawn by how often it stands at its place; a cleverer guesser does better on words
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import exp, inf, isinf, log, log2, sqrt

from himaya.bench.score.intervals import wilson
from himaya.bench.walking.outcome import Guess, Order
from himaya.bench.walking.shape import Numbers

#: People there are: at least, likely, at most.
People = tuple[float, float, float]

_Z = 1.959964
#: Ids that the third guesser is tried on; more make its figure no truer.
_TRIED = 20_000


def people_of(counts: Counter[int], most: float | None = None) -> People:
    """Return how many ids exist, judged by how many were used once and twice (Chao 1987, the bias-corrected form).

    The estimate takes it that everybody is looked at alike; where some are looked at more, more exist than it says.
    `counts` maps a number of uses to the ids used so often, 0 for an unknown number; `most` is the site's own figure.
    """
    seen = float(sum(counts.values()))
    if most is not None:
        return seen, max(seen, most), max(seen, most)
    once, twice = counts[1], counts[2]
    unseen = once * (once - 1) / (2 * (twice + 1))
    if unseen <= 0 or not twice:
        # Nobody was met again, so nothing says how many more there are; the highest figure is the formula's.
        return seen, seen, seen + max(0.0, unseen)
    twos = twice + 1
    spread = unseen + once * (2 * once - 1) ** 2 / (4 * twos**2)
    spread += once**2 * twice * (once - 1) ** 2 / (4 * twos**4)
    factor = exp(_Z * sqrt(log(1 + spread / unseen**2)))
    return seen + unseen / factor, seen + unseen, seen + unseen * factor


def order_of(values: Sequence[int]) -> Order | None:
    """Return how close sorted numbers lie; None for fewer than two."""
    if len(values) < 2:
        return None
    gaps = sorted(b - a for a, b in pairwise(values))
    known = set(values)
    runs = sum(n + 1 in known or n - 1 in known for n in values)
    return Order(
        numbers=len(values),
        in_runs=round(runs / len(values), 4),
        median_gap=float(gaps[len(gaps) // 2]),
        filled=len(values) / (values[-1] - values[0] + 1),
    )


def guesses_of(ids: Sequence[str], numbers: Numbers | None, people: People) -> list[Guess]:
    """Return what each guesser finds; those of numbers only where ids hold numbers."""
    found = [_shaped(ids, people)]
    if numbers is not None and len(numbers.values) > 1:
        found = [_next(numbers.values), _ranged(numbers.values, people), *found]
    return found


def bits_of(ids: Sequence[str], usual: int) -> list[float]:
    """Return the entropy at each place of the ids of the usual length (Miller 1955 corrects for few ids)."""
    texts = [each for each in ids if len(each) == usual]
    return [round(_entropy(Counter(text[n] for text in texts)), 2) for n in range(usual)]


def _entropy(counts: Counter[str]) -> float:
    total = counts.total()
    plain = -sum(n / total * log2(n / total) for n in counts.values())
    return plain + (len(counts) - 1) / (2 * total * log(2)) if len(counts) > 1 else 0.0


def _is_known(text: str) -> bool:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[0] < 128


def _guess(how: str, chance: float, low: float, high: float, bits: float | None = None) -> Guess:
    if bits is None:
        bits = -log2(chance) if chance > 0 else inf
    # JSON has no infinity; nothing found is said by a chance of 0.
    return Guess(how, chance, low, high, 0.0 if isinf(bits) else round(max(0.0, bits), 1))


def _next(values: Sequence[int]) -> Guess:
    known = {n for n in values if _is_known(str(n))}
    tries = {n + step for n in known for step in (-1, 1)} - known
    hits = len(tries & (set(values) - known))
    low, high = wilson(hits, len(tries))
    return _guess("next number", hits / max(1, len(tries)), low, high)


def _ranged(values: Sequence[int], people: People) -> Guess:
    room = values[-1] - values[0] + 1
    low, likely, high = (min(1.0, count / room) for count in people)
    return _guess("number in range", likely, low, high)


def _shaped(ids: Sequence[str], people: People) -> Guess:
    known = [each for each in ids if _is_known(each)]
    tried = [each for each in ids if not _is_known(each)][:_TRIED]
    if not known or not tried:
        return _guess("same shape", 0.0, 0.0, 1.0)
    scores = list(_log_chances(known, tried))
    top = max(scores)
    # Chances of 2**-300 vanish as numbers, so they are kept as distances from the highest.
    sizes = [exp(score - top) for score in scores]
    mean = sum(sizes) / len(sizes)
    spread = sqrt(sum((size - mean) ** 2 for size in sizes) / len(sizes) ** 2)
    factor = exp(_Z * spread / mean)
    low, likely, high = (count * mean for count in people)
    bits = -(log(likely) + top) / log(2)
    return _guess(
        "same shape",
        min(1.0, likely * exp(top)),
        min(1.0, low / factor * exp(top)),
        min(1.0, high * factor * exp(top)),
        bits,
    )


def _log_chances(known: Sequence[str], tried: Sequence[str]) -> Iterator[float]:
    """Yield for each id the logarithm of the chance that one try is that id."""
    lengths = Counter(map(len, known))
    places: dict[tuple[int, int], Counter[str]] = {}
    for each in known:
        for place, character in enumerate(each):
            places.setdefault((len(each), place), Counter())[character] += 1
    symbols = len(set("".join(known)) | set("".join(tried)))
    for each in tried:
        count = lengths[len(each)]
        score = log((count + 0.5) / (len(known) + 0.5 * (len(lengths) + 1)))
        for place, character in enumerate(each):
            seen = places.get((len(each), place), Counter())[character]
            score += log((seen + 0.5) / (count + 0.5 * symbols))
        yield score
