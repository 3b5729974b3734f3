"""The names of log fields: nginx variables, Apache directives, and the words himaya reads from them."""

from __future__ import annotations

import re

from himaya.core.errors import InputError
from himaya.watch.entry import WORDS

#: nginx variables to words. A line may have several for one word; the first that says something holds.
VARIABLES = {
    "remote_addr": "address",
    "remote_ip": "address",
    "remote_user": "account",
    "upstream_http_himaya_account": "himaya_account",
    "sent_http_himaya_account": "himaya_account",
    "time_local": "at",
    "time_iso8601": "at",
    "w3c_time": "at",
    "msec": "at",
    "request": "request",
    "request_method": "method",
    "request_uri": "target",
    "uri": "target",
    "document_uri": "target",
    "args": "query",
    "query_string": "query",
    "apache_query": "query",
    "status": "status",
    "body_bytes_sent": "sent",
    "bytes_sent": "sent",
    "http_user_agent": "agent",
    "http_host": "host",
    "host": "host",
    "server_name": "host",
    "request_id": "id",
    "upstream_http_himaya_subjects": "subjects",
    "sent_http_himaya_subjects": "subjects",
    "http_x_forwarded_for": "forwarded",
    "proxy_add_x_forwarded_for": "forwarded",
    "sent_http_content_type": "type",
    "upstream_http_content_type": "type",
    "request_completion": "completion",
    "himaya_gate_state": "gate",
}

#: Names that mean something in `name="value"` fields at the end of a combined line.
TRAILING = {
    "account": "himaya_account",
    "session": "session",
    "key": "key",
    "subjects": "subjects",
    "id": "id",
    "request_id": "id",
    "xff": "forwarded",
    "forwarded": "forwarded",
    "host": "host",
    "tier": "tier",
    "terms": "terms",
    "type": "type",
    "completion": "completion",
    "gate": "gate",
}

#: Apache directives (mod_log_config) to nginx variables.
_DIRECTIVES = {
    "h": "remote_addr",
    "a": "remote_addr",
    "u": "remote_user",
    "r": "request",
    "s": "status",
    "b": "body_bytes_sent",
    "B": "body_bytes_sent",
    "O": "bytes_sent",
    "m": "request_method",
    "U": "uri",
    "q": "apache_query",
    "v": "server_name",
    "V": "host",
    "X": "connection",
    "L": "apache_log_id",
}

#: Directives with an argument in braces, to the beginning of the variable's name.
_NAMED = {"i": "http_", "o": "sent_http_", "C": "cookie_", "e": "env_", "n": "note_"}

_DIRECTIVE = re.compile(r"%(?:[!,0-9]*)[<>]?(?:\{([^}]*)\})?(\^t[io]|[a-zA-Z%])")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def word_of(variable: str, account_field: str = "remote_user") -> str:
    """Return the word a variable is read for, "" when himaya has no use for it."""
    if variable == "plain_user":
        variable = "remote_user"
    if variable == account_field:
        return "account"
    if variable == "remote_user":
        return ""
    named = VARIABLES.get(variable) or TRAILING.get(variable)
    return named or (variable if variable in WORDS else "")


def nginx_tokens(text: str) -> list[tuple[str, str]]:
    """Return an nginx format as ("text", literal) and ("field", variable) pairs, in order."""
    tokens: list[tuple[str, str]] = []
    last = 0
    for found in _VARIABLE.finditer(text):
        tokens += [("text", text[last : found.start()]), ("field", found[1] or found[2])]
        last = found.end()
    return _joined([*tokens, ("text", text[last:])])


def apache_tokens(text: str) -> list[tuple[str, str]]:
    """Return an Apache format as the same pairs. Raises InputError for an unknown directive."""
    tokens: list[tuple[str, str]] = []
    last = 0
    for found in _DIRECTIVE.finditer(text):
        tokens.append(("text", text[last : found.start()]))
        tokens += _directive(found[1] or "", found[2])
        last = found.end()
    tokens.append(("text", text[last:]))
    for kind, literal in tokens:
        if kind == "text" and "%" in literal and literal != "%":
            raise InputError(f"not an Apache log format: {literal[literal.index('%') :][:20]!r}")
    return _joined(tokens)


def _directive(argument: str, letter: str) -> list[tuple[str, str]]:
    if letter == "%":
        return [("text", "%")]
    if letter == "t":
        return _time(argument)
    if letter in _NAMED and argument:
        name = _NAMED[letter] + argument.lower().replace("-", "_")
        return [("field", "request_id" if name in {"env_unique_id", "note_unique_id"} else name)]
    if letter == "a" and argument == "c":
        return [("field", "peer")]
    return [("field", _DIRECTIVES.get(letter, f"apache_{letter.strip('^')}"))]


def _time(argument: str) -> list[tuple[str, str]]:
    if not argument:
        return [("text", "["), ("field", "time_local"), ("text", "]")]
    known = {"sec": "msec", "msec": "msec", "usec": "msec"}
    name = argument.removeprefix("begin:").removeprefix("end:")
    if name.endswith("_frac"):
        return [("field", "apache_fraction")]
    return [("field", known.get(name, "time_iso8601"))]


def _joined(tokens: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Join neighbouring literals and drop empty ones."""
    joined: list[tuple[str, str]] = []
    for kind, text in tokens:
        if kind == "text" and joined and joined[-1][0] == "text":
            joined[-1] = ("text", joined[-1][1] + text)
        elif kind == "field" or text:
            joined.append((kind, text))
    return joined
