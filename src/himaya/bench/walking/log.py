"""The ids of each route of access logs, and who used them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from himaya.bench.score.intervals import wilson
from himaya.bench.walking.measure import Seen, measure
from himaya.bench.walking.outcome import IdsAudit, Reuse, RouteIds
from himaya.config import Config
from himaya.core.actor import Actor
from himaya.core.errors import InputError
from himaya.core.matching import Surfaces
from himaya.core.paths import canonical_path
from himaya.core.routes import compile_route
from himaya.core.surface import Surface
from himaya.watch.actors import Exchanges
from himaya.watch.entry import Entry
from himaya.watch.formats import read_chunk
from himaya.watch.inputs import Input, LogForm, close_inputs, open_inputs
from himaya.watch.keep import KeepSurfaces
from himaya.watch.sample import sample_inputs
from himaya.watch.surfaces import SURE, discover_surfaces

#: Ids remembered per route, and viewers in all; further ones are counted as left out.
MOST_IDS, MOST_VIEWERS = 2_000_000, 5_000_000

#: A longer text in a path is no id.
_LONGEST = 200

_WORKED = frozenset({200, 203, 206, 226, 304})
_MISSED = frozenset({404, 410})
_REFUSED = frozenset({401, 403, 429, 451})
_HOLE = re.compile(r"\{(\w+)\}")


def audit_logs(
    names: Sequence[str], config: Config | None, *, form: str = "", per_viewer: bool = False
) -> IdsAudit:
    """Return how guessable the ids of each route of the logs are (`-` is standard input).

    Without a configuration the routes are guessed. `per_viewer`: ids must not work for several viewers. Raises
    InputError for a log that cannot be read, and when no route with ids is declared or found.
    """
    inputs = open_inputs(names, _log_form(config, form))
    try:
        surfaces = config.surfaces if config is not None else _guessed(inputs)
        routes = {each.id: RouteUse(each) for each in surfaces if id_group(each)}
        if not routes:
            raise InputError("no route with ids of people is declared or found; name a --config")
        last = _read(inputs, surfaces, routes, Exchanges(config.actor if config else None))
    finally:
        close_inputs(inputs)
    population = float(config.site.population) if config and config.site.population else None
    used = [each for each in routes.values() if each.uses]
    measured = [measure(each.seen(population), last + 86_400) for each in used]
    empty = [each.surface.id for each in routes.values() if not each.uses]
    notes = list(_notes(measured, empty))
    return IdsAudit(
        sources=list(names),
        guessed=config is None,
        routes=measured,
        per_viewer=per_viewer,
        notes=notes,
    )


def audit_file(path: Path, until: float, population: float | None = None) -> IdsAudit:
    """Return how guessable the ids of a file are, one a line. Raises InputError."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeError) as problem:
        raise InputError(f"cannot be read: {problem}", file=str(path)) from None
    uses = dict.fromkeys((line.strip() for line in lines if line.strip()), 0)
    if not uses:
        raise InputError("no id in it; write one a line", file=str(path))
    seen = Seen(surface="file", route="", uses=uses, population=population)
    notes = [
        "A file says nothing of who used an id, so whether ids work for several viewers is not told."
    ]
    return IdsAudit(
        sources=[str(path)],
        guessed=False,
        routes=[measure(seen, until)],
        per_viewer=False,
        notes=notes,
    )


def id_group(surface: Surface) -> str:
    """Return the name in a route that stands for the id of a person, "" when there is none.

    Where the application names the people itself, the path may hold a token under another name.
    """
    holes = _HOLE.findall(surface.route)
    if "subject" in holes:
        return "subject"
    return str(holes[-1]) if holes and surface.kind in {"profile", "media"} else ""


class RouteUse:
    """Who used which ids of one route; bounded by MOST_IDS."""

    def __init__(self, surface: Surface) -> None:
        """Take a surface that `id_group` finds an id in."""
        self.surface = surface
        self._pattern, self._group = compile_route(surface.route), id_group(surface)
        self.uses: dict[str, int] = {}
        self._first: dict[str, int] = {}
        self._several: set[str] = set()
        self._told_by: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()

    def add(self, entry: Entry, viewer: int, told_by: str) -> None:
        """Count one request."""
        found = self._pattern.fullmatch(canonical_path(entry.target))
        if found is None:
            return
        self._counts["requests"] += 1
        self._counts["missed"] += entry.status in _MISSED
        self._counts["refused"] += entry.status in _REFUSED
        if entry.status in _WORKED and entry.method != "OPTIONS":
            self._told_by[told_by] += 1
            self._use(found[self._group], viewer)

    def _use(self, text: str, viewer: int) -> None:
        if text not in self.uses:
            if len(self.uses) >= MOST_IDS or len(text) > _LONGEST:
                self._counts["left_out"] += 1
                return
            self.uses[text] = 0
            self._first[text] = viewer
        self.uses[text] += 1
        if self._first[text] != viewer:
            self._several.add(text)

    def seen(self, population: float | None) -> Seen:
        """Return what is measured."""
        counts = self._counts
        return Seen(
            surface=self.surface.id,
            route=self.surface.route,
            uses=self.uses,
            population=population,
            reuse=self._reuse(),
            requests=counts["requests"],
            missed=counts["missed"],
            refused=counts["refused"],
            left_out=counts["left_out"],
        )

    def _reuse(self) -> Reuse:
        again, several = sum(n > 1 for n in self.uses.values()), len(self._several)
        low, high = wilson(several, again)
        told_by = dict(sorted(self._told_by.items()))
        return Reuse(again, several, round(several / max(1, again), 4), low, high, told_by)


def _log_form(config: Config | None, form: str) -> LogForm:
    if config is None:
        return LogForm(form or "auto")
    return LogForm(form or config.log.format, config.log.fields, config.actor.account_field)


def _guessed(inputs: Sequence[Input]) -> tuple[Surface, ...]:
    guesses = discover_surfaces(sample_inputs(inputs).paths)
    return tuple(guess.surface for guess in guesses if guess.confidence >= SURE)


def _read(
    inputs: Sequence[Input],
    surfaces: tuple[Surface, ...],
    routes: dict[str, RouteUse],
    exchanges: Exchanges,
) -> float:
    """Read every line; return the latest time."""
    keep, table, viewers, last = KeepSurfaces(surfaces), Surfaces(surfaces), dict[str, int](), 0.0
    for entry in _entries(inputs, keep):
        match = table.match(entry.method, entry.target)
        route = routes.get(match.surface.id) if match is not None else None
        if route is not None:
            told_by, name = _viewer(exchanges.actor(entry))
            known = len(viewers) if len(viewers) < MOST_VIEWERS else 0
            route.add(entry, viewers.setdefault(name, known), told_by)
            last = max(last, entry.at)
    return last


def _entries(inputs: Sequence[Input], keep: KeepSurfaces) -> Iterator[Entry]:
    for each in inputs:
        if each.form is not None:
            for chunk in each.source.chunks():
                yield from read_chunk(each.form, chunk, keep).entries


def _viewer(actor: Actor) -> tuple[str, str]:
    """Return by what a viewer is told apart, and the name."""
    named = (
        ("account", actor.account),
        ("session", actor.session),
        ("key", actor.key),
        ("address", actor.address),
    )
    kind, value = next(((kind, value) for kind, value in named if value), ("address", ""))
    return kind, f"{kind}:{value}"


def _notes(measured: Iterable[RouteIds], empty: Sequence[str]) -> Iterator[str]:
    if empty:
        yield f"Not in the logs: {', '.join(empty)}."
    if any(route.reuse and route.reuse.told_by.get("address") for route in measured):
        yield (
            "Where a line names neither account nor session, viewers are told apart by address: somebody whose address"
            " changed counts as two."
        )
    yield "An id counts as working when the answer was 200, 203, 206, 226 or 304; whom it showed the log does not say."
