"""What a web server would write for each variable of a log format, and what writes a line of a format."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec

from himaya.bench.asks import Ask, Client, Reply
from himaya.core.errors import InputError
from himaya.watch.fields import apache_tokens, nginx_tokens
from himaya.watch.formats import NAMED, string_of_directive

#: The JSON format carries what a front door of himaya would log: the account and the people of each answer.
JSON = "json"
#: Bytes of a page without people, and of each person on it; logs want a size.
_PAGE, _PERSON = 2_000, 400
_HOST = "bench.example"

Value = Callable[["Line"], str]


class Line(msgspec.Struct, frozen=True):
    """One exchange as a web server would log it."""

    client: Client
    ask: Ask
    reply: Reply
    now: float
    number: int

    @property
    def moment(self) -> datetime:
        """Return when, in UTC."""
        return datetime.fromtimestamp(self.now, UTC)

    @property
    def sent(self) -> int:
        """Return the size of the body."""
        return _PAGE + _PERSON * len(self.reply.people)


def _always(text: str) -> Value:
    return lambda _: text


def _address(line: Line) -> str:
    return line.client.actor.address


def _account(line: Line) -> str:
    return line.client.actor.account or "-"


def _subjects(line: Line) -> str:
    """Return the people as the site names them in a header; a comma alone says that there are none."""
    return ", ".join(person.subject for person in line.reply.people) or ","


def _path(line: Line) -> str:
    return urlsplit(line.ask.target).path


def _query(line: Line) -> str:
    return urlsplit(line.ask.target).query or "-"


def _apache_query(line: Line) -> str:
    query = urlsplit(line.ask.target).query
    return f"?{query}" if query else ""


_VALUES: dict[str, Value] = {
    **dict.fromkeys(
        (
            "remote_addr", "remote_ip", "peer", "http_x_forwarded_for", "proxy_add_x_forwarded_for",
            "xff", "forwarded",
        ),
        _address,
    ),
    **dict.fromkeys(
        (
            "remote_user", "plain_user", "account", "upstream_http_himaya_account",
            "sent_http_himaya_account", "himaya_account",
        ),
        _account,
    ),
    **dict.fromkeys(
        ("upstream_http_himaya_subjects", "sent_http_himaya_subjects", "subjects"), _subjects
    ),
    **dict.fromkeys(("http_host", "host", "server_name"), _always(_HOST)),
    **dict.fromkeys(("request_uri", "target"), lambda line: line.ask.target),
    **dict.fromkeys(("uri", "document_uri"), _path),
    **dict.fromkeys(("args", "query_string"), _query),
    **dict.fromkeys(("request_method", "method"), lambda line: line.ask.method),
    **dict.fromkeys(("status", "upstream_status"), lambda line: str(line.reply.status)),
    **dict.fromkeys(("body_bytes_sent", "sent"), lambda line: str(line.sent)),
    **dict.fromkeys(("http_user_agent", "agent"), lambda line: line.client.agent or "-"),
    **dict.fromkeys(("request_id", "id"), lambda line: f"{line.number:032x}"),
    **dict.fromkeys(
        ("sent_http_content_type", "upstream_http_content_type", "type"), _always("text/html")
    ),
    **dict.fromkeys(("request_time", "upstream_response_time"), _always("0.020")),
    **dict.fromkeys(("upstream_connect_time", "upstream_header_time"), _always("0.001")),
    **dict.fromkeys(("connection", "apache_log_id"), lambda line: str(line.number)),
    **dict.fromkeys(("server_port", "apache_p"), _always("443")),
    **dict.fromkeys(("server_protocol", "apache_H"), _always("HTTP/1.1")),
    **dict.fromkeys(("server", "server_addr", "apache_A"), _always("192.0.2.80")),
    # CloudFront's own
    "w3c_time": lambda line: f"{line.moment:%Y-%m-%d\t%H:%M:%S}",
    "edge_location": _always("FRA50-C1"),
    "cs_host": _always("d111111abcdef8.cloudfront.net"),
    "result_type": _always("Miss"),
    "further": _always("https\t500\t0.020"),
    "apache_query": _apache_query,
    "is_args": lambda line: _apache_query(line)[:1],
    "time_local": lambda line: f"{line.moment:%d/%b/%Y:%H:%M:%S +0000}",
    "time_iso8601": lambda line: f"{line.moment:%Y-%m-%dT%H:%M:%S}+00:00",
    "msec": lambda line: f"{line.now:.3f}",
    "at": lambda line: f"{line.now:.3f}",
    "request": lambda line: f"{line.ask.method} {line.ask.target} HTTP/1.1",
    "bytes_sent": lambda line: str(line.sent + 300),
    "session": lambda line: line.client.actor.session or "-",
    "key": lambda line: line.client.actor.key or "-",
    "tier": lambda line: line.client.actor.tier or "-",
    "fingerprint": lambda line: line.client.actor.fingerprint or "-",
    "asn": lambda line: str(line.client.actor.asn or "-"),
    "scheme": _always("https"),
    "request_completion": _always("OK"),
    "request_length": _always("500"),
    "connection_requests": _always("1"),
    "pipe": _always("."),
    "upstream_addr": _always("192.0.2.80:8080"),
    "apache_D": _always("20000"),
    "apache_T": _always("0"),
    "apache_I": _always("500"),
    "apache_k": _always("0"),
    "apache_P": _always("80"),
}  # fmt: skip

#: What a server has no value for is a hyphen: any other header, cookie or variable of its own, and these.
_EMPTY = frozenset(
    {"ident", "apache_l", "upstream_cache_status", "gzip_ratio", "apache_f", "apache_R"}
)
_PREFIXES = ("http_", "sent_http_", "upstream_http_", "cookie_", "env_", "note_")


def renderer(form: str) -> Callable[[Line], str]:
    """Return what writes a line: `json`, a named format, or a string of nginx (`log_format`) or Apache (`LogFormat`).

    A string may also be the whole directive as it stands in the server's configuration. Raises InputError for what
    is none of these, and for a variable that the bench cannot fill in.
    """
    if form == JSON:
        return _json
    parts = [_value(text) if kind == "field" else _always(text) for kind, text in _tokens(form)]
    return lambda line: "".join([part(line) for part in parts])


def _tokens(form: str) -> list[tuple[str, str]]:
    text = NAMED.get(form) or string_of_directive(form.strip())
    if "$" in text:
        return nginx_tokens(text)
    if "%" in text:
        return apache_tokens(text)
    named = ", ".join([JSON, *(name for name in NAMED if " " not in name)])
    raise InputError(
        f"no log format is called {form!r}; there are {named}, or write $variables (nginx) or %directives (Apache)"
    )


def _value(name: str) -> Value:
    known = _VALUES.get(name)
    if known is not None:
        return known
    if name in _EMPTY or name.startswith(_PREFIXES):
        return _always("-")
    known_names = ", ".join(sorted([*_VALUES, *_EMPTY]))
    raise InputError(f"the bench cannot log ${name}; it knows {known_names}")


def _json(line: Line) -> str:
    actor = line.client.actor
    fields = {
        "at": round(line.now, 3),
        "id": f"{line.number:032x}",
        "address": actor.address,
        "account": actor.account,
        "method": line.ask.method,
        "host": _HOST,
        "target": line.ask.target,
        "status": line.reply.status,
        "sent": line.sent,
        "type": "text/html",
        "agent": line.client.agent,
        "subjects": _subjects(line),
    }
    return msgspec.json.encode(fields).decode()
