"""What a bouncer is told: everything once, endings twice, and nothing that would undo a block."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.gate.feed_support import Firewall, Ideal, Script, a_block

from himaya.gate.feeds.changes import Changes


def feed(most: int = 100, bouncers: int = 10) -> Changes:
    return Changes(most, bouncers)


def values(blocks) -> list[str]:
    return [block.value for block in blocks]


def test_a_bouncer_is_told_everything_at_startup_and_then_what_is_new():
    """The first question and every startup get all, the next ones what changed since."""
    changes = feed()
    first, second = a_block(1), a_block(2, "203.0.113.8")
    changes.show([first], 1)
    assert values(changes.pull("b", 1, startup=True).new) == ["203.0.113.7"]
    changes.show([first, second], 2)
    assert values(changes.pull("b", 2).new) == ["203.0.113.8"]
    assert changes.pull("b", 3).new == ()
    assert len(changes.pull("b", 4, startup=True).new) == 2
    assert len(changes.pull("another", 4).new) == 2


def test_an_ending_is_told_for_two_seconds_more():
    """A deletion comes with the next answer and, in case that was lost, with those of the next two seconds."""
    changes = feed()
    changes.show([a_block()], 1)
    changes.pull("b", 1)
    changes.show([], 10)
    assert values(b for b, _ in changes.pull("b", 10.5).deleted) == ["203.0.113.7"]
    assert values(b for b, _ in changes.pull("b", 11.5).deleted) == ["203.0.113.7"]
    assert changes.pull("b", 14).deleted != ()
    assert changes.pull("b", 15).deleted == ()


def test_a_late_bouncer_misses_no_ending():
    """Whoever asks after an hour is told what ended meanwhile; whoever starts, too."""
    changes = feed()
    changes.show([a_block()], 1)
    changes.pull("b", 1)
    changes.show([], 10)
    assert values(b for b, _ in changes.pull("b", 3600).deleted) == ["203.0.113.7"]
    assert values(b for b, _ in changes.pull("b", 7200, startup=True).deleted) == ["203.0.113.7"]


def test_a_repeated_ending_never_undoes_a_block():
    """A block that follows an ending within two seconds is not deleted again by its repetition."""
    changes, bouncer = feed(), Ideal()
    changes.show([a_block(1)], 1)
    bouncer.take(changes.pull("b", 1), 1)
    changes.show([], 10)
    bouncer.take(changes.pull("b", 10), 10)
    changes.show([a_block(2)], 10.5)
    for now in (10.6, 11, 11.9, 12.5):
        bouncer.take(changes.pull("b", now), now)
        assert bouncer.kept == {"203.0.113.7": "ban"}


def test_a_block_runs_out_by_itself():
    """What is over is published no more, though nobody lifted it."""
    changes = feed()
    changes.show([a_block(until=50.0)], 1)
    changes.pull("b", 1)
    changes.show([a_block(until=50.0)], 50)
    assert changes.published == []
    assert values(b for b, _ in changes.pull("b", 51).deleted) == ["203.0.113.7"]


def test_an_address_has_one_decision():
    """Of several blocks of an address the strongest is told, then the longest; when it ends, the next."""
    changes, bouncer = feed(), Ideal()
    weak = a_block(1, remedy="captcha", until=900.0)
    short, long = a_block(2, until=100.0), a_block(3, until=300.0)
    changes.show([weak, short, long], 1)
    assert changes.published == [long]
    bouncer.take(changes.pull("b", 1), 1)
    changes.show([weak, short, long], 301)
    bouncer.take(changes.pull("b", 301), 301)
    assert bouncer.kept == {"203.0.113.7": "captcha"}


def test_a_script_that_is_deaf_for_ten_seconds_ends_up_right():
    """An address that changes within the ten seconds in which a bouncer ignores it is told once more."""
    changes, script = feed(), Script()
    changes.show([a_block(1)], 100)
    script.take(changes.pull("b", 100), 100)
    changes.show([], 102)
    script.take(changes.pull("b", 102), 102)
    again = a_block(2)
    for now in range(103, 125):
        changes.show([again], now)
        script.take(changes.pull("b", now), now)
    assert script.kept == {"203.0.113.7": "ban"}


def test_a_later_end_reaches_a_firewall_that_keeps_the_first():
    """A firewall that ignores what it has drops until the later end, but for the seconds between two questions."""
    changes, firewall = feed(), Firewall()
    changes.show([a_block(1, until=120.0)], 100)
    firewall.take(changes.pull("b", 100), 100)
    both = [a_block(1, until=120.0), a_block(2, until=400.0)]
    missed = []
    for now in range(101, 400):
        changes.show(both, now)
        firewall.take(changes.pull("b", now), now)
        missed += [] if firewall.drops("203.0.113.7", now) else [now]
    assert len(missed) <= 3
    changes.show([*both, a_block(3, until=900.0)], 350)
    firewall.take(changes.pull("b", 351), 351)
    assert firewall.until["203.0.113.7"] == 900.0


def test_what_ended_before_a_restart_is_told():
    """A bouncer that asks a gate which forgot it hears of everything, and of what ended before."""
    changes = feed()
    changes.recall([(a_block(1), 5.0), (a_block(2, "203.0.113.8"), 6.0)])
    changes.show([a_block(3, "203.0.113.8")], 7)
    told = changes.pull("b", 8)
    assert values(told.new) == ["203.0.113.8"]
    assert values(b for b, _ in told.deleted) == ["203.0.113.7"]


def test_memory_is_bounded():
    """Past the bounds the oldest endings and bouncers leave; a bouncer that left is told everything."""
    changes = feed(most=3, bouncers=2)
    for n in range(10):
        changes.show([a_block(n, f"203.0.113.{n}")], n)
        changes.pull(f"b{n}", n)
    assert len(changes._gone) == 3
    assert len(changes._pulls) == 2
    assert len(changes.pull("b0", 20).new) == 1


_STEP = st.tuples(
    st.sampled_from(["block", "longer", "challenge", "end", "wait", "ask"]),
    st.integers(0, 2),
    st.sampled_from([0.2, 1.0, 3.0, 12.0]),
)


@given(st.lists(_STEP, max_size=40))
def test_every_bouncer_ends_up_with_what_is_published(steps):
    """Whatever comes and goes: one that obeys is right after each answer, the others are right a little later."""
    changes, now = feed(), 1000.0
    ideal, script, firewall = Ideal(), Script(), Firewall()
    standing: dict[int, list] = {0: [], 1: [], 2: []}

    def ask() -> None:
        changes.show([block for blocks in standing.values() for block in blocks], now)
        for name, bouncer in (("ideal", ideal), ("script", script), ("firewall", firewall)):
            bouncer.take(changes.pull(name, now), now)
        assert ideal.kept == {block.value: block.remedy for block in changes.published}

    for number, (what, place, wait_s) in enumerate(steps):
        span = {"longer": 500.0, "block": 40.0, "challenge": 90.0}.get(what)
        if span:
            remedy = "captcha" if what == "challenge" else "ban"
            standing[place].append(
                a_block(number, f"203.0.113.{place}", remedy=remedy, start=now, until=now + span)
            )
        elif what == "end":
            standing[place] = []
        else:
            now += wait_s
        ask()
    for _ in range(60):
        now += 1.0
        ask()
    published = {block.value: block.remedy for block in changes.published}
    assert script.kept == published
    bans = {value for value, remedy in published.items() if remedy == "ban"}
    assert {value for value in firewall.until if firewall.drops(value, now)} == bans
