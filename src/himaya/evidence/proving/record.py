"""Tables of the record and the price: ledgers beside attackers' disks, spend per 1,000 people, the defences."""

from __future__ import annotations

from himaya.bench.score.result import AttackerRow, DefenceRow
from himaya.evidence.proving.matrix import Matrix, family
from himaya.evidence.proving.sheet import Cell, Column, Sheet, figures, texts, words
from himaya.evidence.proving.words import (
    DASH,
    amount,
    attacker_name,
    bounds,
    defence_name,
    percent,
)
from himaya.evidence.words import number

NO_RECORD = "keeps no record of who was shown to whom"
_TRUTH = ("precision", "recall", "field_precision", "field_recall")
_SPEND = ("accounts", "addresses", "solved", "cpu_s")


def truth_sheet(found: Matrix) -> Sheet:
    """Return each ledger's answer beside the attackers' disks, and a dash with the reason where there is no ledger."""
    keeping = [one for one in found.defences if any(row.ledger for row in one.attackers)]
    others = [one for one in found.defences if one not in keeping]
    return Sheet(
        "truth",
        "Does the ledger name exactly the people an attacker has",
        "The ledger's answer beside the attacker's own disk. Recall: of what it has, the part the ledger names."
        " Precision: of what the ledger names, the part it has. Names: separate groups, else actors, under which the"
        " record holds the operation; one is best. In one: the part of its actors that is in the largest of them."
        " Purity: the part of that group's members that belong to the operation; the others are bystanders.",
        [
            *texts("Defence", "Attacker"),
            *figures("precision", "recall", over="People"),
            *figures("precision", "recall", over="Fields"),
            *figures("Names", "In one", "Purity"),
        ],
        [
            *[_truth(one, row) for one in keeping for row in one.attackers],
            *[[*words(defence_name(one), NO_RECORD), *[Cell(DASH)] * 7] for one in others],
        ],
    )


def _truth(defence: DefenceRow, row: AttackerRow) -> list[Cell]:
    variant = "" if row.variant == "plain" else f", {row.variant}"
    head = words(defence_name(defence), f"{attacker_name(row)}{variant}")
    if row.ledger is None:
        return [*head, *[Cell(DASH)] * 6, Cell(DASH, "not compared in this run")]
    shares = [Cell(percent(getattr(row.ledger, n)), bounds(row.ci95.get(n))) for n in _TRUTH]
    case = [percent(row.case.share), percent(row.case.purity)] if row.case else [DASH, DASH]
    return [*head, *shares, Cell(number(round(row.groups, 1))), *words(*case)]


def spend_sheet(found: Matrix) -> Sheet:
    """Return what 1,000 people cost an attacker, without a defence and behind himaya."""
    places = [n for n in (found.column("none"), found.column("himaya")) if n is not None]
    return Sheet(
        "spend",
        "What 1,000 people cost the attacker",
        "Accounts, addresses, solved challenges and CPU seconds spent for each 1,000 people obtained. More is better."
        " CPU seconds are assumed per request and per challenge, not measured.",
        [
            Column("Attacker", is_text=True),
            *[column for n in places for column in _spend_columns(found.defences[n])],
        ],
        [
            [Cell(attacker_name(h)), *[c for n in places for c in _spend(found.cell(n, h))]]
            for h in found.plain
        ],
        notes=[f"{DASH} nobody was obtained, so there is no price."],
        empty="No attacker was run.",
    )


def _spend_columns(row: DefenceRow) -> list[Column]:
    return figures("Accounts", "Addresses", "Solved", "CPU s", over=defence_name(row))


def _spend(row: AttackerRow | None) -> list[Cell]:
    price = row.per_1000 if row else None
    if price is None:
        return [Cell(DASH)] * len(_SPEND)
    return [Cell(amount(price[name]) if name in price else DASH) for name in _SPEND]


def defence_sheet(found: Matrix) -> Sheet:
    """Return what each defence is: the product itself, or a model of which rule."""
    return Sheet(
        "defences",
        "The defences",
        "What was run itself and what is a model of a rule. Of a rival's settings, all are shown everywhere.",
        texts("Defence", "Setting", "How it was run", "Rule"),
        [
            words(
                "no defence" if one.name == "none" else one.name if not one.family else family(one),
                _setting(one),
                "a model of its rule" if one.modelled else "itself",
                one.rule or DASH,
            )
            for one in found.defences
        ],
    )


def _setting(row: DefenceRow) -> str:
    setting = row.setting or (row.name if row.family else DASH)
    return f"{setting} (best)" if row.best else setting
