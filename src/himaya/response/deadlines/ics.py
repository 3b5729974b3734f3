"""Deadlines as iCalendar (RFC 5545): an event for each date, the same one when its date moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from himaya.response.deadlines.answers import ANSWER
from himaya.response.deadlines.deadline import ENDED, Deadline

#: Octets of a line without its end (RFC 5545, 3.1).
_WIDTH = 75
#: Hours before a deadline at which a calendar reminds.
_REMIND_HOURS = 24
_PARTY = {"authority": "notice to the authority", "people": "notice to people"}


def calendar(deadlines: Iterable[Deadline], now: int) -> str:
    """Return the deadlines that have a date, as text with CRLF line ends; `now` in microseconds.

    A deadline that was met or is not needed any more is an event that is cancelled. No data subject is named.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//himaya//deadlines//EN"]
    for each in deadlines:
        if each.due:
            lines += _event(each, now)
    lines.append("END:VCALENDAR")
    return "".join(folded(line) for line in lines)


def _event(each: Deadline, now: int) -> Iterator[str]:
    is_open = each.standing not in ENDED
    status = "TENTATIVE" if "unconfirmed" in each.marks else "CONFIRMED"
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(each.id)}@himaya"
    yield f"SEQUENCE:{each.entry}"
    yield f"DTSTAMP:{_utc(now)}"
    yield f"DTSTART:{_utc(each.due)}"
    yield f"SUMMARY:{escaped(summary(each))}"
    yield f"DESCRIPTION:{escaped(_description(each))}"
    yield f"STATUS:{status if is_open else 'CANCELLED'}"
    yield "TRANSP:TRANSPARENT"
    if is_open:
        yield from _alarm(each)
    yield "END:VEVENT"


def _alarm(each: Deadline) -> Iterator[str]:
    yield "BEGIN:VALARM"
    yield "ACTION:DISPLAY"
    yield f"TRIGGER:-PT{_REMIND_HOURS}H"
    yield f"DESCRIPTION:{escaped(summary(each))}"
    yield "END:VALARM"


def summary(each: Deadline) -> str:
    """Return a deadline in one line: case, country, party, kind, and its marks."""
    marks = f" ({', '.join(each.marks)})" if each.marks else ""
    if each.kind == ANSWER:
        return f"{each.case}: {each.name}, answer to the person{marks}"
    return f"{each.case}: {each.name}, {_PARTY[each.party]}, {each.kind}{marks}"


def _description(each: Deadline) -> str:
    authority = f" Authority: {each.authority}." if each.authority else ""
    told = f"{each.text}.{authority} Clock: {each.clock}, {_utc(each.started)}."
    return f"{told} {each.standing}. Not legal advice."


def escaped(text: str) -> str:
    """Return a text as a value (RFC 5545, 3.3.11): backslash, semicolon, comma and line ends escaped.

    Other control characters have no place in a value and are left out.
    """
    for raw, written in (
        ("\\", "\\\\"),
        (";", "\\;"),
        (",", "\\,"),
        ("\r\n", "\\n"),
        ("\n", "\\n"),
    ):
        text = text.replace(raw, written)
    return "".join(c for c in text if c.isprintable() or c == " ")


def folded(line: str) -> str:
    """Return a line folded to 75 octets each (RFC 5545, 3.1), between characters, with its end."""
    parts, width = [""], 0
    for char in line:
        size = len(char.encode())
        if width + size > _WIDTH:
            parts.append(" ")
            width = 1
        parts[-1] += char
        width += size
    return "\r\n".join(parts) + "\r\n"


def _utc(at: int) -> str:
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")
