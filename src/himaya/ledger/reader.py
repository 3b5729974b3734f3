"""The answers of the ledger, while a writer writes or after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import ibis.expr.types as ir
import pyarrow as pa

from himaya.ledger import answers as a
from himaya.ledger import entries as e
from himaya.ledger import keys as k
from himaya.ledger import queries as q
from himaya.ledger import sets
from himaya.ledger.archive import PeriodKeys
from himaya.ledger.batch import Gap
from himaya.ledger.canaries import kept
from himaya.ledger.chain import Chain
from himaya.ledger.engines import Choice
from himaya.ledger.files import Layout
from himaya.ledger.identities import Identities
from himaya.ledger.lock import holders, is_being_written
from himaya.ledger.log import opened
from himaya.ledger.moment import Moment
from himaya.ledger.names import FOREVER, parse_actor
from himaya.ledger.rows import Naming, Row, called
from himaya.ledger.schema import DAY_S, FACETS, SCHEMA, Kind, iso, micros
from himaya.ledger.snapshot import Snapshots
from himaya.ledger.state import State, read_state
from himaya.ledger.verify import verify

_T = TypeVar("_T")
_Named = TypeVar("_Named", a.Exposed, a.Recipient)


class Reader:
    """An open ledger to ask. A context manager. Times are microseconds, `start` included, `end` not."""

    def __init__(
        self,
        layout: Layout,
        keys: k.Keys,
        sealing_key: bytes | None,
        engine: Choice | None = None,
    ) -> None:
        """Made by `open`."""
        self.layout, self.keys = layout, keys
        self.chain = Chain(layout, keys)
        self.identities = Identities(layout.identities, keys)
        self._opens_archives = sealing_key is not None
        self._opened = PeriodKeys()
        self._snapshots = Snapshots(layout, self.chain, sealing_key, engine)

    @classmethod
    def open(
        cls,
        directory: Path,
        key_file: Path | None = None,
        *,
        sealing_key: bytes | None = None,
        engine: Choice | None = None,
    ) -> Self:
        """Open a ledger for questions.

        `sealing_key` is the private key that opens periods which retention sealed. `engine` says who answers, and
        where the sealed files are. Raises LedgerError: no ledger here; key missing, wrong or open to others.
        Raises InputError or ServiceError when the engine cannot be had.
        """
        layout = Layout(directory)
        layout.must_exist()
        keys = k.read_key_file(key_file or k.default_key_file(directory))
        return cls(layout, keys, sealing_key, engine)

    def open_periods(self, keys: PeriodKeys) -> None:
        """Have the rows of periods that two operators opened, and the names in them, among the answers from now on."""
        self._opened, self.identities.opened = keys, keys.names
        self._snapshots.open_with(keys)

    def close(self) -> None:
        """Let go of the files."""
        self._snapshots.close()
        self.identities.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def state(self) -> State:
        """Return what the chain adds up to. Raises LedgerError when it is damaged."""
        return read_state(self.chain)

    # -- who -------------------------------------------------------------------------------

    def facet(self, actor: str) -> tuple[str, int]:
        """Return column and surrogate of an actor's name, 0 when unknown. Raises InputError."""
        column, name = parse_actor(actor)
        return column, self.identities.find(FACETS[column], name)

    def subject(self, name: str) -> tuple[str, int]:
        """Return column and surrogate of a subject, 0 when unknown."""
        return "subject", self.identities.find(Kind.SUBJECT, name)

    def canaries(self) -> dict[int, str]:
        """Return the people in this ledger who do not exist, surrogate to name. Raises LedgerError."""
        placed = kept(self.layout.directory)
        return self.identities.find_all(Kind.SUBJECT, placed) if placed else {}

    def who_actor(self, name: str, start: int = 0, end: int = FOREVER) -> a.WhoActor:
        """Return whose data an actor was shown. Raises InputError, LedgerError."""
        column, surrogate = self.facet(name)
        known = self.canaries()

        def question(moment: Moment) -> a.WhoActor:
            rows, state = moment.rows("actor", start, end), moment.state
            mine = q.within(q.facet(rows, column, surrogate or -1), start, end)
            people, subjects = self.exposure(q.people(mine, known), "subject", a.Exposed)
            met = q.canaries(mine, known)
            canaries = self.exposure(met, "subject", a.Exposed)[1] if known else []
            tally = self._snapshots.fetch(q.tallies(mine))[0]
            gaps, period = self.holes(moment, start, end), self.period_of(moment)
            return a.WhoActor(
                actor=name,
                people=people,
                subjects=sorted(subjects, key=lambda one: (one.first, one.subject)),
                canaries=sorted(canaries, key=lambda one: (one.first, one.subject)),
                unobserved=gaps,
                unattributed=int(tally["unattributed"]),
                misses=int(tally["misses"]),
                erased=people - len(subjects),
                period=period,
                retention=state.retention,
                note=a.note(people, name, period, len(gaps), state),
            )

        return self._snapshots.at_once(question)

    def who_subject(self, name: str, start: int = 0, end: int = FOREVER) -> a.WhoSubject:
        """Return to whom a person's data was shown. Raises LedgerError."""
        (_, surrogate), known = self.subject(name), self.canaries()

        def question(moment: Moment) -> a.WhoSubject:
            rows, state = moment.rows("subject", start, end), moment.state
            mine = q.within(q.facet(rows, "subject", surrogate or -1), start, end)
            count, actors = self.exposure(mine, "actor", a.Recipient)
            gaps, period = self.holes(moment, start, end), self.period_of(moment)
            return a.WhoSubject(
                subject=name,
                count=count,
                actors=sorted(actors, key=lambda one: (one.first, one.actor)),
                unobserved=gaps,
                erased=count - len(actors),
                period=period,
                retention=state.retention,
                note=a.note(count, name, period, len(gaps), state),
                canary=surrogate in known,
            )

        return self._snapshots.at_once(question)

    def exposed_by(self, actors: Iterable[str], start: int = 0, end: int = FOREVER) -> a.ExposedBy:
        """Return whose data any of these actors was shown; see `sets.exposed_by`. Raises LedgerError."""
        return sets.exposed_by(self, actors, start, end)

    def seen_by(self, subjects: Iterable[str], start: int = 0, end: int = FOREVER) -> a.SeenBy:
        """Return to whom any of these people was shown; see `sets.seen_by`. Raises LedgerError."""
        return sets.seen_by(self, subjects, start, end)

    def people_of_groups(
        self, groups: Mapping[str, Iterable[str]], start: int = 0, end: int = FOREVER
    ) -> dict[str, int]:
        """Return how many distinct people each group of actors was shown; see `sets`. Raises LedgerError."""
        return sets.people_of_groups(self, groups, start, end)

    def people_per_surface_per_day(self, start: int = 0, end: int = FOREVER) -> list[a.Shown]:
        """Return how many distinct people each surface showed each day; see `sets`. Raises LedgerError."""
        return sets.people_per_surface_per_day(self, start, end)

    def exposure(self, rows: ir.Table, by: str, form: type[_Named]) -> tuple[int, list[_Named]]:
        """Return how many subjects or actors there are in rows, and those that still have a name, or a sealed one."""
        found = a.summarise(self._snapshots.fetch(q.exposure(rows, by)), by)
        names = {**self.named(found), 0: "unknown"}
        return len(found), [
            form(names[number], **one.words()) for number, one in found.items() if number in names
        ]

    def named(self, surrogates: Iterable[int]) -> dict[int, str]:
        """Return the names of surrogates; of one that is closed with a sealed period `sealed-` and its number."""
        return called(self.identities, set(surrogates))

    # -- what it cannot speak for ----------------------------------------------------------

    def unobserved(self, start: int = 0, end: int = FOREVER) -> list[a.Unobserved]:
        """Return the periods, touching this one, that the ledger cannot speak for. Raises LedgerError."""
        return self._snapshots.at_once(lambda moment: self.holes(moment, start, end))

    def holes(self, moment: Moment, start: int, end: int) -> list[a.Unobserved]:
        """Return the same within `at_once`."""
        recorded = self._recorded(moment, start, end)
        return self._removed(moment.state, start, end) + [
            a.Unobserved(iso(row["time"]), iso(row["until"]), _why(row)) for row in recorded
        ]

    def gaps(self, start: int = 0, end: int = FOREVER) -> list[Gap]:
        """Return the unobserved periods that touch this one as they were noted, earliest first. Raises LedgerError."""
        found = self._snapshots.at_once(lambda moment: self._recorded(moment, start, end))
        return [
            Gap(one["time"] / 1e6, one["until"] / 1e6, one["reason"], one["surface"], one["source"])
            for one in found
        ]

    def _recorded(self, moment: Moment, start: int, end: int) -> list[dict[str, Any]]:
        rows = moment.with_gaps()
        return [] if rows is None else self._snapshots.fetch(q.unobserved(rows, start, end))

    def policies(self, start: int = 0, end: int = FOREVER) -> list[str]:
        """Return the hashes of the policies that rows of a period name, in order. Raises LedgerError."""
        found = self.ask(lambda rows, _: self._snapshots.fetch(q.policies(rows, start, end)))
        return [one["policy"] for one in found]

    def _removed(self, state: State, start: int, end: int) -> list[a.Unobserved]:
        """Return the time whose rows retention took away."""
        found: list[a.Unobserved] = []
        why = "sealed to operators; two roles open them inside a case"
        spans = [(state.removed, f"removed after their retention{state.but}")]
        if not self._opens_archives:
            spans.append(
                (state.archived, "sealed after their retention; the sealing key opens them")
            )
        found += [
            a.Unobserved(iso(max(start, first)), iso(min(end, last)), f"rows were {why}")
            for first, last in state.operators.closed(state.files, self._opened.rows)
            if max(start, first) < min(end, last)
        ]
        for day, why in spans:
            first, last = max(start, state.first_ever), min(end, day * DAY_S * 1_000_000)
            if first < last:
                found.append(a.Unobserved(iso(first), iso(last), f"rows were {why}"))
        return found

    def period(self, rows: ir.Table, state: State) -> a.Period:
        """Return from when to when these rows observed anything, within `ask`; `period_of` need not read them."""
        return a.period(self._snapshots.fetch(q.span(rows))[0])

    def period_of(self, moment: Moment) -> a.Period:
        """Return from when to when the ledger observed anything, within `at_once`."""
        return a.period(self._span(moment))

    def _span(self, moment: Moment) -> dict[str, Any]:
        """Return number of rows, first and last time of what was observed; where the chain says so, from there."""
        unknown, rows = moment.unknown(), moment.known_rows
        times = [*(moment.observed() or ())]
        if unknown is not None:
            read = self._snapshots.fetch(q.span(unknown))[0]
            rows += read["rows"]
            times += [time for time in (read["first"], read["last"]) if time is not None]
        return {"rows": rows, "first": min(times, default=None), "last": max(times, default=None)}

    # -- all rows --------------------------------------------------------------------------

    def people_per_actor(self) -> dict[str, int]:
        """Return distinct people per actor, most first; erased and unnamed actors are left out."""
        known = self.canaries()

        def question(rows: ir.Table, _: State) -> dict[str, int]:
            found = self._snapshots.fetch(q.people_per_actor(rows, known))
            names = self.identities.names(row["actor"] for row in found)
            return {names[row["actor"]]: row["people"] for row in found if row["actor"] in names}

        return self._snapshots.ask(question)

    def shown_to(self, actors: Iterable[str]) -> dict[str, set[str]]:
        """Return the people that any of these actors was shown, each with the fields; erased people are left out.

        Actors are named as reports name them (`account:u777`). An unknown name was shown nobody.
        """
        found, known = self.identities.find_all(Kind.ACTOR, actors), self.canaries()

        def question(rows: ir.Table, _: State) -> dict[str, set[str]]:
            mine = q.people(q.any_of(rows, "actor", found), known)
            told = a.summarise(self._snapshots.fetch(q.exposure(mine, "subject")), "subject")
            names = self.identities.names(told)
            return {names[number]: one.fields for number, one in told.items() if number in names}

        return self._snapshots.ask(question) if found else {}

    def rows(self, start: int = 0, end: int = FOREVER, *, erased: str = "") -> Iterator[Row]:
        """Yield every row of a period with its names, earliest first; a day at a time is in memory.

        Names that were erased are "", or with `erased` that word and a number that tells them apart.
        Raises LedgerError.
        """
        days = self.ask(lambda rows, _: self._snapshots.fetch(q.days(q.within(rows, start, end))))
        naming = Naming(self.identities, erased=erased)
        for day in days:
            first = int(day["day"]) * DAY_S * 1_000_000
            period = max(start, first), min(end, first + DAY_S * 1_000_000)
            yield from naming.rows(self.ask(partial(self._ordered, period)))

    def _ordered(self, period: tuple[int, int], rows: ir.Table, _: State) -> pa.Table:
        ordered = q.within(rows, *period).order_by(["time", "actor", "subject"])
        return self._snapshots.table(ordered.select(*SCHEMA.names))

    def ask(self, question: Callable[[ir.Table, State], _T]) -> _T:
        """Return the answer of `question` over all rows of one moment. Raises LedgerError."""
        return self._snapshots.ask(question)

    def at_once(self, question: Callable[[Moment], _T]) -> _T:
        """Return the answer of `question`, which chooses the files and the order it reads. Raises LedgerError."""
        return self._snapshots.at_once(question)

    def table(self, expression: ir.Table) -> pa.Table:
        """Return the rows of an expression within `ask` or `at_once` as an Arrow table."""
        return self._snapshots.table(expression)

    def has_rows(self, rows: ir.Table) -> bool:
        """Tell whether an expression has any row."""
        return bool(self._snapshots.fetch(rows.limit(1)))

    def status(self, now: float) -> dict[str, int | str | bool]:
        """Return what the ledger holds, in figures. `now` is epoch seconds. Raises LedgerError."""
        return self._snapshots.at_once(lambda moment: self._status(moment, micros(now)))

    def _status(self, moment: Moment, now: int) -> dict[str, int | str | bool]:
        state, span = moment.state, self._span(moment)
        period, files = a.period(span), list(state.files.values())
        return {
            "from": period.start,
            "to": period.end,
            "rows": span["rows"],
            "files": len(files),
            "bytes": sum(file.stored for file in files),
            "sealed_periods": sum(file.archive for file in files),
            "identities": self.identities.count(),
            "retention": state.retention,
            "holds": len(state.standing_holds(now)),
            "accesses": state.accesses,
            "forgotten": len(state.erased),
            "configurations": len(state.configs),
            "being_written": is_being_written(self.layout),
            "writers": ", ".join(one.words() for one in holders(self.layout)),
            "format": state.format or 1,
            "chain_entries": state.seq,
            "chain_head": state.hash,
            "anchored": state.anchors.words(),
        }

    def log(self) -> Iterator[dict[str, Any]]:
        """Yield the entries of the chain, sealed texts opened, surrogates named where they still have one."""
        for line, entry in self.chain.lines():
            yield {"seq": line.seq, **opened(entry, self.keys, self.identities)}

    def use_sealing_key(self, public: bytes, now: float) -> None:
        """Record the public key to which retention encrypts from now on."""
        self.chain.append(e.SealingKey(at=iso(micros(now)), public=public.hex()))

    def verify(self) -> list[str]:
        """Return what is damaged or missing, one sentence each."""
        return verify(self.layout, self.keys)

    # -- the access log --------------------------------------------------------------------

    def record_access(  # noqa: PLR0913  (an entry is all of these)
        self,
        column: str,
        surrogate: int,
        *,
        why: str,
        by: str,
        at: float,
        start: int = 0,
        end: int = 0,
        command: str = "who",
    ) -> None:
        """Append to the chain that somebody asks. Raises LedgerError; then nothing may be shown."""
        seal = self.keys.seal_text
        self.chain.append(
            e.Access(
                at=iso(round(at * 1e6)),
                column=column,
                surrogate=surrogate,
                why=seal(why),
                by=seal(by),
                start=start,
                end=end,
                command=command,
            )
        )


def _why(row: dict[str, Any]) -> str:
    """Return why a period is unobserved, and where when it was not everywhere."""
    where = [f"surface {row['surface']}"] if row["surface"] else []
    where += [f"door {row['source']}"] if row["source"] else []
    return f"{row['reason']} ({', '.join(where)})" if where else str(row["reason"])
