"""`[detectors.model]`: the file is read and checked with the configuration, and its content is part of the policy."""

from __future__ import annotations

import tomllib

import pytest
from tests.core.model_support import learned, written

from himaya.config import load, loads
from himaya.config.decode import decode
from himaya.core.errors import ConfigError
from himaya.core.policy import Policy

MODEL = learned(first=2.0)
NAMED = '[detectors.model]\nfile = "m.json"\n'


@pytest.fixture(name="place")
def _place(tmp_path):
    (tmp_path / "m.json").write_bytes(written(MODEL))
    return tmp_path


def test_a_model_is_off_without_a_file():
    """Nothing is read, and no model is in the policy."""
    model = loads("").policy().detectors.model
    assert (model.file, model.learned) == ("", None)
    assert loads("").policy().hash() == Policy().hash()


def test_a_model_is_read_beside_the_configuration(place):
    """A relative path stands against the directory of the file, and the content is in the policy."""
    (place / "himaya.toml").write_text(NAMED)
    model = load(place / "himaya.toml").policy().detectors.model
    assert model.learned == MODEL
    assert model.digest == MODEL.digest
    assert model.file == str(place / "m.json")


def test_the_kept_text_names_the_content(place):
    """The activated text has the digest, loads again as the same configuration, and the policy without the file."""
    config = loads(NAMED, directory=place)
    assert f'digest = "{MODEL.digest}"' in config.canonical
    assert loads(config.canonical, directory=place).hash == config.hash
    read, _ = decode(tomllib.loads(config.canonical))
    assert read.policy().hash() == config.policy().hash()


def test_another_content_is_another_configuration_and_policy(place):
    """A new model under the same name changes both hashes, so that a reload is seen to act."""
    before = loads(NAMED, directory=place)
    (place / "m.json").write_bytes(written(learned(first=2.5)))
    after = loads(NAMED, directory=place)
    assert before.hash != after.hash
    assert before.policy().hash() != after.policy().hash()


def test_a_digest_that_is_written_must_be_the_files(place):
    """Going back to a configuration whose model was replaced meanwhile is refused, with both digests."""
    kept = loads(NAMED, directory=place).canonical
    (place / "m.json").write_bytes(written(learned(first=2.5)))
    with pytest.raises(ConfigError, match=r"detectors\.model\.digest: m\.json has the digest"):
        loads(kept, directory=place)


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"null", b"[" * 100_000])
def test_a_broken_file_is_a_mistake_of_the_configuration(place, data):
    """The error has the line and key of the configuration, and the name of the model file."""
    (place / "m.json").write_bytes(data)
    with pytest.raises(ConfigError, match=r"^h\.toml:2: detectors\.model\.file: .*m\.json: "):
        loads(NAMED, file="h.toml", directory=place)


@pytest.mark.parametrize("name", ["absent.json", ".", "a\\u0000b"])
def test_a_file_that_cannot_be_read_is_a_mistake_of_the_configuration(place, name):
    """A missing file, a directory and no name at all are told alike."""
    with pytest.raises(ConfigError, match=r"detectors\.model\.file: .*cannot be read"):
        loads(f'[detectors.model]\nfile = "{name}"\n', directory=place)


def test_a_broken_file_can_be_switched_off(place):
    """With enabled = false the file is not read at all."""
    (place / "m.json").write_bytes(b"{")
    assert (
        loads(NAMED + "enabled = false\n", directory=place).policy().detectors.model.learned is None
    )


@pytest.mark.parametrize("action", ["redact", "block"])
def test_a_model_may_not_refuse(place, action):
    """A harder action than a challenge is a mistake, with the reason."""
    with pytest.raises(ConfigError, match=r"model\.action: .* is never the sole ground"):
        loads(NAMED + f'action = "{action}"\n', directory=place)


def test_a_model_asks_only_where_the_ladder_asks(place):
    """Without challenges a challenge would be a refusal, so it is a mistake."""
    text = NAMED + 'action = "challenge"\n'
    assert loads(text, directory=place)
    with pytest.raises(ConfigError, match="needs the challenge of the ladder"):
        loads(text + "[ladder]\nchallenge = false\n", directory=place)


def test_what_loading_sets_is_no_key(place):
    """`learned`, `<file>` and `<activated>` cannot be written."""
    for text in ("[detectors.model]\nlearned = 1\n", '"<file>" = "x"\n', 'file = "x"\n'):
        with pytest.raises(ConfigError, match="unknown key"):
            loads(text, directory=place)
