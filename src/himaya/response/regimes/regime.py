"""One regime: a law, its authority, and what both ask for. The structs are the keys of `data/ID.toml`."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any, Literal

import msgspec

from himaya.response.regimes.ladder import Threshold

#: Who is told.
Party = Literal["authority", "people"]
PARTIES: tuple[Party, ...] = ("authority", "people")

#: How an entry is known. primary: an official text or the authority's page was read; secondary: a law firm or the
#: press; memory: believed. site: a site's own entry that names no evidence.
Evidence = Literal["primary", "secondary", "memory", "site"]

#: The groups of fields that have a mark of evidence each.
GROUPS = (
    "authority",
    "law",
    "articles",
    "authority_duty",
    "authority_deadline",
    "authority_contents",
    "form_url",
    "people_notice",
    "people_contents",
    "records",
    "scraping",
    "languages",
    "changes",
)


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """How a group of fields is known; `verified` false: somebody still has to look it up."""

    evidence: Evidence
    verified: bool

    @property
    def is_sure(self) -> bool:
        """Tell whether an official text was read."""
        return self.verified and self.evidence == "primary"


class Authority(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told, its page, and the languages it takes (BCP 47; empty: those of the competent one)."""

    name: str
    url: str
    languages: tuple[str, ...] = ()


class Law(msgspec.Struct, frozen=True, kw_only=True):
    """The law, and its articles."""

    name: str
    articles: str
    url: str


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A time that a notice has: `amount` of `unit` after `clock` (`cases.rules.CLOCKS`), or words alone (`unit` "").

    `statute` binds; `assessment` is the time to decide in; `guidance` is what an authority or court expects.
    """

    kind: Literal["statute", "assessment", "guidance"]
    clock: str
    text: str
    amount: int = 0
    unit: Literal["", "hours", "days", "business_days"] = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What one party is told. `least_people`: only from so many people of this regime on.

    `duty`: mandatory, voluntary, or on_order of the authority. `phased`: what is not known yet may follow.
    """

    duty: Literal["mandatory", "voluntary", "on_order"]
    threshold: Threshold
    threshold_text: str = ""
    limits: tuple[Limit, ...] = ()
    contents: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    form_url: str = ""
    channel: str = ""
    phased: bool = False
    least_people: int = 0
    text: str = ""


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """What business days are. `weekend`: 0 is Monday; `holidays`: the package's name of the country.

    `extra` and `removed` are the site's own corrections of the package's table.
    """

    weekend: tuple[int, ...]
    holidays: str = ""
    subdivision: str = ""
    extra: tuple[date, ...] = ()
    removed: tuple[date, ...] = ()


class Records(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be kept of every incident; `months` 0: no fixed period was found."""

    text: str
    months: int = 0
    counted_from: str = ""


class Scraping(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the authority takes scraping for a breach. It is a person who decides; this is what is known."""

    stance: Literal[
        "contested",
        "treats_as_breach_in_practice",
        "cosigned_can_be_notifiable",
        "cosigned_general",
        "usually_out_of_scope",
        "no_position_found",
    ]
    text: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What moves under the entry. A `draft` is no law; `unclear`: sources contradict each other."""

    status: Literal["draft", "in_force", "lapsed", "unclear"]
    text: str
    since: date | None = None
    evidence: Evidence = "secondary"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A page that was read. `unreliable`: it stands here because it contradicts others."""

    url: str
    evidence: Evidence
    unreliable: bool = False


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Limits in force from a day on (00:00 in the regime's zone); a party that is left out keeps those before."""

    valid_from: date
    text: str
    authority: tuple[Limit, ...] | None = None
    people: tuple[Limit, ...] | None = None
    evidence: dict[str, Mark] = {}


class Regime(msgspec.Struct, frozen=True, kw_only=True):
    """One law, its authority, what it asks for, and how each part of that is known.

    `countries` are ISO 3166 codes of the people's residence: `ES`, `CA-QC`. `as_of` is when it was last looked up; it
    is due for review at `review_by`, else after `review_days`. The limits of `to_authority` and `to_people` hold until
    the first of `versions`; ask `limits` for those of a day.
    """

    id: str
    name: str
    countries: tuple[str, ...]
    time_zone: str
    as_of: date
    authority: Authority
    law: Law
    to_authority: Notice
    to_people: Notice
    calendar: Calendar
    records: Records
    scraping: Scraping
    evidence: dict[str, Mark]
    sources: tuple[Source, ...]
    review_days: int = 180
    review_by: date | None = None
    valid_from: date | None = None
    signed: tuple[str, ...] = ()
    versions: tuple[Version, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()

    def notice(self, party: Party) -> Notice:
        """Return what the party is told, with the limits of the oldest version."""
        return self.to_authority if party == "authority" else self.to_people

    def versions_on(self, day: date) -> tuple[Version, ...]:
        """Return the versions in force on a day, the oldest first."""
        return tuple(one for one in self.versions if one.valid_from <= day)

    def limits(self, party: Party, day: date) -> tuple[Limit, ...]:
        """Return the limits of a party that are in force on a day."""
        found = self.notice(party).limits
        for version in self.versions_on(day):
            found = getattr(version, party) if getattr(version, party) is not None else found
        return found

    @property
    def version(self) -> str:
        """Return what tells this text of the entry from any other: whoever decides by it writes that down."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:16]

    def mark(self, group: str, day: date) -> Mark:
        """Return how a group of fields is known, for what is in force on a day."""
        found = self.evidence[group]
        for version in self.versions_on(day):
            found = version.evidence.get(group, found)
        return found


def tables_of(regime: Regime) -> dict[str, Any]:
    """Return a regime as plain tables, in the order of its file, for JSON."""
    found: dict[str, Any] = msgspec.to_builtins(regime)
    return found
