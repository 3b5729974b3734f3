"""What notices are made of: plain values, from a case, its last count and the ledger. No name of a data subject."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

#: The country of people of whom nobody knows where they live.
UNKNOWN = ""


class AuthorityNeeds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one place asks for. `regime` is "" where the table of laws has no rule.

    `contents` and `people_contents` are the keys of what an authority's and a person's notice hold; `voluntary`: no
    law asks for it; `unconfirmed`: which of `contents`, `form_url`, `languages` rest on nothing that was read;
    `doubts`: what the table says of the whole entry, such as that its review is due; `shared`: it is the entry of
    several countries, so that `authority` is no name that a person could write to.
    """

    regime: str = ""
    authority: str = ""
    url: str = ""
    languages: tuple[str, ...] = ()
    form_url: str = ""
    contents: tuple[str, ...] = ()
    people_contents: tuple[str, ...] = ()
    voluntary: bool = False
    unconfirmed: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    shared: bool = False


#: What is asked for where the table has no rule: the items that most laws share. A person decides, with counsel.
NO_RULE = AuthorityNeeds(
    contents=(
        *("org_identity", "contact_point", "nature", "cause", "occurred_period", "aware_at"),
        *("data_categories", "subject_count", "consequences", "measures", "individuals_notified"),
    ),
    people_contents=("nature", "data_categories", "measures", "individual_steps", "contact_point"),
)


class NoticeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a case. Days and times are ISO 8601 in UTC, "" where unknown.

    `countries` are people by country of residence, "" for unknown residence; they add up to `people`. `records` are
    recorded disclosures, `fields` the fields of all of them, `done` keys of what was done about it, `told` who was
    told: country, party, day; `planned` what a person decided for each country's people.
    """

    organisation: str = ""
    contact: str = ""
    registration: str = ""
    case: str = ""
    practice: bool = False
    first: str = ""
    last: str = ""
    aware: str = ""
    people: int = 0
    countries: dict[str, int] = {}
    records: int = 0
    fields: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    told: tuple[tuple[str, str, str], ...] = ()
    planned: dict[str, str] = {}

    def by_country(self) -> Iterator[tuple[str, int]]:
        """Yield country and people, unknown residence last."""
        known = sorted(one for one in self.countries if one)
        for country in [*known, *([UNKNOWN] if UNKNOWN in self.countries else [])]:
            yield country, self.countries[country]


class Recipient(msgspec.Struct, frozen=True):
    """One person and what is known to have been shown of them. Lives while a notice is made, and is written nowhere.

    `surrogate` is their number in the ledger, `id` what the site calls them; `address` is a mail address, "" for none;
    `first` and `last` are days.
    """

    surrogate: int
    id: str
    fields: tuple[str, ...]
    first: str
    last: str
    address: str = ""
    name: str = ""
    language: str = ""
    country: str = UNKNOWN
