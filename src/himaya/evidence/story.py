"""The report in plain sentences: what was read, who collected how many people, what cannot be said."""

from __future__ import annotations

import msgspec

from himaya.evidence.data import ActorRow, ReportData
from himaya.evidence.plots.budgets import ceiling
from himaya.evidence.words import between, clip, counted, listed, number, span, stamp

_OUTSIDE = (
    "Copies held by caches, other copies of the data and routes that are not in the table of"
    " surfaces are outside this report. A person who is missing here may have been shown there."
)
_BELOW = (
    "A detector finds what crosses its threshold. Patient collectors who stay at the pace of an"
    " ordinary reader, spread over accounts that nothing links, stay below any threshold."
)

#: So many actors are told one by one; the table has the others.
TOLD = 3


class Paragraph(msgspec.Struct, frozen=True):
    """One paragraph; `actor` is whom it tells about, "" for the others."""

    text: str
    actor: str = ""


def story(data: ReportData) -> list[Paragraph]:
    """Return the paragraphs of the story, in reading order."""
    head = [*data.opening, _read(data), _shown(data), _crossed(data)]
    tail = [_grouped(data), data.retention]
    told = [
        Paragraph(
            f"{_told(actor, exact=data.exact)} {_beyond(actor, data)}".strip(),
            clip(actor.actor, 80),
        )
        for actor in data.actors[:TOLD]
    ]
    return [*_paragraphs(head), *told, *_paragraphs(tail)]


def _paragraphs(texts: list[str]) -> list[Paragraph]:
    return [Paragraph(clip(text, 1000)) for text in texts if text]


def limits(data: ReportData) -> list[str]:
    """Return what this report cannot say, one sentence or two for each reason."""
    found = [
        _guessed(data),
        _unattributed(data),
        _malformed(data),
        _unobserved(data),
        _claimed(data),
        *data.limits,
        _OUTSIDE,
        _BELOW,
    ]
    return [sentence for sentence in found if sentence]


def _read(data: ReportData) -> str:
    if data.start is None or data.end is None:
        return f"Nothing with a time could be read from {_sources(data)}."
    first, last = (stamp(at, exact=data.exact) for at in (data.start, data.end))
    period = f"from {first} to {last}, {span(data.end - data.start)}"
    if data.lines is None:
        return f"This report was made from {_sources(data)}. It covers the time {period}."
    every = "every one of them" if not data.malformed else f"{number(data.parsed)} of them"
    return (
        f"himaya read {counted(data.lines, 'line')} of {_sources(data)} and understood {every}."
        f" They cover the time {period}."
    )


def _sources(data: ReportData) -> str:
    names = [clip(name, 80) for name in data.sources]
    if not names:
        return "its source"
    if len(names) > TOLD:
        names = [*names[:TOLD], f"{number(len(names) - TOLD)} more"]
    return listed(names)


def _shown(data: ReportData) -> str:
    if not data.surfaces:
        return "No route that shows people is known, so no disclosure of a person could be counted."
    if not data.disclosures:
        return "In this time no disclosure of a person was seen on the surfaces listed below."
    of_all = ""
    if data.population:
        of_all = (
            f", {share(data.people, data.population)} of the {number(data.population)} there are"
        )
    return (
        f"In this time {counted(len(data.surfaces), 'surface')} showed"
        f" {counted(data.people, 'different person', 'different people')}{of_all}, in"
        f" {counted(data.disclosures, 'disclosure')}: a disclosure is one person's fields sent to"
        " one actor in one answer."
    )


def share(part: int, whole: int) -> str:
    """Return a part of a whole in percent; a part that is not nothing is never called 0 %."""
    percent = 100 * part / whole
    return "less than 0.1 %" if 0 < percent < 0.1 else f"{percent:.1f} %".replace(".0 %", " %")


def _crossed(data: ReportData) -> str:
    seen = counted(data.actors_seen, "actor") if data.actors_seen else ""
    if not data.actors:
        return f"No detector crossed its threshold{f' for any of {seen}' if seen else ''}."
    count = f"{number(len(data.actors))} of {seen}" if seen else counted(len(data.actors), "actor")
    first = "; those who obtained most people come first" if len(data.actors) > 1 else ""
    return f"{count} crossed a detector's threshold{first}."


def _told(actor: ActorRow, *, exact: bool) -> str:
    claim = f"(claimed to be {clip(actor.claimed, 60)}, unverified) " if actor.claimed else ""
    why = " ".join(_sentence(finding.why) for finding in actor.findings[:TOLD])
    return (
        f"{claim}obtained {counted(actor.people, 'person', 'people')} between"
        f" {between(actor.start, actor.end, exact=exact)}{_fastest(actor)}. {why}"
    ).rstrip()


def _fastest(actor: ActorRow) -> str:
    if actor.people < 2:
        return ""
    if actor.peak_hour >= actor.people:
        return ", all of them within one hour"
    if actor.peak_day >= actor.people:
        return f", all of them within one day; at its fastest {number(actor.peak_hour)} in an hour"
    hour, day = number(actor.peak_hour), number(actor.peak_day)
    return f"; at its fastest {hour} within one hour and {day} within one day"


def _beyond(actor: ActorRow, data: ReportData) -> str:
    """Return what the budgets allow in an actor's time, where it took more."""
    kind = actor.actor.partition(":")[0]
    steps = ceiling([b for b in data.budgets if b.principal == kind], actor.end - actor.start)
    if not steps or steps[-1][1] >= actor.people:
        return ""
    whose = data.budgets_from or "the budgets"
    more = "; solved challenges buy more" if data.mode == "enforce" else ""
    return f"In that time {whose} allow at most {number(steps[-1][1])}{more}."


def _sentence(text: str) -> str:
    text = clip(text.strip(), 300)
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _grouped(data: ReportData) -> str:
    if not data.groups:
        return ""
    if len(data.groups) == 1:
        return "One group of actors that belong together is listed below, with the reason."
    return f"{number(len(data.groups))} groups of actors are listed below, each with its reason."


def _guessed(data: ReportData) -> str:
    guessed = sum(surface.guessed for surface in data.surfaces)
    if not guessed:
        return ""
    return (
        f"{counted(guessed, 'surface was', 'surfaces were')} guessed from the routes in the log, not"
        " declared by the site. A guess may take other pages for people, and may miss people."
    )


def _unattributed(data: ReportData) -> str:
    if not data.unattributed:
        return ""
    return (
        f"{counted(data.unattributed, 'response')} on surfaces that list people did not say whom they"
        " showed. Those people are counted in no figure here."
    )


def _malformed(data: ReportData) -> str:
    if not data.malformed:
        return ""
    it = "What it recorded is" if data.malformed == 1 else "What they recorded is"
    return (
        f"{counted(data.malformed, 'line')} could not be read. {it} not in this report; see the table"
        " of malformed lines."
    )


def _unobserved(data: ReportData) -> str:
    if not data.unobserved:
        return ""
    return (
        f"Nothing is known about {counted(len(data.unobserved), 'period')} in which nobody was"
        " looking; see the table of unobserved periods."
    )


def _claimed(data: ReportData) -> str:
    claims = {row.claimed for row in data.actors} | {row.claimed for row in data.crawlers}
    names = sorted(claims - {""})
    if not names:
        return ""
    more = [f"{number(len(names) - 5)} more"] if len(names) > 5 else []
    return (
        f"Some actors say they are {listed([clip(name, 60) for name in names[:5]] + more)}. An agent"
        " string proves nothing, so they are shown as claimed, unverified."
    )
