"""Lines in bulk: ordinary page views become three numbers each, everything else an entry.

A page view is (who, what, when): the number of an origin (everything a line says of who asked), the
number of a target, and the time. What origins and targets mean is worked out once per origin and target.
"""

from __future__ import annotations

from array import array
from itertools import islice
from operator import itemgetter

import msgspec

from himaya.core.disclosure import Outcome, outcome
from himaya.core.matching import Surfaces
from himaya.core.policy import Policy
from himaya.watch.entry import Entry, Malformed, shown
from himaya.watch.escapes import plain
from himaya.watch.formats import LineFormat
from himaya.watch.probe import Ordinary, probe
from himaya.watch.reading import COMPLETE, EntryBuilder, Reading, Row, Rows, Sifted, sift
from himaya.watch.source import MAX_LINE, Chunk

#: Targets remembered with what they are; when full, all are forgotten.
_REMEMBERED = 300_000

#: Origins or targets numbered before the numbers begin again.
_NUMBERED = 1_000_000

#: Columns that say who asked; lines that agree in all of them have one origin.
ORIGIN = ("address", "account", "himaya_account", "forwarded", "session", "key", "tier", "terms",
          "fingerprint", "asn", "agent")  # fmt: skip


class Part(msgspec.Struct, array_like=True):
    """What a chunk says. `who` and `what` are arrays of 'I', `at` of 'd', as bytes.

    Origins and targets are numbered by the `reader` from its first chunk on; `origins` (template entries)
    and `targets` (texts) are the new ones. After `anew` the numbers begin at 0 again. `touched` are
    origins that were answered with nothing, and when first. `others` are entries that only the
    engine can judge, each behind `others_after` views.
    """

    reading: Reading
    reader: int = 0
    anew: bool = False
    origins: list[Entry] = []
    targets: list[str] = []
    who: bytes = b""
    what: bytes = b""
    at: bytes = b""
    touched: dict[int, float] = {}
    others: list[Entry] = []
    others_after: list[int] = []


#: What an answered GET of a target is, the kind of its surface, the target without its query.
Known = tuple[Ordinary, str, str]

_NOBODY: Known = (Ordinary.NOBODY, "", "")


class BulkReader:
    """Reads chunks under one policy, and numbers origins and targets."""

    def __init__(self, policy: Policy, number: int = 0) -> None:
        """Ask the engine what is ordinary; `number` tells this reader's numbers from others'."""
        self.number = number
        self.origins: dict[tuple[str, ...], int] = {}
        self.targets: dict[str, int] = {}
        self._surfaces = Surfaces(policy.surfaces)
        self._methods = {m for surface in policy.surfaces for m in surface.methods} - {"GET"}
        self._ordinary = probe(policy)
        self.known: dict[str, Known] = {}
        self._outcomes: dict[tuple[str, str], Outcome] = {}

    def read(self, form: LineFormat, chunk: Chunk) -> Part:
        """Return what a chunk says."""
        text = chunk.data.decode("utf-8", "backslashreplace")
        if chunk.oversize:
            sample = Malformed(chunk.first_line, shown(text), f"longer than {MAX_LINE} bytes")
            return Part(Reading(lines=1, malformed=1, samples=[sample]), self.number)
        rows = form.rows(text)
        reading, sifted = sift(rows, chunk.first_line)
        part = Part(reading, self.number, anew=self._make_room())
        if sifted.rows:
            _Columns(self, rows, part).fill(sifted)
        return part

    def _make_room(self) -> bool:
        """Forget all numbers when there are too many; tell whether that was done."""
        if max(len(self.origins), len(self.targets)) < _NUMBERED:
            return False
        self.origins.clear()
        self.targets.clear()
        return True

    def learn(self, text: str) -> Known:
        """Return, and remember, what an answered GET of a target is."""
        if len(self.known) >= _REMEMBERED:
            self.known.clear()
        target = plain(text)
        match = self._surfaces.match("GET", target)
        if match is None:
            others = (self._surfaces.match(method, target) for method in self._methods)
            known = _NOBODY if not any(others) else (Ordinary.OTHER, "", "")
        else:
            kind = self._ordinary[match.surface.id]
            if kind is Ordinary.PERSON and not match.subject:
                kind = Ordinary.OTHER
            known = (kind, match.surface.kind, target.partition("?")[0])
        self.known[text] = known
        return known

    def outcome_of(self, status: str, kind: str) -> Outcome:
        """Return what a GET with a status (as logged) showed, when it was not broken off."""
        known = self._outcomes.get((status, kind))
        if known is None:
            code = int(status) if status.isdecimal() else 0
            known = outcome("GET", code, kind, sent=-1, aborted=False)
            self._outcomes[status, kind] = known
        return known


class _Columns:
    """Fills a part from rows of one layout."""

    def __init__(self, reader: BulkReader, rows: Rows, part: Part) -> None:
        slots = rows.slots
        self._reader = reader
        self._part = part
        self._build = EntryBuilder(rows)
        present = [slots[word] for word in ORIGIN if word in slots]
        # One column would make itemgetter return a text instead of a tuple.
        self._pick = itemgetter(*present, rows.bad)
        self._at, self._target, self._status = slots["at"], slots["target"], slots["status"]
        self._method = slots.get("method", -1)
        self._odd = [
            (slots[word], ordinary)
            for word, ordinary in (
                ("subjects", {"-"}),
                ("completion", COMPLETE),
                ("connection", {"+", "-"}),
            )
            if word in slots
        ]

    def fill(self, sifted: Sifted) -> None:
        """Take every row."""
        part, reader, times = self._part, self._reader, sifted.times
        learn, outcome_of, known = reader.learn, reader.outcome_of, reader.known
        origins, targets = reader.origins, reader.targets
        known_targets = len(targets)
        who, what, when = array("I"), array("I"), array("d")
        at, target, status, method = self._at, self._target, self._status, self._method
        pick, odd = self._pick, self._odd
        for row, number in zip(sifted.rows, sifted.numbers, strict=True):
            text = row[target]
            kind, surface, path = known.get(text) or learn(text)
            if not kind:
                continue
            plain_get = method < 0 or row[method] == "GET"
            if kind is Ordinary.OTHER or not plain_get or (odd and self._is_odd(row)):
                self._keep(row, times[row[at]], number, len(who))
                continue
            origin = pick(row)
            place = origins.get(origin)
            if place is None:
                place = origins[origin] = len(origins)
                part.origins.append(self._build(row, 0.0, 0))
            shown = outcome_of(row[status], surface)
            if shown is Outcome.DISCLOSED:
                who.append(place)
                what.append(targets.setdefault(path, len(targets)))
                when.append(times[row[at]])
            elif shown is Outcome.NOTHING:
                time = times[row[at]]
                part.touched[place] = min(time, part.touched.get(place, time))
            else:
                self._keep(row, times[row[at]], number, len(who))
        part.targets = list(islice(targets, known_targets, None))
        part.who, part.what, part.at = who.tobytes(), what.tobytes(), when.tobytes()

    def _keep(self, row: Row, time: float, number: int, after: int) -> None:
        self._part.others.append(self._build(row, time, number))
        self._part.others_after.append(after)

    def _is_odd(self, row: Row) -> bool:
        """Tell whether the line says more than an ordinary one: named people, a transfer that broke off."""
        return any(row[index] not in ordinary for index, ordinary in self._odd)
