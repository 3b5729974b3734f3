"""A model file: what it says of a day, and what is no model."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.model_support import learned, weight, written

from himaya.core.detectors.traits import TRAITS
from himaya.core.errors import ConfigError
from himaya.core.learned import FAR, MAX_BYTES, parse

NAMES = [trait.name for trait in TRAITS]
NUMBERS = st.floats(-1e6, 1e6)
DAYS = st.tuples(*[st.none() | NUMBERS for _ in TRAITS])
MODELS = st.builds(
    lambda line, start, weighs: learned(line, start, **dict(zip(NAMES, weighs, strict=True))),
    NUMBERS,
    NUMBERS,
    st.tuples(*[st.floats(-50, 50) for _ in TRAITS]),
)
VALID = written(learned(first=2.0))


@given(model=MODELS, values=DAYS)
def test_a_score_is_the_sum_of_its_parts(model, values):
    """Intercept and parts add up to the score, exactly; what is not known adds nothing, and no part runs away."""
    parts = model.parts(values)
    assert model.score(values) == model.intercept + sum(parts)
    for value, part, each in zip(values, parts, model.weights, strict=True):
        assert value is not None or part == 0
        assert abs(part) <= FAR * abs(each.weight)


@given(model=MODELS, values=DAYS)
def test_reasons_are_the_largest_parts(model, values):
    """Reasons are at most three, speak for a collector, and no part left out is larger."""
    parts = sorted((part for part in model.parts(values) if part > 0), reverse=True)[:3]
    assert [reason.rpartition("(")[2] for reason in model.reasons(values)] == [
        f"{part:+.1f})" for part in parts
    ]


def test_reasons_say_which_way_a_trait_points():
    """A high value is told in other words than a low one, with what it added."""
    model = learned(first=2.0, pace=-1.0)
    day = dict.fromkeys(NAMES) | {"first": 1.0, "pace": 0.0}
    assert model.reasons(tuple(day.values())) == (
        "hardly comes back to anybody (+4.0)",
        "pauses as evenly as a clock (+2.0)",
    )


@given(MODELS)
def test_a_file_reads_back_as_the_model_that_was_written(model):
    """What is written is what is read."""
    assert parse(msgspec.json.encode(model)) == model


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_the_declared_error(data):
    """Whatever stands in a file, reading it ends in a model or in ConfigError."""
    with pytest.raises(ConfigError):
        parse(data)


@given(st.integers(0, len(VALID) - 1), st.binary(max_size=3), st.integers(0, 4))
def test_no_damage_raises_anything_but_the_declared_error(at, put, cut):
    """A model in which bytes were replaced is refused, or is the same model."""
    try:
        found = parse(VALID[:at] + put + VALID[at + cut :])
    except ConfigError:
        return
    assert found == parse(VALID)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=8,
    ),
    st.sampled_from(list(msgspec.json.decode(VALID))),
)
def test_no_value_of_a_key_raises_anything_but_the_declared_error(value, key):
    """Any other JSON under any key is ConfigError, and the error names the file."""
    told = msgspec.json.decode(VALID)
    if value == told[key]:
        return
    with pytest.raises(ConfigError, match=r"^m\.json: "):
        parse(msgspec.json.encode({**told, key: value}), "m.json")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"format": 2}, "format"),
        ({"traits": 99}, "traits"),
        ({"digest": "0" * 64}, "digest"),
        ({"cohorts": {"minors": 12}}, "cohorts"),
        ({"weights": ()}, "weights"),
        ({"rate": 1.5}, "rate"),
        ({"weights": tuple(weight(n, 1.0) for n in reversed(NAMES))}, "weights"),
    ],
)
def test_a_mistake_is_told_with_file_and_key(changes, key):
    """What is wrong is named with the file and the key it stands under."""
    with pytest.raises(ConfigError, match=rf"^m\.json: {key}: "):
        parse(written(learned(), **changes), "m.json")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"scale": 0.0}, "scale"),
        ({"edges": (2.0, 1.0)}, "edges"),
        ({"shares": (1.0,)}, "shares"),
        ({"unknown": -1.0}, "unknown"),
    ],
)
def test_a_mistake_in_a_weight_is_told_with_its_number(changes, key):
    """A weight that cannot be used is named by its place in the file."""
    model = learned()
    third = msgspec.structs.replace(model.weights[2], **changes)
    weights = (*model.weights[:2], third, *model.weights[3:])
    with pytest.raises(ConfigError, match=rf"^m\.json: weights\[2\]\.{key}: "):
        parse(written(model, weights=weights), "m.json")


def test_a_file_that_is_too_large_is_not_read():
    """Past 256 KiB nothing is decoded."""
    with pytest.raises(ConfigError, match="larger than"):
        parse(b" " * (MAX_BYTES + 1))


def test_numbers_without_end_are_refused():
    """JSON that says 1e999 is no number a model can have."""
    with pytest.raises(ConfigError, match=r"out of range|finite"):
        parse(VALID.replace(b'"intercept":0.0', b'"intercept":1e999'))
    assert math.isfinite(parse(VALID).intercept)
