"""The knobs of a world, and the file that sets them: `--world FILE.toml`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from himaya.core.errors import ConfigError

Ids = Literal["sequential", "random", "per-viewer"]
Graph = Literal["communities", "random", "none"]

_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class Knobs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a world is like.

    `people` on the site, `ids` in links, `graph` who knows whom: `friends` per person on average in communities
    of about `community` people, of whom `near_share` are in one's own. `popularity` is the exponent of
    the Zipf law of attention. `phone_hits` and `email_hits` are the shares of possible numbers and
    addresses that belong to somebody. `employers` is how many people share one employer.
    """

    people: Annotated[int, msgspec.Meta(ge=100, le=10_000_000)] = 20_000
    ids: Ids = "sequential"
    graph: Graph = "communities"
    community: Annotated[int, msgspec.Meta(ge=5, le=100_000)] = 120
    friends: Annotated[float, msgspec.Meta(ge=1, le=500)] = 30.0
    near_share: _Share = 0.8
    popularity: Annotated[float, msgspec.Meta(ge=0, le=2)] = 0.8
    employers: Annotated[int, msgspec.Meta(ge=2, le=100_000)] = 150
    phone_hits: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.1
    email_hits: Annotated[float, msgspec.Meta(gt=0, le=1)] = 0.03

    @property
    def phone_space(self) -> int:
        """Return how many telephone numbers there can be."""
        return max(self.people, round(self.people / self.phone_hits))

    @property
    def email_space(self) -> int:
        """Return how many mail addresses may be tried."""
        return max(self.people, round(self.people / self.email_hits))


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    world: Knobs = Knobs()


def load_knobs(path: Path) -> Knobs:
    """Return the knobs of a file with one table, `[world]`. Raises ConfigError naming file and key."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"cannot be read: {problem}", file=str(path)) from None
    try:
        return msgspec.toml.decode(text, type=_File).world
    except msgspec.DecodeError as problem:
        words = str(problem)
        where = words.rpartition("$.")[2].rstrip("`") if "$." in words else ""
        line = _line_of(text, where.rpartition(".")[2])
        raise ConfigError(words, file=str(path), line=line, key=where) from None


def _line_of(text: str, key: str) -> int:
    """Return the line that sets a key, 0 when there is none."""
    lines = text.splitlines() if key else []
    return next((n for n, line in enumerate(lines, 1) if line.strip().startswith(key)), 0)
