"""One file that defines attackers or groups: read, parsed and executed, and where what stands in it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import TypeGuard, TypeVar

from himaya.bench.outside.within import LIMIT_S, Blame, Within
from himaya.core.errors import InputError

_Thing = TypeVar("_Thing")

#: Definitions are written by hand; what is larger is another file.
MAX_BYTES = 1024 * 1024
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
#: What results say of everybody together.
_RESERVED = frozenset({"all", "none"})


class Source:
    """A file of definitions. `file` is how tracebacks name it."""

    def __init__(self, path: Path, limit_s: float = LIMIT_S) -> None:
        """Read and parse the file. Raises InputError."""
        self.file, self.limit_s = str(path), limit_s
        data = _read(path)
        with self.within("reading it"):
            self._tree = ast.parse(data, self.file)
        self._lines = _lines(self._tree)

    def within(self, what: str, line: int = 0) -> Within:
        """Return the context in which code of this file is run."""
        return Within(self.file, what, line, self.limit_s)

    def blame(self, owner: type) -> Blame:
        """Return the context in which our code works on what a class of this file left behind."""
        return Blame(self.file, owner.__name__, self.line(owner))

    def problem(self, words: str, line: int) -> InputError:
        """Return what is wrong with the file at a line."""
        return InputError(words, file=self.file, line=line)

    def line(self, owner: type, name: str = "") -> int:
        """Return where a class of the file stands, or its attribute `name`; 0 when it does not stand here.

        An attribute that the class inherits stands where its own base in this file sets it.
        """
        for each in owner.__mro__:
            found = self._lines.get(each.__qualname__, {})
            if name in found:
                return found[name]
        return self._lines.get(owner.__qualname__, {}).get("", 0)

    def things(self, base: type[_Thing], listed: str) -> list[_Thing]:
        """Execute the file and return an instance of each subclass of `base` in it, or what the list `listed` holds.

        A class without an id that others of the file build on is no definition of its own. Raises InputError.
        """
        module = self._executed()
        found = getattr(module, listed, None)
        if found is None:
            found = self._classes(module, base)
        elif not isinstance(found, list | tuple):
            raise self.problem(f"{listed} must be a list", self._lines[""].get(listed, 0))
        if not found:
            raise self.problem(f"there is no subclass of {base.__name__}, and no {listed}", 1)
        line = self._lines[""].get(listed, 0)
        return [self._made(each, base, line) for each in found]

    def _executed(self) -> ModuleType:
        digest = blake2b(self.file.encode(), digest_size=8).hexdigest()
        module = ModuleType(f"himaya_outside_{digest}")
        module.__file__ = self.file
        # Looked up there by whoever reads annotations: dataclasses, msgspec.
        sys.modules[module.__name__] = module
        with self.within("loading it"):
            code = compile(self._tree, self.file, "exec")
            exec(code, module.__dict__)  # noqa: S102  (running it is what the operator asked for)
        return module

    def _classes(self, module: ModuleType, base: type[_Thing]) -> list[type[_Thing]]:
        classes = [each for each in module.__dict__.values() if isinstance(each, type)]
        mine = [
            each
            for each in dict.fromkeys(classes)
            if issubclass(each, base) and each.__module__ == module.__name__
        ]
        return [each for each in mine if not _is_base(each, mine)]

    def _made(self, each: object, base: type[_Thing], line: int) -> _Thing:
        """Return an instance of what a file defines."""
        if isinstance(each, type) and issubclass(each, base):
            line = self.line(each) or line
            with self.within(f"{each.__name__}()", line):
                made: object = each()
            each = made
        if not isinstance(each, base):
            words = f"{type(each).__name__} found where a {base.__name__} was expected"
            raise self.problem(words, line)
        return each

    def value(self, thing: object, name: str) -> object:
        """Return an attribute; it may be a property, which is code of the file. Raises InputError."""
        kind = type(thing)
        with self.within(f"{kind.__name__}.{name}", self.line(kind, name)):
            found: object = getattr(thing, name)
        return found

    def check_id(self, thing: object, taken: Sequence[str]) -> str:
        """Return an id that may stand in results. Raises InputError."""
        name = self.value(thing, "id")
        line = self.line(type(thing), "id")
        kind = type(thing).__name__
        if not isinstance(name, str) or not _ID.fullmatch(name) or name in _RESERVED:
            words = f"{kind}.id must be a letter, then up to 39 letters, digits, - or _, and not all or none"
            raise self.problem(words, line)
        if name in taken:
            raise self.problem(f"{kind}.id {name} is taken; choose another", line)
        return name

    def check_text(self, thing: object, name: str) -> str:
        """Return an attribute that must be text. Raises InputError."""
        value = self.value(thing, name)
        if not isinstance(value, str):
            words = f"{type(thing).__name__}.{name} must be text"
            raise self.problem(words, self.line(type(thing), name))
        return value

    def check_number(self, thing: object, name: str, low: float, high: float) -> float:
        """Return an attribute that must be a number within bounds. Raises InputError."""
        value = self.value(thing, name)
        if is_number(value, low, high):
            return float(value)
        words = f"{type(thing).__name__}.{name} must be a number from {low:g} to {high:g}"
        raise self.problem(words, self.line(type(thing), name))

    def check_flag(self, thing: object, name: str) -> bool:
        """Return an attribute that must be True or False. Raises InputError."""
        value = self.value(thing, name)
        if isinstance(value, bool):
            return value
        words = f"{type(thing).__name__}.{name} must be True or False"
        raise self.problem(words, self.line(type(thing), name))


def is_number(value: object, low: float, high: float) -> TypeGuard[int | float]:
    """Tell whether something is a number within bounds; NaN and True are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return low <= value <= high


def _is_base(one: type, others: Sequence[type]) -> bool:
    return not vars(one).get("id") and any(one in other.__mro__[1:] for other in others)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise InputError(f"cannot be read: {problem.strerror}", file=str(path)) from None
    if len(data) > MAX_BYTES:
        raise InputError(f"larger than {MAX_BYTES} bytes; this is no such file", file=str(path))
    return data


def _lines(tree: ast.Module) -> dict[str, dict[str, int]]:
    """Return class to attribute to line; the class itself stands under "", the module's own names in the class ""."""
    found: dict[str, dict[str, int]] = {"": _names(tree.body)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = {"": node.lineno, **_names(node.body)}
    return found


def _names(body: Sequence[ast.stmt]) -> dict[str, int]:
    found: dict[str, int] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found[node.name] = node.lineno
        elif isinstance(node, ast.Assign):
            found.update((t.id, node.lineno) for t in node.targets if isinstance(t, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node.lineno
    return found
