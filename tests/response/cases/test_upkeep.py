"""What runs beside a gate for cases: escalation of what nobody looked after, and the end of what was kept."""

from __future__ import annotations

import logging

import pytest
from tests.ledger.making import NOON, disclosed, write
from tests.response.cases.making import act, opened

from himaya.analysis.cases import CaseStore, cases_path
from himaya.analysis.groups import Group
from himaya.bootstrap.case_upkeep import expire_register, has_cases, unacknowledged
from himaya.bootstrap.register import found_problems, open_register
from himaya.config import Config, loads
from himaya.core.errors import ConfigError
from himaya.response.cases import State
from himaya.response.cases.tables import connect

MICROS = 1_000_000


@pytest.fixture
def config(tmp_path) -> Config:
    """Give a configuration beside a ledger in which one group was found at noon."""
    write(tmp_path / "l", disclosed(NOON, "u1", "anna"))
    with CaseStore(cases_path(tmp_path / "l")) as store:
        store.put(Group("g-1", NOON - 60, NOON, members={1: None}), NOON)
    where = f'[owner]\nname = "The office"\n[ledger]\ndirectory = "{tmp_path / "l"}"\n'
    return loads(f"{where}[response]\nescalate_s = 600\nregister_days = 100\n")


def register_of(config: Config, tmp_path):
    """Return the register of the configuration."""
    return open_register(tmp_path / "l", None, config)


def test_a_suspected_case_that_nobody_acknowledged_is_escalated_once(config, tmp_path):
    """After its time the owner is told, once; the case says so, and the words name nobody."""
    look = unacknowledged(config)
    assert list(look(NOON + 300)) == []
    (told,) = look(NOON + 700)
    assert (told.kind, told.severity, told.to_owner) == ("case", "high", True)
    assert "Nobody acknowledged a suspected case for 12 min" in told.text
    assert list(look(NOON + 900)) == []
    with register_of(config, tmp_path) as register:
        assert register.case("g-1").owner == "The office"
        (escalated,) = register.case("g-1").acts("escalated")
        assert (escalated.by, escalated.role) == ("himaya", "")


@pytest.mark.parametrize("kind", ["acknowledged", "confirmed", "closed"])
def test_a_case_that_somebody_looked_after_is_not_escalated(config, tmp_path, kind):
    """Acknowledged, or decided on in time: nobody is woken."""
    assert list(unacknowledged(config)(NOON + 300)) == []
    with register_of(config, tmp_path) as register:
        register.add(act(kind, "g-1", at=int((NOON + 400) * MICROS)))
    assert list(unacknowledged(config)(NOON + 700)) == []


def test_practice_cases_are_not_escalated(config, tmp_path):
    """A drill wakes nobody by itself."""
    with register_of(config, tmp_path) as register:
        register.add_all([opened("c-1", practice=True)])
    told = [one.reference for one in unacknowledged(config)(NOON + 700_000_000)]
    assert told == ["case g-1"]


def test_a_look_is_not_taken_all_the_time(config, tmp_path, monkeypatch):
    """The alarm asks every second; the register is opened every minute at most."""
    opens = []
    from himaya.bootstrap import case_upkeep

    real = case_upkeep.opened
    monkeypatch.setattr(case_upkeep, "opened", lambda *given: opens.append(1) or real(*given))
    look = unacknowledged(config)
    for second in range(150):
        assert list(look(NOON + second)) == []
    assert len(opens) == 3


def test_without_a_case_nothing_is_opened(tmp_path):
    """No group and no register: the register is not made either; 0 switches it off."""
    write(tmp_path / "l", disclosed(NOON, "u1", "anna"))
    config = loads(f'[ledger]\ndirectory = "{tmp_path / "l"}"\n')
    assert not has_cases(config)
    assert list(unacknowledged(config)(NOON)) == []
    expire_register(config, NOON)
    assert not has_cases(config)


def test_a_register_that_cannot_be_read_is_logged_once(config, tmp_path, caplog):
    """Alerts go on; the log says once why cases are not looked at."""
    (tmp_path / "l.register").write_bytes(b"something else " * 200)
    look = unacknowledged(config)
    with caplog.at_level(logging.WARNING):
        for minute in range(3):
            assert list(look(NOON + 60 * minute)) == []
    assert [record.message for record in caplog.records].count(caplog.records[0].message) == 1
    assert "cannot be escalated" in caplog.text


def test_reasons_of_old_cases_are_removed_by_the_upkeep(config, tmp_path):
    """Cases that are over for longer than `register_days` lose reasons and data, once; open ones keep theirs."""
    at = int(NOON * MICROS)
    with register_of(config, tmp_path) as register:
        for name in ("c-old", "c-open"):
            register.add(act("opened", name, at=at, by="himaya", data={}))
        register.add(act("closed", "c-old", at=at))
    for day in (99, 101, 102):
        expire_register(config, NOON + day * 86_400)
    with register_of(config, tmp_path) as register:
        old, still = register.case("c-old"), register.case("c-open")
    assert [e.act.kind for e in old.entries] == ["opened", "closed", "expired"]
    assert [e.removed for e in old.entries] == [False, True, False]
    assert old.state is State.CLOSED
    assert not any(e.removed for e in still.entries)
    assert found_problems(tmp_path / "l", None, config) == []


def test_a_register_that_was_cut_short_is_found_by_the_chain(config, tmp_path):
    """Its last entries are removed, and it holds by itself: the chain of the ledger names what is missing."""
    with register_of(config, tmp_path) as register:
        register.add_all([opened("c-1"), act("confirmed", "c-1")])
        before = register.newest().number
        with register._engine.begin() as db:
            db.exec_driver_sql("DROP TRIGGER entry_grows")
            db.exec_driver_sql(f"DELETE FROM entry WHERE number = {before}")
        assert register.problems() == []
    said = f"register: entry {before} is missing; the chain of the ledger names it"
    assert found_problems(tmp_path / "l", None, config) == [said]
    with register_of(config, tmp_path) as register:
        register.add(act("closed", "c-1"))
    said = f"register: entry {before} is not the one that the chain of the ledger names"
    assert found_problems(tmp_path / "l", None, config) == [said]


def test_a_register_that_is_gone_is_found(config, tmp_path):
    """The chain names entries, and there is no file: checking does not make one."""
    with register_of(config, tmp_path) as register:
        register.add(opened("c-1"))
    (tmp_path / "l.register").unlink()
    (said,) = found_problems(tmp_path / "l", None, config)
    assert "names 1 entries, and" in said
    assert not (tmp_path / "l.register").exists()


def test_the_chain_learns_of_an_entry_whose_writer_died(config, tmp_path):
    """Between the register and the chain the writer came to its end: the next opening makes up for it."""
    from himaya.bootstrap import register as module

    with register_of(config, tmp_path) as register:
        register._witness = lambda _: None
        register.add(opened("c-1"))
    with register_of(config, tmp_path) as register:
        with register._engine.begin() as db:
            db.exec_driver_sql("DROP TRIGGER entry_grows")
            db.exec_driver_sql("DELETE FROM entry")
        assert module.register_problems(register, tmp_path / "l", None) == [
            "register: entry 1 is missing; the chain of the ledger names it"
        ]


def test_wrong_numbers_in_the_configuration_are_named():
    """`[response]` takes whole numbers within their range."""
    for key in ("escalate_s = -1", "register_days = -1", 'escalate_s = "x"', "nothing = 1"):
        with pytest.raises(ConfigError, match="response"):
            loads(f"[response]\n{key}\n")


def test_a_path_with_a_percent_sign_is_a_path(tmp_path):
    """Where the ledger lies is nobody's format string."""
    (tmp_path / "100%d").mkdir()
    connect("", tmp_path / "100%d" / "l").dispose()
