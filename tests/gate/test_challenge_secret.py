"""The secret of a site: one for all its processes, made once, private."""

import threading

import pytest

from himaya.config import Config, GateConfig
from himaya.core.errors import ConfigError
from himaya.gate.challenge_secret import load_secret, secret_path


def config(folder, key_file=""):
    return Config(gate=GateConfig(socket=str(folder / "himaya.sock"), key_file=key_file))


def test_the_secret_is_made_once_and_is_private(tmp_path):
    """However many processes start at once, all read the same 32 bytes, mode 0600, and nothing else is left."""
    found = []
    load = lambda: found.append(load_secret(config(tmp_path)))  # noqa: E731
    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    path = secret_path(config(tmp_path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_named_key_file_is_used(tmp_path):
    """`[gate] key_file` says where the secret lies."""
    path = tmp_path / "keys" / "site.key"
    assert load_secret(config(tmp_path, str(path))) == path.read_bytes()


@pytest.mark.parametrize(
    ("data", "mode", "why"), [(b"short", 0o600, "less than"), (b"x" * 32, 0o644, "others may")]
)
def test_a_secret_that_is_none_is_refused(tmp_path, data, mode, why):
    """Too short, or readable by others: the message says so and what to do."""
    path = secret_path(config(tmp_path))
    path.write_bytes(data)
    path.chmod(mode)
    with pytest.raises(ConfigError, match=why):
        load_secret(config(tmp_path))


def test_a_secret_that_cannot_be_made_is_said(tmp_path):
    """A path that is no place for a file is an error of the configuration."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot read or make"):
        load_secret(config(tmp_path, str(tmp_path / "file" / "key")))
