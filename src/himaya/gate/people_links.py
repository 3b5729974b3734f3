"""People in HTML bodies, told by the links that match a profile route.

One regular expression walks over the text and reads every `href` and `src`, however broken the page. It is linear in
the length of the body. Links inside comments and scripts count too: they reached the actor.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urljoin, urlsplit

from himaya.core.paths import canonical_path
from himaya.core.routes import compile_route

_VALUE = r"""\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>`]+))"""
_LINK = re.compile(rf"\b(?:href|src){_VALUE}", re.IGNORECASE)
_BASE = re.compile(rf"<base\s[^<>]{{0,500}}?\bhref{_VALUE}", re.IGNORECASE)
#: Only these are decoded by name: Python knows codecs whose decoding a page could make slow.
_CHARSET = re.compile(
    r"""charset\s*=\s*["']?(utf-16(?:le|be)?|iso-8859-\d{1,2}|windows-\d{3,4}|koi8-[ru]"""
    r"""|shift_jis|gb18030|gbk|gb2312|big5|euc-jp|euc-kr)\b""",
    re.IGNORECASE,
)

#: What a browser drops inside a URL (WHATWG URL, "basic URL parser", step 3).
_DROPPED = str.maketrans("", "", "\t\r\n")

_MAX_LINK = 2048


def linked_subjects(
    body: bytes,
    route: str,
    *,
    content_type: str = "",
    hosts: tuple[str, ...] = (),
    target: str = "/",
) -> list[str]:
    """Return the subjects that links of a page name, each once, in order.

    `route` is a template with `{subject}`. `hosts` are the names this site answers to (none: links to any host
    count); `target` is the request target, against which relative links are resolved. Never raises.
    """
    pattern = compile_route(route)
    ours = frozenset(_hostname(f"//{host}") for host in hosts) - {""}
    found: dict[str, None] = {}
    for path in _paths(_text(body, content_type), ours, target):
        match = pattern.fullmatch(canonical_path(path))
        subject = match.groupdict().get("subject") if match else None
        if subject:
            found[subject] = None
    return list(found)


def _text(body: bytes, content_type: str) -> str:
    declared = _CHARSET.search(content_type) or _CHARSET.search(body[:1024].decode("latin-1"))
    try:
        return body.decode(declared[1] if declared else "utf-8", "replace")
    except (LookupError, UnicodeError):
        return body.decode("utf-8", "replace")


def _paths(text: str, ours: frozenset[str], target: str) -> Iterator[str]:
    """Yield the path of every link to this site."""
    declared = _BASE.search(text)
    base = (_join(target, _value(declared)) if declared else "") or target
    rooted = not declared  # then `/path` needs no resolving, which is most links
    for match in _LINK.finditer(text):
        link = _value(match)
        if rooted and link.startswith("/") and not link.startswith("//"):
            yield link
        elif link and len(link) <= _MAX_LINK:
            yield from _resolved(_join(base, link), ours)


def _value(match: re.Match[str]) -> str:
    raw = match[1] or match[2] or match[3] or ""
    return html.unescape(raw).translate(_DROPPED).strip().replace("\\", "/")


def _resolved(link: str, ours: frozenset[str]) -> Iterator[str]:
    host = _hostname(link)
    parts = _split(link)
    if parts is None or parts.scheme not in {"", "http", "https"}:
        return
    if (not host or not ours or host in ours) and parts.path.startswith("/"):
        yield parts.path


def _hostname(link: str) -> str:
    parts = _split(link)
    return (parts.hostname or "") if parts else ""


def _split(link: str) -> SplitResult | None:
    try:
        return urlsplit(link)
    except ValueError:
        return None


def _join(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return ""
