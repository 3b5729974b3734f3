"""What the ledger holds, and what it cannot speak for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import ibis.expr.types as ir

from himaya.core.errors import HimayaError
from himaya.doctor.check import Check, ok, problem, warning
from himaya.doctor.scene import Scene
from himaya.ledger import entries as e
from himaya.ledger import exports as register
from himaya.ledger import queries as q
from himaya.ledger.files import Layout
from himaya.ledger.reader import Reader
from himaya.ledger.schema import micros
from himaya.ledger.state import State

_DAY_S = 86400.0

#: Clocks of two machines, or of one before and after, may differ by this much, in seconds.
_SLACK_S = 60.0

#: Gaps that are named; the sum has all.
_NAMED = 3


def ledger(scene: Scene) -> Iterator[Check]:
    """The chain is whole and its files are there: quickly, without reading them. `ledger verify` reads them."""
    if scene.reader is None or scene.state is None:
        do = "Begin one with the gate or follow, or restore its key; then: himaya ledger verify"
        yield problem("ledger", f"{scene.ledger_problem.rstrip('.')}.", do)
        return
    layout, files = Layout(scene.directory), scene.state.files.values()
    copies = [(layout.sealed / file.name, file.bytes) for file in files]
    copies += [(layout.twins / file.name, file.twin.bytes) for file in files if file.twin]
    for path, told in copies:
        size = path.stat().st_size if path.exists() else -1
        if size != told:
            said = (
                f"{path}: {'is missing' if size < 0 else 'has another size than the chain says'}."
            )
            yield problem("ledger", said, f"Run: himaya ledger verify --ledger {scene.directory}")
            return
    yield ok("ledger", f"the chain is whole ({scene.state.seq} entries, {len(files)} files).")


def clock(scene: Scene) -> Iterator[Check]:
    """The clock of this machine goes forward."""
    if scene.reader is None or scene.state is None:
        return
    back = _backwards(scene.reader)
    if back:
        said = f"the clock went back: {back[0]} is followed by {back[1]} in the ledger's chain."
        yield warning("clock", said, "Run an NTP client that slews; windows count by this clock.")
        return
    period = scene.reader.at_once(scene.reader.period_of)
    last = datetime.fromisoformat(period.end).timestamp() if period.end else 0.0
    if last > scene.asked.now + _SLACK_S:
        said = f"the ledger's last row is of {period.end}, which is yet to come."
        yield problem(
            "clock", said, "Set the clock of this machine, or of the one that wrote the log."
        )
    else:
        yield ok("clock", "it is not behind the ledger.")


def _backwards(reader: Reader) -> tuple[str, str] | None:
    """Return the first two openings or closings of the ledger of which the later has an earlier time."""
    before = ""
    for _, entry in reader.chain.lines():
        if not isinstance(entry, e.Opened | e.Closed):
            continue
        if before and _seconds(entry.at) < _seconds(before) - _SLACK_S:
            return before, entry.at
        before = entry.at
    return None


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def gaps(scene: Scene) -> Iterator[Check]:
    """How long nobody can say who was shown whom."""
    if scene.reader is None:
        return
    now, days = scene.asked.now, scene.asked.days
    found = scene.reader.gaps(micros(now - days * _DAY_S), micros(now))
    lasting = [gap for gap in found if gap.end - gap.start >= 1.0]
    if not lasting:
        yield ok("gaps", f"no unobserved period in the last {days} days.")
        return
    total = sum(gap.end - gap.start for gap in lasting)
    whys = dict.fromkeys(gap.why.partition(":")[0] for gap in lasting)
    named = "; ".join(list(whys)[:_NAMED])
    said = (
        f"{len(lasting)} unobserved periods in the last {days} days, {total:.0f} s in all: {named}."
    )
    yield warning("gaps", said, "Find what stopped; the periods stay in every answer.")


def coverage(scene: Scene) -> Iterator[Check]:
    """Every declared surface is really asked for."""
    if scene.reader is None or scene.state is None or not scene.config.surfaces:
        return
    began = scene.state.began
    if not began or scene.asked.now - _seconds(began) < _DAY_S:
        yield ok("coverage", "the ledger is younger than a day.")
        return
    seen = _seen(scene, scene.reader)
    never = [one.id for one in scene.config.surfaces if one.id not in seen]
    if never:
        said = f"not seen in the last {scene.asked.days} days: {', '.join(never)}."
        do = "Compare their routes with a log: himaya scan LOG --config himaya.toml"
        yield warning("coverage", said, do)
    else:
        yield ok("coverage", f"every surface was seen in the last {scene.asked.days} days.")


def _seen(scene: Scene, reader: Reader) -> set[str]:
    start = micros(scene.asked.now - scene.asked.days * _DAY_S)

    def question(rows: ir.Table, _: State) -> set[str]:
        recent = q.within(rows, start, micros(scene.asked.now + _SLACK_S))
        names = recent.select("surface").distinct()
        return {one["surface"] for one in reader.table(names).to_pylist()}

    try:
        return reader.ask(question)
    except HimayaError:
        return set()


def exports(scene: Scene) -> Iterator[Check]:
    """Every file that names people and left the ledger is destroyed in time."""
    if scene.reader is None or scene.state is None or not scene.state.exports:
        return
    late = register.overdue(scene.state, scene.asked.now)
    if late:
        said = f"{len(late)} exports that name people should be destroyed by now: {', '.join(late[:_NAMED])}."
        do = "Destroy them, then: himaya ledger exports --destroyed ID --by NAME"
        yield warning("exports", said, do)
    else:
        yield ok("exports", "no export that names people is overdue.")
