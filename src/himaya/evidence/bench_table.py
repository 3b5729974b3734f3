"""A bench's result on a terminal, and as the Markdown tables of `docs/benchmarks.md`."""

from __future__ import annotations

from textwrap import wrap

import msgspec
from rich.markup import escape
from rich.table import Table

from himaya.bench.score.result import AttackerRow, Result
from himaya.evidence.proving import aims, harm, loss, record, story
from himaya.evidence.proving.ablation import ablation_sheet
from himaya.evidence.proving.matrix import Matrix, is_rival, matrix, shown
from himaya.evidence.proving.sheet import (
    Cell,
    Column,
    Figure,
    Sheet,
    compared,
    defence_column,
    figures,
)
from himaya.evidence.proving.variations import variations_sheet
from himaya.evidence.proving.words import attacker_name
from himaya.evidence.words import visible

#: Characters of a line of a heading on a terminal; the page and the Markdown have them whole.
_HEADING = 10


def bench_tables(result: Result) -> list[Table]:
    """Return the tables of a terminal of 100 columns or more; a part that was not run has none.

    They are the share lost (no defence, himaya, the lowest of all rival settings, the best setting of each rival), the
    honest groups behind himaya, worst first, the ledger's truth, and the aims. A star marks the lowest of a row.
    """
    found = matrix(result)
    sheets = [
        _shares(found),
        harm.honest_sheet(found),
        _truth(found),
        ablation_sheet(found),
        variations_sheet(found),
        aims.aim_sheet(found),
    ]
    return [_table(one) for one in sheets if one.rows]


_SHARES = (
    "Share of the people on the site obtained by the end; below himaya's its 95 % interval over seeds. * lowest of the"
    " row. lowest rival: of all settings, row by row; then each rival's best setting. Every cell: --report, --markdown."
)
_HONEST = "Met at least once, nobody collecting; below: the upper end of the 95 % interval."
_TRUTH = (
    "The ledger's answer beside the attacker's own disk. Informed and unlinked attackers are left out where all is"
    " 100 %. Defences that are not here keep no record of who was shown to whom."
)


def _shares(found: Matrix) -> Sheet:
    """Return the matrix for a terminal. No setting is hidden that lost less than those which are shown."""
    places = shown(found)
    rivals = [n for n, one in enumerate(found.defences) if is_rival(one)]
    own, best = (
        [n for n in places if n not in rivals],
        [n for n in places if n in rivals],
    )
    names = [defence_column(found.defences[n]) for n in own]
    any_rival = figures("lowest rival") if rivals else []
    columns = [*names, *any_rival, *[defence_column(found.defences[n]) for n in best]]
    whole = loss.share_sheet(found, [])
    rows = [_share_row(found, head, own, rivals, best) for head in found.plain]
    return msgspec.structs.replace(
        whole, caption=_SHARES, columns=[Column("Attacker", is_text=True), *columns], rows=rows
    )


def _share_row(
    found: Matrix, head: AttackerRow, own: list[int], rivals: list[int], best: list[int]
) -> list[Cell]:
    met = [row for n in rivals if (row := found.cell(n, head)) is not None]
    lowest = [loss.lost(min(met, key=lambda row: row.share_lost, default=None))] if rivals else []
    shares: list[Figure] = [
        *[loss.lost(found.cell(n, head)) for n in own],
        *lowest,
        *[loss.lost(found.cell(n, head)) for n in best],
    ]
    noted = [found.defences[n].name == "himaya" for n in own] + [False] * (len(shares) - len(own))
    cells = [
        cell if keep else msgspec.structs.replace(cell, note="")
        for cell, keep in zip(compared(shares), noted, strict=True)
    ]
    return [Cell(attacker_name(head)), *cells]


def _truth(found: Matrix) -> Sheet:
    """Return the ledger's truth for a terminal: who keeps a record, and every row in which it is not perfect."""
    whole = record.truth_sheet(found)
    rows = [row for row in whole.rows if _is_told(row)]
    return msgspec.structs.replace(whole, caption=_TRUTH, rows=rows)


def _is_told(row: list[Cell]) -> bool:
    if row[1].text == record.NO_RECORD:
        return False
    is_perfect = all(cell.text == "100 %" for cell in row[2:6])
    return not (is_perfect and row[1].text.endswith((", informed", ", unlinked")))


def _table(one: Sheet) -> Table:
    caption = _HONEST if one.id == "honest" else one.caption
    table = Table(
        title=one.title,
        title_justify="left",
        caption=caption,
        caption_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    for column in one.columns:
        heading = escape(_heading(column))
        # Only names may be folded: a figure on two lines is no figure.
        if column.is_text:
            table.add_column(heading, overflow="fold")
        else:
            table.add_column(heading, justify="right", no_wrap=True)
    for row in one.rows:
        table.add_row(*[_shown(cell, one.columns[n]) for n, cell in enumerate(row)])
    return table


def _heading(column: Column) -> str:
    """Return a heading on several short lines, so that columns are as narrow as their figures."""
    parts = [wrap(visible(part), _HEADING, max_lines=3) for part in (column.over, column.name)]
    return "\n".join(line for lines in parts for line in lines)


def _shown(cell: Cell, column: Column) -> str:
    if column.is_text:
        return escape(visible(cell.text))
    text = f"[bold]*{escape(cell.text)}[/bold]" if cell.least else escape(cell.text)
    note = cell.note.replace("at most ", "<= ")
    return f"{text}\n[dim]{escape(visible(note))}[/dim]" if note else text


def bench_markdown(result: Result) -> str:
    """Return the whole result as Markdown: circumstances, three sentences, every cell with its interval."""
    found = matrix(result)
    sheets = [
        aims.aim_sheet(found),
        loss.share_sheet(found),
        loss.beaten_sheet(found),
        harm.trade_sheet(found),
        loss.hours_sheet(found),
        loss.variant_sheet(found),
        record.truth_sheet(found),
        record.spend_sheet(found),
        harm.honest_sheet(found),
        harm.denied_sheet(found),
        harm.attacked_sheet(found),
        harm.intensity_sheet(found),
        loss.incident_sheet(found),
        record.defence_sheet(found),
        loss.problem_sheet(found),
    ]
    sheets += [ablation_sheet(found)] if result.ablation else []
    sheets += [variations_sheet(found)] if result.variations else []
    parts = [*story.summary(found), "\n".join(f"- {_text(one)}" for one in story.limits(found))]
    return (
        "\n\n".join([*[_text(one) for one in parts[:-1]], parts[-1], *map(_markdown, sheets)])
        + "\n"
    )


def variations_markdown(result: Result) -> str:
    """Return what changes with crowd, site and attackers, as Markdown."""
    found = matrix(result)
    sheets = [variations_sheet(found), loss.variant_sheet(found), harm.intensity_sheet(found)]
    return "\n\n".join(map(_markdown, sheets)) + "\n"


def ablation_markdown(result: Result) -> str:
    """Return what each control is worth, as Markdown."""
    return _markdown(ablation_sheet(matrix(result))) + "\n"


#: What captions say about the looks of the page, and what Markdown has instead.
_SAID = (
    ("Darker: more people lost. ", ""),
    ("Framed", "Bold"),
    ("below it", "in brackets"),
    ("below each rate", "in brackets"),
)


def _markdown(one: Sheet) -> str:
    title = "What is lost, and who pays" if one.id == "trade" else one.title
    if not one.rows:
        return f"### {_text(title)}\n\n{_text(one.empty)}"
    caption = one.caption
    for on_page, here in _SAID:
        caption = caption.replace(on_page, here)
    lines = [
        f"### {_text(title)}\n\n{_text(caption)}\n",
        _row([_text(column.whole) for column in one.columns]),
        _row(["---" if column.is_text else "---:" for column in one.columns]),
        *[_row([_figure(cell) for cell in row]) for row in one.rows],
        *[f"\n{_text(note)}" for note in one.notes],
    ]
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _figure(cell: Cell) -> str:
    text = f"**{_text(cell.text)}**" if cell.least else _text(cell.text)
    return f"{text} ({_text(cell.note)})" if cell.note else text


def _text(text: str) -> str:
    """Return foreign text in which nothing is markup of Markdown or HTML, and no line or cell ends."""
    flat = " ".join(visible(text).split())
    return "".join(_SAFE.get(char, char) for char in flat)


_SAFE = {"&": "&amp;", "<": "&lt;", ">": "&gt;"} | {char: f"\\{char}" for char in "\\`*_[]|#~!"}
