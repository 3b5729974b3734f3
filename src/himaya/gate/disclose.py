"""`disclose()`: an application says, where it knows best, whom its response shows and with which fields.

    disclose(person.pk, ["name", "employer"])

Works in views, templates and generators while himaya's middleware answers a request; elsewhere it does nothing. Call it
before the first byte of the response leaves: what is said later is recorded, but can no longer be withheld.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from himaya.core.exchange import Person
from himaya.core.subjects import unite

_FieldSet = tuple[str, ...] | None


class Told:
    """What the application said during one request, and which fields it is asked to leave out."""

    __slots__ = ("_people", "redact", "used", "values")

    def __init__(self, redact: tuple[str, ...] = ()) -> None:
        self.redact = redact
        self.used = False
        self._people: dict[str, Person] = {}
        #: Values shown of a person, by field; only hashes of them leave this process.
        self.values: dict[str, dict[str, str]] = {}

    @property
    def people(self) -> tuple[Person, ...] | None:
        """Return the people named so far; None when the application said nothing at all."""
        return tuple(self._people.values()) if self.used else None

    def add(
        self,
        subject: object,
        fields: Iterable[str] | None,
        values: Mapping[str, object] | None = None,
    ) -> None:
        """Name one person; fields that are to be left out do not count, as they are not shown."""
        self.used = True
        if values:
            told = {name: str(value) for name, value in values.items() if name not in self.redact}
            self.values.setdefault(str(subject), {}).update(told)
        shown = None if fields is None else tuple(f for f in fields if f not in self.redact)
        person = Person(str(subject), shown)
        known = self._people.get(person.subject)
        self._people[person.subject] = person if known is None else unite([known], [person])[0]


_told: ContextVar[Told | None] = ContextVar("himaya_told", default=None)


def disclose(
    subject: object,
    fields: Iterable[str] | str | None = None,
    *,
    values: Mapping[str, object] | None = None,
) -> None:
    """Say that the response shows `subject` (an id) with `fields`; None: the fields declared for the surface.

    `fields` may be one text with commas. Fields that himaya withholds from this response (`redacted`) are taken
    to be left out. `values` are those of fields that the surface lists under `version`: keyed hashes of them are kept.
    """
    told = _told.get()
    if told is not None:
        names = [name.strip() for name in fields.split(",")] if isinstance(fields, str) else fields
        told.add(subject, None if names is None else [name for name in names if name], values)


def disclose_nobody() -> None:
    """Say that the response shows nobody, which an empty listing cannot say with `disclose`."""
    told = _told.get()
    if told is not None:
        told.used = True


def redacted() -> frozenset[str]:
    """Return the fields that the response must leave out; empty when nothing is withheld."""
    told = _told.get()
    return frozenset(told.redact) if told is not None else frozenset()


@contextmanager
def telling(told: Told) -> Iterator[None]:
    """Let `disclose` write into `told` inside the block."""
    token = _told.set(told)
    try:
        yield
    finally:
        _told.reset(token)
