"""The page of a bench's result: one file that loads nothing, runs nothing and can be printed.

Nothing on it depends on the clock or the machine, except how long the run took; the same result is the same page.
"""

from __future__ import annotations

from jinja2 import PackageLoader
from markupsafe import Markup

from himaya._version import __version__
from himaya.bench.score.result import Result
from himaya.evidence.page import NARROW, WIDE, Drawing, environment
from himaya.evidence.plots.harm import better, harm_plot
from himaya.evidence.plots.loss import legend, loss_panels
from himaya.evidence.proving import aims, harm, loss, record, story
from himaya.evidence.proving.ablation import ablation_sheet
from himaya.evidence.proving.matrix import (
    Matrix,
    averaged,
    averaged_name,
    family,
    is_joint,
    mean_share,
    worst_denied,
)
from himaya.evidence.proving.matrix import matrix as read
from himaya.evidence.proving.sheet import Sheet
from himaya.evidence.proving.variations import variations_sheet
from himaya.evidence.proving.words import DASH, percent
from himaya.evidence.words import clip, counted, number


def render_bench(result: Result) -> str:
    """Return the page of a result as text: a whole HTML document."""
    found = read(result)
    style = PackageLoader("himaya.evidence").get_source(environment(), "bench.css")[0]
    return (
        environment()
        .get_template("bench.html.j2")
        .render(
            world=result.world,
            result=result,
            version=__version__,
            bench_style=Markup(style),  # noqa: S704  our own file, nothing foreign in it
            title=_title(result),
            circumstances=circumstances(result),
            summary=[_kept(one) for one in story.summary(found)],
            limits=story.limits(found),
            figures=_figures(found),
            panels=loss_panels(found),
            legend=legend(found),
            trade=_trade(found),
            better=better(found),
            sheets=sheets(found),
            trade_sheet=harm.trade_sheet(found),
        )
    )


def sheets(found: Matrix) -> list[Sheet]:
    """Return the tables of the page in reading order."""
    ablation = [ablation_sheet(found)] if found.result.ablation else []
    variations = [variations_sheet(found)] if found.result.variations else []
    return [
        aims.aim_sheet(found),
        *ablation,
        *variations,
        loss.share_sheet(found),
        loss.beaten_sheet(found),
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


def circumstances(result: Result) -> list[tuple[str, str]]:
    """Return under which circumstances was measured, as names and values."""
    world = result.world
    seeds = ", ".join(str(seed) for seed in world.seeds[:20])
    crowd = f"{counted(world.crowd, 'visitor')} a seed" if world.crowd else ""
    busy = f"x{world.intensity:g}" if world.intensity != 1 else ""
    found = [
        ("Mode", f"{world.mode}, simulation" if world.mode == "virtual" else world.mode),
        ("People on the site", number(world.people)),
        ("Length", "1 day" if world.days == 1 else f"{number(world.days)} days"),
        ("Seeds", seeds),
        ("Honest crowd", crowd),
        ("Its visits", busy),
        ("Ids", world.ids),
        ("Graph", world.graph),
        ("Policy", world.policy),
        ("Policy file", world.policy_file),
        ("Tools", ", ".join(clip(tool, 80) for tool in result.tools)),
    ]
    return [(name, clip(value, 400)) for name, value in found if value]


def _title(result: Result) -> str:
    found = read(result)
    met = len({head.id for head in found.heads if not is_joint(head)})
    defences = len({family(one) for one in found.defences if one.name != "none"})
    people = counted(result.world.people, "invented person", "invented people")
    return (
        f"The proving ground: {people}, {counted(met, 'attacker')}, {counted(defences, 'defence')}"
    )


def _figures(found: Matrix) -> list[tuple[str, str]]:
    """Return the four figures above the summary."""
    ids = averaged(found)
    none, own = found.defence("none"), found.defence("himaya")
    without, mine = (mean_share(one, ids) if one else None for one in (none, own))
    worst = worst_denied(own) if own else None
    rows = [row.ledger for row in (own.attackers if own else []) if row.ledger]
    name = averaged_name(ids)
    return [
        (
            f"of the people lost to one attacker with no defence, mean over {name}",
            _or_dash(without),
        ),
        ("lost behind himaya, the same attackers", _or_dash(mine)),
        ("of himaya's worst group of honest people denied", _or_dash(worst[0] if worst else None)),
        (
            "of the people an attacker has named by the ledger, the lowest of all runs",
            _or_dash(min((row.recall for row in rows), default=None)),
        ),
    ]


def _kept(sentence: str) -> str:
    """Return a sentence in which no figure is parted from its percent sign."""
    return sentence.replace(" %", "\u00a0%")


def _or_dash(share: float | None) -> str:
    return DASH if share is None else percent(share)


def _trade(found: Matrix) -> Drawing | None:
    wide, narrow = harm_plot(found, WIDE), harm_plot(found, NARROW)
    return Drawing(wide, narrow) if wide and narrow else None
