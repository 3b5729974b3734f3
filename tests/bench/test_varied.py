"""The lines of variations: which runs count, what they are compared with, and the worst group of honest people."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from himaya.bench.crowd.groups import GROUPS
from himaya.bench.score.cell import Cell, CellResult, Obtained
from himaya.bench.score.result import Varied
from himaya.bench.score.varied import PLAIN, varied

TWO = GROUPS[:2]


def result(people: int | None, attacker: str = "A4", *, denied=None, challenged=None, **cell):
    """Return a run that lost so many people; `denied` and `challenged` are of ten members of each of two groups."""
    found = None if people is None else Obtained(people, 0.0, [], {}, None)
    honest = None
    if denied or challenged:
        harms = zip(denied or (0, 0), challenged or (0, 0), TWO, strict=True)
        honest = {
            group.id: {"size": 10, "challenged": asked, "slowed": 0, "redacted": 0, "denied": cut}
            for cut, asked, group in harms
        }
    about = {"defence": "himaya", "variant": "plain", "seed": 1, **cell}
    return CellResult(Cell(attacker=attacker, **about), found, honest)


def lines(*results, sites=None, people=None) -> list[Varied]:
    """Return the lines of these runs on a site of a hundred people."""
    return varied(results, sites or {}, {"": 100, **(people or {})}, TWO)


def test_nothing_played_is_no_line():
    """Without runs, and with runs of nobody who collects, there are no variations."""
    assert lines() == []
    assert lines(result(None), sites={"other": []}, people={"other": 5}) == []


def test_the_run_of_the_matrix_is_called_as_written():
    """The plain variant is what others are compared with; other variants and variations keep their names."""
    told = lines(
        result(10),
        result(20, variant="informed"),
        result(30, varied="pace x0.5"),
        result(40, "A9"),
    )
    assert [(one.variation, one.attacker, one.people_lost) for one in told] == [
        (PLAIN, "A4", 10),
        ("informed", "A4", 20),
        ("pace x0.5", "A4", 30),
        (PLAIN, "A9", 40),
    ]


def test_only_himaya_whole_counts():
    """Other defences, a control that is off, and a run that failed are in no line."""
    told = lines(
        result(90, defence="none"),
        result(90, defence="fail2ban"),
        result(90, without="budgets"),
        result(None),
        result(10),
    )
    assert told == [Varied(PLAIN, "A4", 10.0, 0.1, 0.0, 0.0)]


@given(st.lists(st.integers(0, 100), min_size=1, max_size=5))
def test_seeds_are_averaged(people):
    """People and share are means over the seeds of a line, rounded."""
    (told,) = lines(*(result(each, seed=n) for n, each in enumerate(people)))
    mean = sum(people) / len(people)
    assert told.people_lost == round(mean, 3)
    assert told.share_lost == round(mean / 100, 6)


def test_another_site_has_its_own_number_of_people():
    """A line is named after the site, and its share is of the people there."""
    sites = {"50 people": [result(10), result(20, "A9")], "random ids": [result(10)]}
    told = lines(result(10), sites=sites, people={"50 people": 50, "random ids": 100})
    assert [(one.variation, one.attacker, one.share_lost) for one in told] == [
        (PLAIN, "A4", 0.1),
        ("50 people", "A4", 0.2),
        ("50 people", "A9", 0.4),
        ("random ids", "A4", 0.1),
    ]


def test_the_worst_groups_are_those_of_the_line():
    """The highest rate of any group over all seeds with a crowd, for each harm by itself; without a crowd 0."""
    told = lines(
        result(10, denied=(1, 4), challenged=(9, 0)),
        result(10, denied=(1, 0), seed=2),
        result(10, seed=3),
        result(10, varied="crowd x4"),
    )
    assert [(one.worst_denied, one.worst_challenged) for one in told] == [(0.2, 0.45), (0.0, 0.0)]
