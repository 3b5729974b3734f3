"""The gate's upkeep deposits, publishes and tells, whatever fails before."""

from __future__ import annotations

import pytest
from tests.ledger.making import NOON, disclosed

from himaya.bootstrap.parts import make_anchoring, open_ledger, upkeep
from himaya.cli.status import _lines
from himaya.config import loads
from himaya.control.messages import Status
from himaya.core.errors import ConfigError, LedgerError
from himaya.ledger.state import read_state
from himaya.runner.alerting import conditions

PLACES = '[[anchor.places]]\nkind = "file"\npath = "share"\n'


def configured(folder, text=PLACES):
    (folder / "share").mkdir(exist_ok=True)
    ledger = f'[ledger]\ndirectory = "ledger"\nstorage = "file://{folder}/copy"\n'
    return loads(f'[site]\nname = "People"\n{ledger}{text}', directory=folder)


def test_upkeep_deposits_and_publishes_although_sealing_fails(tmp_path, monkeypatch):
    """The head is deposited, and sealed files are at `[ledger] storage`; a failed seal stops neither."""
    config = configured(tmp_path)
    ledger = open_ledger(config, NOON)
    ledger.append(disclosed(NOON - 86400, "u1", "anna"))
    ledger.flush()
    anchoring = make_anchoring(config, ledger.chain, ledger.keys)
    upkeep(ledger, config, anchoring, NOON)
    assert len(list((tmp_path / "share").iterdir())) == 1
    assert {path.name for path in (tmp_path / "copy/sealed").iterdir()} == set(
        read_state(ledger.chain).files
    )

    def fails(*_):
        raise LedgerError("the disk refuses")

    monkeypatch.setattr(ledger, "seal", fails)
    with pytest.raises(LedgerError, match="refuses"):
        upkeep(ledger, config, anchoring, NOON + 90_000)
    assert len(list((tmp_path / "share").iterdir())) == 2
    monkeypatch.undo()
    ledger.close()


def test_a_failure_is_told_without_what_it_says():
    """An alert names the place by the configuration's word; only `himaya status` says what failed."""
    problems = {"share": "/mnt/secret: permission denied"}
    (told,) = conditions.anchors(lambda: problems)(NOON)
    assert ("share" in told.text, "secret" in told.text) == (True, False)
    lines = _lines(Status(anchor="not anchored", anchor_problems=("share: denied",)))
    assert "anchor      not anchored" in lines
    assert "PROBLEM     not anchored: share: denied" in lines


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[anchor.places]]\nkind = "file"', 'anchor.places[0].path: a place of kind "file" needs'),
        (PLACES + PLACES, 'two places are called "file"'),
        (PLACES + 'name = "a b"', 'got "a b"'),
        (PLACES + "retain_days = 3", "does not read it"),
        ('[[anchor.places]]\nkind = "rfc3161"\nurl = "ftp://x"', "expected http"),
        ('[[anchor.places]]\nkind = "email"\nto = ["a@b.example"]', "mail needs a server"),
        ('[[anchor.places]]\nkind = "object"\nurl = "file:///x"\nretain_days = 3', "only s3://"),
        ("[anchor]\nevery_hours = 0", "at least 1"),
    ],
)
def test_a_place_that_is_not_whole_is_named(tmp_path, text, words):
    """Each mistake has its key and what to do."""
    with pytest.raises(ConfigError) as why:
        configured(tmp_path, text)
    assert words in str(why.value)


def test_places_are_kept_in_the_activated_text(tmp_path):
    """What the ledger keeps of a configuration loads again with the same places."""
    config = configured(tmp_path, PLACES + '[[anchor.places]]\nkind = "git"\nurl = "x.git"\n')
    again = loads(config.canonical, directory=tmp_path)
    assert again.anchor == config.anchor
    assert [one.called for one in again.anchor.places] == ["file", "git"]
