"""Whether an answer shows somebody, or is a page that says no.

Status alone does not tell: some sites answer 200 for everything. So the answer is held against the page that the same
client gets for ids that nobody has; what says the same as such a page shows nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from himaya.bench.staging.client import Heard

_WORD = re.compile(rb"[^\W_]+")
#: Pages that share so many of their words say the same; a clock or a request number may differ.
_SAME = 0.97
_MOST_WORDS = 50_000


class Sight:
    """What one client is answered for ids that nobody has."""

    def __init__(self, missing: Iterable[tuple[str, Heard]]) -> None:
        """Take such ids as they stood in the path, with the answers."""
        self._no = [_words(heard, asked) for asked, heard in missing if heard.status == 200]

    @property
    def soft(self) -> bool:
        """Tell whether the site answers 200 where there is nobody, so that words must decide."""
        return bool(self._no)

    def shows(self, heard: Heard, asked: str) -> bool:
        """Tell whether the answer for an id shows somebody. A redirect that led elsewhere shows nobody."""
        if heard.status != 200 or asked not in heard.place:
            return False
        return not any(_same(_words(heard, asked), no) for no in self._no)


def _words(heard: Heard, asked: str) -> frozenset[bytes]:
    body = heard.body.replace(asked.encode(), b" ")
    return frozenset(_WORD.findall(body)[:_MOST_WORDS])


def _same(one: frozenset[bytes], other: frozenset[bytes]) -> bool:
    together = len(one | other)
    return not together or len(one & other) >= _SAME * together
