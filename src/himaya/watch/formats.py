"""Formats of log lines: named ones, format strings, JSON with a field map."""

from __future__ import annotations

import re
from typing import Protocol

from himaya.core.errors import InputError
from himaya.watch.fields import apache_tokens, nginx_tokens
from himaya.watch.jsonlines import JsonLines, map_of_format
from himaya.watch.pattern import SYSLOG, LinePattern
from himaya.watch.reading import Keep, Reading, Rows, read_rows

COMMON = '$remote_addr $ident $remote_user [$time_local] "$request" $status $body_bytes_sent'
COMBINED = f'{COMMON} "$http_referer" "$http_user_agent"'

#: Named formats by the string that makes them; `{rest}` marks where further fields may follow.
NAMED = {
    "combined": COMBINED,
    "common": COMMON,
    "vhost_combined": f"$host {COMBINED}",
    "nginx-proxy-manager": (
        "[$time_local] $upstream_cache_status $upstream_status $status - $request_method $scheme"
        ' $host "$request_uri" [Client $remote_addr] [Length $body_bytes_sent]'
        ' [Gzip $gzip_ratio] [Sent-to $server] "$http_user_agent" "$http_referer"'
    ),
}

#: Anything may follow a named format; fields that mean something are found by `detect`.
REST = ("raw", r"(?: [^\n]*+)?")

_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")


class LineFormat(Protocol):
    """One way to write lines. `name` is fit to be shown."""

    name: str

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
        self.name = f"{name} behind syslog" if syslog else name
        self._pattern = LinePattern([("raw", SYSLOG)] * syslog + tokens, account_field)

    def rows(self, text: str) -> Rows:
        """Return one row per line."""
        pattern = self._pattern
        return Rows(pattern.pattern.findall(text), pattern.slots, pattern.bad)


def read_text(form: LineFormat, text: str, first_line: int, keep: Keep) -> Reading:
    """Parse lines; `text` is one line or more, without the last newline."""
    return read_rows(form.rows(text), first_line, keep)


def named_format(
    name: str, *, account_field: str = "remote_user", syslog: bool = False
) -> TextFormat:
    """Return one of the named formats, with anything after it allowed."""
    tokens = [*nginx_tokens(NAMED[name]), REST]
    return TextFormat(name, tokens, account_field=account_field, syslog=syslog)


def format_of_string(text: str, account_field: str = "remote_user") -> LineFormat:
    """Return the format that a string describes.

    Takes the name of a format, an nginx `log_format` or Apache `LogFormat` string, or the whole
    directive as it stands in the server's configuration. Raises InputError when it is none of these.
    """
    wanted = text.strip()
    if wanted in NAMED:
        return named_format(wanted, account_field=account_field)
    bare = _string_of_directive(wanted)
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


def _string_of_directive(text: str) -> str:
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
