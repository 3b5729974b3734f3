"""Letters to people who ask what is held about them: as somebody who is shown, or as a viewer."""

from __future__ import annotations

from himaya.evidence.letter import Letter, Section, table_of
from himaya.evidence.words import counted
from himaya.ledger.access import Asked, SubjectAccess, Told
from himaya.ledger.actor_access import ActorAccess
from himaya.ledger.answers import Unobserved
from himaya.ledger.statement import Statement


def subject_letter(answer: SubjectAccess, site: str = "") -> Letter:
    """Return what a person is told who asks to whom they were shown."""
    about = [("About", answer.subject), *_about(answer.asked, site)]
    return Letter("access", "To whom your data was shown", about, _subject_parts(answer))


def statement_letter(signed: Statement, public: str, file: str) -> Letter:
    """Return a signed statement in plain words; `file` is the signed one, `public` the key that checks it."""
    answer = signed.answer
    about = [
        ("About", answer.subject),
        *_about(answer.asked, signed.site),
        ("Issued", signed.issued),
    ]
    proof = Section(
        "How to check this",
        [
            f"These are the words of {file}, which is signed. This page is not; where they differ, the file counts.",
            f"Whoever has the file checks it with: himaya statement check {file} --public {public}",
            "The key has to be the one that the site names: ask for it by a way of your own.",
            f"The record stood at entry {answer.chain.seq} of its chain, whose hash is {answer.chain.hash}.",
        ],
    )
    return Letter(
        "statement",
        "What is known of your data being shown",
        about,
        [*_subject_parts(answer), proof],
    )


def _about(asked: Asked, site: str) -> list[tuple[str, str]]:
    start, end = asked.start or "the beginning", asked.end or "now"
    return [*([("Site", site)] if site else []), ("Period asked for", f"{start} to {end}")]


def _subject_parts(answer: SubjectAccess) -> list[Section]:
    parts = [Section("What is known", _summary(answer))]
    if answer.fields:
        parts += [_fields(answer), _recipients(answer)]
    return [
        *parts,
        *_gaps(answer.unobserved),
        Section("What this cannot speak for", points=answer.cannot),
    ]


def _summary(answer: SubjectAccess) -> list[str]:
    said = []
    if answer.canary:
        said.append("This is a canary: nobody real is meant.")
    if answer.recipients:
        whom = counted(len(answer.recipients), "recipient")
        said.append(f"Data of this person is known to have been shown to {whom}.")
    if answer.erased:
        gone = (
            "whose name was erased since" if answer.erased == 1 else "whose names were erased since"
        )
        said.append(f"Among them {counted(answer.erased, 'recipient')} {gone}.")
    if not answer.recipients:
        said.append(
            "Nothing about this person is in what was observed and is kept. That is no proof that nothing was shown."
        )
    return [*said, _covered(answer)]


def _covered(answer: SubjectAccess | ActorAccess) -> str:
    """Return which time the record speaks of."""
    if not answer.period.start:
        return "The record holds nothing now."
    holes = counted(len(answer.unobserved), "period") if answer.unobserved else ""
    listed = f" {holes} of which nobody can say are listed below." if holes else ""
    return f"The record speaks of {answer.period.start[:10]} to {answer.period.end[:10]} (UTC).{listed}"


def _fields(answer: SubjectAccess) -> Section:
    scoped = any(one.scopes for one in answer.fields)
    head = (
        "Field",
        "First day",
        "Last day",
        "Times",
        "How sure",
        *(("Visible to",) if scoped else ()),
    )
    rows = [
        (
            *(one.field, one.first, one.last, f"{one.times:,}", one.certainty),
            *((", ".join(one.scopes),) if scoped else ()),
        )
        for one in answer.fields
    ]
    return Section("What was shown", table=table_of("Days are in UTC.", head, rows))


def _recipients(answer: SubjectAccess) -> Section:
    scoped = any(one.scopes for one in answer.recipients)
    head = ("Recipient", "Fields", "First day", "Last day", "Times", "How sure")
    rows = [
        (
            *(
                _whom(one),
                ", ".join(one.fields),
                one.first,
                one.last,
                f"{one.times:,}",
                one.certainty,
            ),
            *((", ".join(one.scopes),) if scoped else ()),
        )
        for one in answer.recipients
    ]
    caption = "Organisations are named; individuals are described, each on a line of their own."
    if answer.named:
        caption = "Individuals are named because the site decided so for this request."
    table = table_of(caption, (*head, *(("Visible to",) if scoped else ())), rows)
    return Section("To whom", table=table)


def _whom(one: Told) -> str:
    return f"{one.recipient}: {one.name}" if one.name else one.recipient


def _gaps(gaps: list[Unobserved]) -> list[Section]:
    if not gaps:
        return []
    rows = [(gap.start, gap.end, gap.why) for gap in gaps]
    table = table_of("Whatever was shown then may be missing here.", ("From", "To", "Why"), rows)
    return [Section("When nobody can say", table=table)]


#: What was decided about a request, for whoever made it.
_DECISIONS = {
    "allow": "let through",
    "throttle": "slowed",
    "challenge": "asked to pass a check",
    "redact": "shown less",
    "block": "refused",
}


# -- the viewer's own request ----------------------------------------------------------------


def actor_letter(answer: ActorAccess, site: str = "") -> Letter:
    """Return what a viewer is told who asks what is held about them."""
    about = [("About", answer.actor), *_about(answer.asked, site)]
    parts = [
        Section("What is held", _held(answer)),
        *_seen(answer),
        Section("What was decided", *_decided(answer)),
        *_gaps(answer.unobserved),
        Section("What this cannot speak for", points=answer.cannot),
    ]
    return Letter("access", "What is held about you as a visitor", about, parts)


def _held(answer: ActorAccess) -> list[str]:
    people = counted(answer.people, "person", "people")
    said = [
        f"You are on record as having been shown {people}, in {counted(answer.views, 'view')}.",
        "Whom you saw is not told here: that is data about them.",
    ]
    kinds = ", ".join(f"{words}: {count:,}" for words, count in answer.held.items())
    if kinds:
        said.append(
            f"With these views is kept by what you were recognised, as numbers of each kind: {kinds}."
        )
    if answer.misses:
        said.append(f"{counted(answer.misses, 'look-up')} of yours found nobody.")
    return [*said, _covered(answer)]


def _seen(answer: ActorAccess) -> list[Section]:
    found = []
    if answer.surfaces:
        rows = [
            (one.surface, f"{one.views:,}", f"{one.people:,}", ", ".join(one.fields))
            for one in answer.surfaces
        ]
        table = table_of(
            "Parts of the site that show people.", ("Part", "Views", "People", "Fields"), rows
        )
        found.append(Section("Where", table=table))
    if answer.days:
        days = [(one.day, f"{one.views:,}", f"{one.people:,}") for one in answer.days]
        found.append(
            Section("When", table=table_of("Days are in UTC.", ("Day", "Views", "People"), days))
        )
    return found


def _decided(answer: ActorAccess) -> tuple[list[str], list[str]]:
    """Return sentences and points: what was decided about requests, places, and matters, in neutral words."""
    said = [f"{counted(answer.challenges, 'check')} passed."] if answer.challenges else []
    points = [
        f"{_DECISIONS.get(one.decision, one.decision)}: {counted(one.times, 'record')}, from {one.first} to {one.last}"
        for one in answer.decisions
    ]
    if answer.blocks:
        said.append(
            f"{counted(answer.blocks, 'place')} you came from were at some time blocked by hand."
        )
    if answer.matters:
        said.append(
            f"How the site was used was looked at in {counted(answer.matters, 'matter')} to which you belong."
            " That alone says nothing about you."
        )
    if not (said or points):
        said.append("Nothing is on record here.")
    return said, points
