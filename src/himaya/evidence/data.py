"""Everything a report shows, counted by somebody else: scan, ledger or demo fill one `ReportData`.

Times are epoch seconds, people are distinct people. Names arrive as they should appear: whoever
fills the data has already replaced them by pseudonyms where that was asked for.
"""

from __future__ import annotations

import msgspec


class NoticeRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sentence that must be read first; `fix` is the line to add or the command to run."""

    text: str
    fix: str = ""


class SurfaceRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One surface and what it showed; `guessed` (0 to 1 sure) when no configuration declared it."""

    id: str
    route: str
    kind: str
    guessed: bool
    disclosures: int
    people: int
    confidence: float = 1.0
    why: str = ""
    unattributed: int = 0


class FindingRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One detector's strongest crossing; raised `times`; `at` is None where it is not known."""

    detector: str
    value: float
    threshold: float
    why: str
    at: float | None = None
    times: int = 1


class ActorRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One actor with findings; peaks are the most people within one sliding hour or day.

    `claimed` names the crawler the actor says it is, which nobody has verified. `networks` (/24, /48)
    and `agents` are how many it came with, 0 when not counted.
    """

    actor: str
    people: int
    disclosures: int
    start: float
    end: float
    peak_hour: int
    peak_day: int
    findings: tuple[FindingRow, ...] = ()
    claimed: str = ""
    networks: int = 0
    agents: int = 0


class GroupRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """Actors that belong together, the distinct people of all of them, and why."""

    members: tuple[str, ...]
    people: int
    why: str


class CrawlerRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A crawler that agent strings claim to be; a log proves no claim."""

    claimed: str
    category: str
    addresses: int
    requests: int
    people: int


class Series(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many distinct people one actor had obtained by when: rising (time, people) points."""

    actor: str
    points: tuple[tuple[float, int], ...]
    found: bool = True


class DayCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Actor-days of one kind of actor, as pairs (people, how many days).

    `kind` is account, address or key; "" where all kinds are counted together.
    """

    kind: str
    counts: tuple[tuple[int, int], ...]


class BudgetRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """The people one principal of a kind may be shown within an hour, day or month."""

    principal: str
    window: str
    people: float


class MalformedRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line that could not be read, as it stands in the log."""

    file: str
    line: int
    text: str
    why: str = ""


class Period(msgspec.Struct, frozen=True, omit_defaults=True):
    """A time for which nothing can be said, and why; `where` is a surface, door or file."""

    start: float
    end: float
    why: str
    where: str = ""


class Table(msgspec.Struct, frozen=True, omit_defaults=True):
    """One more table that the caller wants shown, such as a comparison; cells are text."""

    title: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class ReportData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one report says.

    `sources` are file names or a ledger. `start` and `end` are None when nothing was read.
    `notices` are the sentences that must be read first, `opening` the caller's own sentences before
    the story, `limits` further sentences about what cannot be said. `unattributed` counts
    responses whose people nobody could name. `population` is how many people the site has,
    None when not told. `actors_seen` counts all actors, with and without findings (0 unknown).
    `retention` is the sentence about how long identified rows stay. `lines` is None where the
    source is not a log. `budgets_from` says in words whose budgets are drawn in. `tables` come after
    the story; in them columns named in `page.NUMERIC` are set flush right.
    """

    title: str
    site: str = ""
    sources: tuple[str, ...] = ()
    made_at: float | None = None
    start: float | None = None
    end: float | None = None
    notices: tuple[NoticeRow, ...] = ()
    opening: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    lines: int | None = None
    parsed: int = 0
    malformed: int = 0
    malformed_rows: tuple[MalformedRow, ...] = ()
    people: int = 0
    disclosures: int = 0
    unattributed: int = 0
    population: int | None = None
    mode: str = ""
    policy: str = ""
    pseudonymous: bool = False
    surfaces: tuple[SurfaceRow, ...] = ()
    actors: tuple[ActorRow, ...] = ()
    actors_seen: int = 0
    groups: tuple[GroupRow, ...] = ()
    crawlers: tuple[CrawlerRow, ...] = ()
    series: tuple[Series, ...] = ()
    actor_days: tuple[DayCounts, ...] = ()
    budgets: tuple[BudgetRow, ...] = ()
    budgets_from: str = ""
    unobserved: tuple[Period, ...] = ()
    retention: str = ""
    tables: tuple[Table, ...] = ()

    @property
    def exact(self) -> bool:
        """Tell whether times need seconds, because the whole period is only minutes long."""
        return self.start is not None and self.end is not None and self.end - self.start < 900
