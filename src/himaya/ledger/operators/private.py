"""The private file of an operator: two keys under a passphrase. It never comes to the gate's machine.

The passphrase goes through scrypt (RFC 7914) with N=2^15, r=8, p=3, which OWASP's password storage cheat sheet counts
as strong as N=2^17, p=1, in a quarter of the memory (32 MiB). AES-256-GCM encrypts the keys under the result.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from himaya.core.errors import InputError
from himaya.ledger.archive import decrypt
from himaya.ledger.entries import Card
from himaya.ledger.files import create_secret
from himaya.ledger.operators.statements import (
    card_id,
    check_card,
    read_statement,
    signed_bytes,
    written,
)

#: Letters of a passphrase at least.
MIN_PASSPHRASE = 12
_LOG_N, _R, _P = 15, 8, 3
_MOST_LOG_N, _MOST_P = 20, 16
_SALT, _NONCE, _SEED = 16, 12, 32
_T = TypeVar("_T", bound=msgspec.Struct)


class _File(
    msgspec.Struct,
    frozen=True,
    forbid_unknown_fields=True,
    tag_field="himaya",
    tag="operator-private-1",
):
    """The content of a private file: the card, how hard scrypt works, and the keys encrypted."""

    card: Card
    log_n: int
    p: int
    salt: bytes
    nonce: bytes
    sealed: bytes


class Private:
    """What the holder of a private file can do: sign, and open what was encrypted to the card."""

    def __init__(self, card: Card, seeds: bytes) -> None:
        """Take the card and the two secrets, 32 bytes each."""
        self.card, self.id = card, card_id(card)
        self._sign = Ed25519PrivateKey.from_private_bytes(seeds[:_SEED])
        self._box = seeds[_SEED:]

    def signed(self, statement: _T) -> _T:
        """Return a statement with this operator's signature."""
        made = self._sign.sign(signed_bytes(statement)).hex()
        return msgspec.structs.replace(statement, signature=made)

    def open(self, sealed: bytes, about: bytes) -> bytes:
        """Return what `archive.encrypt` encrypted to this card. Raises ValueError when it does not open."""
        return decrypt(sealed, self._box, about)


def create(path: Path, name: str, role: str, passphrase: str, made: str) -> Card:
    """Write a new private file, readable by its owner alone, and return its card. Raises InputError."""
    if len(passphrase) < MIN_PASSPHRASE:
        raise InputError(f"the passphrase is shorter than {MIN_PASSPHRASE} letters")
    seeds = os.urandom(2 * _SEED)
    card = _card(name, role, seeds, made)
    salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
    sealed = AESGCM(_derive(passphrase, salt, _LOG_N, _P)).encrypt(
        nonce, seeds, card_id(card).encode()
    )
    try:
        create_secret(path, written(_File(card, _LOG_N, _P, salt, nonce, sealed)).encode())
    except OSError as problem:
        raise InputError(
            f"cannot write the private file: {problem.strerror}", file=str(path)
        ) from None
    return card


def _card(name: str, role: str, seeds: bytes, made: str) -> Card:
    """Return the card of two secrets, with the proof that whoever made it holds them."""
    sign = Ed25519PrivateKey.from_private_bytes(seeds[:_SEED])
    box = X25519PrivateKey.from_private_bytes(seeds[_SEED:]).public_key()
    public = sign.public_key().public_bytes_raw().hex()
    card = Card(name=name, role=role, sign=public, box=box.public_bytes_raw().hex(), made=made)
    proof = sign.sign(signed_bytes(card, without=("proof", "signer", "signature"))).hex()
    card = msgspec.structs.replace(card, proof=proof)
    check_card(card)
    return card


def read(path: Path, passphrase: str) -> Private:
    """Return what a private file holds. Raises InputError: no private file, or another passphrase."""
    file = read_statement(path, _File, "a private file of an operator")
    if not (1 <= file.log_n <= _MOST_LOG_N and 1 <= file.p <= _MOST_P):
        raise InputError("asks scrypt for more work than himaya does", file=str(path))
    key = _derive(passphrase, file.salt, file.log_n, file.p)
    try:
        seeds = AESGCM(key).decrypt(file.nonce, file.sealed, card_id(file.card).encode())
    except (InvalidTag, ValueError):
        raise InputError(
            "does not open: the passphrase is another, or the file was changed", file=str(path)
        ) from None
    return Private(file.card, seeds)


def _derive(passphrase: str, salt: bytes, log_n: int, p: int) -> bytes:
    kdf = Scrypt(salt=salt, length=32, n=1 << log_n, r=_R, p=p)
    return kdf.derive(passphrase.encode("utf-8", "surrogateescape"))
