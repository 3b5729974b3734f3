"""Counting in bulk gives what the engine gives when every line goes through it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.watch.logs import START, line

from himaya.config import ActorConfig
from himaya.core.engine import Engine
from himaya.core.facts import AccountFact, Facts, SubjectFact
from himaya.core.policy import Breadth, Budgets, Detectors, Enumeration, Policy, Sharing, Velocity
from himaya.core.surface import Surface
from himaya.watch.batches import Batch
from himaya.watch.bulk import BulkReader
from himaya.watch.detect import require_format
from himaya.watch.exact import Exact, start_engine
from himaya.watch.formats import read_chunk
from himaya.watch.gather import Gathered
from himaya.watch.keep import KeepSurfaces
from himaya.watch.probe import Ordinary, probe
from himaya.watch.screen import KNOWN, Screen, Seen
from himaya.watch.setup import Limits, Setup
from himaya.watch.source import Chunk

NO_BUDGETS = Budgets(account=None, session=None, key=None, address=None, prefix=None)
SURFACES = (
    Surface("profile", "/u/{subject}"),
    Surface("wide", "/w/{subject}", max_people=3),
    Surface("photo", "/photo/{subject}.jpg", kind="media"),
    Surface("search", "/search", kind="listing", max_people=4),
    Surface("quiet", "/quiet", kind="listing", max_people=0),
    Surface("lookup", "/lookup", kind="lookup", query="phone"),
    Surface("form", "/form/{subject}", methods=("POST",)),
)
DETECTORS = Detectors(
    breadth=Breadth(hour=6, day=12),
    enumeration=Enumeration(run=4, step=2),
    sharing=Sharing(networks=2, window_s=600),
    velocity=Velocity(people=3, window_s=3600),
)


def setup(facts=None, sensitivity=None):
    policy = Policy(
        surfaces=SURFACES,
        budgets=NO_BUDGETS,
        detectors=DETECTORS,
        sensitivity=sensitivity or {},
        new_account_s=7200,
    )
    return Setup(policy, ActorConfig(), Limits(), START, facts or Facts())


def exact(made, lines):
    form = require_format(lines, "x")
    reading = read_chunk(form, Chunk("\n".join(lines).encode(), 1), KeepSurfaces(SURFACES))
    # What a pile would hold back is not meant here: all is judged in the order of time.
    tally = Exact(made).run([Batch(reading.entries)] if reading.entries else [])
    return reading, tally


def bulk(made, lines, chunks=3):
    form = require_format(lines, "x")
    gathered = Gathered(made)
    readers = [BulkReader(made.policy, number) for number in range(2)]
    size = max(1, len(lines) // chunks + 1)
    parsed = 0
    for turn, start in enumerate(range(0, len(lines), size)):
        data = "\n".join(lines[start : start + size]).encode()
        part = readers[turn % 2].read(form, Chunk(data, start + 1))
        parsed += part.reading.parsed
        gathered.add(part)
    return parsed, gathered.finish()


def plain(tally):
    told = msgspec.to_builtins(tally)
    told["actors"] = sorted(told["actors"], key=lambda one: one["actor"])
    told["groups"] = sorted(told["groups"], key=lambda one: one["actor"])
    told["surfaces"] = {n: s for n, s in told["surfaces"].items() if s["requests"]}
    for surface in told["surfaces"].values():
        surface["people"] = sorted(surface["people"])
    told["crawlers"] = {name: sorted(people) for name, people in told["crawlers"].items()}
    return told


VIEW = st.tuples(
    st.integers(0, 90),
    st.sampled_from(
        [f"/u/{n}" for n in range(14)]
        + ["/u/5?x=1", "/U/6", "/u//7", "/%75/8", "/u/a", "/w/3", "/w/4", "/photo/5.jpg", "/search?q=a",
           "/search?q=b", "/quiet", "/lookup?phone=1", "/form/3", "/other", "/"]
    ),
    st.sampled_from(["u1", "u2", "5", "-", "-"]),
    st.sampled_from(["192.0.2.1", "192.0.2.9", "198.51.100.1", "203.0.113.5"]),
    st.sampled_from([200, 200, 200, 200, 206, 304, 404, 301, 500]),
    st.sampled_from(["GET", "GET", "GET", "GET", "HEAD", "POST", "get"]),
    st.sampled_from(["a", "b", "Googlebot/2.1"]),
    st.sampled_from(["-", "-", "-", "1, 2, 3", "4", "", "5;fields=email, 6"]),
    st.sampled_from(["OK", "OK", "--", "-"]),
)  # fmt: skip


def log_of(views):
    lines = []
    at = START
    for step, target, account, address, status, method, agent, subjects, completion in views:
        at += step * 20
        rest = f' subjects="{subjects}" completion="{completion}"'
        lines.append(
            line(at, target, account=account, address=address, status=status, method=method,
                 agent=agent, rest=rest).rstrip("\n")
        )  # fmt: skip
    return lines


@given(st.lists(VIEW, min_size=1, max_size=60), st.integers(1, 5))
@settings(max_examples=300)
def test_bulk_equals_the_engine_line_by_line(views, chunks):
    """For any log every figure, actor, finding, group and day is that of the engine alone."""
    facts = Facts()
    facts.add(AccountFact("u2", subject="3", created=START + 100))
    facts.add(SubjectFact("9", protected=("minor",)))
    made = setup(facts, {"email": 2.5})
    lines = log_of(views)
    reading, one_by_one = exact(made, lines)
    parsed, in_bulk = bulk(made, lines, chunks)
    assert parsed == reading.parsed
    assert plain(in_bulk) == plain(one_by_one)


@given(st.lists(VIEW, min_size=1, max_size=40))
def test_the_order_of_lines_does_not_matter(views):
    """Lines far out of order are judged by their own times, as if they had stood in order."""
    made = setup()
    lines = log_of([(view[0] + 1, *view[1:]) for view in views])
    _, in_order = bulk(made, lines, 1)
    half = len(lines) // 2
    _, shuffled = bulk(made, lines[half:] + lines[:half], 1)
    assert plain(shuffled) == plain(in_order)


def test_what_is_ordinary_is_asked_of_the_engine():
    """A profile gives its person, a listing a row without a name; everything else goes to the engine."""
    assert probe(setup().policy) == {
        "profile": Ordinary.PERSON,
        "photo": Ordinary.PERSON,
        "search": Ordinary.UNNAMED,
        "wide": Ordinary.OTHER,
        "quiet": Ordinary.OTHER,
        "lookup": Ordinary.UNNAMED,
        "form": Ordinary.OTHER,
    }


def test_the_screen_knows_every_detector():
    """A detector without a bound would clear nobody: a new one needs a bound here."""
    engine = start_engine(setup())
    assert {detector.name for detector in engine.watchers.detectors} == KNOWN
    seen = Seen(views=[1], numbers=[1], unnamed=0, networks=0)
    assert Screen(engine).clears(seen)


def test_a_detector_without_a_bound_clears_nobody():
    """Whoever adds a detector gets every actor judged by it."""

    class Other:
        name = "other"

        def observe(self, seen):
            return None

        def tracked(self):
            return 0

    engine = Engine(setup().policy)
    engine.watchers.detectors = (*engine.watchers.detectors, Other())
    assert not Screen(engine).clears(Seen(views=[1], numbers=[1], unnamed=0, networks=0))


def test_a_reader_begins_its_numbers_again(monkeypatch):
    """What a reader remembers is bounded; the figures stay the same."""
    from himaya.watch import bulk as module

    made = setup()
    lines = log_of([(1, f"/u/{n % 14}", "-", f"192.0.2.{n % 50}", 200, "GET", "a", "-", "OK")
                    for n in range(200)])  # fmt: skip
    _, free = bulk(made, lines, 20)
    monkeypatch.setattr(module, "_NUMBERED", 7)
    monkeypatch.setattr(module, "_REMEMBERED", 5)
    _, bounded = bulk(made, lines, 20)
    assert plain(bounded) == plain(free)


def test_a_reading_process_that_dies_is_an_error(tmp_path):
    """A killed reader ends the scan with a sentence, not with a wait."""
    from himaya.core.errors import ServiceError
    from himaya.watch.formats import named_format
    from himaya.watch.pipeline import Parallel

    pipe = Parallel({0: named_format("combined")}, setup().policy, 2)
    try:
        for worker in pipe._workers:
            worker._process.kill()
            worker._process.wait()
        chunk = Chunk(line(START, "/u/1").encode(), 1)
        with pytest.raises(ServiceError, match="has ended"):
            list(pipe.read([(0, chunk)] * 20))
    finally:
        pipe.close()


def test_only_free_cores_are_used(monkeypatch):
    """On a busy machine one process is quicker; where nobody can tell, all cores are taken for free."""
    from himaya.watch import pipeline as module

    monkeypatch.setattr(module.os, "sched_getaffinity", lambda _: range(4))
    for told, free in (
        ("0.1 0.2 0.3 1/300 9", 4),
        ("9 9 9 4/300 9", 1),
        ("1 1 1 3/300 9", 2),
        ("", 4),
    ):
        monkeypatch.setattr(module.Path, "read_text", lambda *_, told=told: told)
        assert module.free_cores() == free
