"""Numbers, times and foreign names as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime

from himaya.response.rendering import shown

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def number(value: float) -> str:
    """Return a count or measure with thousands separated: 12,345 or 0.5.

    >>> number(12345), number(0.5), number(3.0)
    ('12,345', '0.5', '3')
    """
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def counted(count: int, one: str, many: str = "") -> str:
    """Return a count with its noun: 1 person, 2 people.

    >>> counted(1, "person", "people"), counted(1200, "line")
    ('1 person', '1,200 lines')
    """
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def stamp(at: float, *, exact: bool = False) -> str:
    """Return epoch seconds as a readable UTC time, to the minute, or to the second when `exact`.

    >>> stamp(0), stamp(61, exact=True)
    ('1 Jan 1970, 00:00 UTC', '1 Jan 1970, 00:01:01 UTC')
    """
    when = datetime.fromtimestamp(at, UTC)
    clock = when.strftime("%H:%M:%S" if exact else "%H:%M")
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {clock} UTC"


def iso(at: float) -> str:
    """Return epoch seconds as ISO 8601 in UTC, to the second (RFC 3339)."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def shortened(text: str, limit: int) -> str:
    """Return foreign text cut to `limit` characters, for where there is no room to say more.

    >>> shortened("account:somebody", 10)
    'account:s…'
    """
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def between(start: float, end: float, *, exact: bool = False) -> str:
    """Return two times with `and` between them; a day both share is named once.

    >>> between(0, 3600)
    '1 Jan 1970, 00:00 and 01:00 UTC'
    """
    first, second = stamp(start, exact=exact), stamp(end, exact=exact)
    if first.partition(",")[0] != second.partition(",")[0]:
        return f"{first} and {second}"
    return f"{first.removesuffix(' UTC')} and {second.partition(', ')[2]}"


def short_day(at: float) -> str:
    """Return day and month of a time: 17 May."""
    when = datetime.fromtimestamp(at, UTC)
    return f"{when.day} {_MONTHS[when.month - 1]}"


def span(seconds: float) -> str:
    """Return a length of time in its two largest units.

    >>> span(299_999), span(45), span(0.2)
    ('3 days 11 hours', '45 seconds', 'less than a second')
    """
    left = int(seconds)
    parts: list[str] = []
    for size, name in _UNITS:
        if left >= size:
            parts.append(counted(left // size, name))
            left %= size
        elif parts:
            break
    return " ".join(parts[:2]) or "less than a second"


def listed(items: list[str]) -> str:
    """Return items as an English list: a, b and c."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def visible(text: str) -> str:
    r"""Return foreign text with every character shown that would otherwise hide or reorder it, joiners too.

    >>> visible("a\x00b\u202ec")
    'a\\x00b\\u202ec'
    """
    return shown.visible(text, joiners=False)


def clip(text: str, limit: int = 160) -> str:
    """Return foreign text cut to `limit` characters, saying how many were left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({number(len(text) - limit)} more characters)"


def article(kind: str) -> str:
    """Return a kind of principal with its article: an account, a key."""
    name = kind.replace("_", " ")
    return f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"
