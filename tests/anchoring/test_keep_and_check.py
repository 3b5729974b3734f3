"""The head of the chain is deposited, and a chain that was written anew is found."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from tests.anchoring.house import begun, configured, opened, rewritten
from tests.ledger.making import NOON

from himaya.anchoring import Anchoring, check
from himaya.anchoring.deposit import Deposit, parse_deposit
from himaya.anchoring.directory import Directory
from himaya.cli import group
from himaya.core.errors import InputError, ServiceError
from himaya.ledger.state import read_state
from himaya.ledger.verify import verify

HOUR = 3600.0


class Refuses:
    """A place that takes nothing while `problem` says why."""

    name, is_readable = "away", False

    def __init__(self, problem="the share is not mounted"):
        self.problem, self.took = problem, []

    def put(self, deposit, now):
        if self.problem:
            raise ServiceError(self.problem)
        self.took.append(deposit)
        return b"taken"

    def found(self):
        return iter(())


def directory_place(tmp_path, name="share"):
    (tmp_path / name).mkdir(exist_ok=True)
    return Directory(name, tmp_path / name)


def test_the_head_is_deposited_once_a_day_and_entered_in_the_chain(tmp_path):
    """A deposit comes at once and then every 24 hours; the chain names place, line, hash and receipt of each."""
    chain, keys = opened(begun(tmp_path))
    place = directory_place(tmp_path)
    anchoring = Anchoring(chain, keys, [place])
    head = read_state(chain)
    for hours in (0, 1, 23, 24.5, 25):
        anchoring.keep(NOON + hours * HOUR)
    deposits = sorted(parse_deposit(one.data).seq for one in place.found())
    assert deposits == [head.seq, head.seq + 1]
    known = read_state(chain).anchors
    assert known.times == {"share": 2}
    assert "share" in anchoring.words
    first = next(entry for _, entry in chain.lines() if type(entry).__name__ == "Anchored")
    assert (first.seq, first.hash) == (head.seq, head.hash)


def test_a_deposit_names_nobody(tmp_path):
    """What leaves the machine has seven keys: ledger, line, hash, rows, time, public key, signature."""
    chain, keys = opened(begun(tmp_path))
    place = directory_place(tmp_path)
    Anchoring(chain, keys, [place]).deposit(NOON)
    (found,) = place.found()
    told = json.loads(found.data)
    assert list(told) == ["ledger", "seq", "hash", "rows", "at", "public", "signature"]
    assert b"anna" not in found.data
    assert b"u7" not in found.data
    assert parse_deposit(found.data).is_signed()


def test_a_place_that_fails_is_tried_again_and_recorded_once(tmp_path):
    """The others go on; the failure stands in the chain once, in status while it lasts, and ends with a deposit."""
    chain, keys = opened(begun(tmp_path))
    away, share = Refuses(), directory_place(tmp_path)
    anchoring = Anchoring(chain, keys, [away, share])
    for minutes in (0, 15, 30):
        anchoring.keep(NOON + minutes * 60)
    assert list(anchoring.told()) == ["away: the share is not mounted"]
    kinds = [type(entry).__name__ for _, entry in chain.lines()]
    assert (kinds.count("Unanchored"), kinds.count("Anchored")) == (1, 1)
    assert "no deposit at away" in anchoring.words
    away.problem = ""
    anchoring.keep(NOON + 45 * 60)
    assert anchoring.problems == {}
    assert len(away.took) == 1
    assert read_state(chain).anchors.failing == {}


def test_a_place_that_breaks_stops_nobody(tmp_path):
    """An error that nobody expected is a problem of that place alone."""
    chain, keys = opened(begun(tmp_path))
    broken, share = Refuses(), directory_place(tmp_path)
    broken.put = lambda deposit, now: 1 // 0
    done = Anchoring(chain, keys, [broken, share]).deposit(NOON)
    assert [bool(one.problem) for one in done] == [True, False]


def test_without_a_place_nothing_is_read(tmp_path):
    """When nothing is configured, upkeep costs nothing and says so."""
    anchoring = Anchoring(None, None, [])
    anchoring.keep(NOON)
    assert anchoring.words == "not anchored"


def test_a_rewritten_chain_is_found_and_its_line_named(tmp_path):
    """Whoever holds files and key writes another history: verify sees nothing, the deposit does."""
    directory = begun(tmp_path)
    chain, keys = opened(directory)
    place = directory_place(tmp_path)
    anchoring = Anchoring(chain, keys, [place])
    anchoring.deposit(NOON)
    before = read_state(chain).seq
    anchoring.deposit(NOON + 25 * HOUR)
    assert check(chain, keys, [place]).is_well
    rewritten(directory, before, lambda entry: {**entry, "at": "2020-01-01T00:00:00Z"})
    assert verify(chain._layout, keys) == []
    found = check(chain, keys, [place])
    assert not found.is_well
    assert (found.first, found.safe) == (before, before - 1)
    assert [one.state for one in found.deposits] == ["contained", "contradicted"]


def test_a_chain_written_anew_from_its_first_line_is_found(tmp_path):
    """The first line is another one, so the ledger has another id; its key gives it away."""
    directory = begun(tmp_path)
    chain, keys = opened(directory)
    place = directory_place(tmp_path)
    (done,) = Anchoring(chain, keys, [place]).deposit(NOON)
    rewritten(directory, 1, lambda entry: {**entry, "at": "2020-01-01T00:00:00Z"})
    assert check(chain, keys, [place]).first == done.seq


def test_a_shortened_chain_is_found(tmp_path):
    """A chain whose end was cut lacks the line that was deposited."""
    directory = begun(tmp_path)
    chain, keys = opened(directory)
    place = directory_place(tmp_path)
    Anchoring(chain, keys, [place]).deposit(NOON)
    (directory / "chain.jsonl").write_text(
        "".join((directory / "chain.jsonl").read_text().splitlines(keepends=True)[:1])
    )
    (one,) = check(chain, keys, [place]).deposits
    assert (one.state, one.said) == ("contradicted", f"the chain has no line {one.seq} any more")


def test_a_deposit_that_was_taken_away_is_missed(tmp_path):
    """The chain says what was deposited where; what is gone there is named."""
    chain, keys = opened(begun(tmp_path))
    place = directory_place(tmp_path)
    Anchoring(chain, keys, [place]).deposit(NOON)
    for path in (tmp_path / "share").iterdir():
        path.unlink()
    (one,) = check(chain, keys, [place]).deposits
    assert one.state == "missing"


def test_a_planted_deposit_shows_nothing(tmp_path):
    """Whoever can write to a place but has not the key cannot make a chain look rewritten."""
    chain, keys = opened(begun(tmp_path))
    place = directory_place(tmp_path)
    Anchoring(chain, keys, [place]).deposit(NOON)
    (found,) = place.found()
    told = json.loads(found.data) | {"hash": "0" * 64}
    (tmp_path / "share/planted.json").write_text(json.dumps(told))
    (tmp_path / "share/noise.json").write_bytes(b"\xff" * 10_000)
    states = sorted(one.state for one in check(chain, keys, [place]).deposits)
    assert states == ["contained", "unsigned", "unsigned"]
    assert check(chain, keys, [place]).first == 0


def test_deposits_of_another_ledger_are_counted_only(tmp_path):
    """Two ledgers may share a place."""
    place = directory_place(tmp_path)
    (tmp_path / "other").mkdir()
    chain, keys = opened(begun(tmp_path / "other"))
    Anchoring(chain, keys, [place]).deposit(NOON)
    chain, keys = opened(begun(tmp_path))
    Anchoring(chain, keys, [place]).deposit(NOON)
    found = check(chain, keys, [place])
    assert (found.is_well, len(found.deposits), found.others) == (True, 1, 1)


def test_what_is_no_deposit_is_refused():
    """Damage, other JSON and long files are told from deposits."""
    for data in (b"", b"{}", b"[1]", b"\xff\xfe", b" " * 5000):
        with pytest.raises(InputError, match="no deposit"):
            parse_deposit(data)
    plain = Deposit("a", 1, "b", 0, "", "zz", "not hex")
    assert not plain.is_signed()


def run(*words):
    done = CliRunner().invoke(group, list(map(str, words)))
    return done.exit_code, done.output


def test_the_command_deposits_lists_and_checks(tmp_path):
    """`himaya anchor now`, `list` and `check` over a share, then over a chain that was rewritten."""
    directory = begun(tmp_path)
    (tmp_path / "share").mkdir()
    config = configured(tmp_path, '[[anchor.places]]\nkind = "file"\npath = "share"')
    assert (
        run("anchor", "check", "--config", config)[0] == 1
    )  # nothing was deposited: nothing is shown
    assert run("anchor", "now", "--config", config)[0] == 0
    code, said = run("anchor", "list", "--config", config, "--json")
    (listed,) = json.loads(said)["places"]
    assert (code, listed["deposits"]) == (0, "1")
    deposited = listed["entry"]
    code, said = run("anchor", "check", "--config", config)
    assert (code, "the chain still contains this head" in said) == (0, True)
    code, said = run("ledger", "status", "--ledger", directory)
    assert f"entry {deposited} at file" in said
    kept = next((tmp_path / "share").iterdir()).rename(tmp_path / "kept.json")
    rewritten(directory, 2, lambda entry: {**entry, "at": "2020-01-01T00:00:00Z"})
    code, said = run("anchor", "check", "--config", config, "--deposit", kept)
    assert code == 1
    assert f"The chain was rewritten: line {deposited} contradicts" in said
