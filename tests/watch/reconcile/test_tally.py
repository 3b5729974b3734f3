"""The sums, and the first lines by name."""

from __future__ import annotations

from tests.ledger.making import NOON, disclosed
from tests.watch.reconcile.making import ADDRESS, view


def test_the_sums_add_up(case):
    """What was compared is the sum of its parts, over all and for every surface."""
    case.write(disclosed(NOON, "u1", "anna"), gaps=((NOON + 99, NOON + 101, "down"),))
    said = case.compare(
        view(NOON, "/u/anna"), view(NOON + 50, "/u/a"), view(NOON + 100, "/u/b"),
        view(NOON + 200, "/card/a"), code=1,
    )  # fmt: skip
    parts = ("matched", "missing", "unclear", "explained", "pending")
    for sums in (said["sums"], *said["surfaces"].values()):
        assert sums["compared"] == sum(sums[part] for part in parts)
    assert [said["sums"][part] for part in parts] == [1, 1, 1, 1, 0]


def test_the_first_are_named_and_all_are_counted(case):
    """--show bounds what is named, not what is counted."""
    case.write()
    lines = [view(NOON + n, f"/u/p{n}") for n in range(30)]
    said = case.compare(*lines, code=1)
    assert (len(said["missing"]), said["sums"]["missing"]) == (20, 30)
    assert len(case.compare(*lines, words=("--show", "2"), code=1)["missing"]) == 2


def test_rows_from_a_log_are_told_apart(case):
    """A row made from a log is on record, but does not say that the gate was asked: counted, and said in words."""
    case.write(disclosed(NOON, "u1", "anna"), disclosed(NOON + 60, "u1", "ben", source="proxy"))
    said = case.compare(view(NOON, "/u/anna"), view(NOON + 60, "/u/ben"))
    assert (said["sums"]["matched"], said["sums"]["from_log"]) == (2, 1)
    assert said["notices"][0].startswith("1 rows were made from a log")


def test_names_stay_in_the_house(case):
    """Neither names nor addresses are printed, in words or as JSON, until --names asks for them."""
    case.write()
    lines = (view(NOON, "/u/secretperson", "secretviewer"), view(NOON, "/u/x", "-"))
    case.log.write_text("".join(lines))
    for words in ((), ("--json",)):
        told = case.run(*words, code=1)
        assert "secret" not in told
        assert ADDRESS not in told
        named = case.run(*words, "--names", code=1)
        assert "account:secretviewer" in named
        assert "person:secretperson" in named
        assert f"address:{ADDRESS}" in named
