"""JSON lines: which keys say what is found in the first lines, or told by a field map.

A key is a path of names with dots between them (`request.uri`); in a name that has a dot itself, the
whole name is tried first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import repeat
from operator import attrgetter
from typing import Any

import msgspec

from himaya.core.errors import InputError
from himaya.watch.caddy import unpacked
from himaya.watch.entry import WORDS
from himaya.watch.fields import word_of
from himaya.watch.glance import Glance
from himaya.watch.reading import Row, Rows

#: Keys that loggers write, the most telling first (nginx, Caddy, Traefik, Envoy, ECS, Logstash).
KEYS: dict[str, tuple[str, ...]] = {
    "at": (
        "time_iso8601", "time_local", "@timestamp", "timestamp", "StartUTC", "start_time", "ts",
        "time", "msec", "date", "datetime", "at",
    ),
    "address": (
        "remote_addr", "client_ip", "request.client_ip", "ClientHost", "request.remote_ip",
        "remote_ip", "client.ip", "source.ip", "clientip", "ip", "client", "address",
        "downstream_remote_address", "remote_host",
    ),
    "account": (
        "account", "remote_user", "user", "user_id", "ClientUsername", "user.name", "user.id",
        "username",
    ),
    "himaya_account": (
        "himaya_account", "himaya.account", "upstream_http_himaya_account", "resp_headers.Himaya-Account.0",
        "origin_Himaya-Account", "downstream_Himaya-Account", "himaya-account",
    ),
    "request": ("request", "request_line", "requestLine"),
    "method": (
        "method", "request_method", "request.method", "RequestMethod", "http.request.method",
        "verb",
    ),
    "target": (
        "target", "request_uri", "uri", "request.uri", "RequestPath", "path", "url.original",
        "url.path", "url", "x-envoy-origin-path", "x-envoy-original-path", "request_path",
    ),
    "query": ("query", "args", "query_string", "url.query"),
    "status": (
        "status", "status_code", "DownstreamStatus", "response_code", "response.status",
        "http.response.status_code", "response", "code",
    ),
    "sent": (
        "sent", "body_bytes_sent", "bytes_sent", "size", "DownstreamContentSize", "bytes",
        "http.response.body.bytes", "response_size",
    ),
    "agent": (
        "agent", "http_user_agent", "user_agent", "user-agent", "userAgent",
        "request.headers.User-Agent.0", "request_User-Agent", "user_agent.original",
    ),
    "host": ("host", "http_host", "request.host", "RequestHost", ":authority", "server_name"),
    "id": (
        "id", "himaya.id", "request_id", "x-request-id", "http.request.id", "request_X-Request-Id",
    ),
    "subjects": (
        "subjects", "himaya.subjects", "himaya_subjects", "upstream_http_himaya_subjects",
        "resp_headers.Himaya-Subjects.0", "origin_Himaya-Subjects", "downstream_Himaya-Subjects", "himaya-subjects",
    ),
    "session": ("session", "session_id"),
    "key": ("key", "api_key"),
    "tier": ("tier",),
    "terms": ("terms",),
    "fingerprint": ("fingerprint", "ja3", "ja4"),
    "asn": ("asn", "as.number"),
    "forwarded": (
        "forwarded", "xff", "http_x_forwarded_for", "x_forwarded_for", "x-forwarded-for",
        "request.headers.X-Forwarded-For.0", "request_X-Forwarded-For",
    ),
    "type": ("type", "content_type", "sent_http_content_type", "resp_headers.Content-Type.0"),
    "completion": ("completion", "request_completion"),
    "gate": ("gate", "himaya.gate", "himaya_gate_state"),
    "edge": ("himaya_edge", "edge"),
}  # fmt: skip

#: Words a field map may use; `request` is a whole request line.
MAP_WORDS = frozenset({*WORDS, "request"}) - {"connection"}

_NEEDED = ("at", "address", "status")
_REQUEST = re.compile(r"([A-Za-z][A-Za-z_-]{0,31}) (\S+)(?: HTTP/[0-9.]{1,4})?")
_PAIR = re.compile(r'"([^"]+)"\s*:\s*"?\$\{?(\w+)\}?"?')
_PREFIX = re.compile(r"[^{\n]{0,120}?(?=\{)")
_DECODER = msgspec.json.Decoder(dict[str, Any])
_MISSING = object()


class FormatSpec(msgspec.Struct, frozen=True, array_like=True):
    """What a format is made of, so that it can be made again elsewhere: tokens, or the keys of JSON lines."""

    name: str
    tokens: tuple[tuple[str, str], ...] = ()
    account_field: str = ""
    syslog: bool = False
    keys: dict[str, str] = {}


class JsonLines:
    """Lines that are JSON objects; `keys` maps words to keys."""

    def __init__(self, keys: dict[str, str], name: str = "JSON lines") -> None:
        """Check the map; raises InputError for an unknown word or a needed one that is missing."""
        unknown = sorted(set(keys) - MAP_WORDS)
        if unknown:
            known = ", ".join(sorted(MAP_WORDS))
            raise InputError(f"log.fields: {unknown[0]} is no word of a field map; known: {known}")
        for word in _NEEDED:
            if word not in keys:
                raise InputError(f"log.fields: no key for {word}")
        if "request" not in keys and "target" not in keys:
            raise InputError("log.fields: no key for target (or request)")
        self.name = name
        self._keys = keys
        self._words = tuple(keys)
        self._paths = [_path(key) for key in keys.values()]
        words = [word for word in self._words if word != "request"]
        if "request" in keys:
            words += [word for word in ("method", "target") if word not in keys]
        self.slots = {word: index for index, word in enumerate(words)}
        self.bad = len(words)
        self._empty: Row = ("",) * (self.bad + 1)
        flat = "request" not in keys and not any(len(steps) > 1 for _, steps in self._paths)
        self._flat = _Flat(list(keys.values())) if flat else None
        self._glance = Glance(keys["at"], keys["target"]) if flat else None

    def spec(self) -> FormatSpec:
        """Return what the format is made of."""
        return FormatSpec(self.name, keys=self._keys)

    def rows(self, text: str) -> Rows:
        """Return one row per line."""
        rows = self._flat.rows(text) if self._flat else None
        if rows is None:
            rows = [self._row(line) for line in text.split("\n")]
        return Rows(rows, self.slots, self.bad)

    def glance(self, text: str) -> list[tuple[object, object]] | None:
        """Return time and target of each line, as they stand there; None where that takes a look at all of it."""
        return self._glance(text) if self._glance else None

    def _row(self, line: str) -> Row:
        told = decoded(line)
        if told is None:
            return (*self._empty[:-1], line)
        values = dict(zip(self._words, (_text(_get(told, p)) for p in self._paths), strict=True))
        request = values.pop("request", "")
        if request:
            found = _REQUEST.fullmatch(request)
            method, target = found.groups() if found else ("", "")
            values.setdefault("method", method)
            values.setdefault("target", target)
        if not values.get("at") or not values.get("status"):
            return (*self._empty[:-1], line)
        return (*(values.get(word, "") for word in self.slots), "")


class _Flat:
    """Reads lines whose keys stand at the top, all at once; one line that is odd, and it reads none."""

    def __init__(self, keys: list[str]) -> None:
        names = [f"word{number}" for number in range(len(keys))]
        line = msgspec.defstruct(
            "Line",
            [(name, Any, None) for name in names],
            rename=dict(zip(names, keys, strict=True)),
            gc=False,
        )
        self._decoder = msgspec.json.Decoder(line)
        self._columns = [attrgetter(name) for name in names]

    def rows(self, text: str) -> list[Row] | None:
        """Return one row per line, None when not every line is an object."""
        try:
            lines = self._decoder.decode_lines(text)
        except (msgspec.DecodeError, RecursionError):
            return None
        if len(lines) != text.count("\n") + 1:
            return None
        columns = [
            [v if v.__class__ is str and "\\" not in v else _text(v) for v in map(column, lines)]
            for column in self._columns
        ]
        return list(zip(*columns, repeat(""), strict=False))


def decoded(line: str) -> dict[str, Any] | None:
    """Return the object of a line, None when there is none.

    Something may stand before it (container loggers do that), and bytes that are no UTF-8 may stand in
    it, which reading has made visible as an escape that JSON does not know.
    """
    try:
        return unpacked(_DECODER.decode(line))
    except (msgspec.DecodeError, RecursionError):
        found = _PREFIX.match(line)
    if found is None or not (found[0] or "\\x" in line):
        return None
    try:
        return unpacked(_DECODER.decode(line[found.end() :].replace("\\x", "\\\\x")))
    except (msgspec.DecodeError, RecursionError):
        return None


def _path(key: str) -> tuple[str, tuple[str, ...]]:
    return key, tuple(key.split("."))


def _get(told: dict[str, Any], path: tuple[str, tuple[str, ...]]) -> object:
    whole, steps = path
    if whole in told:
        return told[whole]
    value: Any = told
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step, _MISSING)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return _MISSING
    return value


def _text(value: object) -> str:
    """Return a JSON value as the text a plain log would have; lists join as header lines do."""
    if value.__class__ is int:
        return str(value)
    if isinstance(value, str):
        # A backslash in decoded JSON is a backslash; entries undo log escapes, so it is doubled here.
        return value.replace("\\", "\\\\") if "\\" in value else value
    if value is None or value is _MISSING or isinstance(value, dict):
        return "-"
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, list | tuple):
        return ",".join(_text(each) for each in value)
    return f"{value:f}" if isinstance(value, float) else str(value)


def find_keys(lines: Iterable[str], account_field: str = "") -> dict[str, str]:
    """Return the field map that the first lines speak for; empty when they are no access log."""
    told = [each for line in lines if (each := decoded(line)) is not None]
    keys: dict[str, str] = {}
    for word, candidates in KEYS.items():
        wanted = (account_field, *candidates) if word == "account" and account_field else candidates
        best = max(wanted, key=lambda key: _present(told, key, word))  # the first of the best
        if _present(told, best, word):
            keys[word] = best
    if not {*_NEEDED} <= set(keys) or not {"target", "request"} & set(keys):
        return {}
    if "target" in keys:
        keys.pop("request", None)
    return keys


def _present(told: list[dict[str, Any]], key: str, word: str) -> int:
    """Count the lines in which a key has a value that fits the word."""
    values = [_get(each, _path(key)) for each in told]
    if word == "request":
        return sum(isinstance(v, str) and bool(_REQUEST.fullmatch(v)) for v in values)
    return sum(isinstance(v, str | int | float | list) for v in values)


def map_of_format(text: str, account_field: str = "remote_user") -> dict[str, str]:
    """Return the field map of an nginx format that writes JSON (`escape=json`)."""
    keys: dict[str, str] = {}
    for key, variable in _PAIR.findall(text):
        word = word_of(variable, account_field)
        if word:
            keys.setdefault(word, key)
    if "target" in keys:
        keys.pop("request", None)
    return keys
