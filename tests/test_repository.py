"""The repository keeps its own rules."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "src/himaya").rglob("*.py"))
CORE = [path for path in SOURCES if "core" in path.relative_to(ROOT / "src/himaya").parts[:1]]
TEST_FILES = sorted((ROOT / "tests").rglob("test_*.py"))
LOCKS = ["base.txt", "dev.txt"]

# What the core may import besides itself: modules that only compute.
VALUE_MODULES = {
    "__future__", "abc", "base64", "binascii", "bisect", "calendar", "collections", "copy",
    "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq",
    "hmac", "html", "ipaddress", "itertools", "json", "math", "numbers", "operator", "re",
    "statistics", "string", "struct", "types", "typing", "unicodedata", "urllib", "zoneinfo",
    "array", "zlib", "msgspec", "himaya",
}  # fmt: skip


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def _locked(lock: str) -> dict[str, str]:
    """Read a lock file: what stands for each package, from its name to its last hash."""
    text = (ROOT / "requirements" / lock).read_text().replace("\\\n", " ")
    rows = [row for row in text.splitlines() if row.strip() and not row.startswith("#")]
    assert all("==" in row for row in rows), "every row of a lock names one version"
    return {row.split(";")[0].strip(): row for row in rows}


def _versions(lock: str) -> set[str]:
    return {row.split("--hash")[0].strip() for row in _locked(lock)}


def _packages(lock: str) -> set[str]:
    return {row.split("==")[0] for row in _locked(lock)}


def _wanted(requirements: list[str]) -> set[str]:
    return {re.split(r"[^A-Za-z0-9_.-]", one, maxsplit=1)[0].lower() for one in requirements}


def _imports(tree: ast.AST) -> set[str]:
    """Return the top-level packages that a module imports."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "himaya").split(".")[0] if not node.level else "himaya")
    return found


def _tests(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return [one for one in functions if one.name.startswith("test_")]


def _command_lines(script: Path) -> list[str]:
    lines = script.read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _fenced(readme: str) -> set[str]:
    """Return the lines of README that stand in code blocks, without comments."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", readme, flags=re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).splitlines() + re.findall(r"^    (\S.*)$", readme, re.MULTILINE)
    return {line.split("#")[0].strip().removeprefix("$ ") for line in lines}


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_rooms_import_downwards_only():
    """The import contracts of pyproject.toml hold: layers, level independence, a pure core."""
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [tool, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", CORE, ids=_name)
def test_core_imports_only_what_computes(path):
    """A core module imports itself, msgspec and value modules, nothing else."""
    assert _imports(ast.parse(path.read_text())) <= VALUE_MODULES


def test_core_linter_refuses_a_clock(tmp_path):
    """The linter settings of the core refuse a clock in it, with the reason."""
    settings = ROOT / "src/himaya/core/ruff.toml"
    done = subprocess.run(
        [Path(sys.executable).with_name("ruff"), "check", "--no-cache", "--select", "TID251",
         "--config", settings, "-"],
        input="import time\nimport random\n", cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "The core has no clock" in done.stdout
    assert "The core is deterministic" in done.stdout
    assert done.returncode == 1


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_modules_hold_one_idea(path):
    """No module of the product is longer than 400 lines."""
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_sources_hold_nothing_unfinished(path):
    """The product's source holds no note about work that was left out."""
    assert not re.findall(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b", path.read_text())


@pytest.mark.parametrize("path", TEST_FILES, ids=_name)
def test_every_test_states_its_promise(path):
    """Every test has a docstring: the promise it holds the product to."""
    silent = [one.name for one in _tests(path) if not ast.get_docstring(one)]
    assert silent == []


@pytest.mark.parametrize("path", TEST_FILES, ids=_name)
def test_no_test_is_skipped(path):
    """A missing part is a failure: no test skips itself or is expected to fail."""
    if path == Path(__file__).resolve():
        return
    pattern = r"\b(pytest\.skip|mark\.skip|skipif|importorskip|xfail|unittest\.skip|SkipTest)\b"
    assert re.findall(pattern, path.read_text()) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_no_address(lock):
    """A lock file says what is installed, never from where."""
    text = (ROOT / "requirements" / lock).read_text()
    assert "://" not in text
    assert re.findall(r"^-.*|@ ", text, re.MULTILINE) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_hashes(lock):
    """Every locked package carries sha256 hashes, and nothing weaker."""
    for name, row in _locked(lock).items():
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", row), name
        assert len(re.findall(r"--hash=", row)) == len(re.findall(r"--hash=sha256:", row)), name


def test_locks_agree():
    """What runs in production is, version by version, what the tests ran with."""
    assert _versions("base.txt") <= _versions("dev.txt")


def test_locks_cover_what_is_declared():
    """Every dependency that pyproject.toml names is locked, the build backend included."""
    project = _pyproject()
    assert _wanted(project["project"]["dependencies"]) <= _packages("base.txt")
    groups = [one for group in project["dependency-groups"].values() for one in group]
    declared = [one for one in groups if isinstance(one, str)]
    assert _wanted(declared + project["build-system"]["requires"]) <= _packages("dev.txt")


def test_dependencies_are_used():
    """Every package of the base install is imported by the product; sqlglot only holds Ibis back."""
    imported = set().union(*(_imports(ast.parse(path.read_text())) for path in SOURCES))
    names = {
        "graphql-core": "graphql",
        "ibis-framework": "ibis",
        "prometheus-client": "prometheus_client",
        "pyjwt": "jwt",
        "rfc3161-client": "rfc3161_client",
    }
    wanted = _wanted(_pyproject()["project"]["dependencies"]) - {"sqlglot"}
    assert {names.get(one, one) for one in wanted} - imported == set()


def test_wheel_holds_what_runs(tmp_path):
    """The built wheel holds the types marker, the licence and every source file, no settings."""
    subprocess.run(
        [Path(sys.executable).with_name("hatchling"), "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {str(path.relative_to(ROOT / "src")) for path in SOURCES} <= names
    assert "himaya/py.typed" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert not any(name.endswith(("ruff.toml", ".pyc")) for name in names)


def test_readme_commands_exist():
    """The two commands README gives, `make demo` and `make test`, are targets of the Makefile."""
    assert {"make demo", "make test"} <= _fenced((ROOT / "README.md").read_text())
    assert {"demo", "test"} <= _targets()


def test_ci_runs_what_readme_says():
    """The checks of a change are `make lint` and, word for word, README's test command."""
    shell = {"set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec </dev/null"}
    commands = [line for line in _command_lines(ROOT / ".ci/run") if line not in shell]
    assert commands == ["make lint", "make test"]


def test_make_targets_are_there():
    """The Makefile has every target that the documents name."""
    named = {"setup", "demo", "test", "test-fast", "soak", "lint", "bench-speed", "clean", "lock"}
    assert named <= _targets()


def test_release_files_are_there():
    """Licence, security policy and changelog are present and say what they are."""
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    assert "Report" in (ROOT / "SECURITY.md").read_text()
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()


def test_package_is_typed_and_versioned():
    """The package ships its types, and the version is the one that the command prints."""
    from himaya import __version__

    assert (ROOT / "src/himaya/py.typed").exists()
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", __version__)
