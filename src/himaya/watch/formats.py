"""Formats of log lines: named ones, format strings, JSON with a field map."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import Protocol

from himaya.core.errors import InputError
from himaya.watch.entry import Malformed, shown
from himaya.watch.fields import apache_tokens, nginx_tokens
from himaya.watch.glance import read_at_a_glance
from himaya.watch.jsonlines import FormatSpec, JsonLines, map_of_format
from himaya.watch.pattern import SYSLOG, LinePattern
from himaya.watch.reading import Keep, Reading, Row, Rows, read_rows
from himaya.watch.source import MAX_LINE, Chunk

_REQUEST = '[$time_local] "$request" $status $body_bytes_sent'
_AGENT = '"$http_referer" "$http_user_agent"'

#: Named formats by the string that makes them. In these the address must be one (`$remote_ip`), because
#: the first word may be a host name too; the last two read logs that have names for addresses.
NAMED = {
    "combined": f"$remote_ip $ident $remote_user {_REQUEST} {_AGENT}",
    "vhost_combined": f"$host $remote_ip $ident $plain_user {_REQUEST} {_AGENT}",
    "common": f"$remote_ip $ident $remote_user {_REQUEST}",
    "vhost_common": f"$host $remote_ip $ident $plain_user {_REQUEST}",
    "bunkerweb": f"$host $remote_ip $ident $request_id $plain_user {_REQUEST} {_AGENT}",
    "nginx-proxy-manager": (
        "[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme"
        ' $host "$request_uri" [Client $remote_ip] [Length $body_bytes_sent]'
        ' [Gzip $gzip_ratio] [Sent-to $server] "$http_user_agent" "$http_referer"'
    ),
    "cloudfront": (
        "$w3c_time\t$edge_location\t$bytes_sent\t$remote_ip\t$request_method\t$cs_host\t$uri"
        "\t$status\t$http_referer\t$http_user_agent\t$args\t$http_cookie\t$result_type\t$request_id\t$http_host"
        "\t$further"  # columns of the standard log, in the order of CloudFront
    ),
    "combined with host names": f"$remote_addr $ident $plain_user {_REQUEST} {_AGENT}",
    "common with host names": f"$remote_addr $ident $plain_user {_REQUEST}",
}

#: What is tried behind the header that syslog puts before a line.
BEHIND_SYSLOG = ("combined", "vhost_combined", "common")

_BEHIND = " behind syslog"

#: How a format of columns ends: the field takes whatever further columns there are.
_TABBED = "\t$further"

#: Anything may follow another named format; fields that mean something are found by `detect`.
REST = ("raw", r"(?: [^\n]*+)?")

_SPACED = re.compile(r"([A-Za-z][A-Za-z_-]{0,31}) (/.*) HTTP/[0-9.]{1,4}", re.DOTALL)
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")


class LineFormat(Protocol):
    """One way to write lines. `name` is fit to be shown."""

    name: str

    def spec(self) -> FormatSpec:
        """Return what the format is made of."""
        ...

    def rows(self, text: str) -> Rows:
        """Return one row per line of `text`, which does not end in a newline."""
        ...


class TextFormat:
    """Lines described by an nginx `log_format` or Apache `LogFormat` string."""

    def __init__(
        self,
        name: str,
        tokens: list[tuple[str, str]],
        *,
        account_field: str = "remote_user",
        syslog: bool = False,
    ) -> None:
        """Compile; raises InputError for a format that cannot be read back."""
        self._spec = FormatSpec(name, tuple(tokens), account_field, syslog=syslog)
        self.name = name + _BEHIND * syslog
        self._pattern = LinePattern([("raw", SYSLOG)] * syslog + tokens, account_field)

    def spec(self) -> FormatSpec:
        """Return what the format is made of."""
        return self._spec

    def rows(self, text: str) -> Rows:
        """Return one row per line."""
        pattern = self._pattern
        rows: list[Row] = pattern.pattern.findall(text)
        odd = pattern.odd
        if odd >= 0 and any(map(itemgetter(odd), rows)):
            rows = [self._with_spaces(row, odd) if row[odd] else row for row in rows]
        return Rows(rows, pattern.slots, pattern.bad)

    def _with_spaces(self, row: Row, odd: int) -> Row:
        """Read a request whose target has spaces in it: some servers answer that as well."""
        found = _SPACED.fullmatch(row[odd])
        if found is None:
            return row
        method = self._pattern.slots["method"]
        return (*row[:method], found[1], found[2], *row[method + 2 :])


def format_of(spec: FormatSpec) -> LineFormat:
    """Return the format made of `spec`, in another process."""
    if spec.keys:
        return JsonLines(spec.keys, spec.name)
    return TextFormat(
        spec.name.removesuffix(_BEHIND),
        list(spec.tokens),
        account_field=spec.account_field,
        syslog=spec.syslog,
    )


def read_chunk(form: LineFormat, chunk: Chunk, keep: Keep, *, lean: bool = False) -> Reading:
    r"""Parse a chunk of lines. Bytes that are no UTF-8 stay visible as `\xHH`.

    `lean`: of lines that show nobody only their number and times are wanted, which saves time where they are JSON.
    """
    text = chunk.data.decode("utf-8", "backslashreplace")
    if chunk.oversize:
        sample = Malformed(chunk.first_line, shown(text), f"longer than {MAX_LINE} bytes")
        return Reading(lines=1, malformed=1, samples=[sample])
    if lean and isinstance(form, JsonLines):
        return read_at_a_glance(form, text, chunk.first_line, keep)
    return read_rows(form.rows(text), chunk.first_line, keep)


def named_format(
    name: str, *, account_field: str = "remote_user", syslog: bool = False
) -> TextFormat:
    """Return one of the named formats, with anything after it allowed."""
    tokens = nginx_tokens(NAMED[name])
    if not NAMED[name].endswith(_TABBED):
        tokens.append(REST)
    return TextFormat(name, tokens, account_field=account_field, syslog=syslog)


def format_of_string(text: str, account_field: str = "remote_user") -> LineFormat:
    """Return the format that a string describes.

    Takes the name of a format, an nginx `log_format` or Apache `LogFormat` string, or the whole
    directive as it stands in the server's configuration. Raises InputError when it is none of these.
    """
    wanted = text.strip()
    if wanted in NAMED:
        return named_format(wanted, account_field=account_field)
    bare = string_of_directive(wanted)
    if bare.lstrip().startswith("{"):
        return JsonLines(map_of_format(bare, account_field), "JSON lines (log_format)")
    if "$" in bare:
        return TextFormat("log_format", nginx_tokens(bare), account_field=account_field)
    if "%" in bare:
        return TextFormat("LogFormat", apache_tokens(bare), account_field=account_field)
    known = ", ".join(["auto", "json", *NAMED])
    raise InputError(
        f"not a log format: {wanted[:60]!r}. Expected {known}, or a string with $variables"
        " (nginx log_format) or %directives (Apache LogFormat)"
    )


def string_of_directive(text: str) -> str:
    """Return the format string itself, of a bare string or of a whole directive."""
    head = text.split(None, 1)[0] if text else ""
    if head not in {"log_format", "LogFormat"}:
        return text.replace('\\"', '"') if "%" in text and "$" not in text else text
    rest = text[len(head) :]
    quoted = [single or double for single, double in _QUOTED.findall(rest)]
    if not quoted:
        return rest.strip().rstrip(";").partition(" ")[2]
    if head == "LogFormat":
        quoted = quoted[:1]
    return "".join(re.sub(r"\\(['\"\\])", r"\1", each) for each in quoted)
