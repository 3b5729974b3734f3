"""Operators: whether who may do what is told apart at all, and whether sealed periods could be opened again."""

from __future__ import annotations

from collections.abc import Iterator

from himaya.doctor.check import Check, ok, warning
from himaya.doctor.scene import Scene

_DO = "Set up three people in ten minutes: docs/operators.md"


def operators(scene: Scene) -> Iterator[Check]:
    """Operators are enrolled, every enrolment counts, and three of them can open what is sealed."""
    if scene.state is None:
        return
    standing = scene.state.operators
    stand = standing.standing().values()
    if standing.problems:
        yield warning("operators", f"{standing.problems[0]}.", "See: himaya operator list")
    if not stand:
        said = "no operator is enrolled: whoever holds the key file has every role."
        yield warning("operators", said, _DO)
    elif not standing.openers():
        said = "no two of owner, legal and dpo are enrolled: no period is sealed."
        yield warning("operators", said, _DO)
    elif len(standing.openers()) == 2:
        said = "two people can open sealed periods; when one key is lost, nobody can."
        yield warning("operators", said, "Enrol a third of owner, legal and dpo.")
    else:
        yield ok("operators", f"{len(stand)} operators are enrolled.")
