"""Try a compiled wheel as somebody who installs it: the same tests, and what it gains over pure Python in one run.

    python tools/wheel/try_wheel.py dist/himaya-....whl [--rounds 3] [--quick] [--no-tests] [-- PYTEST ARGUMENTS]

The environment it is installed into, `build/wheel`, takes every other package from the one that runs this script,
so that both sides differ in the wheel alone. The tests are those of `make test-fast` unless arguments say others.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tools.bench.results import Row, machine, table  # noqa: E402  the path above leads there

#: The tests of the checkout itself ask for its tools, not for what is installed.
FAST = ("-m", "not slow and not system", "--ignore", "tests/test_repository.py")
#: Shared out as `make test` shares them out.
SHARED = ("--numprocesses", "2", "--dist", "loadscope")
#: Rows of `bench_speed.py --only engine` that are compared.
RATIOS = ("ratio", "ratio with every signal and budget")
Ratios = dict[str, float]


def install(wheel: Path, place: Path) -> list[str]:
    """Make an environment with the wheel in it; return how its interpreter is called."""
    venv.create(place, clear=True, symlinks=True)
    python = place / "bin" / "python"
    site = next((place / "lib").glob("python*")) / "site-packages"
    # A plain line adds a path and runs no other .pth file, so the editable himaya stays out.
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    pip += ["--python", str(python), "install", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(pip, check=True)
    # -E: a PYTHONPATH of the caller's would bring another himaya.
    return [str(python), "-E"]


def compiled(python: list[str]) -> bool:
    """Tell whether the core that an interpreter finds is compiled."""
    ask = "import himaya.core.engine as engine; print(engine.__file__)"
    found = subprocess.run(
        [*python, "-c", ask], cwd="/", check=True, capture_output=True, text=True
    )
    return found.stdout.strip().endswith(".so")


def engine_ratios(python: list[str], *, quick: bool) -> Ratios:
    """Return the engine's ratios to a bare responder under an interpreter (see `tools/bench_speed.py`)."""
    words = [*python, str(ROOT / "tools/bench_speed.py"), "--only", "engine", "--json"]
    done = subprocess.run(
        [*words, *(["--quick"] if quick else [])], check=True, stdout=subprocess.PIPE
    )
    rows = next(iter(json.loads(done.stdout)["parts"].values()))
    return {row["what"]: row["value"] for row in rows if row["what"] in RATIOS}


def gain(pure: list[Ratios], wheel: list[Ratios]) -> list[Row]:
    """Return medians of both sides, and how many times faster the wheel is, with the pure side's own spread."""
    rows: list[Row] = []
    for what in RATIOS:
        before, after = ([each[what] for each in side] for side in (pure, wheel))
        aim = 2.0 if "every" in what else 1.0
        middle = statistics.median(after)
        rows += [
            Row(f"{what}, pure Python", statistics.median(before), "x"),
            Row(f"{what}, compiled", middle, "x", f"<= {aim} x", middle <= aim),
            Row("of it: gain", statistics.median(before) / middle, "x", detail=_spread(before)),
        ]
    return rows


def _spread(values: list[float]) -> str:
    return f"pure against itself: {min(values):.2f} to {max(values):.2f} x, {len(values)} rounds"


def measured(python: list[str], rounds: int, *, quick: bool) -> list[Row]:
    """Return the gain of `rounds` interleaved rounds."""
    pure: list[Ratios] = []
    wheel: list[Ratios] = []
    for _ in range(rounds):
        pure.append(engine_ratios([sys.executable], quick=quick))
        wheel.append(engine_ratios(python, quick=quick))
    return gain(pure, wheel)


def main() -> int:
    """Install, test, measure; return the tests' exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="little work; no figures to keep")
    parser.add_argument("--no-tests", action="store_true")
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    given, tests = parser.parse_args(words[:cut]), words[cut + 1 :] or (*FAST, *SHARED)
    python = install(given.wheel, ROOT / "build" / "wheel")
    if not compiled(python) or compiled([sys.executable]):
        print("wheel: the core of the wheel must be compiled, and the one beside it must not be")
        return 1
    code = 0
    if not given.no_tests:
        command = [*python, "-m", "pytest", *tests]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
    rows = measured(python, given.rounds, quick=given.quick)
    print(machine())
    print(table({"the compiled wheel against pure Python, each against a bare responder": rows}))
    return code


if __name__ == "__main__":
    sys.exit(main())
