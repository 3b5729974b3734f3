"""JS23-15: from a confirmed case one command makes a letter and an annex that agree with the ledger; silence alerts."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from pathlib import Path

from tests.acceptance.gate import SURFACES, Gate
from tests.acceptance.letter_desk import Desk
from tests.acceptance.promise import broken, require

from himaya.response.letters.annex import checked
from himaya.runner.alerting import AlertStore, alerts_path


def scrape(gate: Gate, name: str) -> set[str]:
    """Let two accounts collect profiles and photos; return the people on their disks."""
    with ExitStack() as stack:
        crew = [stack.enter_context(gate.visitor(f"{name}.{n}")) for n in range(2)]
        for number, visitor in enumerate(crew):
            for step in range(8):
                visitor.get(f"/u/p{12_000 + 6 * number + step}")
                visitor.get(f"/photo/p{12_100 + 6 * number + step}")
        return {f"p{person}" for one in crew for person in one.obtained}


def the_annex_is_what_they_hold(gate: Gate, name: str, directory: Path) -> None:
    """A letter is drafted, and its annex compared with the takers' disks and with `himaya who`."""
    held = scrape(gate, name)
    assert len(held) == 28
    gate.flush()
    desk = Desk(gate.ledger, directory)
    crew = [f"account:{name}.{n}" for n in range(2)]
    case = desk.about(*crew)
    desk.draft(case)
    (file,) = directory.glob("*-annex.json")
    annex = checked(file.read_bytes()).evidence
    require(annex.people == len(held), "the annex has as many people as they hold")
    listed = directory / "actors.txt"
    listed.write_text("\n".join(crew))
    where = ("--ledger", str(gate.ledger), "--why", "acceptance", "--json")
    who = json.loads(gate.himaya("who", *where, "--actors", str(listed)))
    rows = sum(one["times"] for one in who["subjects"])
    require((annex.people, annex.rows) == (who["people"], rows), "and the ledger's counts")
    require(sum(one.rows for one in annex.access) == rows, "form of access by form of access")
    text = "".join(path.read_text() for path in directory.glob(f"{case}-*"))
    require(not [person for person in held if person in text], "and names nobody of them")
    require(desk.case(case).last("drafted").data["annex_sha256"] in text, "with its hash on record")


def an_overdue_answer_alerts(gate: Gate, name: str, directory: Path, **answer: str) -> None:
    """A letter was sent whose answer was due long ago; the running gate is asked what waits for somebody."""
    with gate.visitor(name) as visitor:
        visitor.get("/u/p12300")
    gate.flush()
    desk = Desk(gate.ledger, directory, f'[ledger]\ndirectory = "{gate.ledger}"\n')
    case = desk.about(f"account:{name}")
    desk.sent_letter(case, **answer)
    end = time.monotonic() + (3.0 if answer else 60.0)
    with AlertStore(alerts_path(gate.ledger)) as store:
        while not _about(case, store) and time.monotonic() < end:
            time.sleep(0.1)
    told = json.loads(gate.himaya("alert", "list", "--config", str(desk.config), "--json"))
    found = [one["text"] for one in told["alerts"] if case in one["text"]]
    require(found, "an overdue answer is an alert")


def _about(case: str, store: AlertStore) -> bool:
    return any(case in one.text for one in store.alerts())


def test_js23_15_the_annex_is_what_they_hold(gate, name, tmp_path):
    """One command makes a letter with a signed annex whose counts are the ledger's and the takers' own."""
    the_annex_is_what_they_hold(gate, name, tmp_path)


def test_js23_15_twin_the_annex_is_what_they_hold(gate, name, tmp_path):
    """With photos undeclared the annex lacks people whom they hold."""
    gate.configure(surface=[one for one in SURFACES if one["id"] != "photo"])
    with broken("the annex has as many people as they hold"):
        the_annex_is_what_they_hold(gate, name, tmp_path)


def test_js23_15_an_overdue_answer_alerts(gate, name, tmp_path):
    """A gate that runs notices within seconds that the answer to a letter is overdue."""
    an_overdue_answer_alerts(gate, name, tmp_path)


def test_js23_15_twin_an_overdue_answer_alerts(gate, name, tmp_path):
    """Of a letter that was answered there is no alert."""
    with broken("an overdue answer is an alert"):
        an_overdue_answer_alerts(gate, name, tmp_path, answer="refused")
