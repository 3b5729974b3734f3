"""The report in sentences."""

from __future__ import annotations

from tests.evidence.samples import START, actor, data

from himaya.evidence.story import limits, share, story


def _text(report) -> str:
    return "\n".join(f"{paragraph.actor} {paragraph.text}".strip() for paragraph in story(report))


def test_the_story_says_what_was_read():
    """The first sentence says how many lines of which file were read and for which time."""
    assert _text(data()).startswith(
        "himaya read 1,000 lines of access.log and understood 998 of them. They cover the time"
        " from 17 May 2025, 00:00 UTC to 19 May 2025, 00:00 UTC, 2 days."
    )


def test_the_story_names_the_worst_actors_with_their_people():
    """Actors with findings are told by name, people, fastest hour, and the reason in words."""
    text = _text(data(actors_seen=941))
    assert "2 of 941 actors crossed a detector's threshold" in text
    assert (
        "address:203.0.113.9 obtained 4,812 people between 17 May 2025, 00:00 UTC and 18 May 2025,"
        " 00:00 UTC, all of them within one day; at its fastest 812 in an hour."
        " 812 people within one hour." in text
    )


def test_the_story_says_what_the_budgets_allow():
    """Where an actor took more than the budgets allow in its time, the most they allow is told."""
    fast, slow = actor(end=START + 1800), actor("account:u777", 90, end=START + 1800)
    text = _text(data(actors=(fast, slow)))
    assert text.count("In that time himaya's default budgets allow at most 200.") == 1
    assert "allow at most" not in _text(data(actors=(fast,), budgets=()))


def test_a_claimed_crawler_is_unverified():
    """A crawler's name from an agent string is told as a claim that nobody verified."""
    report = data(actors=(actor(claimed="Googlebot"),))
    assert "(claimed to be Googlebot, unverified)" in _text(report)
    assert "An agent string proves nothing" in " ".join(limits(report))


def test_the_population_gives_a_share():
    """Where the population is known, people are told as a share of it, never rounded to nothing."""
    assert "5,000 different people, 25 % of the 20,000 there are," in _text(data(population=20_000))
    assert share(1, 1_000_000) == "less than 0.1 %"
    assert share(0, 10) == "0 %"


def test_no_finding_is_told_without_promise():
    """Without findings the story says that no threshold was crossed, and the limits say what that means."""
    report = data(actors=(), groups=(), actors_seen=55)
    assert "No detector crossed its threshold for any of 55 actors." in _text(report)
    assert "stay below any threshold" in " ".join(limits(report))


def test_each_gap_in_knowledge_is_a_limit():
    """Guesses, unattributed responses, malformed lines and unobserved periods are each named."""
    text = "\n".join(limits(data(limits=("The caller's own limit.",))))
    assert "1 surface was guessed" in text
    assert "12 responses on surfaces that list people" in text
    assert "2 lines could not be read" in text
    assert "Nothing is known about 1 period" in text
    assert "The caller's own limit." in text


def test_a_ledger_is_told_as_a_ledger():
    """A report without lines names its source and its time."""
    report = data(lines=None, sources=("ledger of northwind",), start=START, end=START + 120)
    assert _text(report).startswith(
        "This report was made from ledger of northwind. It covers the time from 17 May 2025, 00:00:00"
        " UTC to 17 May 2025, 00:02:00 UTC, 2 minutes."
    )
