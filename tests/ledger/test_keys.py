from __future__ import annotations

import stat
from pathlib import Path

import pytest

from himaya.core.errors import LedgerError
from himaya.ledger.keys import Keys, create_key_file, default_key_file, is_signed, read_key_file


def test_a_key_file_is_for_its_owner(tmp_path: Path):
    """A new key file has mode 0600, and reads back as the same key."""
    path = tmp_path / "l.key"
    made = create_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key_file(path).check == made.check


def test_a_key_file_that_others_read_is_refused(tmp_path: Path):
    """Looser permissions are refused, with the command that mends them."""
    path = tmp_path / "l.key"
    create_key_file(path)
    path.chmod(0o640)
    with pytest.raises(LedgerError, match="chmod 600"):
        read_key_file(path)


def test_a_missing_key_says_what_is_lost(tmp_path: Path):
    """A lost key is said plainly: no name can be read without it."""
    with pytest.raises(LedgerError, match="missing; without it no name"):
        read_key_file(tmp_path / "l.key")


@pytest.mark.parametrize(
    "text", [b"", b"hello", b"himaya-ledger-key-1:!!!", b"himaya-ledger-key-1:YQ=="]
)
def test_what_is_no_key_is_refused(tmp_path: Path, text: bytes):
    """A file that is no key is refused."""
    path = tmp_path / "l.key"
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(LedgerError, match="not a key file"):
        read_key_file(path)


def test_a_key_is_never_written_over(tmp_path: Path):
    """An existing key file stays."""
    create_key_file(tmp_path / "l.key")
    with pytest.raises(LedgerError, match="cannot write the key file"):
        create_key_file(tmp_path / "l.key")


def test_sealed_texts_open_with_their_key_alone():
    """A sealed text opens with its key, not with another, and not after a change."""
    keys = Keys(b"k" * 32)
    sealed = keys.seal_text("case 12, Ünal")
    assert keys.open_text(sealed) == "case 12, Ünal"
    assert keys.seal_text("case 12, Ünal") != sealed
    with pytest.raises(LedgerError):
        Keys(b"x" * 32).open_text(sealed)
    with pytest.raises(LedgerError):
        keys.open(keys.seal(b"data", b"1"), b"2")


@pytest.mark.parametrize("text", ["", "x", "n@me", "ü", "AAAA"])
def test_what_is_no_sealed_text_is_the_declared_error(text: str):
    """An entry that somebody wrote by hand ends in LedgerError, whatever stands where a sealed text should."""
    with pytest.raises(LedgerError, match="does not open with this key"):
        Keys(b"k" * 32).open_text(text)


def test_the_key_stands_beside_the_ledger():
    """By default the key is beside the directory, not in it."""
    assert default_key_file(Path("/srv/ledger")) == Path("/srv/ledger.key")


def test_a_signature_belongs_to_one_key_and_one_text():
    """What a ledger signed checks with its public key, and with nothing else."""
    keys, other = Keys(b"k" * 32), Keys(b"o" * 32)
    signature = keys.sign(b"text")
    assert is_signed(keys.public, signature, b"text")
    assert not is_signed(keys.public, signature, b"texts")
    assert not is_signed(other.public, signature, b"text")
    assert not is_signed("no key", "no signature", b"text")
