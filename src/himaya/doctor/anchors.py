"""Whether the head of the chain is deposited where whoever rewrites the ledger cannot reach it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from himaya.doctor.check import Check, ok, warning
from himaya.doctor.scene import Scene
from himaya.ledger.anchors import Anchors

#: A place is late when its last deposit is older than so many times `every_hours`.
_LATE = 2


def anchors(scene: Scene) -> Iterator[Check]:
    """Every place has a deposit that is not old, and there is a place."""
    config = scene.config.anchor
    if not config.places:
        said = "not anchored: whoever holds the ledger and its key can rewrite it, and nobody would notice."
        yield warning(
            "anchors", said, "Write [[anchor.places]]: docs/anchoring.md names five kinds."
        )
        return
    if scene.state is None:
        return
    known, most_s = scene.state.anchors, _LATE * config.every_hours * 3600.0
    late = [each.called for each in config.places if _is_late(known, each.called, scene, most_s)]
    if late:
        said = f"no deposit of the chain's head at {', '.join(late)} for {_LATE * config.every_hours} hours."
        yield warning("anchors", said, "Run: himaya anchor now --config himaya.toml")
    else:
        yield ok("anchors", f"the head of the chain is deposited: {known.words()}.")


def _is_late(known: Anchors, place: str, scene: Scene, most_s: float) -> bool:
    last = known.last.get(place)
    return last is None or scene.asked.now - datetime.fromisoformat(last.at).timestamp() > most_s
