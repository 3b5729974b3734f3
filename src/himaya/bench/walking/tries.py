"""Ids that nobody was shown: a bounded number of guesses, and some that nobody can have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from himaya.bench.walking.shape import Numbers, numbers_in


class Tries:
    """Makes ids from ids that were shown; the same generator makes the same."""

    def __init__(self, generator: Random, most: int) -> None:
        """Take how many guesses of each kind are made at most."""
        self._random, self._most = generator, most

    def missing(self, listed: Sequence[str]) -> list[str]:
        """Return two ids that nobody has: no word of any site, and one that looks like the others."""
        length = max(16, len(listed[0]))
        odd = "zz" + "".join(self._random.choices("abcdefghijklmnopqrstuvwxyz", k=length - 2))
        numbers = numbers_in(listed)
        if numbers is not None and numbers.hidden not in {"md5", "sha1", "sha256"}:
            return [odd, numbers.write(1000 * max(numbers.values) + self._random.randrange(1000))]
        symbols = sorted(set("".join(listed)))
        alike = listed[0][0] + "".join(self._random.choices(symbols, k=len(listed[0]) - 1))
        return [odd, alike] if alike not in listed else [odd]

    def guesses(self, listed: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """Yield each kind of guess with its ids; none of them was shown."""
        known, numbers = frozenset(listed), numbers_in(listed)
        if numbers is not None:
            yield "guess: the next numbers, as viewer A", self._next(numbers, known)
        yield "guess: the last character changed, as viewer A", self._changed(listed, known)
        yield "guess: drawn in the same shape, as viewer A", self._drawn(listed, known)

    def _next(self, numbers: Numbers, known: frozenset[str]) -> list[str]:
        """Return the nearest numbers that were not shown: one away, then two, where a list was without gaps."""
        found: dict[str, None] = {}
        for step in range(1, self._most + 1):
            near = [n + away for n in numbers.values for away in (-step, step) if n + away >= 0]
            self._random.shuffle(near)
            found.update(dict.fromkeys(self._new(map(numbers.write, near), known)))
            if len(found) >= self._most:
                break
        return list(found)[: self._most]

    def _changed(self, listed: Sequence[str], known: frozenset[str]) -> list[str]:
        symbols = sorted(set("".join(listed)))
        ids = self._random.sample(listed, min(len(listed), 2 * self._most))
        return self._new((each[:-1] + self._random.choice(symbols) for each in ids), known)

    def _drawn(self, listed: Sequence[str], known: frozenset[str]) -> list[str]:
        """Return ids whose characters stand where they were seen, each taken from an id of its own."""
        return self._new((self._mixed(listed) for _ in range(10 * self._most)), known)

    def _mixed(self, listed: Sequence[str]) -> str:
        length = len(self._random.choice(listed))
        alike = [each for each in listed if len(each) == length]
        return "".join(self._random.choice(alike)[n] for n in range(length))

    def _new(self, ids: Iterator[str], known: frozenset[str]) -> list[str]:
        return [each for each in dict.fromkeys(ids) if each not in known][: self._most]
