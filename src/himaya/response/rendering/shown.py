r"""Foreign text in a document: nothing in it can hide, turn the line around or end it.

A value stands between two isolates (U+2068, U+2069; Unicode Standard Annex 9), so that a Latin name in an Arabic
sentence, or the other way round, does not disturb the order of what is around it.
"""

from __future__ import annotations

import unicodedata

FIRST_STRONG, POP = "\u2068", "\u2069"
#: No single value in a document is longer than this, wherever it came from.
LONGEST = 2000
#: A value of so many characters is a name or a number, not a sentence.
_SHORT = 64
#: Categories that draw nothing or reorder what follows: controls, format, surrogates, separators (Unicode TR 36).
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
#: Joiners belong into names of several scripts, and reorder nothing.
_JOINERS = frozenset("\u200c\u200d")


def visible(text: str, *, joiners: bool = True) -> str:
    r"""Return foreign text with every character written out that would hide or reorder it.

    With `joiners` those that names of several scripts need stay as they are.

    >>> visible("a\x00b\u202ec")
    'a\\x00b\\u202ec'
    """
    if text.isascii() and text.isprintable():
        return text
    kept = _JOINERS if joiners else frozenset[str]()
    return "".join(_shown(char, kept) for char in text)


def _shown(char: str, kept: frozenset[str]) -> str:
    if char not in kept and unicodedata.category(char) in _HIDDEN:
        return char.encode("unicode_escape", "surrogatepass").decode("ascii")
    return char


def value(text: object) -> str:
    """Return foreign text as it may stand in a sentence: visible, at most `LONGEST` characters, isolated."""
    words = str(text)
    if len(words) > LONGEST:
        words = f"{words[:LONGEST]}…"
    return f"{FIRST_STRONG}{visible(words)}{POP}"


def within(text: object, direction: str) -> str:
    """Return foreign text as it may stand in words that run in `direction`, "ltr" or "rtl"."""
    words = str(text)
    if direction == "ltr" and len(words) < _SHORT and words.isascii():
        return visible(words)
    if direction == "rtl" and len(words) < _SHORT:
        # WeasyPrint orders each line for itself: a Latin name has to stay on one.
        words = words.replace(" ", "\u00a0")
    return value(words)


def plain(text: str) -> str:
    """Return text of a document without isolates, for where only one direction occurs."""
    return text.replace(FIRST_STRONG, "").replace(POP, "")
