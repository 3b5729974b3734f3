"""The places of a configuration."""

from __future__ import annotations

from pathlib import Path

from himaya.anchoring.directory import Directory
from himaya.anchoring.mail import Mailbox
from himaya.anchoring.objects import Objects
from himaya.anchoring.place import Place
from himaya.anchoring.repository import Repository
from himaya.config import AnchorPlace, Config


def places_of(config: Config) -> list[Place]:
    """Return every place that is configured, in the order of the file.

    Raises ConfigError when a file of certificates or a password cannot be read.
    """
    return [_place(config, each) for each in config.anchor.places]


def _place(config: Config, place: AnchorPlace) -> Place:
    name, timeout_s = place.called, float(config.anchor.timeout_s)
    # What reads ASN.1 is imported by whoever uses it alone: a gate without it stays small.
    match place.kind:
        case "file":
            return Directory(name, Path(place.path))
        case "git":
            return Repository(name, place.url, place.branch, timeout_s)
        case "rfc3161":
            from himaya.anchoring.stamps import Stamps  # noqa: PLC0415

            receipts = Path(place.path) if place.path else _beside(config, name)
            return Stamps(name, place.url, receipts, place.ca_file, timeout_s)
        case "object":
            return Objects(name, place.url, place.retain_days)
        case "email":
            return Mailbox(name, place.to, config.alerts, config.site.name)


def _beside(config: Config, name: str) -> Path:
    """Return where the receipts of a place lie when nothing else is said: beside the ledger, never inside."""
    directory = Path(config.ledger.directory)
    return directory.with_name(f"{directory.name}.receipts") / name
