"""The kinds of letters: whom each goes to, and the grounds it may rest on, which a person chooses."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from himaya.core.errors import InputError

Party = Literal["scraper", "host", "registrar", "marketplace"]


class Form(msgspec.Struct, frozen=True):
    """A kind of letter. `urls`: it names places. `reply`: an answer is asked for, so it has a date."""

    party: Party
    urls: bool = False
    reply: bool = True


FORMS: Final[dict[str, Form]] = {
    "stop": Form("scraper"),
    "deletion": Form("scraper"),
    "confirmation": Form("scraper", reply=False),
    "host": Form("host", urls=True),
    "registrar": Form("registrar", urls=True),
    "marketplace": Form("marketplace", urls=True),
}

#: Grounds, and what of the evidence each needs: a letter without it is drafted with a warning.
#: Whether a ground holds where the recipient is, is for counsel.
BASES: Final[dict[str, str]] = {
    "terms": "terms",
    "contract": "keys",
    "database": "people",
    "access": "circumvention",
    "data_protection": "people",
}


def form_of(kind: str) -> Form:
    """Return a kind of letter. Raises InputError."""
    if kind not in FORMS:
        raise InputError(f"there is no letter {kind!r}; there are: {', '.join(FORMS)}")
    return FORMS[kind]


def check_bases(bases: tuple[str, ...]) -> None:
    """Raise InputError when no ground was chosen, or one that there is not."""
    if not bases:
        raise InputError(
            f"a letter needs a legal basis, which a person chooses: --basis {' or '.join(BASES)}"
        )
    for one in bases:
        if one not in BASES:
            raise InputError(f"there is no basis {one!r}; there are: {', '.join(BASES)}")
