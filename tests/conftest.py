"""What every test has: how hard hypothesis looks, and that the machine has the parts a test needs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# The same cases in every run, so that a failure is somebody's change; `make soak` looks for new ones.
# No deadline: how fast a case is depends on what else the machine does.
settings.register_profile("default", max_examples=60, deadline=None, derandomize=True)
settings.register_profile(
    "soak",
    max_examples=5000,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("soak" if os.environ.get("HIMAYA_SOAK") == "1" else "default")


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the top of the checkout."""
    return ROOT


@pytest.fixture(name="system_parts", scope="session")
def _system_parts(root: Path) -> None:
    """Fail, with the command that helps, when a Debian package of `make test` is missing."""
    done = subprocess.run(
        [root / "tools/system.sh", "--check", "test"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.fail(done.stderr, pytrace=False)


@pytest.fixture(autouse=True)
def _needs_system(request: pytest.FixtureRequest) -> None:
    """Ask for the system parts of a test marked `system`: a missing part is a failure, not a skip."""
    if request.node.get_closest_marker("system"):
        request.getfixturevalue("system_parts")
