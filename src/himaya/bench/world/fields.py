"""What the site shows of a person, and how sensitive each field is."""

from __future__ import annotations

#: Field to weight. The weights are those of the shipped configuration; a test keeps both equal. The order gives bits.
WEIGHTS: dict[str, float] = {
    "name": 1.0,
    "photo": 1.0,
    "headline": 1.0,
    "employer": 1.0,
    "town": 1.0,
    "email": 2.0,
    "phone": 2.0,
    "birthday": 2.0,
}
BIT = {name: 1 << place for place, name in enumerate(WEIGHTS)}
EVERYTHING = sum(WEIGHTS.values())

PROFILE = ("name", "photo", "headline", "employer", "town")
ROW = ("name", "photo", "headline")
API_ROW = ("name", "headline", "employer", "town")
SUGGESTED = ("name", "photo")
MATCHED = ("name", "photo", "phone")
MAILED = ("name", "photo", "email")
RELATIVE = ("name", "birthday", "town")
PREVIEW = ("name", "photo", "headline")
PHOTO = ("photo",)
#: What the followers interface gives away although nobody declared it (see the incident of 2022).
LEAKY = (*ROW, "email", "phone", "birthday")

_MASKS: dict[tuple[str, ...], int] = {}


def mask_of(fields: tuple[str, ...]) -> int:
    """Return a set of fields as bits; a field the world does not know has none."""
    mask = _MASKS.get(fields)
    if mask is None:
        mask = sum(BIT.get(name, 0) for name in dict.fromkeys(fields))
        if len(_MASKS) < 4096:
            _MASKS[fields] = mask
    return mask


def names_of(mask: int) -> set[str]:
    """Return the fields of a mask."""
    return {name for name, bit in BIT.items() if mask & bit}


def weight_of(mask: int) -> float:
    """Return the summed weight of the fields of a mask."""
    return sum(weight for name, weight in WEIGHTS.items() if mask & BIT[name])
