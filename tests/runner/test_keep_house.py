"""The upkeep of a running process: retention by the configuration, cases and erasures that waited included."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.making import DAY, NOON, disclosed, people, write

from himaya.analysis.cases import CaseStore, State, cases_path, matters_of
from himaya.analysis.groups import Group
from himaya.bootstrap.parts import keep_house
from himaya.config import loads
from himaya.core.facts import AccountFact, SubjectFact
from himaya.facts_store import FactsStore, facts_path
from himaya.ledger import erasure
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind

CONFIG = '[retention]\nidentified_days = 31\nconfirmed_days = 100\n[ledger]\ndirectory = "{}"\n'


def _case(ledger: Path, account: str) -> None:
    """A person confirmed a case of one account at noon."""
    with Reader.open(ledger) as reader, CaseStore(cases_path(ledger)) as cases:
        number = reader.identities.find(Kind.ACTOR, f"account:{account}")
        cases.put(Group("g-1", NOON - 60, NOON, members={number: None}), NOON)
        cases.move("g-1", State.CONFIRMED, why="one tool", by="dana", at=NOON)


def test_upkeep_keeps_confirmed_cases_and_finishes_erasures(tmp_path: Path):
    """Rows of a confirmed case stay for their days; an erasure it held is finished after closing, with the facts."""
    directory = tmp_path / "l"
    config = loads(CONFIG.format(directory))
    rows = (disclosed(NOON, "taker", "anna"), disclosed(NOON, "member", "anna"))
    ledger = write(directory, *rows, close=False, clock=lambda: NOON)
    _case(directory, "taker")
    with FactsStore(facts_path(directory)) as facts:
        facts.put([AccountFact("taker", tier="t"), AccountFact("member"), SubjectFact("anna")])
    with Reader.open(directory) as reader:
        cases = matters_of(directory, reader.state())
        said = {"why": "art. 17", "by": "dpo", "matters": cases}
        assert erasure.forget(reader, actor="account:taker", now=NOON, **said).kept
    keep_house(ledger, config, NOON + 50 * DAY)
    assert people(directory, "account:taker") == ["anna"]
    assert people(directory, "account:member") == []
    with CaseStore(cases_path(directory)) as store:
        store.move("g-1", State.CLOSED, why="over", by="dana", at=NOON + 60 * DAY)
    keep_house(ledger, config, NOON + 61 * DAY)
    with Reader.open(directory) as reader, FactsStore(facts_path(directory)) as facts:
        assert reader.facet("account:taker")[1] == 0
        (row,) = reader.who_subject("anna").unobserved
        assert "but for members of confirmed cases" in row.why
        assert reader.who_subject("anna").erased == 1
        told = [str(fact) for fact in facts.facts()]
        assert told == [str(AccountFact("member")), str(SubjectFact("anna"))]
        assert reader.verify() == []
    ledger.close()
