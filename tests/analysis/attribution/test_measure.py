"""What a comparison counts, beside a count in plain Python."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest
from tests.analysis.attribution.world import ledger
from tests.ledger.making import NOON, disclosed

from himaya.analysis.attribution import measure as m
from himaya.analysis.attribution.chance import Stratum
from himaya.ledger import queries as q
from himaya.ledger.reader import Reader
from himaya.ledger.schema import Kind

ACTORS = [f"a{number}" for number in range(12)]
PEOPLE = [f"p{number}" for number in range(40)]


def measured(where, wanted, cases):
    """Return the overlaps by name of the actor or case, and the whole."""
    with Reader.open(where) as reader:
        number = {name: reader.identities.find(Kind.ACTOR, f"account:{name}") for name in ACTORS}
        file = pa.array([reader.subject(name)[1] for name in wanted], pa.int64())
        members = {case: [number[name] for name in names] for case, names in cases.items()}
        whole = reader.ask(lambda rows, _: m.measure(reader, q.people(rows, ()), file, 1, members))
    name = {value: key for key, value in number.items()}
    return {name.get(one.name, one.name): one for one in whole.overlaps}, whole


@pytest.mark.parametrize("seed", range(3))
def test_overlaps_are_those_of_a_plain_count(tmp_path, seed):
    """People, people of the file, and whom nobody else was shown are exact, for actors and for cases."""
    draw = random.Random(seed)
    shown = {name: draw.sample(PEOPLE, draw.randint(1, 15)) for name in ACTORS}
    wanted = draw.sample(sorted(set().union(*shown.values())), 10)
    where = ledger(
        tmp_path, *(disclosed(NOON + n, name, *shown[name]) for n, name in enumerate(ACTORS))
    )
    found, whole = measured(where, wanted, {"c": ACTORS[:3]})
    assert (whole.everybody, whole.shown) == (len(set().union(*shown.values())), len(wanted))
    assert set(found) == {name for name in ACTORS if set(shown[name]) & set(wanted)} | {"c"}
    union = set().union(*(shown[name] for name in ACTORS[:3]))
    assert (found["c"].people, found["c"].overlap) == (len(union), len(union & set(wanted)))
    for name in set(found) - {"c"}:
        mine = set(shown[name])
        others = set().union(*(set(shown[other]) for other in ACTORS if other != name))
        counts = (found[name].people, found[name].overlap, found[name].alone)
        expected = (len(mine), len(mine & set(wanted)), len((mine & set(wanted)) - others))
        assert counts == expected, name


def test_strata_hold_everybody_once(tmp_path):
    """The shares of a candidate add up to its people, and no stratum holds more of the file than people."""
    where = ledger(tmp_path, *(disclosed(NOON, name, *PEOPLE[:20]) for name in ACTORS[:4]))
    found, _ = measured(where, PEOPLE[:7], {})
    for one in found.values():
        assert sum(part.shown for part in one.strata) == one.people == 20
        assert all(part.in_file <= part.people for part in one.strata)


def test_people_in_no_row_are_among_the_unseen():
    """Whom nobody was shown counts where nobody else saw them, and nowhere else."""
    strata = [Stratum(10, 2, 3, unseen=True), Stratum(20, 4, 5, unseen=False)]
    assert m.with_outside(strata, m.Outside(100, 7)) == [
        Stratum(110, 9, 3, unseen=True),
        Stratum(20, 4, 5, unseen=False),
    ]
