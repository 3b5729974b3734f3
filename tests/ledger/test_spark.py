"""The questions of the ledger on Apache Spark: a real master with two workers, and the same rows as DuckDB's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.ledger.spark_answers import answers, made, questions
from tests.ledger.spark_cluster import cluster, environment

from himaya.core.errors import InputError, ServiceError
from himaya.ledger import queries as q
from himaya.ledger.engines import Choice
from himaya.ledger.reader import Reader

HIMAYA = Path(sys.executable).with_name("himaya")
ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a folder with a ledger that is being written, and the address of a cluster."""
    folder = tmp_path_factory.mktemp("spark")
    ledger = made(folder / "ledger")
    try:
        with cluster(folder) as address:
            yield folder, address
    finally:
        ledger.close()


def run(folder, *words):
    """Run a program as a driver; return the JSON that it prints."""
    paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        list(map(str, words)), capture_output=True, text=True, check=False, cwd=folder,
        env={**os.environ, **environment(folder), "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_question_is_compared(place):
    """Each function of `queries` is among the questions that both engines answer."""
    with Reader.open(place[0] / "ledger") as reader:
        names = {name.partition(" ")[0] for name in questions(reader)}
    public = {n for n, f in vars(q).items() if getattr(f, "__module__", "") == q.__name__}
    assert {n for n in public if not n.startswith("_")} - names == {"without"}


def test_every_question_has_the_same_rows_on_a_cluster_as_on_duckdb(place):
    """All questions of `queries` and the sightings of groups, over sealed files and live rows, row by row."""
    folder, address = place
    expected = answers(folder / "ledger", "duckdb")
    got = run(
        folder, sys.executable, "-m", "tests.ledger.spark_answers", folder / "ledger", address
    )
    assert {name for name, answer in expected.items() if got[name] != answer} == set()
    assert all(expected.values())


def test_the_command_answers_the_same(place):
    """`himaya who` prints the same with `--engine spark://...` as without."""
    folder, address = place
    words = (HIMAYA, "who", "--actor", "account:u1", "--ledger", "ledger", "--why", "x", "--json")
    assert run(folder, *words, "--engine", address) == run(folder, *words)


def test_an_engine_that_cannot_be_had_is_named(place):
    """A wrong word and a master that is not there are one sentence each."""
    with pytest.raises(InputError, match=r"is no engine; name duckdb, local\[2\]"):
        Reader.open(place[0] / "ledger", engine=Choice("spark"))
    with pytest.raises(ServiceError, match=r"no Spark master answers: 127\.0\.0\.1:1: "):
        Reader.open(place[0] / "ledger", engine=Choice("spark://127.0.0.1:1"))
