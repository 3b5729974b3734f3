"""`docs/life_of_a_request.md` shows what really happens: every block of values in it is made here again.

After a change that is meant, `.venv/bin/python tests/test_life_of_a_request.py` writes the new values into the page.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import msgspec
import pytest

from himaya.config import loads
from himaya.core.actor import Actor
from himaya.core.effect import RecordDisclosures
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Request
from himaya.ledger import Ledger
from himaya.ledger.reader import Reader
from himaya.watch.actors import Exchanges
from himaya.watch.detect import require_format
from himaya.watch.formats import read_chunk
from himaya.watch.keep import KeepAll
from himaya.watch.source import Chunk

PAGE = Path(__file__).parents[1] / "docs" / "life_of_a_request.md"
ASKED = 1_772_442_900.0  # 2026-03-02T09:15:00Z, when nginx asks
BLOCK = re.compile(r"<!-- ([a-z-]+) -->\n```[a-z]*\n(.*?)```", re.DOTALL)


def blocks() -> dict[str, str]:
    """Return the marked blocks of the page by name."""
    return dict(BLOCK.findall(PAGE.read_text()))


def written(value: object) -> object:
    """Return a struct as the JSON it is written as."""
    return json.loads(msgspec.json.encode(value))


class Story:
    """One view of one profile, from the question of nginx to the answer of `who`."""

    def __init__(self, directory: Path) -> None:
        """Tell it with the configuration and the log line of the page."""
        told = blocks()
        self.config = loads(told["config"])
        self.policy = self.config.policy()
        self.engine = Engine(self.policy)
        self.request = Request(
            id="d2f1c0a94b7e4e0f8a61f3f4b0a7c911",
            actor=Actor(address="203.0.113.9", account="u777"),
            target="/u/42",
            host="people.example",
            agent="Mozilla/5.0",
        )
        self.decision = self.engine.decide(self.request, ASKED)
        self.reserved = self.engine.book.windows["au777"].reserved
        line = told["log"].strip()
        form = require_format([line], "access.log")
        entry = read_chunk(form, Chunk(line.encode(), 1), KeepAll()).entries[0]
        exchange = Exchanges(self.config.actor).exchange(entry)
        # The reservation knows more of the request than the log; `follow` joins the two by the id.
        self.exchange: Exchange = exchange
        effects = self.engine.record(exchange, entry.at)
        self.rows = [e.disclosures for e in effects if isinstance(e, RecordDisclosures)]
        self.counted = self.engine.people_of("account:u777")
        self.answer = self._ask(directory / "ledger", entry.at)

    def _ask(self, directory: Path, at: float) -> object:
        ledger = Ledger.open(directory, clock=lambda: at)
        ledger.set_retention(31, "delete", at)
        for row in self.rows:
            ledger.append(row)
        ledger.close()
        with Reader.open(directory) as reader:
            return reader.who_actor("account:u777")

    def refusal(self) -> object:
        """Return the first refusal when the account opens one profile after the other."""
        for number in range(100):
            request = msgspec.structs.replace(self.request, id=f"r{number}", target=f"/u/{number}")
            decision = self.engine.decide(request, ASKED + 60)
            if not decision.passes:
                self.passed = number
                return decision
            self.engine.record(Exchange(request, 200, sent=900), ASKED + 60)
        raise AssertionError("nothing was refused")


@pytest.fixture(name="story")
def _story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def steps(story: Story) -> dict[str, object]:
    """Return the value of every block that is not told but made."""
    made = {
        "request": story.request,
        "decision": story.decision,
        "exchange": story.exchange,
        "row": story.rows[0],
        "who": story.answer,
        "refusal": story.refusal(),
    }
    return {name: written(value) for name, value in made.items()}


def test_every_step_of_the_page_is_what_happens(story: Story) -> None:
    """Request, decision, exchange, row, refusal and answer are written on the page as the code makes them."""
    told = blocks()
    for name, value in steps(story).items():
        assert json.loads(told[name]) == value, name


def test_the_figures_in_the_text_are_right(story: Story) -> None:
    """Policy hash, reserved units, counted people and what a challenge buys stand in the text."""
    text = PAGE.read_text()
    assert f"`{story.policy.hash()}`" in text
    assert f"**{story.reserved} units**" in text
    assert f"{story.counted[0]:g} people" in text
    assert f"buys {story.policy.challenge.people} people" in " ".join(text.split())
    story.refusal()
    assert f"opens {story.passed} more" in text


def rewrite() -> None:
    """Write what happens now into the page."""
    with tempfile.TemporaryDirectory() as directory:
        story = Story(Path(directory))
    text = PAGE.read_text()
    before = json.loads(blocks()["decision"])["policy"]
    for name, value in steps(story).items():
        shown = json.dumps(value, indent=2, ensure_ascii=False)
        old = re.compile(rf"(<!-- {name} -->\n```json\n).*?```", re.DOTALL)
        text = old.sub(lambda found, shown=shown: f"{found[1]}{shown}\n```", text)
    PAGE.write_text(text.replace(before, story.policy.hash()))


if __name__ == "__main__":
    rewrite()
