"""After an erasure, with everything around a ledger that may hold a name: copies, storage, found files, exports."""

from __future__ import annotations

import json
from pathlib import Path

from tests.ledger.crew import run
from tests.ledger.making import NOON, disclosed, write

from himaya.ledger.attachments import Attachments
from himaya.ledger.identities import Identities
from himaya.ledger.keys import read_key_file
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind, iso

PERSON, ACCOUNT = "anna-k-9313", "acct-7741"


def _spread(tmp_path: Path) -> Path:
    """Make a ledger, and every file beside it that a command makes of it."""
    ledger, why = tmp_path / "l", ("--ledger", tmp_path / "l", "--why", "t")
    write(ledger, disclosed(NOON, ACCOUNT, PERSON), disclosed(NOON, "other", PERSON, "ben"))
    (tmp_path / "found.csv").write_text(f"id\n{PERSON}\n")
    run("attribute", tmp_path / "found.csv", "--key", "id", "--attach", 90, *why)
    (tmp_path / "found.csv").unlink()
    (tmp_path / "out").mkdir()
    said = ("--purpose", "p", "--holder", "legal", "--until", "2999-01-01")
    name = ("--actor", f"account:{ACCOUNT}", "--json", "--output", tmp_path / "out" / "who.json")
    run("who", *why, *name, *said)
    run("access", *why, "--subject", PERSON, "--statement", tmp_path / "out" / "s.json")
    run("ledger", "backup", "--ledger", ledger, "--to", tmp_path / "copy", "--keep-days", 400)
    run("ledger", "publish", "--ledger", ledger, "--to", f"file://{tmp_path}/store")
    return ledger


def test_only_places_that_the_erasure_names_still_know_the_person(tmp_path):
    """No file has the name in it but what left the house; with every key, the copy and the found file alone have it."""
    ledger = _spread(tmp_path)
    both = ("--both", "--subject", PERSON, "--account", ACCOUNT)
    told = json.loads(run("forget", "--ledger", ledger, "--why", "t", "--json", *both))
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.parent.name != "out":
            assert not any(name.encode() in path.read_bytes() for name in (PERSON, ACCOUNT)), path
    keys = read_key_file(Path(f"{ledger}.key"))
    maps = {path.parent.name: path for path in tmp_path.rglob("identities.sqlite")}
    known = {
        place: bool(Identities(path, keys).find(Kind.SUBJECT, PERSON))
        for place, path in maps.items()
    }
    assert known == {"l": False, "copy": True}
    (listed,) = json.loads(run("ledger", "erasures", "--ledger", ledger, "--json"))["erasures"]
    assert listed["backups_until"] == told["backups_until"]
    with Reader.open(ledger) as reader:
        (copy,), (found,) = reader.state().backups, reader.state().attachments
        kept = Attachments(reader.layout, reader.chain, keys).open(found).read()
    assert PERSON.encode() in kept
    assert told["backups_until"] == iso(copy.until)
    assert [Path(one["path"]).name for one in told["exports"]] == ["who.json"]
