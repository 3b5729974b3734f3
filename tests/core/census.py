"""How much an object holds: every container that can be reached from it, counted under its owner's name.

A container that nobody thought of shows up here like all others, so a test that lists what may grow, and how far, fails
for one that it does not know.
"""

from __future__ import annotations

import gc
import sys
from collections import Counter, deque
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

#: What holds nothing that could grow.
_ATOMS = (str, int, float, bytes, type(None), type, ModuleType, FunctionType, BuiltinFunctionType)
_GROWING = (dict, list, set, deque, bytearray)


class Census:
    """`items` are the elements of all containers of a name (`Book.windows`), `size` all bytes of what was met."""

    def __init__(self, *roots: object) -> None:
        """Walk over everything that can be reached from the roots, each object once."""
        self.items: Counter[str] = Counter()
        self.size = 0
        self._met: set[int] = set()
        stack: list[tuple[str, object]] = [(type(root).__name__, root) for root in roots]
        while stack:
            name, thing = stack.pop()
            self._meet(name, thing, stack)

    def _meet(self, name: str, thing: object, stack: list[tuple[str, object]]) -> None:
        if id(thing) in self._met:
            return
        if not isinstance(thing, (int, float)):
            self._met.add(id(thing))
        self.size += sys.getsizeof(thing)
        if isinstance(thing, _GROWING):
            self.items[name] += len(thing)
        if isinstance(thing, dict):
            stack.extend((name + "{}", each) for each in thing if type(each) is not int)
            stack.extend((name + "[]", each) for each in thing.values() if type(each) is not int)
        elif isinstance(thing, (list, tuple, set, frozenset, deque)):
            stack.extend((name + "[]", each) for each in thing if type(each) is not int)
        elif not isinstance(thing, _ATOMS):
            stack.extend(self._attributes(thing))

    def _attributes(self, thing: object) -> Iterator[tuple[str, object]]:
        """Yield what an object refers to under its class's name."""
        owner = type(thing).__name__
        if isinstance(thing, MethodType):
            yield "method", thing.__self__
            return
        info = getattr(thing, "cache_info", None)
        if info is not None:
            self.items[f"{getattr(thing, '__name__', owner)}()"] += info().currsize
            return
        if type(thing).__module__ == "builtins":
            # Iterators and the like: what they hold has no name.
            yield from ((owner, each) for each in gc.get_referents(thing))
            return
        for name in _slots(type(thing)):
            if hasattr(thing, name):
                yield f"{owner}.{name}", getattr(thing, name)
        for name, value in getattr(thing, "__dict__", {}).items():
            yield f"{owner}.{name}", value

    def beyond(self, allowed: dict[str, int], small: int) -> dict[str, int]:
        """Return containers above what is allowed; one that is not named may hold `small` elements."""
        return {
            name: count for name, count in self.items.items() if count > allowed.get(name, small)
        }


def _slots(owner: type) -> Iterator[str]:
    """Yield the attributes that a class and its bases name; a compiled class names them in its own way."""
    for kind in owner.__mro__:
        slots = kind.__dict__.get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots
        yield from kind.__dict__.get("__mypyc_attrs__", ())
