"""A draft as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from himaya.evidence.dpia import data as d


def markdown(draft: d.Draft) -> str:
    """Return the draft as a page of Markdown. Text of the configuration cannot make markup or a new line in it."""
    return "\n".join(_lines(draft)) + "\n"


def _lines(draft: d.Draft) -> Iterator[str]:
    yield from ("# Draft of a data protection impact assessment", "", draft.note, "")
    yield from _head(draft)
    yield from _list("Purposes", draft.purposes)
    yield from _surfaces(draft)
    yield from _list("What is kept of visitors", draft.actors)
    yield from _title("How long")
    kept = [(one.what, _days(one.days), one.then) for one in draft.retention]
    yield from _table(("what", "days", "then"), kept)
    yield from _list("Who can see it", draft.roles)
    yield from _list("Who is given something", draft.recipients)
    yield from _title("Safeguards")
    measures = [(one.what, "yes" if one.on else "no", one.key) for one in draft.safeguards]
    yield from _table(("measure", "in force", "key"), measures)
    yield from _incidents(draft)
    if draft.outside:
        yield from _title("From the ledger")
        yield from _table(("what", "value"), [(k, str(v)) for k, v in draft.outside.items()])
    yield from _judgement(draft.judgement)


def _head(draft: d.Draft) -> Iterator[str]:
    population = f"{draft.population:,}" if draft.population else "not stated"
    rows = (
        ("site", draft.site or "not stated"),
        ("who answers for it", draft.owner or "not stated"),
        ("people shown", population),
        ("mode", draft.mode),
        ("made", draft.made_at),
        ("configuration", draft.config),
        ("policy", draft.policy),
    )
    yield from _table(("of", "is"), rows)


def _surfaces(draft: d.Draft) -> Iterator[str]:
    yield from _title("What is shown of people")
    if not draft.surfaces:
        yield from ("No surface is declared: what is shown of people is not known.", "")
    rows = [
        (
            one.id,
            one.route,
            one.kind,
            one.scope,
            each.name,
            f"{each.weight:g}",
            " ".join(each.risks),
        )
        for one in draft.surfaces
        for each in one.fields
    ]
    header = ("surface", "route", "kind", "scope", "field", "weight", "risks (proposed)")
    yield from _table(header, rows)
    yield from (f"- {name}: {words}" for name, words in d.risks().items())
    yield from ("", "Risks are proposed by the names of fields; whoever judges corrects them.", "")


def _incidents(draft: d.Draft) -> Iterator[str]:
    yield from _title("What this retention would have left of real incidents")
    yield "On the day each was discovered. *Gone*: nobody could be named any more. *Partly*: of the shorter lags only."
    yield "*Sealed*: only the key that is kept elsewhere opens it."
    yield from (
        "Rows of confirmed cases are kept only where the case was confirmed before they ended.",
        "",
    )
    rows = [
        (one.incident.name, one.incident.lag, one.ordinary, one.confirmed, one.incident.source)
        for one in draft.incidents
    ]
    yield from _table(("incident", "lag", "ordinary viewers", "confirmed cases", "source"), rows)


def _judgement(one: d.Judgement) -> Iterator[str]:
    yield from _title("Judgement of the risk")
    if one.state == "none":
        yield "Nobody has judged the risk of this configuration on record."
        return
    if one.state == "stale":
        yield f"**The judgement of {one.at} by {_cell(one.by)} was made for another configuration.**"
    else:
        yield f"Judged {one.at} by {_cell(one.by)}, for this configuration."
    yield from (f"Why: {_cell(one.why)}", "")
    yield from (f"> {_plain(line)}" for line in one.text.splitlines())


def _title(text: str) -> Iterator[str]:
    yield from (f"## {text}", "")


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    yield from _title(title)
    yield from (f"- {_cell(item)}" for item in items)
    yield ""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'---|' * len(header)}"
    for row in rows:
        yield f"| {' | '.join(map(_cell, row))} |"
    yield ""


def _days(days: int) -> str:
    return str(days) if days else "until it ends"


def _plain(text: str) -> str:
    """Return text without what a terminal or a reader of Markdown would act upon."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return shown.replace("&", "&amp;").replace("<", "&lt;")


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")
