"""Entries about how long things are kept: by class of actor, in files that left the house, in a person's judgement."""

from __future__ import annotations

from himaya.ledger.entries.base import Entry


class Classes(Entry, frozen=True, tag_field="kind", tag="retention_classes"):
    """How long rows of each class of actor are kept from now on.

    `ordinary`: delete or compact, what becomes of rows of ordinary viewers after their days. `compact_days`: how long
    compact rows are kept. `confirmed_days`: rows of members of a case that a person confirmed. `backup_days`: after so
    many days no backup of the identity map is left.
    """

    ordinary: str = "delete"
    compact_days: int = 730
    confirmed_days: int = 730
    backup_days: int = 35


class Exported(Entry, frozen=True, tag_field="kind", tag="exported"):
    """A file that names people was written. `purpose`, `holder`, `path` and `by` are sealed.

    `until` is when it has to be destroyed, microseconds. `people` surrogates are named in it; the file
    `exports/ID.people` of the ledger lists them, with this hash.
    """

    id: str
    purpose: str
    holder: str
    path: str
    by: str
    until: int
    people: int
    sha256: str


class Destroyed(Entry, frozen=True, tag_field="kind", tag="export_destroyed"):
    """Somebody said that an export was destroyed; `by` is sealed."""

    id: str
    by: str


class Judged(Entry, frozen=True, tag_field="kind", tag="judged"):
    """A person judged the risk of a configuration. `text`, `why` and `by` are sealed.

    `config` is the hash of the whole configuration, `policy` of the policy.
    """

    config: str
    policy: str
    text: str
    why: str
    by: str
