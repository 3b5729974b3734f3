"""What a scraper gets: people and fields read out of the bodies it was sent, and nothing else."""

from __future__ import annotations

import html
import re
from pathlib import Path

import msgspec

Row = dict[str, str]

#: Classes of the site's h-cards (microformats2) and the fields they show.
_CLASSES = {
    "p-name": "name",
    "p-job-title": "job",
    "p-org": "employer",
    "p-locality": "town",
    "u-email": "email",
    "p-note": "about",
    "dt-since": "since",
    "e-content": "post",
}
_CARD = re.compile(r'class="[^"]*\bh-card\b')
_HANDLE = re.compile(r'data-handle="([^"]+)"|href="/u/([^"/]+)"')
_VALUE = re.compile(rf'class="(?:[^"]* )?({"|".join(_CLASSES)})(?: [^"]*)?"[^>]*>([^<]+)<')
_PHOTO = re.compile(r"^/photo/([^/]+)\.svg$")


class Haul:
    """A scraper's own file: every person it obtained, with every field it could read.

    `own` is the account it is signed in with: its own page is not somebody it obtained.
    """

    def __init__(self) -> None:
        """Start with nobody."""
        self.own = ""
        self.people: dict[str, Row] = {}

    def read(self, target: str, content_type: str, body: bytes) -> int:
        """Take what a body holds; return how many people were new."""
        before = len(self.people)
        for handle, row in people_in(target, content_type, body):
            if handle != self.own:
                self.people.setdefault(handle, {}).update(row)
        return len(self.people) - before

    def lines(self) -> list[str]:
        """Return one line per person, sorted: the handle, a tab, the fields in order."""
        return sorted(f"{handle}\t{','.join(sorted(row))}" for handle, row in self.people.items())

    def write(self, path: Path) -> None:
        """Write everything obtained as JSON lines, values included."""
        rows = ({"handle": handle, **row} for handle, row in sorted(self.people.items()))
        path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def people_in(target: str, content_type: str, body: bytes) -> list[tuple[str, Row]]:
    """Return the people of a page, a JSON answer or a picture, with the fields shown of each."""
    if content_type.startswith("application/json"):
        return _json(body)
    photo = _PHOTO.match(target)
    if photo and content_type.startswith("image/svg"):
        return [(photo[1], {"photo": f"{len(body)} bytes"})]
    return _cards(body.decode("utf-8", "replace"))


def _cards(page: str) -> list[tuple[str, Row]]:
    found = []
    for piece in _CARD.split(page)[1:]:
        card = piece.partition("</article>")[0].partition("</li>")[0]
        handle = _HANDLE.search(card)
        if handle:
            row = {
                _CLASSES[name]: html.unescape(text.strip()) for name, text in _VALUE.findall(card)
            }
            found.append((handle[1] or handle[2], row))
    return found


def _json(body: bytes) -> list[tuple[str, Row]]:
    document = msgspec.json.decode(body)
    rows = document.get("people") or [document.get("match") or document]
    return [(row.pop("handle"), row) for row in rows if "handle" in row]
