"""One site and one gate for the whole room; each test puts its own configuration in force and brings its own people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.acceptance.gate import Gate
from tests.acceptance.site import Site


@pytest.fixture(name="site", scope="session")
def _site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture(name="running", scope="session")
def _running(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    gate = Gate(tmp_path_factory.mktemp("gate"), site.server_port)
    gate.configure()
    try:
        gate.start()
        yield gate
    finally:
        gate.stop()


@pytest.fixture(name="gate")
def _gate(running: Gate, site: Site) -> Gate:
    """Return the gate with the base configuration in force, in front of a site that has all its pages."""
    site.closed.clear()
    running.configure()
    return running


@pytest.fixture(name="name")
def _name(request: pytest.FixtureRequest) -> str:
    """Return the name of an account that no other test uses."""
    return str(request.node.name).removeprefix("test_")
