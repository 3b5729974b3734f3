"""On which line a key of a TOML text stands.

`tomllib` gives values without places. This scanner reads a text that `tomllib` accepted (so it need
not find mistakes) and notes the line of every key path: tables, dotted keys, inline tables, the
items of arrays and arrays of tables (TOML 1.0, https://toml.io/en/v1.0.0).
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

#: A key path: names, and numbers where an array is entered.
Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r'[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]*")


def key_lines(text: str) -> dict[Path, int]:
    r"""Return the line (from 1) of every key path of a valid TOML text.

    >>> key_lines('a = 1\n[[s]]\nid = "x"\n')[("s", 0, "id")]
    3
    """
    return _Scanner(text).scan()


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Return the line of a path, or of its nearest enclosing key; 0 when none is known."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 0


class _Scanner:
    """One pass over the text; `at` only moves forward."""

    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._tables: dict[Path, int] = {}
        self._starts = [m.end() for m in re.finditer("\n", self.text)]

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self._skip()
        while self.at < len(self.text):
            if self.text.startswith("[[", self.at):
                table = self._header(2)
            elif self.text.startswith("[", self.at):
                table = self._header(1)
            else:
                self._pair(table)
            self._skip()
        return self.lines

    def _skip(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _note(self, path: Path, at: int) -> None:
        self.lines.setdefault(path, bisect_right(self._starts, at) + 1)

    def _header(self, brackets: int) -> Path:
        start = self.at
        self.at += brackets
        names = self._names()
        self.at += brackets
        if brackets == 1:
            return self._enter((), names, start)
        array = (*self._enter((), names[:-1], start), names[-1])
        self._note(array, start)
        self._tables[array] = self._tables.get(array, -1) + 1
        item = (*array, self._tables[array])
        self._note(item, start)
        return item

    def _enter(self, path: Path, names: list[str], at: int) -> Path:
        """Follow names downwards; an array of tables is entered at its newest item."""
        for name in names:
            path = (*path, name)
            self._note(path, at)
            if path in self._tables:
                path = (*path, self._tables[path])
        return path

    def _names(self) -> list[str]:
        """Read a dotted key and the space around it."""
        names: list[str] = []
        while True:
            self._skip()
            found = _KEY.match(self.text, self.at)
            if not found:
                return names
            names.append(_unquote(found.group()))
            self.at = found.end()
            self._skip()
            if not self.text.startswith(".", self.at):
                return names
            self.at += 1

    def _pair(self, table: Path) -> None:
        start = self.at
        path = self._enter(table, self._names(), start)
        self.at += 1  # the equals sign
        self._value(path)

    def _value(self, path: Path) -> None:
        self._skip()
        head = self.text[self.at : self.at + 1]
        if head == "[":
            self._array(path)
        elif head == "{":
            self._inline(path)
        else:
            found = (_STRING if head in {'"', "'"} else _PLAIN).match(self.text, self.at)
            self.at = max(found.end() if found else 0, self.at + (not found))

    def _array(self, path: Path) -> None:
        index = 0
        self.at += 1
        while self._more("]"):
            item = (*path, index)
            self._note(item, self.at)
            self._value(item)
            index += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        while self._more("}"):
            self._pair(path)

    def _more(self, end: str) -> bool:
        """Step over space and a comma; False (and past the bracket) at the end."""
        self._skip()
        if self.text.startswith(",", self.at):
            self.at += 1
            self._skip()
        if self.at < len(self.text) and not self.text.startswith(end, self.at):
            return True
        self.at += 1
        return False


def _unquote(key: str) -> str:
    if key.startswith('"'):
        return str(tomllib.loads(f"key = {key}")["key"])
    return key.strip("'")
