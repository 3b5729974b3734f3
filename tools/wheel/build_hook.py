"""The build hook of the compiled wheel: modules of `himaya.core` become C by mypyc, from the same source.

It runs only when asked (`HATCH_BUILD_HOOK_ENABLE_CUSTOM=true`, as `make wheel` does); every other build is pure Python.
The wheel holds the sources, too: where a compiled module cannot be loaded, the interpreter takes the one beside it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SCRIPT = """
from mypyc.build import mypycify
from setuptools import setup
setup(name="himaya", packages=[], ext_modules=mypycify({arguments!r}, opt_level={level!r}, debug_level="0"))
"""


#: What is compiled beside the core: the way of a request through the doors, and of a line of the log. Classes that
#: others derive from (`Passage`, `Visit`), or whose parts are exchanged (`Authority`, `Door`, `Verdicts`), stay Python.
BESIDE_THE_CORE = (
    "control/aio.py",
    "control/server.py",
    "gate/actor_from.py",
    "gate/answers.py",
    "gate/auth_request.py",
    "gate/bindings.py",
    "gate/edge.py",
    "gate/embedded_environ.py",
    "gate/embedded_fields.py",
    "gate/flow.py",
    "gate/fronts.py",
    "gate/heads.py",
    "gate/hygiene.py",
    "gate/inbound.py",
    "gate/leasing/paying.py",
    "gate/people.py",
    "gate/proxy.py",
    "gate/reply.py",
    "gate/request_reader.py",
    "gate/screening.py",
    "gate/upstream.py",
    "watch/actors.py",
    "watch/exact.py",
    "watch/fields.py",
    "watch/glance.py",
)


def hot_modules(src: Path) -> list[str]:
    """Return the modules that are compiled, as paths in `src`.

    Those that define msgspec structs stay Python: mypyc does not hand a class's options on to its metaclass. So do the
    errors: other rooms derive their own from them, and a compiled class has no such children.
    """
    package = src / "himaya"
    core = [
        path
        for path in sorted((package / "core").rglob("*.py"))
        if path.name not in {"__init__.py", "errors.py"}
        and "msgspec.Struct" not in path.read_text("utf-8")
    ]
    return [
        str(path.relative_to(src))
        for path in (*core, *(package / name for name in BESIDE_THE_CORE))
    ]


def compile_core(root: Path, work: Path) -> dict[str, str]:
    """Compile the hot modules of the checkout `root` below `work`; return built files and their places in a wheel.

    `HIMAYA_COMPILE_LEVEL` is the C compiler's level of optimisation, "3" where nothing is said.
    Raises subprocess.CalledProcessError when mypy or the C compiler refuses; both have said why.
    """
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(root / "src", work / "src")
    (work / "mypy.ini").write_text("[mypy]\nignore_missing_imports = True\n", "utf-8")
    level = os.environ.get("HIMAYA_COMPILE_LEVEL", "3")
    arguments = ["--config-file", str(work / "mypy.ini"), *hot_modules(work / "src")]
    script = work / "build.py"
    script.write_text(_SCRIPT.format(arguments=arguments, level=level), "utf-8")
    built = work / "built"
    words = [sys.executable, str(script), "--quiet", "build_ext", "--build-lib", str(built)]
    # mypyc names modules by their place below the directory it runs in.
    subprocess.run(words, cwd=work / "src", check=True)
    return {str(path): str(path.relative_to(built)) for path in sorted(built.rglob("*.so"))}


class CompiledCore(BuildHookInterface[Any]):
    """Adds the compiled modules to a wheel, and names the wheel after this interpreter and machine."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, unless the build is an editable install."""
        if version == "editable":
            return
        work = Path(self.root) / "build" / "compiled"
        build_data["force_include"].update(compile_core(Path(self.root), work))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
