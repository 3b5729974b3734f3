"""Shares, intervals, spend and names of a bench's result as a person reads them."""

from __future__ import annotations

from himaya.bench.score.result import AttackerRow, DefenceRow, HonestRow, Interval
from himaya.evidence.words import clip, number, span

#: Stands where there is no figure; the reason stands beside or below.
DASH = "\u2014"


def percent(share: float) -> str:
    """Return a share in percent; what is not nothing is never called 0 %, what is not all never 100 %.

    >>> percent(0), percent(0.00001), percent(0.0041), percent(0.186), percent(0.9999), percent(1)
    ('0 %', '< 0.01 %', '0.41 %', '18.6 %', '> 99.9 %', '100 %')
    """
    if share <= 0 or share >= 1:
        return "0 %" if share <= 0 else "100 %"
    if share < 0.00005:
        return "< 0.01 %"
    return "> 99.9 %" if share >= 0.9995 else f"{_digits(share)} %"


def _digits(share: float) -> str:
    value = 100 * share
    return f"{value:.2f}" if value < 0.995 else f"{value:.1f}"


def bounds(interval: Interval | None) -> str:
    """Return a 95 % interval of a share, "" for none.

    >>> bounds((0.0031, 0.0052)), bounds((0.0, 1.2)), bounds(None)
    ('0.31-0.52 %', '0-100 %', '')
    """
    if interval is None:
        return ""
    low, high = (_end(max(0.0, min(1.0, share))) for share in interval)
    return f"{low}-{high} %" if low != high else f"{low} %"


def _end(share: float) -> str:
    return f"{100 * share:.0f}" if share in {0.0, 1.0} else _digits(share)


def at_most(interval: Interval | None) -> str:
    """Return the upper end of a rate's 95 % interval.

    >>> at_most((0.0, 0.007624)), at_most(None)
    ('at most 0.76 %', '')
    """
    return "" if interval is None else f"at most {percent(interval[1])}"


def amount(value: float) -> str:
    """Return a spend with about two digits that matter.

    >>> amount(0), amount(0.0234), amount(3.26), amount(1234.5)
    ('0', '0.023', '3.3', '1,234')
    """
    if value >= 10:
        return number(round(value))
    return f"{value:.2g}"


def lasted(seconds: float | None) -> str:
    """Return after which time an operation was contained.

    >>> lasted(0), lasted(7260), lasted(None)
    ('from the start', '2 hours 1 minute', 'never')
    """
    if seconds is None:
        return "never"
    return "from the start" if seconds < 1 else span(seconds)


def defence_name(row: DefenceRow) -> str:
    """Return a defence with its setting, as one name."""
    name = "no defence" if row.name == "none" else clip(row.name, 60)
    return f"{name}, {clip(row.setting, 60)}" if row.setting and row.setting not in name else name


def attacker_name(row: AttackerRow) -> str:
    """Return an attacker's id and title."""
    title = "all of them at once" if row.id == "all" and not row.title else clip(row.title, 80)
    return f"{clip(row.id, 40)} {title}".strip()


def group_name(row: HonestRow) -> str:
    """Return what a group of honest people is called."""
    return clip(row.title or row.group, 80)


def hours(value: float) -> str:
    """Return a time of a curve: 15 min, 6 h, 3 d.

    >>> hours(0.25), hours(6), hours(72)
    ('15 min', '6 h', '3 d')
    """
    if value < 1:
        return f"{value * 60:.0f} min"
    return f"{value:g} h" if value < 48 else f"{value / 24:g} d"
