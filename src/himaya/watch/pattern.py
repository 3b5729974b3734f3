"""Log formats become regular expressions that read a whole chunk of lines at once.

Every repetition is possessive and ends at the first occurrence of the text that follows the field, so the
time is linear in the line, whatever the line. A line that does not match falls into the last
group; so there is one row per line, and a row's index is its line.
"""

from __future__ import annotations

import re

from himaya.core.errors import InputError
from himaya.watch.fields import word_of

#: An HTTP request line (method, target, version), or anything else a client sent.
_REQUEST = r"(?:([A-Za-z][A-Za-z_-]{{0,31}}+) ({inner})(?: HTTP/[0-9.]{{1,4}})?{end}|({all}))"
_QUOTED = r"[^{q}\\\n]*+(?:\\.[^{q}\\\n]*+)*+"
_QUOTED_WORD = r"[^{q}\\ \n]++(?:\\.[^{q}\\ \n]*+)*+"
_UPSTREAM = r"[^ \n,]*+(?:(?:,| :) [^ \n,]++)*+"
_FIXED = {
    "remote_ip": r"[0-9a-fA-F:.]{2,45}+(?:%[0-9A-Za-z]{1,16})?|-|unix:",
    "ident": r"[^ \n]++",
    "plain_user": r"[^ \n]++",
    "is_args": r"\??",
    "w3c_time": r"\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d",
}
_NUMBERS = {"status": r"\d{3}|-", "sent": r"\d{1,18}|-"}

#: What syslog puts before a line (RFC 3164 and 5424), in front of a program's own text.
SYSLOG = (
    r"(?:<\d{1,3}>)?(?:\d? ?)(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[^ \n]++)"
    r" [^ \n]++ [^ \n]{1,64}+:? (?:\d++ [^ \n]++ (?:-|\[[^\]\n]*+\]) )?"
)


class LinePattern:
    """A compiled format: `pattern` finds one row per line, `slots` say which group holds which word.

    `bad` is the group (index in a row) that holds the text of a line that did not match.
    """

    __slots__ = ("_account", "_groups", "bad", "odd", "pattern", "slots")

    def __init__(self, tokens: list[tuple[str, str]], account_field: str = "remote_user") -> None:
        """Compile tokens of a format; raises InputError when two fields touch or no time is in it."""
        self.slots: dict[str, int] = {}
        self.odd = -1
        self._groups = 0
        self._account = account_field
        parts = [self._part(tokens, index) for index in range(len(tokens))]
        self.bad = self._groups
        # Whatever is left of a line is a field of no interest; "^...$" with MULTILINE is one line.
        body = "".join(parts)
        self.pattern = re.compile(rf"^(?:{body}\r?|([^\n]*+))$", re.MULTILINE)
        for word in ("at", "address", "status"):
            if word not in self.slots:
                raise InputError(f"the log format has no field for the {_MISSING[word]}")
        if "target" not in self.slots:
            raise InputError("the log format has no field for the request")

    def _part(self, tokens: list[tuple[str, str]], index: int) -> str:
        kind, text = tokens[index]
        if kind == "text":
            return re.escape(text)
        if kind == "raw":
            return text
        before = tokens[index - 1][1] if index and tokens[index - 1][0] == "text" else ""
        after = _after(tokens, index)
        word = word_of(text, self._account)
        if word == "request":
            return self._request(before, after)
        return self._group(word, _value(text, word, before, after))

    def _group(self, word: str, value: str) -> str:
        if not word or word in self.slots:
            return f"(?:{value})"
        self.slots[word] = self._groups
        self._groups += 1
        return f"({value})"

    def _request(self, before: str, after: str) -> str:
        """Return the request line split into method and target, odd ones whole."""
        if "target" in self.slots:
            return f"(?:{_value('request', 'request', before, after)})"
        self.slots |= {"method": self._groups, "target": self._groups + 1}
        self.odd = self._groups + 2
        self._groups += 3
        quote = _quote(before, after)
        if quote:
            inner, whole = _QUOTED_WORD.format(q=quote), _QUOTED.format(q=quote)
        else:
            inner, whole = r"[^ \n]++", _until(after)
        # The version may be missing (HTTP/0.9); what follows must then be the end of the request.
        end = rf"(?={re.escape(after)})" if after else r"(?=\r?$)"
        return _REQUEST.format(inner=inner, all=whole, end=end)


_MISSING = {"at": "time", "address": "client address", "status": "status"}


def _after(tokens: list[tuple[str, str]], index: int) -> str:
    """Return the literal that follows a field; "" at the end of the line."""
    if index + 1 == len(tokens):
        return ""
    kind, text = tokens[index + 1]
    if kind == "text":
        return text
    if kind == "raw":
        return " "
    if text in {"request_uri", "uri", "document_uri"}:
        return "/"
    if text in {"is_args", "apache_query"}:
        return "?"
    if tokens[index][1] == "is_args":
        return " "
    raise InputError(f"the fields {tokens[index][1]} and {text} touch: put a space between them")


def _value(variable: str, word: str, before: str, after: str) -> str:
    if word in _NUMBERS:
        return _NUMBERS[word]
    quote = _quote(before, after)
    if quote:
        return _QUOTED.format(q=quote)
    if after == "?":
        # The query, with its question mark, may be missing: then the path ends where it does.
        return r'[^?" \n]*+'
    return _bare(variable, after)


def _bare(variable: str, after: str) -> str:
    if variable in _FIXED:
        return _FIXED[variable]
    if variable == "time_local" and not after.startswith("]"):
        return r"\d\d/[A-Za-z]{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"
    if variable == "apache_query":
        return rf"(?:\?{_until(after)})?"
    if variable.startswith("upstream_") and not variable.startswith("upstream_http_"):
        return _UPSTREAM
    return _until(after)


def _quote(before: str, after: str) -> str:
    """Return the quotation mark around a field, "" when there is none."""
    mark = before[-1:]
    return mark if mark in {'"', "'"} and after.startswith(mark) else ""


def _until(literal: str) -> str:
    """Return the expression for anything up to the first occurrence of `literal` in the line."""
    if not literal:
        return r"[^\n\r]*+"
    first, rest = re.escape(literal[0]), re.escape(literal[1:])
    if not rest:
        return rf"[^{first}\n]*+"
    return rf"(?:[^{first}\n]++|{first}(?!{rest}))*+"
