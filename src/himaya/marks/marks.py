"""Which rendering of a soft field a viewer is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from himaya.core.clearance import keyed
from himaya.core.errors import InputError

#: Categories of fields that may carry a mark; any other is refused.
SOFT = frozenset({"description", "education", "employment", "interest", "location"})

#: Words in the name of a field that never carries one, whatever its category is said to be.
_WORDS = """
    name names surname nickname username handle mail email phone telephone mobile fax address contact url link
    health medical disability diagnosis blood date dates birth birthday born age year month day time since
    photo picture image face faces avatar portrait id gender sex religion dob bday tel cell whatsapp login
"""
_HARD = frozenset(_WORDS.split())
#: How a word begins or ends that is written together with others, such as `firstname` or `birthplace`.
_TOGETHER = re.compile(
    r"(birth|photo|avatar|phone|email|medic|health).*|.*(name|mail|phone|photo|birth|date)"
)
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_KEY_BYTES = 16


class Marks:
    """Chooses renderings by one key."""

    def __init__(self, key: bytes, fields: Mapping[str, str]) -> None:
        """Take a secret of 16 bytes or more, and the category of each field that may carry a mark.

        Raises InputError: key too short, a category that is not soft, a field that never carries a mark.
        """
        if len(key) < _KEY_BYTES:
            raise InputError(
                f"the key of marks has {len(key)} bytes; at least {_KEY_BYTES} are needed"
            )
        for field, category in fields.items():
            _check(field, category)
        self._key = key
        self._fields = frozenset(fields)

    def choose(
        self,
        viewer: str,
        person: str,
        field: str,
        renderings: tuple[str, str],
        *,
        canonical: bool = False,
    ) -> str:
        """Return one of two renderings; of equal ones there is nothing to choose.

        `canonical`, and a viewer who is the person, get the first. Raises InputError for a field that was not
        declared.
        """
        if field not in self._fields:
            raise InputError(f"{field!r} carries no mark; declare it with its category")
        if canonical or viewer == person:
            return renderings[0]
        return renderings[bit(self._key, viewer, person, field)]


def bit(key: bytes, viewer: str, person: str, field: str) -> int:
    """Return which of two renderings a viewer is shown, 0 or 1: one bit of an HMAC."""
    return keyed(key, "mark", viewer, person, field)[0] & 1


def _check(field: str, category: str) -> None:
    if category not in SOFT:
        soft = ", ".join(sorted(SOFT))
        raise InputError(f"{field!r} is of the category {category!r}; a mark takes {soft}")
    words = {word.lower() for word in _WORD.findall(field)}
    if hard := sorted(word for word in words if word in _HARD or _TOGETHER.fullmatch(word)):
        raise InputError(f"{field!r} never carries a mark, for it has {hard[0]!r} in its name")
