"""Telling the people of one notice: who is to be told, in which language, and what a wave came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import msgspec

from himaya.core.errors import HimayaError
from himaya.response.delivery.sender import Mail, Wave
from himaya.response.delivery.waves import UNSURE, Waves
from himaya.response.notices.contents import Sources
from himaya.response.notices.drafts import Draft, sources
from himaya.response.notices.facts import Recipient
from himaya.response.notices.people import people_document, subject_line
from himaya.response.notices.texts import Library
from himaya.response.rendering import html_of, text_of
from himaya.runner.alerting.smtp import MailServer


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of a wave came to.

    `left`: people with an address to whom nothing went yet. `error`: why it broke off.
    """

    wave: int
    sent: int
    refused: int
    later: int
    unsure: int
    left: int
    error: str = ""


class Telling:
    """One notice and its people; rendered one by one, from a person's own rows, when their turn comes."""

    def __init__(self, draft: Draft, library: Library, people: Iterable[Recipient]) -> None:
        """Take those of the notice's country. Raises InputError when a text is missing."""
        self._draft = draft
        self._sources = {one: sources(draft, library.texts(one)) for one in draft.texts}
        self.people = {one.surrogate: one for one in people if one.country == draft.country}
        self.reached = {n: one for n, one in self.people.items() if one.address}

    def language(self, person: Recipient) -> str:
        """Return the language a person is written to in."""
        for wanted in (person.language, person.language.partition("-")[0]):
            if wanted in self._sources:
                return wanted
        return self._draft.language

    def sources(self, person: Recipient) -> Sources:
        """Return what the notice to a person is filled from, beside their own data."""
        return self._sources[self.language(person)]

    def rendered(self, person: Recipient) -> tuple[str, str, str]:
        """Return subject, text and page of the notice to a person."""
        made_of = self.sources(person)
        document = people_document(made_of, person, released=True)
        return subject_line(made_of), text_of(document), html_of(document)

    def mails(self, members: Iterable[int]) -> Iterator[Mail]:
        """Yield the mails to members of a wave who can still be reached; who was erased since is not."""
        for number in members:
            person = self.reached.get(number)
            if person is not None:
                yield Mail(number, person.address, partial(self.rendered, person))

    def languages(self) -> Mapping[str, int]:
        """Return how many are reached in which language."""
        counts: dict[str, int] = {}
        for person in self.reached.values():
            language = self.language(person)
            counts[language] = counts.get(language, 0) + 1
        return counts


def run_wave(
    telling: Telling, waves: Waves, key: str, wave: Wave, members: list[int], number: int
) -> Outcome:
    """Send what is left of a wave; what broke it off is in the outcome, and all until then is written down."""
    error = ""
    try:
        wave.send(telling.mails(members))
    except HimayaError as problem:
        error = str(problem)
    # Not a difference of counts: who was sent one and erased since is settled, and nobody's turn.
    left = telling.reached.keys() - waves.settled(key)
    return Outcome(
        wave=number,
        sent=wave.sent,
        refused=wave.refused,
        later=wave.later,
        unsure=waves.counts(key).get(UNSURE, 0),
        left=len(left),
        error=error,
    )


def wave_over(server: MailServer, sender: str, waves: Waves, key: str) -> Wave:
    """Return a wave whose every answer is written down for the notice `key`."""
    return Wave(server, sender, partial(waves.mark, key))
