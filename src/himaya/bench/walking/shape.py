"""What ids are made of, and the numbers in them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from statistics import median_low
from uuid import UUID

import msgspec

from himaya.bench.walking.outcome import Shape

#: So many ids of a route must fit a form before it is taken for the route's form.
MOST = 0.95
#: Hashes of the numbers up to this are compared with ids that look like hashes.
_HASHED = 200_000

_HASHES: dict[int, tuple[str, Callable[[bytes], str]]] = {
    32: ("md5", lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest()),
    40: ("sha1", lambda data: hashlib.sha1(data, usedforsecurity=False).hexdigest()),
    64: ("sha256", lambda data: hashlib.sha256(data).hexdigest()),
}
_TAIL = re.compile(r"(.*?)(\d{1,30})(\D{0,8})", re.DOTALL)
_HEX = re.compile(r"[0-9a-f]+", re.IGNORECASE)
_NAME = re.compile(r"[^\W\d_]+(?:[.\-_ ][^\W\d_]+)*[.\-_]?\d{0,4}")

_ALPHABETS: tuple[tuple[str, str], ...] = (
    ("digits", string.digits),
    ("lower-case hexadecimal", "0123456789abcdef"),
    ("hexadecimal", string.hexdigits),
    ("lower-case letters", string.ascii_lowercase),
    ("lower-case letters and digits", string.ascii_lowercase + string.digits),
    ("upper-case letters and digits", string.ascii_uppercase + string.digits),
    ("letters and digits", string.ascii_letters + string.digits),
    ("URL-safe base64", string.ascii_letters + string.digits + "-_"),
    ("URL-safe base64 with padding", string.ascii_letters + string.digits + "-_="),
)


class Numbers(msgspec.Struct, frozen=True):
    """The numbers of ids, each once and sorted; `write` makes an id of a number, `hidden` says how it is dressed up."""

    values: list[int]
    write: Callable[[int], str]
    hidden: str = ""
    prefix: str = ""


def numbers_in(ids: Sequence[str]) -> Numbers | None:
    """Return the numbers that nearly all ids hold in the same way, None when they hold none."""
    found = _tails(ids) or _encoded(ids) or _hexadecimal(ids)
    return found if found is not None else _hashed(ids)


def shape_of(ids: Sequence[str], numbers: Numbers | None) -> Shape:
    """Return what ids look like; there is at least one."""
    used = set("".join(ids))
    name, symbols = next(
        ((name, len(each)) for name, each in _ALPHABETS if used <= set(each)),
        ("other characters", len(used)),
    )
    lengths = sorted(map(len, ids))
    return Shape(
        kind=_kind(ids, numbers),
        alphabet=name,
        symbols=symbols,
        shortest=lengths[0],
        usual=median_low(lengths),
        longest=lengths[-1],
        prefix=numbers.prefix if numbers is not None else _prefix(ids),
        hidden=numbers.hidden if numbers is not None else "",
    )


def is_of_names(ids: Sequence[str]) -> bool:
    """Tell whether ids look like words that people choose: letters first, few digits, different lengths."""
    named = [each for each in ids if _NAME.fullmatch(each) and not _HEX.fullmatch(each)]
    return len(named) >= MOST * len(ids) and len({len(each) for each in ids}) > 3


def uuid_version(text: str) -> int:
    """Return the version of a UUID, 0 for what is none."""
    if len(text) not in {32, 36}:
        return 0
    try:
        return UUID(text).version or 0
    except ValueError:
        return 0


def _kind(ids: Sequence[str], numbers: Numbers | None) -> str:
    if numbers is not None:
        return "number"
    versions = Counter(map(uuid_version, ids))
    version, count = versions.most_common(1)[0]
    if version and count >= MOST * len(ids):
        return f"UUID, version {version}"
    return "name" if is_of_names(ids) else "code"


def _prefix(ids: Sequence[str]) -> str:
    """Return what all ids begin with; of one id nothing, so that no id is ever shown."""
    low, high = min(ids), max(ids)
    same = next((n for n, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    return low[:same] if low != high else ""


def _tails(ids: Sequence[str]) -> Numbers | None:
    """Return the numbers of ids such as 17, u17 or user-17."""
    parts = [match.groups() for each in ids if (match := _TAIL.fullmatch(each))]
    frames = Counter((prefix, suffix) for prefix, _, suffix in parts)
    if not frames:
        return None
    (prefix, suffix), count = frames.most_common(1)[0]
    # Of one or two ids anything before the digits would be the same for "all".
    if count < MOST * len(ids) or (len(ids) < 3 and prefix and not prefix.isalpha()):
        return None
    texts = [text for before, text, after in parts if (before, after) == (prefix, suffix)]
    width = len(texts[0]) if len({len(text) for text in texts}) == 1 else 0
    values = sorted({int(text) for text in texts})
    return Numbers(values, lambda n: f"{prefix}{n:0{width}d}{suffix}", "", prefix)


def _encoded(ids: Sequence[str]) -> Numbers | None:
    """Return the numbers of ids that are base64 of such text: `VXNlcjoxNw` is `User:17`."""
    plain = [text for each in ids if (text := _decoded(each))]
    if len(plain) < MOST * len(ids):
        return None
    inner = _tails(plain)
    if inner is None:
        return None
    padded, url = any("=" in each for each in ids), not any("+" in e or "/" in e for e in ids)

    def write(number: int) -> str:
        data = inner.write(number).encode()
        text = (base64.urlsafe_b64encode if url else base64.b64encode)(data).decode()
        return text if padded else text.rstrip("=")

    return Numbers(inner.values, write, "base64", inner.prefix)


def _decoded(text: str) -> str:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found = data.decode("ascii")
    except (binascii.Error, UnicodeError, ValueError):
        return ""
    return found if found.isprintable() and _TAIL.fullmatch(found) else ""


def _hexadecimal(ids: Sequence[str]) -> Numbers | None:
    """Return the numbers of short hexadecimal ids."""
    texts = [each for each in ids if len(each) <= 16 and _HEX.fullmatch(each)]
    if len(texts) < MOST * len(ids):
        return None
    width = len(texts[0]) if len({len(text) for text in texts}) == 1 else 0
    form = "X" if any(text != text.lower() for text in texts) else "x"
    return Numbers(
        sorted({int(t, 16) for t in texts}), lambda n: f"{n:0{width}{form}}", "hexadecimal"
    )


def _hashed(ids: Sequence[str]) -> Numbers | None:
    """Return the numbers whose hashes ids are: hashing a counter hides nothing, as anybody can count and hash."""
    lengths = {len(each) for each in ids}
    if len(lengths) > 1 or (length := lengths.pop()) not in _HASHES:
        return None
    wanted, (name, digest) = {each.lower() for each in ids}, _HASHES[length]
    values = [n for n in range(_HASHED) if digest(str(n).encode()) in wanted]
    if len(values) < MOST * len(wanted):
        return None
    return Numbers(values, lambda n: digest(str(n).encode()), name)
