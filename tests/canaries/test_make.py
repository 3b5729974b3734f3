"""Canaries from a key: which ids, which places, and that nobody without the key can tell them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from himaya.canaries.make import OPAQUE, Canary, make
from himaya.core.errors import InputError
from himaya.ledger.keys import Keys

KEYS = Keys(bytes(range(32)))
_FORMS = {"#": "[0-9]", "?": "[a-km-np-z]", "*": "[a-km-np-z2-9]"}
PATTERNS = st.text(st.sampled_from("#?*-/uü"), min_size=1, max_size=12).map(
    lambda text: text + "**"
)


@given(st.binary(min_size=32, max_size=32), PATTERNS, st.integers(1, 12))
def test_an_id_is_of_its_pattern_and_follows_from_the_key(key, pattern, count):
    """Every # is a digit, every ? a letter, every * either, all else itself; the same key gives the same."""
    found = make(Keys(key), count, ["gap", "api"], pattern=pattern)
    form = re.compile("".join(_FORMS.get(one, re.escape(one)) for one in pattern))
    assert all(form.fullmatch(one.id) for one in found)
    assert len({one.id for one in found}) == count
    assert make(Keys(key), count, ["gap", "api"], pattern=pattern) == found


def test_without_a_pattern_an_id_says_nothing():
    """Sixteen letters and digits, none of which looks like another."""
    (one,) = make(KEYS, 1, ["gap"])
    assert len(OPAQUE) == 16
    assert re.fullmatch(r"[a-km-np-z2-9]{16}", one.id)


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=6), st.integers(1, 9))
def test_places_come_in_turn(places, count):
    """Each place in turn, one that is named twice once; no two canaries have the same name."""
    found = make(KEYS, count, places)
    turn = list(dict.fromkeys(places))
    assert [one.canary for one in found] == [turn[n % len(turn)] for n in range(count)]
    assert len({(one.given_name, one.family_name) for one in found}) == count


def test_more_canaries_begin_with_those_made_before():
    """A canary follows from key, place and number, however many are made with it."""
    assert make(KEYS, 9, ["gap", "api"])[:4] == make(KEYS, 4, ["gap", "api"])
    gap = [one for one in make(KEYS, 4, ["gap", "api"]) if one.canary == "gap"]
    assert gap == make(KEYS, 2, ["gap"])


def test_a_person_s_id_is_drawn_anew():
    """An id that is somebody's is passed over, and no other canary changes for it."""
    first, *rest = make(KEYS, 3, ["gap"])
    other, *others = make(KEYS, 3, ["gap"], taken=lambda one: one == first.id)
    assert other.id != first.id
    assert others == rest


def test_a_pattern_is_used_up_to_its_last_id():
    """Ten ids of one digit are found, an eleventh and a place of people alone are not."""
    assert {one.id for one in make(KEYS, 10, ["gap"], pattern="#")} == set("0123456789")
    for more in ({"count": 11}, {"count": 1, "taken": lambda _: True}):
        with pytest.raises(InputError, match="too few free ids; give it more of #"):
            make(KEYS, places=["gap"], pattern="#", **more)


def test_a_listed_canary_is_made_again_and_is_no_other_place_s():
    """An id in the list is nobody's, though the ledger may know it; it stays with its place."""
    listed = {one.id: "gap" for one in make(KEYS, 5, ["gap"], pattern="#")}
    again = make(KEYS, 5, ["gap"], pattern="#", listed=listed, taken=listed.__contains__)
    assert {one.id for one in again} == set(listed)
    other = make(KEYS, 5, ["api"], pattern="#", listed=listed)
    assert {one.id for one in other} == set("0123456789") - set(listed)


def test_given_ids_are_taken_in_their_order():
    """One that is there twice counts once, and what is left over is not used."""
    found = make(KEYS, 2, ["gap"], ids=["7", "7", "9", "11"])
    assert [one.id for one in found] == ["7", "9"]


def test_given_ids_that_do_not_do_are_named_by_number():
    """Too few different ones, and one that is a person's; the id itself is not repeated."""
    with pytest.raises(InputError, match="1 different ids for 2 canaries"):
        make(KEYS, 2, ["gap"], ids=["7", "7"])
    with pytest.raises(InputError, match="id 2 of the file is a person's") as wrong:
        make(KEYS, 2, ["gap"], ids=["7", "secret"], taken=lambda one: one == "secret")
    assert "secret" not in str(wrong.value)
    assert make(KEYS, 1, ["gap"], ids=["7"], listed={"7": "gap"}, taken=lambda _: True)


def test_a_canary_is_an_id_and_a_name_and_nothing_else():
    """No picture, phone, mail or other fact: the record has four fields, and the last is the mark."""
    assert Canary.__struct_fields__ == ("id", "given_name", "family_name", "canary")
