"""Names of people who do not exist: invented syllables, checked against common real names.

The syllables join sounds that given names and family names seldom join, so that a name reads like a name of nobody's.
"""

from __future__ import annotations

from collections.abc import Callable

_ONSETS = ("vr", "zl", "kv", "gn", "pt", "skr", "thw", "bz", "dv", "mj", "fl", "zh", "pr", "gl")
_VOWELS = ("o", "u", "ae", "ei", "oo", "y", "ou")
_CODAS = ("", "x", "lk", "nt", "pf", "rv", "sk", "zd", "gm", "rb")

_COMMON = """
aaron abdul abdullah adam ahmed aisha alex alexander alice amina amit amy ana anders andrea andrew angela anna
anne antonio arjun barbara ben brown carlos carmen chan charles chen chiara chris christian cohen daniel david
davis deepak diana diego diaz dimitri edward elena elias elizabeth emily emma eric erik eva fatima felix fernandez
francesco frank garcia george giulia gomez gonzalez grace hana hannah hans hassan helen henry hernandez hussein
ibrahim isabel ivan ivanov jack jackson jacob james jan jane jean jennifer johansson john johnson jonas jones
jose joseph juan julia kamal karen karl kevin khalid khan kim kumar laila laura layla lee leila leo lewis lina
linda lopez louis lucas lucia luis luke maja malik maria marie mario mark martin martinez mary maryam mateo
matthew max mehdi mehmet mia michael miguel miller mohamed mohammed moore moreno mueller muller mustafa nadia
natalia nguyen nicolas nina noah nora olga oliver olivia omar pablo park patel patricia paul pedro perez peter
petrov philip pierre priya rachel rahul ramirez raj rashid ravi rebecca richard rivera robert roberts rodriguez
romero rosa rossi ruiz ruth ryan said salma samir samuel sanchez sandra santos sara sarah schmidt schneider sergei
sharma silva simon singh smirnov smith sofia sophie stefan stephen susan suzuki svensson tanaka taylor teresa
thomas thompson tom torres victor walker wang weber white william williams wilson wood wright yamamoto yang
yasmin youssef yusuf zainab zhang zhou
"""

#: Common given and family names of several languages in Latin letters, small. A canary's name holds none of them.
REAL = frozenset(_COMMON.split())

#: A drawn number below the argument.
Draw = Callable[[int], int]


def name(draw: Draw) -> tuple[str, str]:
    """Return a given and a family name of invented syllables; neither is, or holds, a common real one."""
    return _word(draw, 2), _word(draw, 3)


def _word(draw: Draw, syllables: int) -> str:
    while True:
        word = "".join(_syllable(draw) for _ in range(syllables))
        if not resembles(word):
            return word.capitalize()


def _syllable(draw: Draw) -> str:
    return "".join(part[draw(len(part))] for part in (_ONSETS, _VOWELS, _CODAS))


def resembles(word: str) -> bool:
    """Tell whether a word is a common real name, or holds one of four letters or more."""
    lower = word.lower()
    return lower in REAL or any(len(real) > 3 and real in lower for real in REAL)
