"""`[edge]`: what is wrong with it is said with its place."""

from __future__ import annotations

import pytest

from himaya.config import loads
from himaya.core.errors import ConfigError

SITE = """
[[surface]]
id = "profile"
route = "/u/{subject}"
[edge]
"""


def test_what_may_use_passes_is_a_surface() -> None:
    """An id that no surface has is refused, and the nearest is named."""
    with pytest.raises(ConfigError) as told:
        loads(SITE + 'surfaces = ["profil"]')
    assert 'no surface has the id "profil"' in str(told.value)
    assert "profile" in str(told.value)


def test_the_directory_of_passes_is_absolute() -> None:
    """Nginx and the gate name the same directory, whatever each is started in."""
    with pytest.raises(ConfigError, match="no absolute path"):
        loads(SITE + 'directory = "cache"')
    assert loads(SITE + 'surfaces = ["profile"]\ndirectory = "/run/x"').edge.surfaces == (
        "profile",
    )
