"""Keys for ids: new ones, and the file they lie in."""

from __future__ import annotations

import base64
import binascii
import secrets
from pathlib import Path

from himaya.core.errors import ConfigError

#: What a key holds at least.
KEY_BYTES = 32


def new_key() -> str:
    """Return a new key as a line for a key file."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def read_keys(path: Path | str) -> tuple[bytes, ...]:
    """Return the keys of a file, one a line as `new_key` writes them; the first seals, all open.

    Empty lines and lines that begin with # are left out. Raises ConfigError for a file that cannot be read, that others
    may read, or with a line that is no key.
    """
    file = Path(path)
    try:
        mode, lines = file.stat().st_mode, file.read_text("ascii").splitlines()
    except (OSError, UnicodeError) as problem:
        raise ConfigError(f"the keys cannot be read: {problem}", file=str(file)) from None
    if mode & 0o077:
        raise ConfigError(
            "others may read the keys.", file=str(file), hint=f"Run: chmod 600 {file}"
        )
    numbered = [(n, line.strip()) for n, line in enumerate(lines, 1)]
    keys = [_key(line, file, n) for n, line in numbered if line and not line.startswith("#")]
    if not keys:
        raise ConfigError("no key in it; one line of himaya.ids.new_key() is one", file=str(file))
    return tuple(keys)


def _key(line: str, file: Path, number: int) -> bytes:
    try:
        key = base64.b64decode(line, altchars=b"-_", validate=True)
    except binascii.Error:
        key = b""
    if len(key) < KEY_BYTES:
        wanted = f"this is no key: {KEY_BYTES} bytes or more in base64, as himaya.ids.new_key() makes them"
        raise ConfigError(wanted, file=str(file), line=number)
    return key
