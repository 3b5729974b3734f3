"""A ledger whose head is deposited, and what an owner who holds files and key can do to it."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
from tests.ledger.making import NOON, disclosed, write

from himaya.config import loads
from himaya.ledger import entries as e
from himaya.ledger.chain import Chain
from himaya.ledger.files import Layout
from himaya.ledger.keys import read_key_file


def begun(folder: Path, people=("anna", "ben")) -> Path:
    """Return the directory of a ledger with some rows."""
    directory = folder / "ledger"
    write(directory, *(disclosed(NOON + n, "u7", who) for n, who in enumerate(people))).close()
    return directory


def configured(folder: Path, places: str, more: str = "") -> Path:
    """Write a configuration with these places; return its file."""
    path = folder / "himaya.toml"
    text = f'[site]\nname = "People"\n[ledger]\ndirectory = "ledger"\n{more}\n{places}\n'
    loads(text, directory=folder)
    path.write_text(text)
    return path


def opened(directory: Path):
    """Return chain and keys of a ledger."""
    layout = Layout(directory)
    keys = read_key_file(directory.with_name("ledger.key"))
    return Chain(layout, keys), keys


def rewritten(directory: Path, number: int, change) -> None:
    """Write another chain with files and key: `change` is applied to one entry (a dict); None drops it."""
    chain, _ = opened(directory)
    raw = [json.loads(line) for line in (directory / "chain.jsonl").read_text().splitlines()]
    entries = [dict(one["entry"]) for one in raw]
    entries[number - 1] = change(entries[number - 1])
    (directory / "chain.jsonl").write_bytes(b"")
    (directory / "chain.head").unlink()
    for entry in entries:
        if entry is not None:
            chain.append(msgspec.json.decode(json.dumps(entry), type=e.AnyEntry))
