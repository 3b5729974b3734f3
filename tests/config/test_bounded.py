"""Files that somebody names are read whole, up to a bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from himaya.config.bounded import read_bounded
from himaya.core.errors import ConfigError, InputError


@pytest.mark.parametrize("wrong", [ConfigError, InputError])
def test_a_file_is_read_up_to_its_bound(tmp_path, wrong):
    """A file of the bound is read; one byte more is refused, in the kind of error and with the advice asked for."""
    file = tmp_path / "f"
    file.write_bytes(b"x" * 10)
    assert read_bounded(file, 10, wrong) == b"x" * 10
    with pytest.raises(wrong, match=r"f: is larger than 9 bytes; cut it$"):
        read_bounded(file, 9, wrong, hint="cut it")
    with pytest.raises(wrong, match=r"f: is larger than 9 bytes$"):
        read_bounded(file, 9, wrong)


@pytest.mark.parametrize("name", ["none", ".", "a\0b"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    """A missing file, a directory and a name that no disk takes are refused as such."""
    with pytest.raises(InputError, match="cannot be read: "):
        read_bounded(Path(tmp_path, name), 10)
