"""`himaya report surfaces`: undeclared routes that answer with people the ledger knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.making import NOON, disclosed, write

from himaya import cli
from himaya.core.matching import Surfaces
from himaya.core.surface import Surface
from himaya.ledger.reader import Reader
from himaya.watch import undeclared as module
from himaya.watch.entry import Entry
from himaya.watch.inputs import LogForm
from himaya.watch.undeclared import places_of, undeclared

DECLARED = Surfaces((Surface(id="profile", route="/u/{subject}"),))


def _log(path: Path, *asked: tuple[str, int] | tuple[str, int, str]) -> str:
    with path.open("w") as log:
        for n, (target, status, *subjects) in enumerate(asked):
            line = {"at": NOON + n, "address": "203.0.113.9", "method": "GET", "target": target,
                    "status": status, "sent": 900, "subjects": subjects[0] if subjects else "-"}  # fmt: skip
            log.write(json.dumps(line) + "\n")
    return str(path)


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Path:
    write(tmp_path / "l", disclosed(NOON, "u1", *(f"p{n}" for n in range(20)), "=anna"))
    return tmp_path / "l"


def _found(ledger: Path, log: str) -> dict[str, tuple[int, int, int]]:
    with Reader.open(ledger) as reader:
        answer = undeclared([log], LogForm(), DECLARED, reader.identities)
    return {one.route: (one.people, one.known, one.requests) for one in answer.routes}


def test_known_people_are_found_wherever_an_id_stands(ledger: Path, tmp_path: Path):
    """Ids in the path, with an ending, encoded, in the query, or named by the application are found."""
    log = _log(
        tmp_path / "a.log",
        ("/about/p1", 200),
        ("/about/p2", 200),
        ("/about/p2", 200),
        ("/about/us", 200),
        ("/pic/p3.jpg?w=9", 200),
        ("/card?of=p4&x=1", 200),
        ("/team/7/%3Danna/notes", 200),
        ("/home", 200, "p5, p6;fields=name"),
        ("/u/p7", 200),
        ("/old/p8", 404),
        ("/old/p8", 301),
        ("/other/p99", 200),
    )
    assert _found(ledger, log) == {
        "/about/{subject}": (2, 3, 4),
        "/home (Himaya-Subjects: {subject})": (2, 1, 1),
        "/card?of={subject}": (1, 1, 1),
        "/pic/{subject}.jpg": (1, 1, 1),
        "/team/{}/{subject}/notes": (1, 1, 1),
    }


def test_the_command_names_routes_and_no_person(ledger: Path, tmp_path: Path):
    """The command ends with 1 while there is such a route and with 0 without; its use is on record."""
    log, config = _log(tmp_path / "a.log", ("/about/p1", 200), ("/u/p2", 200)), tmp_path / "h.toml"
    config.write_text('[[surface]]\nid = "profile"\nroute = "/u/{subject}"\n')
    words = [
        "report",
        "surfaces",
        log,
        "--config",
        str(config),
        "--ledger",
        str(ledger),
        "--why",
        "audit",
    ]
    said = CliRunner().invoke(cli.group, words)
    assert (said.exit_code, "/about/{subject}" in said.stdout, "p1" in said.stdout) == (
        1,
        True,
        False,
    )
    told = json.loads(CliRunner().invoke(cli.group, [*words, "--json"]).stdout)
    assert (told["routes"][0]["people"], told["declared"], told["lines"]) == (1, 1, 2)
    config.write_text('[[surface]]\nid = "profile"\nroute = "/{any}/{subject}"\n')
    said = CliRunner().invoke(cli.group, words)
    assert (said.exit_code, "No other route answered" in said.stdout) == (0, True)
    with Reader.open(ledger) as reader:
        uses = [one["command"] for one in reader.log() if one["kind"] == "access"]
    assert uses == ["report surfaces"] * 3


def test_routes_and_people_are_bounded(ledger: Path, tmp_path: Path, monkeypatch):
    """Past the bounds of routes, ids and people nothing more is held, and the answer says that there was more."""
    monkeypatch.setattr(module, "_MOST_ROUTES", 5)
    monkeypatch.setattr(module, "_MOST_PEOPLE", 4)
    monkeypatch.setattr(module, "_MOST_IDS", 50)
    strange = [(f"/{word}/{word}x", 200) for word in map(chr, range(97, 120))]
    ours = [(f"/{word}/p{n}", 200) for n, word in enumerate("abcdefgh")]
    with Reader.open(ledger) as reader:
        answer = undeclared(
            [_log(tmp_path / "a.log", *strange, *ours)], LogForm(), DECLARED, reader.identities
        )
    assert answer.at_least
    assert len(answer.routes) == 5
    assert sum(one.people for one in answer.routes) == 4


@given(
    target=st.text(max_size=300),
    subjects=st.one_of(st.none(), st.text(max_size=60)),
    query=st.text(max_size=200),
)
def test_any_line_has_few_places(target, subjects, query):
    """Whatever a client asks for: nothing is raised, and few places of it are looked at."""
    entry = Entry(at=NOON, address="", account="", method="GET", target=f"/{target}?{query}", status=200,
                  sent=1, subjects=subjects)  # fmt: skip
    places = list(places_of(entry))
    assert len(places) <= 12 * 2 + 12 + 60
    assert all(len(name) <= 256 for _, name in places)
