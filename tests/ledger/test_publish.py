"""Sealed files and the chain at another place: copied once, compared by hash, and gone when they are over here."""

from __future__ import annotations

import hashlib
import uuid

import msgspec
import pytest
from click.testing import CliRunner
from tests.anchoring.store import LOGIN, make_bucket, s3_server
from tests.ledger.making import DAY, NOON, disclosed, half_sealed

from himaya.cli import group
from himaya.core.errors import InputError, LedgerError, ServiceError
from himaya.ledger import retention
from himaya.ledger.chain import Chain
from himaya.ledger.engines import Choice
from himaya.ledger.erasure import forget
from himaya.ledger.files import Layout
from himaya.ledger.publish import publish
from himaya.ledger.reader import Reader
from himaya.ledger.state import State, read_state
from himaya.ledger.storage import Storage
from himaya.ledger.verify import _chain_problems


def items():
    return [disclosed(NOON - n % 4 * DAY + n, f"u{n % 3}", f"person-{n % 5}") for n in range(30)]


@pytest.fixture
def ledger(tmp_path):
    """Return a ledger of four days with rows that are not sealed yet."""
    opened = half_sealed(tmp_path / "ledger", items(), 20)
    yield opened
    opened.close()


@pytest.fixture(params=["file", "memory"])
def storage(request, tmp_path):
    """Return an empty storage of each kind."""
    place = (
        f"file://{tmp_path}/share" if request.param == "file" else f"memory://{uuid.uuid4().hex}/x"
    )
    return Storage(place)


def test_files_are_copied_once(ledger, storage):
    """The first copy takes every file and twin, the next one none; what is there has the hashes of the chain."""
    files = read_state(ledger.chain).files
    first, second = (publish(ledger.layout, ledger.chain, storage) for _ in range(2))
    assert (first.copied, first.files, second.copied) == (2 * len(files), 2 * len(files), 0)
    for file in files.values():
        twin = storage.get(f"by_subject/{file.name}")
        assert hashlib.sha256(twin).hexdigest() == file.twin.sha256
        assert hashlib.sha256(storage.get(f"sealed/{file.name}")).hexdigest() == file.sha256
    assert publish(ledger.layout, ledger.chain, storage, verify=True).copied == 0


def test_the_copied_chain_is_whole(ledger, storage, tmp_path):
    """Whoever has the copy checks chain and head without a key of names."""
    publish(ledger.layout, ledger.chain, storage)
    copy = Layout(tmp_path / "copy")
    copy.directory.mkdir()
    for name in ("chain.jsonl", "chain.head"):
        (copy.directory / name).write_bytes(storage.get(name))
    chain = Chain(copy, ledger.keys)
    assert list(_chain_problems(chain, State(), {})) == []
    head, state = chain.head(), read_state(chain)
    assert (head.seq, head.hash) == (state.seq, state.hash)


def test_no_name_leaves_the_machine(ledger, storage):
    """Neither the map of identities, nor the key, nor a name in the clear is at the other place."""
    publish(ledger.layout, ledger.chain, storage)
    assert storage.names() == ["chain.head", "chain.jsonl"]
    data = [storage.get(name) for name in storage.names()]
    data += [storage.get(f"sealed/{name}") for name in storage.names("sealed")]
    assert not any(b"person-" in each or b"u1" in each for each in data[2:])
    assert not any(b"person-" in each for each in data)


def test_what_retention_removes_is_removed_there(ledger, storage):
    """Files that are over here go with the next copy; what somebody else put there stays."""
    publish(ledger.layout, ledger.chain, storage)
    storage.put("sealed/notes.txt", b"somebody else's")
    retention.execute(ledger, NOON + 30 * DAY, days=29)
    done = publish(ledger.layout, ledger.chain, storage)
    assert done.removed > 0
    names = {name for name in storage.names("sealed") if name != "notes.txt"}
    assert names == set(read_state(ledger.chain).files)
    assert storage.get("sealed/notes.txt") == b"somebody else's"


def test_a_changed_file_is_not_copied_and_a_changed_copy_is_named(ledger, storage):
    """The hash in the chain decides, here and there."""
    publish(ledger.layout, ledger.chain, storage)
    name = storage.names("sealed")[0]
    storage.put(f"sealed/{name}", b"something else")
    with pytest.raises(ServiceError, match=f"{name}: was changed"):
        publish(ledger.layout, ledger.chain, storage, verify=True)
    storage.remove(f"sealed/{name}")
    (ledger.layout.sealed / name).write_bytes(b"something else")
    with pytest.raises(LedgerError, match="not copied"):
        publish(ledger.layout, ledger.chain, storage)


def test_a_missing_file_is_named(ledger, storage):
    """A file that the chain names and that is not here ends the copy with what to do."""
    next(ledger.layout.sealed.iterdir()).unlink()
    with pytest.raises(LedgerError, match="himaya ledger verify"):
        publish(ledger.layout, ledger.chain, storage)


def answers(reader):
    told = [reader.who_actor("account:u1"), reader.who_subject("person-2")]
    return [msgspec.to_builtins(one) for one in told]


@pytest.mark.parametrize("storage", ["memory"], indirect=True)
def test_questions_are_answered_from_the_storage(ledger, storage):
    """With the sealed files gone from here, answers come from the copy; people who were forgotten stay forgotten."""
    publish(ledger.layout, ledger.chain, storage)
    choice = Choice(storage=storage.url)
    with Reader.open(ledger.layout.directory) as here:
        expected = answers(here)
    for path in (*ledger.layout.sealed.iterdir(), *ledger.layout.twins.iterdir()):
        path.unlink()
    with Reader.open(ledger.layout.directory, engine=choice) as there:
        assert answers(there) == expected
        assert forget(there, subject="person-2", why="art. 17", by="x", now=NOON).erased == 1
        assert there.who_actor("account:u1").erased == 1


def test_the_command_copies_and_who_reads_there(tmp_path):
    """`himaya ledger publish --to` and `himaya who --storage` work together."""
    half_sealed(tmp_path / "ledger", items(), 30).close()
    place, where = f"file://{tmp_path}/share", str(tmp_path / "ledger")

    def run(*words):
        done = CliRunner().invoke(group, [*words, "--ledger", where])
        return done.exit_code, done.output

    code, said = run("ledger", "publish", "--to", place)
    assert (code, "files copied" in said) == (0, True)
    words = ("who", "--actor", "account:u1", "--why", "test")
    assert run(*words, "--storage", place) == run(*words)


def test_a_store_that_nobody_speaks_to_is_named():
    """A scheme that does not exist is a mistake of whoever typed it."""
    with pytest.raises(InputError, match="nothing://x"):
        Storage("nothing://x")


@pytest.mark.slow
def test_an_s3_compatible_server_takes_and_answers(ledger, tmp_path, monkeypatch):
    """The same copy at a real S3-compatible server, and a question over it."""
    for name, value in LOGIN.items():
        monkeypatch.setenv(name, value)
    with s3_server(tmp_path) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        make_bucket(address, "ledgers")
        storage = Storage("s3://ledgers/people")
        publish(ledger.layout, ledger.chain, storage)
        with Reader.open(ledger.layout.directory) as here:
            expected = answers(here)
        for path in ledger.layout.sealed.iterdir():
            path.unlink()
        with Reader.open(ledger.layout.directory, engine=Choice(storage=storage.url)) as there:
            assert answers(there) == expected
