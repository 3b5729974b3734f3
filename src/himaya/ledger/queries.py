"""The questions asked of the ledger, as Ibis expressions over its rows.

They run on DuckDB here, and unchanged on any engine Ibis speaks to, such as Spark over the same Parquet files.
Times are microseconds, `start` included, `end` not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from himaya.ledger.schema import DAY_S, HIT, MISS, UNATTRIBUTED, UNOBSERVED


def within(rows: ir.Table, start: int, end: int) -> ir.Table:
    """Return the rows of a period."""
    return rows.filter((rows.time >= start) & (rows.time < end))


def shown(rows: ir.Table) -> ir.Table:
    """Return the rows that name a person."""
    return rows.filter(rows.subject != 0)


def without(rows: ir.Table, canaries: Collection[int]) -> ir.Table:
    """Return the rows that show no canary (surrogates): a canary is no person."""
    return rows.filter(~rows.subject.isin(sorted(canaries))) if canaries else rows


def people(rows: ir.Table, canaries: Collection[int]) -> ir.Table:
    """Return the rows that name a person; canaries are none. Every count of people begins here or in `without`."""
    return without(shown(rows), canaries)


def canaries(rows: ir.Table, known: Collection[int]) -> ir.Table:
    """Return the rows that show a canary."""
    return rows.filter(rows.subject.isin(sorted(known)))


def facet(rows: ir.Table, column: str, surrogate: int) -> ir.Table:
    """Return the rows whose facet is this one."""
    return rows.filter(rows[column] == surrogate)


def any_of(rows: ir.Table, column: str, surrogates: Iterable[int]) -> ir.Table:
    """Return the rows whose facet is any of these: a join, so that thousands cost little more than one."""
    wanted = ibis.memtable(pa.table({column: pa.array(list(surrogates), pa.int64())}))
    return rows.semi_join(wanted, column)


def members(pairs: Sequence[tuple[int, str]]) -> ir.Table:
    """Return pairs of a surrogate and the name of its group as `union_by_group` takes them."""
    numbers, names = [number for number, _ in pairs], [name for _, name in pairs]
    return ibis.memtable(
        pa.table({"member": pa.array(numbers, pa.int64()), "name": pa.array(names, pa.string())})
    )


def exposure(rows: ir.Table, by: str) -> ir.Table:
    """Return, per `by` (subject or actor), per fields and certainty: first, last, times."""
    return rows.group_by([by, "fields", "certainty"]).aggregate(
        first=rows.time.min(), last=rows.time.max(), times=rows.count()
    )


def places(rows: ir.Table) -> ir.Table:
    """Return, per network that rows came from: first, last, times."""
    known = rows.filter(rows.prefix != 0)
    return known.group_by("prefix").aggregate(
        first=known.time.min(), last=known.time.max(), times=known.count()
    )


def beside(rows: ir.Table, column: str, surrogate: int, networks: list[int]) -> ir.Table:
    """Return, per actor and network, first, last and times of whoever else came from these networks."""
    others = (rows[column] != surrogate) & (rows.actor != 0) & rows.prefix.isin(networks)
    there = rows.filter(others)
    return there.group_by(["actor", "prefix"]).aggregate(
        first=there.time.min(), last=there.time.max(), times=there.count()
    )


def accounts_at(rows: ir.Table, column: str, surrogates: Collection[int], start: int) -> ir.Table:
    """Return, per account that came from any of these addresses or networks since `start`, what is known of it.

    Columns: actor, account, address, and `age`, the greatest age it had in seconds, -1 where one is unknown.
    """
    there = rows[column].isin(sorted(surrogates)) & (rows.account != 0) & (rows.time >= start)
    seen = rows.filter(there)
    unknown = (seen.account_age_s < 0).any()
    return seen.group_by(["actor", "account", "address"]).aggregate(
        age=unknown.ifelse(-1, seen.account_age_s.max())
    )


def addresses_of(rows: ir.Table, actors: Collection[int], start: int, most: int) -> ir.Table:
    """Return the addresses that actors came from since `start`, and when last, the latest first, `most` at most."""
    mine = rows.filter(rows.actor.isin(sorted(actors)) & (rows.address != 0) & (rows.time >= start))
    last = mine.group_by("address").aggregate(last=mine.time.max())
    return last.order_by([ibis.desc("last"), "address"]).limit(most)


def tallies(rows: ir.Table) -> ir.Table:
    """Return one row: people whom nobody could name, and look-ups that found nobody."""
    unattributed = rows.kind == UNATTRIBUTED
    return rows.aggregate(
        unattributed=rows["count"].sum(where=unattributed).fill_null(0),
        misses=rows.count(where=rows.kind == MISS).fill_null(0),  # Spark counts null in no rows
    )


def unobserved(rows: ir.Table, start: int, end: int) -> ir.Table:
    """Return the unobserved periods that touch a period, earliest first."""
    touching = (rows.kind == UNOBSERVED) & (rows.time < end) & (rows.until > start)
    return (
        rows.filter(touching)
        .select("time", "until", "reason", "surface", "source")
        .order_by(["time", "until", "reason"])
    )


def policies(rows: ir.Table, start: int, end: int) -> ir.Table:
    """Return the policies that rows of a period were decided by, in column `policy`."""
    decided = within(rows, start, end).filter(rows.policy != "")
    # Not `distinct`: for Spark, Ibis 12 makes the columns of the filter distinct too.
    return (
        decided.group_by("policy")
        .aggregate(rows=decided.count())
        .select("policy")
        .order_by("policy")
    )


def grouped(rows: ir.Table) -> ir.Table:
    """Return every actor and group of which there is a row that was charged to that group."""
    charged = rows.filter(rows.group != "")
    return charged.select("actor", "group").distinct().order_by(["actor", "group"])


def people_per_actor(rows: ir.Table, canaries: Collection[int]) -> ir.Table:
    """Return actor and distinct people shown to it, most people first."""
    named = people(rows, canaries)
    counted = named.group_by("actor").aggregate(people=named.subject.nunique())
    return counted.order_by([ibis.desc("people"), "actor"])


def people_per_surface(rows: ir.Table) -> ir.Table:
    """Return surface, distinct people and rows, in the order of surfaces."""
    counted = rows.group_by("surface").aggregate(people=rows.subject.nunique(), rows=rows.count())
    return counted.order_by("surface")


def cohorts(rows: ir.Table, new_s: Mapping[str, int], default_s: int) -> ir.Table:
    """Return rows with their ISO week, counted from the one of 1 January 1970, and the cohort of their actor.

    Cohorts are those of the detectors: key, anonymous, paid (any tier, too), new, established. `new_s` says up to which
    age in seconds an account is new, by policy, `default_s` for all other policies. An unknown age is established.
    """
    limits = [(name, seconds) for name, seconds in new_s.items()]
    limit = rows.policy.cases(*limits, else_=default_s) if limits else ibis.literal(default_s)
    young = (rows.account_age_s >= 0) & (rows.account_age_s < limit)
    cohort = ibis.cases(
        (rows.access == "key", "key"),
        (rows.access == "anonymous", "anonymous"),
        ((rows.access == "paid") | (rows.tier != ""), "paid"),
        (young, "new"),
        else_="established",
    )
    # The first of January 1970 was a Thursday.
    return rows.mutate(week=(rows.time // (DAY_S * 1_000_000) + 3) // 7, cohort=cohort)


def union_by_week(rows: ir.Table) -> ir.Table:
    """Return, per week and cohort: distinct people shown, and people whom nobody could name."""
    unattributed = rows["count"].sum(where=rows.kind == UNATTRIBUTED)
    return rows.group_by(["week", "cohort"]).aggregate(
        people=rows.subject.nunique(where=rows.subject != 0),
        unattributed=unattributed.fill_null(0),
    )


def newly_by_week(rows: ir.Table, start: int) -> ir.Table:
    """Return, per week and cohort: people shown from `start` on who were not shown to the cohort in any earlier row."""
    named = shown(rows)
    first = named.group_by(["cohort", "subject"]).aggregate(
        at=named.time.min(), week=named.week.min()
    )
    since = first.filter(first.at >= start)
    return since.group_by(["week", "cohort"]).aggregate(people=since.count())


def lookups_by_week(rows: ir.Table, surfaces: Collection[str]) -> ir.Table:
    """Return, per week, cohort and surface: people found by look-ups, look-ups that found nobody, answers unread.

    `surfaces` are the ids of look-ups: there, people whom nobody could name are an answer that was not read.
    """
    unread = (rows.kind == UNATTRIBUTED) & rows.surface.isin(sorted(surfaces) or [""])
    looked = rows.filter(rows.kind.isin([HIT, MISS]) | unread)
    return looked.group_by(["week", "cohort", "surface"]).aggregate(
        found=looked.count(where=looked.kind == HIT),
        missed=looked.count(where=looked.kind == MISS),
        unread=looked.count(where=looked.kind == UNATTRIBUTED),
    )


def union_by_group(rows: ir.Table, members: ir.Table, most: int) -> ir.Table:
    """Return the groups whose members were shown most people together, with the number of these, most first.

    `members` has the columns `member` (a surrogate) and `name` (of its group).
    """
    theirs = shown(rows).join(members, rows.actor == members.member)
    union = theirs.group_by("name").aggregate(people=theirs.subject.nunique())
    return union.order_by([ibis.desc("people"), "name"]).limit(most)


def extent(rows: ir.Table) -> ir.Table:
    """Return one row: the first and the last moment that rows speak of, unobserved periods included."""
    return rows.aggregate(first=rows.time.min(), last=ibis.greatest(rows.time, rows.until).max())


def span(rows: ir.Table) -> ir.Table:
    """Return one row: number of rows, first and last time of what was observed."""
    seen = rows.kind != UNOBSERVED
    return rows.aggregate(
        rows=rows.count(), first=rows.time.min(where=seen), last=rows.time.max(where=seen)
    )


def days(rows: ir.Table) -> ir.Table:
    """Return the UTC days (days since 1970) that have rows, earliest first, in column `day`."""
    return rows.select(day=rows.time // (DAY_S * 1_000_000)).distinct().order_by("day")


def held(rows: ir.Table, column: str, surrogate: int, start: int, end: int) -> ir.Table:
    """Return the rows that a hold keeps."""
    return within(facet(rows, column, surrogate), start, end)
