"""The table `[anchor]`: where the head of the ledger's chain is deposited, so that a rewritten chain is noticed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

from himaya.config.locate import Path

#: The name of a place: it stands in the chain and in file names.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

#: What a place of each kind cannot be without, and an example of it.
_NEEDS = {
    "file": ("path", '"/mnt/worm/himaya"'),
    "git": ("url", '"/srv/git/anchors.git"'),
    "rfc3161": ("url", '"https://tsa.example/tsr"'),
    "object": ("url", '"s3://bucket/anchors"'),
    "email": ("to", '["notary@people.example"]'),
}

#: The keys that only some kinds read, beside the one that they need.
_READ_BY = {
    "path": {"file", "rfc3161"},
    "url": {"git", "rfc3161", "object"},
    "ca_file": {"rfc3161"},
    "to": {"email"},
    "branch": {"git"},
    "retain_days": {"object"},
}


class AnchorPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One place outside this machine; `docs/anchoring.md` explains the kinds.

    `name` ("": the kind) stands in the chain. `path` is the directory of a `file` place, and where the receipts of an
    `rfc3161` place are kept ("": beside the ledger). `url` is the time-stamping authority, the git repository, or the
    object store as fsspec names it; `ca_file` the certificates (PEM) that the authority's must come from ("": those of
    this machine). `to` gets mail over `[alerts] smtp_*`. `branch` of the repository. An object is locked for
    `retain_days` (0: not locked).
    """

    kind: Literal["file", "git", "rfc3161", "object", "email"]
    name: str = ""
    path: str = ""
    url: str = ""
    ca_file: str = ""
    to: tuple[str, ...] = ()
    branch: str = "anchors"
    retain_days: int = 0

    @property
    def called(self) -> str:
        """Return the name of the place."""
        return self.name or self.kind


class AnchorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the head of the chain is deposited, every so many hours. One try of one place ends after `timeout_s`."""

    every_hours: int = 24
    timeout_s: int = 30
    places: tuple[AnchorPlace, ...] = ()


def anchor_problems(anchor: AnchorConfig, smtp_host: str) -> Iterator[tuple[Path, str, str]]:
    """Yield key path, problem and hint of what is wrong with the places beside types and ranges."""
    seen: set[str] = set()
    for at, place in enumerate(anchor.places):
        path: Path = ("anchor", "places", at)
        if place.called in seen:
            yield (*path, "name"), f'two places are called "{place.called}".', "Name each its own."
        seen.add(place.called)
        for key, problem, hint in _problems(place, smtp_host):
            yield (*path, key), problem, hint


def _problems(place: AnchorPlace, smtp_host: str) -> Iterator[tuple[str, str, str]]:
    key, example = _NEEDS[place.kind]
    if place.name and not _NAME.fullmatch(place.name):
        yield "name", f'expected letters, digits, ".", "_" or "-", got "{place.name}".', ""
    if not getattr(place, key):
        yield key, f'a place of kind "{place.kind}" needs it.', f"Example: {key} = {example}"
    for other, kinds in _READ_BY.items():
        is_set = getattr(place, other) != getattr(AnchorPlace("file"), other)
        if is_set and place.kind not in kinds:
            yield other, f'a place of kind "{place.kind}" does not read it.', "Leave it out."
    if place.kind == "rfc3161" and place.url and not place.url.startswith(("http://", "https://")):
        yield "url", "expected http://... or https://...", f"Example: url = {example}"
    if place.kind == "email" and not smtp_host:
        hint = "Set [alerts] smtp_host and mail_from: mail goes over that server."
        yield "to", "mail needs a server.", hint
    if place.retain_days and not place.url.startswith("s3://"):
        hint = "Leave it out, and let the store itself keep what is written."
        yield "retain_days", "only s3:// can lock an object for a time.", hint
