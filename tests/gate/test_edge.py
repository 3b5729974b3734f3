"""Passes: who gets one, for how long, and what ends it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from himaya.config import Config, loads
from himaya.core.actor import Actor
from himaya.core.decision import Action, Decision, Reason, Standing
from himaya.core.engine import Engine
from himaya.core.exchange import Exchange, Request
from himaya.gate.edge import Passes
from himaya.gate.edge_maps import digest_of

CONFIG = """
mode = "enforce"
[owner]
name = "o"
contact = "c@site.example"
[retention]
[[surface]]
id = "profile"
route = "/u/{{subject}}"
[[surface]]
id = "search"
route = "/search"
kind = "listing"
people = ["header"]
[budgets]
account = {{ hour = 100, day = 300 }}
address = {{ hour = 100, day = 300 }}
prefix = {{}}
[edge]
surfaces = ["profile"]
directory = "{directory}"
{edge}
"""

#: Half past something, so that no window turns over.
NOW = 1_772_442_900.0


class Desk:
    """Passes with their engine, and nginx's part: keeping files."""

    def __init__(self, directory: Path, edge: str = "") -> None:
        self.directory = directory
        self.config: Config = loads(CONFIG.format(directory=directory, edge=edge))
        self.engine = Engine(self.config.policy())
        self.passes = Passes(self.config, self.engine)
        self._ids = 0

    def ask(self, actor: Actor, key: str = "", at: float = NOW, target: str = "/u/1") -> int:
        """Ask as nginx does and keep the answer as long as it may; return for how long."""
        key = f"[{key or actor.address}]"
        self._ids += 1
        request = Request(f"asked-{self._ids}", actor, target)
        decision = self.engine.decide(request, at)
        self.engine.record(Exchange(request, 304), at)
        asked = f"{digest_of(self.config)} {key}".encode()
        seconds = self.passes.give(request, decision, asked, at)
        if seconds:
            (self.directory / hashlib.md5(key.encode()).hexdigest()).touch()
        return seconds

    def views(self, actor: Actor, people: range, at: float = NOW) -> None:
        """Tell of people who were shown without asking, as follow does."""
        for number in people:
            exchange = Exchange(Request("", actor, f"/u/{number}"), 200, source="edge")
            self.engine.record(exchange, at)
            self.passes.note(exchange, at)

    def hear(self, at: float) -> None:
        """Tell of somebody else's line of the log."""
        exchange = Exchange(Request("", Actor(address="192.0.2.1"), "/u/1"), 304)
        self.passes.note(exchange, at)

    @property
    def kept(self) -> int:
        """Return how many passes nginx still has."""
        return len(list(self.directory.iterdir()))


@pytest.fixture(name="desk")
def _desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


ANN = Actor(address="203.0.113.9", account="ann")
BOB = Actor(address="198.51.100.7")


def test_a_pass_is_given_while_all_of_it_would_fit(desk: Desk) -> None:
    """A pass of 20 s is worth 32 requests; it is given while every budget has room for so many people."""
    assert desk.config.edge.unasked == 32
    assert desk.ask(BOB) == 20
    desk.views(BOB, range(68))
    assert desk.ask(BOB) == 20
    desk.views(BOB, range(68, 69))
    assert desk.ask(BOB) == 0


def test_passes_that_share_a_budget_fit_into_it_together(desk: Desk) -> None:
    """An account on many addresses gets as many passes at a time as its budget has room for, not more."""
    found = [desk.ask(Actor(address=f"203.0.113.{n}", account="ann")) for n in range(6)]
    assert found == [20, 20, 20, 0, 0, 0]
    desk.hear(NOW + 21)
    desk.passes.tick(NOW + 22)
    assert len(desk.passes) == 0
    assert desk.ask(ANN, at=NOW + 22) == 20


def test_what_was_shown_withdraws_a_pass(desk: Desk) -> None:
    """When the log tells that the room is used up, the file is removed at the next tick, and again after that."""
    desk.ask(BOB)
    desk.ask(ANN)
    desk.views(BOB, range(80), NOW + 1)
    desk.passes.tick(NOW + 1.5)
    assert (desk.kept, len(desk.passes)) == (1, 1)
    (desk.directory / hashlib.md5(f"[{BOB.address}]".encode()).hexdigest()).touch()
    desk.passes.tick(NOW + 2)
    assert desk.kept == 1


def test_an_account_that_uses_up_its_room_elsewhere_loses_its_passes(desk: Desk) -> None:
    """What an account is shown at another address, with or without a question, counts on the pass it has here."""
    desk.ask(ANN)
    desk.ask(BOB)
    desk.views(Actor(address="192.0.2.77", account="ann"), range(80), NOW + 1)
    desk.passes.tick(NOW + 1.5)
    assert (desk.kept, len(desk.passes)) == (1, 1)


@pytest.mark.parametrize(
    "name", ["address:198.51.100.7", "prefix:198.51.100.0/24", "surface:profile"]
)
def test_a_decision_that_stands_withdraws_a_pass(desk: Desk, name: str) -> None:
    """A block of an address, network or surface ends the passes of strangers there, without waiting for a view."""
    desk.ask(BOB)
    desk.ask(ANN)
    reason = Reason("velocity", "address", "", 1.0, 1.0)
    desk.engine.watchers.stand(Standing(name, Action.BLOCK, NOW + 60, reason))
    desk.passes.tick(NOW + 0.5)
    assert (desk.kept, len(desk.passes)) == (1, 1)
    assert desk.ask(BOB, at=NOW + 1) == 0
    desk.hear(NOW + 30)
    assert desk.ask(BOB, at=NOW + 61) == 20


def test_only_an_allow_of_a_named_surface_is_kept(desk: Desk) -> None:
    """Refusals, slowed answers, other surfaces, routes of nobody and a stranger without an address get no pass."""
    asked = f"{digest_of(desk.config)} [k]".encode()
    request = Request("r", BOB, "/u/1")
    for action in set(Action) - {Action.ALLOW}:
        assert desk.passes.give(request, Decision(action, surface="profile"), asked, NOW) == 0
    for surface in ("search", ""):
        assert desk.passes.give(request, Decision(surface=surface), asked, NOW) == 0
    nobody = msgspec.structs.replace(request, actor=Actor())
    assert desk.passes.give(nobody, Decision(surface="profile"), asked, NOW) == 0
    for wrong in (b"", b"[k]", b"0" * 16 + b" [k]", asked[:-1], asked.replace(b"[k]", b"[]")):
        assert desk.passes.give(request, Decision(surface="profile"), wrong, NOW) == 0
    assert desk.passes.give(request, Decision(surface="profile"), asked, NOW) == 20


def test_no_more_passes_than_the_bound(tmp_path: Path) -> None:
    """Past `edge.passes` nobody gets one; when one ends there is room again."""
    desk = Desk(tmp_path, "passes = 3")
    found = [desk.ask(Actor(address=f"203.0.{n}.9")) for n in range(5)]
    assert found == [20, 20, 20, 0, 0]
    assert desk.ask(Actor(address="203.0.1.9")) == 20
    desk.hear(NOW + 21)
    desk.passes.tick(NOW + 22.5)
    assert desk.ask(Actor(address="203.0.4.9"), at=NOW + 22) == 20


def test_a_log_that_is_late_ends_all_passes(desk: Desk) -> None:
    """When the log tells nothing for 10 s of what passed, passes are withdrawn and none is given until it does."""
    assert desk.ask(BOB) == 20
    desk.passes.tick(NOW + 9)
    assert desk.kept == 1
    desk.passes.tick(NOW + 11)
    assert (desk.kept, len(desk.passes)) == (0, 0)
    assert desk.ask(BOB, at=NOW + 12) == 0
    assert "is follow running" in desk.passes.problem
    desk.views(BOB, range(1), NOW + 13)
    assert desk.ask(BOB, at=NOW + 14) == 20
    assert desk.passes.problem == ""


def test_what_cannot_be_withdrawn_is_not_given(tmp_path: Path) -> None:
    """Without the directory nobody gets a pass, and the reason is told."""
    desk = Desk(tmp_path / "nowhere")
    assert desk.ask(BOB) == 0
    assert "is not there" in desk.passes.problem


def test_passes_of_before_end_with_a_start_a_reload_and_the_switch(desk: Desk) -> None:
    """Nothing that was given under another process or configuration stays; other files are left alone."""
    (desk.directory / "notes.txt").touch()
    desk.ask(BOB)
    (desk.directory / f"{'a' * 32}.0000000007").touch()
    Passes(desk.config, desk.engine)
    assert desk.kept == 1
    desk.ask(BOB)
    desk.passes.adopt(desk.config)
    assert (desk.kept, len(desk.passes)) == (1, 0)
    desk.ask(BOB)
    desk.passes.tick(NOW + 1, off=True)
    assert (desk.kept, len(desk.passes)) == (1, 0)
    desk.views(BOB, range(1), NOW + 1)
    desk.passes.tick(NOW + 2)
    assert desk.ask(BOB, at=NOW + 3) == 20


def test_passes_end_where_they_were_kept_when_a_reload_names_another_directory(
    tmp_path: Path,
) -> None:
    """The old directory is read until nginx gets a new configuration: nothing may be left in it."""
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    desk = Desk(before)
    desk.ask(BOB)
    desk.passes.adopt(loads(CONFIG.format(directory=after, edge="")))
    assert (desk.kept, len(desk.passes)) == (0, 0)


def test_a_pass_that_nginx_writes_just_after_a_reload_ends_too(desk: Desk) -> None:
    """An answer on its way while all passes are withdrawn is written a moment later; the next tick removes it."""
    desk.ask(BOB)
    desk.passes.adopt(desk.config)
    (desk.directory / hashlib.md5(f"[{BOB.address}]".encode()).hexdigest()).touch()
    desk.passes.tick(NOW + 0.5)
    assert desk.kept == 0
    assert desk.ask(BOB, at=NOW + 0.6) == 20
    desk.passes.tick(NOW + 1)
    assert (desk.kept, len(desk.passes)) == (1, 1)
