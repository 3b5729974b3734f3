"""A learned model: one weight per trait of an actor's day, and where its figures come from.

    score = intercept + sum of weight * z        z = (value - mean) / scale, at most 4 away from 0

It is a logistic regression (Cox 1958, JRSS B 20), so each trait's part in a score is exact: the parts add up to it.
What is not known of an actor adds nothing. The file is JSON, made by `himaya model train`, and holds no identities.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from math import isfinite
from typing import Annotated, Any

import msgspec

from himaya.core.detectors.traits import TRAITS, VERSION, Values
from himaya.core.errors import ConfigError

FORMAT = 1
#: A model of a few traits has a few kilobytes.
MAX_BYTES = 256 * 1024
#: Standardised values stop here, so that no single trait can carry a score to infinity.
FAR = 4.0
COHORTS = ("anonymous", "new", "established", "paid")

_Text = Annotated[str, msgspec.Meta(max_length=200)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=10**12)]
_Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
_Few = msgspec.Meta(max_length=64)


class Weight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One trait: how it is standardised and weighed, and how it lay among all actors of the training logs.

    `shares` are the shares of actor-days between neighbouring `edges`, one more than edges; `unknown` the share in
    which the trait was not known. Together they are 1.
    """

    trait: _Text
    mean: float
    scale: float
    weight: float
    edges: Annotated[tuple[float, ...], _Few]
    shares: Annotated[tuple[_Share, ...], _Few]
    unknown: _Share


class Side(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One side of the split: its first and last day (ISO), and how many labelled actors and actor-days it had."""

    start: _Text
    end: _Text
    honest: _Count
    collectors: _Count
    days: _Count


class Judged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the newer side was judged. Each rate has its 95 % interval (Clopper-Pearson).

    `wrong` of the honest and `found` of the collectors passed the threshold on any day. `auc` is the chance that a
    collector's highest score is above an honest actor's.
    """

    auc: _Share
    wrong: _Count
    wrong_low: _Share
    wrong_high: _Share
    found: _Count
    found_low: _Share
    found_high: _Share


class Learned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of a model file.

    `rate` is the chance, at most, that an honest actor like those of the newer side passes the `threshold` on any day.
    `cohorts` are honest actors of the newer side by cohort; other cohorts are not judged. `known` counts labels by how
    they are known. `everybody` and `flagged` count all actor-days of the training logs.
    """

    format: int
    traits: int
    made: _Text
    policy: _Text
    intercept: float
    weights: Annotated[tuple[Weight, ...], _Few]
    threshold: float
    rate: _Share
    cohorts: Annotated[dict[_Text, _Count], _Few]
    trained: Side
    held_out: Side
    judged: Judged
    known: Annotated[dict[_Text, _Count], _Few]
    everybody: _Count
    flagged: _Count
    digest: _Text = ""

    @property
    def fits(self) -> bool:
        """Tell whether the model is one of the traits that this release knows."""
        return self.traits == VERSION and len(self.weights) == len(TRAITS)

    def parts(self, values: Values) -> tuple[float, ...]:
        """Return what each trait adds to the score, in the order of `TRAITS`, in nats."""
        return tuple(
            [
                0.0
                if value is None
                else each.weight * max(-FAR, min(FAR, (value - each.mean) / each.scale))
                for each, value in zip(self.weights, values, strict=True)
            ]
        )

    def score(self, values: Values) -> float:
        """Return the score of an actor's day: the intercept and all parts, in nats."""
        return self.intercept + sum(self.parts(values))

    def reasons(self, values: Values, most: int = 3) -> tuple[str, ...]:
        """Return the traits that speak most for a collector, in words with their part; at most `most`."""
        rows = zip(TRAITS, self.weights, values, self.parts(values), strict=True)
        told = [
            (part, trait.high if (value or 0.0) > weight.mean else trait.low)
            for trait, weight, value, part in rows
            if part > 0
        ]
        told.sort(key=lambda pair: (-pair[0], pair[1]))
        return tuple([f"{words} ({part:+.1f})" for part, words in told[:most]])

    def sealed(self) -> Learned:
        """Return the same model with the digest of its content."""
        return msgspec.structs.replace(self, digest=_digest(self))


def parse(data: bytes, file: str = "model.json") -> Learned:
    """Return the model in a file's bytes. Raises ConfigError, and nothing else, naming file and key."""
    if len(data) > MAX_BYTES:
        raise ConfigError(f"larger than {MAX_BYTES} bytes; this is no model.", file=file)
    try:
        learned = msgspec.json.decode(data, type=Learned)
    except msgspec.ValidationError as problem:
        said, _, key = str(problem).partition(" - at `$.")
        raise ConfigError(f"{said}.", file=file, key=key.rstrip("`")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ConfigError(f"not a model: {problem}.", file=file) from None
    for key, wrong in _wrong(learned):
        raise ConfigError(wrong, file=file, key=key, hint="`himaya model train` writes such files.")
    return learned


def _wrong(learned: Learned) -> Iterator[tuple[str, str]]:
    """Yield key and problem of everything that types do not say."""
    if learned.format != FORMAT:
        yield "format", f"expected {FORMAT}, got {learned.format}."
    if learned.traits != VERSION:
        yield (
            "traits",
            f"made for version {learned.traits} of the traits, this is version {VERSION}.",
        )
    names = tuple(each.trait for each in learned.weights)
    if names != tuple(trait.name for trait in TRAITS):
        yield "weights", "not the traits that this release knows, in their order."
    for at, each in enumerate(learned.weights):
        yield from _wrong_weight(each, f"weights[{at}]")
    for key in ("intercept", "threshold"):
        if not isfinite(getattr(learned, key)):
            yield key, "expected a finite number."
    for name in learned.cohorts:
        if name not in COHORTS:
            yield "cohorts", f"no cohort is called {name[:40]!r}."
    if learned.digest != _digest(learned):
        yield "digest", "the file was changed after it was made."


def _wrong_weight(each: Weight, at: str) -> Iterator[tuple[str, str]]:
    for key in ("mean", "scale", "weight"):
        if not isfinite(getattr(each, key)):
            yield f"{at}.{key}", "expected a finite number."
    if not each.scale > 0:
        yield f"{at}.scale", f"expected a number above 0, got {each.scale:g}."
    if any(not isfinite(edge) for edge in each.edges) or list(each.edges) != sorted(each.edges):
        yield f"{at}.edges", "expected finite numbers that rise."
    if len(each.shares) != len(each.edges) + 1:
        yield f"{at}.shares", "expected one more than edges."


def _digest(learned: Learned) -> str:
    """Return the SHA-256 of the canonical JSON form without the digest itself."""
    told: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(learned, digest=""))
    return hashlib.sha256(msgspec.json.encode(told, order="deterministic")).hexdigest()
