"""When a process looks into the register by itself: after a change, every ten minutes, and again after an error."""

from __future__ import annotations

import logging

import pytest

from himaya.bootstrap.letters import overdue_letters
from himaya.bootstrap.looking import Looking
from himaya.config import loads
from himaya.core.errors import ServiceError

LOG = logging.getLogger(__name__)


def looking(folder, database=""):
    """Return what looks into the register beside a ledger in `folder`, or into a database."""
    text = f'[ledger]\ndirectory = "{folder}/l"\n[response]\ndatabase = "{database}"\n'
    return Looking(loads(text), LOG, "letters")


def due(look, start, end):
    """Return the seconds at which a look is due."""
    return [second for second in range(start, end) if look.is_due(second)]


def gone(_):
    """Find nothing: the register went away."""
    raise ServiceError("gone")


@pytest.mark.parametrize("database", ["", "postgresql+psycopg:///himaya"])
def test_every_ten_minutes(tmp_path, database):
    """What does not change is read every ten minutes, beside the ledger as in a database."""
    (tmp_path / "l.register").touch()
    assert due(looking(tmp_path, database), 0, 1300) == [0, 600, 1200]


def test_an_error_is_tried_again_in_a_minute(tmp_path, caplog):
    """The same problem is logged once, until a look passed between."""
    (tmp_path / "l.register").touch()
    look = looking(tmp_path)
    for second in range(100):
        assert list(look.look(gone, second)) == []
    assert due(look, 100, 800) == [120, 720]
    assert len(caplog.records) == 1
    assert list(look.look(lambda now: iter([now]), 1320)) == [1320]
    assert list(look.look(gone, 1920)) == []
    assert len(caplog.records) == 2


def test_a_clock_that_is_set_back_stops_nothing(tmp_path):
    """After a jump backwards the next look is had at once."""
    (tmp_path / "l.register").touch()
    look = looking(tmp_path)
    assert due(look, 5000, 5002) == [5000]
    assert due(look, 10, 12) == [10]


def test_letters_of_a_broken_register_are_logged_once(tmp_path, caplog):
    """The alarm asks every second; the log does not hear of it every second."""
    (tmp_path / "l.register").write_bytes(b"something else " * 200)
    look = overdue_letters(loads(f'[ledger]\ndirectory = "{tmp_path}/l"\n'))
    for second in range(150):
        assert list(look(second)) == []
    assert [one.message[:25] for one in caplog.records] == ["letters cannot be looked "]
