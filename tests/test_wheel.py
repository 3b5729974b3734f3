"""The compiled wheel: made from the same source, and it decides what the source decides."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tools.bench.results import Row
from tools.wheel import build_hook, try_wheel

ROOT = Path(__file__).resolve().parent.parent


def _story(python: list[str]) -> list[str]:
    words = [*python, str(ROOT / "tests/wheel_story.py")]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()


@pytest.mark.slow
@pytest.mark.system
@pytest.mark.timeout(600)
def test_the_compiled_core_says_what_the_source_says(tmp_path: Path) -> None:
    """A wheel is built as `make wheel` builds it; ordinary traffic and a flood get the same answers and effects.

    No class outside of what is compiled derives from a compiled one: such a class cannot be made.
    """
    # The C compiler's speed is not what is tested here.
    env = os.environ | {"HATCH_BUILD_HOOK_ENABLE_CUSTOM": "true", "HIMAYA_COMPILE_LEVEL": "0"}
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(pip, env=env, check=True)
    wheel = next(tmp_path.glob("himaya-*.whl"))
    assert "-cp3" in wheel.name
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("himaya/core/engine.cpython") for name in names)
    assert "himaya/core/engine.py" in names
    python = try_wheel.install(wheel, tmp_path / "env")
    assert try_wheel.compiled(python)
    (built, *said), (plain, *expected) = _story(python), _story([sys.executable])
    assert (Path(built).suffix, Path(plain).suffix) == (".so", ".py")
    assert said == expected
    families = [*python, str(ROOT / "tests/wheel_families.py")]
    done = subprocess.run(families, capture_output=True, text=True, check=True)
    assert done.stdout == ""


def test_what_is_compiled_are_the_core_and_the_doors_without_their_wire_types() -> None:
    """The core is compiled, and the way of a request through the doors; modules with msgspec structs are not."""
    names = set(build_hook.hot_modules(ROOT / "src"))
    core = {
        f"himaya/core/{name}.py" for name in ("engine", "window", "budget", "settle", "seasons")
    }
    assert core | {"himaya/core/detectors/evidence.py", "himaya/core/detectors/surge.py"} <= names
    assert not names & {"himaya/core/exchange.py", "himaya/core/errors.py"}
    doors = {
        f"himaya/gate/{name}.py" for name in ("inbound", "heads", "actor_from", "edge", "proxy")
    }
    assert doors <= names
    structs = [n for n in names if "msgspec.Struct" in (ROOT / "src" / n).read_text("utf-8")]
    assert structs == []


def test_the_gain_is_printed_beside_the_spread_of_what_it_is_compared_with() -> None:
    """Medians of both sides, the gain between them, and how far the pure side is from itself."""
    one, other = try_wheel.RATIOS
    rows = try_wheel.gain(
        [{one: 2.0, other: 4.0}, {one: 2.2, other: 4.0}], [{one: 1.0, other: 2.0}]
    )
    assert rows[2] == Row(
        "of it: gain", 2.1, "x", detail="pure against itself: 2.00 to 2.20 x, 2 rounds"
    )
    assert [row.verdict for row in rows] == ["", "met", "", "", "met", ""]
