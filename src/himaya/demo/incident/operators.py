"""The named demo operators, with keys and passes made by the real commands. Nobody of these names exists."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from himaya.demo.incident.hands import LEDGER, Hands

OWNER: Final = "olu-owner"
ANALYST: Final = "ana-analyst"
LEGAL: Final = "lea-legal"
DPO: Final = "dara-dpo"
#: Names of the demo's operators and their roles; the owner vouches for the others.
OPERATORS: Final = {OWNER: "owner", ANALYST: "analyst", LEGAL: "legal", DPO: "dpo"}
_DIRECTORY = Path("operators")


def enrol(hands: Hands) -> None:
    """Make keys for everybody, enrol them at the ledger and make their passes. Raises ServiceError."""
    _DIRECTORY.mkdir(mode=0o700)
    for name, role in OPERATORS.items():
        _phrase(name).write_text(f"an invented phrase of {name}\n")
        _phrase(name).chmod(0o600)
        hands.do("", "operator", "add", name, "--role", role, *_private(name))
    for name in OPERATORS:
        card = _DIRECTORY / f"{name}.key.card"
        if name != OWNER:
            signed = hands.do("", "operator", "sign", card, *_private(OWNER))
            card = _DIRECTORY / f"{name}.card"
            card.write_text(signed)
        hands.do("", "operator", "enrol", "--ledger", LEDGER, card)
    number = hands.told("", "operator", "list", "--ledger", LEDGER)["ledger"]
    for name in OPERATORS:
        _pass(hands, name, number)


def _pass(hands: Hands, name: str, ledger: str) -> None:
    path = _DIRECTORY / f"{name}.pass"
    path.write_text(hands.do("", "operator", "pass", *_private(name), "--ledger-id", ledger))
    path.chmod(0o600)
    hands.passes[name] = path


def _phrase(name: str) -> Path:
    return _DIRECTORY / f"{name}.passphrase"


def _private(name: str) -> tuple[object, ...]:
    return ("--private", _DIRECTORY / f"{name}.key", "--passphrase-file", _phrase(name))
