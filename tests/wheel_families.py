"""Prints every class of himaya that derives from a compiled class and is not compiled itself: there may be none."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import himaya


def _is_compiled(kind: type) -> bool:
    module = sys.modules.get(kind.__module__)
    return str(getattr(module, "__file__", "")).endswith(".so")


for found in pkgutil.walk_packages(himaya.__path__, "himaya."):
    # Django's parts want its settings, Alembic runs its script itself; nothing there derives from the core.
    if not any(part in found.name for part in (".django", ".migrations.", "__main__")):
        importlib.import_module(found.name)
for name, module in sorted(sys.modules.items()):
    if name.startswith("himaya."):
        for kind in vars(module).values():
            # A lazy object of Django would answer isinstance by asking for settings.
            if issubclass(type(kind), type) and kind.__module__ == name and not _is_compiled(kind):
                parents = [parent for parent in kind.__mro__[1:] if _is_compiled(parent)]
                if parents and all(p.__module__.startswith("himaya.") for p in parents):
                    print(f"{name}.{kind.__name__} derives from {parents[0].__name__}")
