"""The dated answer to a person's request: what was shown, to whom, what was taken, what nobody can say, whom to ask."""

from __future__ import annotations

import msgspec

from himaya.evidence.access_letter import subject_letter
from himaya.evidence.letter import Letter, Section
from himaya.ledger.access import SubjectAccess
from himaya.response.people.taken import Taken

_TITLES = {
    "access": "To whom your data was shown",
    "complaint": "Answer to your complaint",
    "objection": "Answer to your objection",
}


class Answer(msgspec.Struct, frozen=True):
    """What a person is answered. `answered`: the day (UTC). `authority` "": the table names none for the country."""

    request: str
    kind: str
    received: str
    answered: str
    country: str
    authority: str
    access: SubjectAccess
    taken: Taken


def answer_letter(answer: Answer, site: str, contact: str) -> Letter:
    """Return the answer in plain words; `contact` is how the people of the site are reached, "" for unknown."""
    base = subject_letter(answer.access, site)
    about = [
        ("Request", f"{answer.request}, received {answer.received}"),
        ("Answered", answer.answered),
        *base.about,
    ]
    known, *rest = base.sections
    parts = [
        known,
        Section("What was collected", points=answer.taken.words()),
        *rest,
        Section("If you do not agree", complaint_route(answer, contact)),
    ]
    return Letter("access", _TITLES.get(answer.kind, base.title), about, parts)


def complaint_route(answer: Answer, contact: str) -> list[str]:
    """Return where the person turns to next."""
    us = f"Write to us ({contact}) and name the request." if contact else "Write to us."
    whom = answer.authority or "the data protection authority of the country you live in"
    return [us, f"You can also complain to {whom}."]
