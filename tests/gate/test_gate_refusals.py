"""Refusals written down: bounded in memory and on disk, found by their reference number."""

from himaya.core.decision import Action, Admission, Decision, Reason
from himaya.gate.refusals import Refusal, Refusals, find, older

REASON = Reason("budget", "address", "hour", 9, 8)


def refusal(reference="AAAA-AAAA-AA", at=5.0):
    return Refusal.of(
        at, reference, Decision(Action.BLOCK, surface="s", reasons=(REASON,), policy="p")
    )


def test_a_refusal_says_what_was_measured():
    """A decision and an admission both become a line with their reasons in words."""
    one = refusal()
    assert (one.action, one.surface, one.policy) == ("block", "s", "p")
    assert "9 people" in one.reasons[0]
    assert (
        Refusal.of(1.0, "R", Admission(Action.CHALLENGE, reasons=(REASON,))).reasons == one.reasons
    )


def test_what_waits_is_bounded(tmp_path):
    """A flood costs no memory: past the bound refusals are counted, not kept."""
    refusals = Refusals(tmp_path / "r", max_waiting=3)
    for _ in range(10):
        refusals.note(refusal())
    refusals.flush()
    assert refusals.dropped == 7
    assert len(list(find(tmp_path / "r", "aaaaaaaaaa"))) == 3


def test_files_are_bounded_and_the_older_is_searched_too(tmp_path):
    """Two files of bounded size are kept; what stands in the older one is still found."""
    path = tmp_path / "r"
    refusals = Refusals(path, max_bytes=1000)
    for n in range(60):
        refusals.note(refusal(f"AAAA-AAAA-{n:02}", at=float(n)))
        refusals.flush()
    sizes = [path.stat().st_size, older(path).stat().st_size]
    assert max(sizes) < 1300
    assert len(list(tmp_path.iterdir())) == 2
    assert [one.at for one in find(path, "AAAA-AAAA-59")] == [59.0]
    assert list(find(path, "AAAA-AAAA-00")) == []
    first = older(path).read_bytes().splitlines()[0]
    assert list(find(path, first.decode().split('"reference":"')[1][:12]))


def test_a_torn_line_is_passed_over(tmp_path):
    """The last line of a killed gate does not hide the others."""
    path = tmp_path / "r"
    refusals = Refusals(path)
    refusals.note(refusal())
    refusals.flush()
    with path.open("ab") as file:
        file.write(b'{"at": 1, "refe')
    assert len(list(find(path, "AAAA-AAAA-AA"))) == 1


def test_a_disk_that_refuses_costs_only_the_lines(tmp_path, caplog):
    """Where nothing can be written the gate is told, and goes on."""
    refusals = Refusals(tmp_path / "missing" / "r")
    refusals.note(refusal())
    refusals.flush()
    assert "could not be written down" in caplog.text
