"""The words of the answer."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.ledger.making import NOON
from tests.watch.reconcile.making import view

from himaya.watch.reconcile import result

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reconcile.md"
ANSWERS = (result.Reconciliation, result.Sums, result.Skipped, result.Explained, result.Named)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda one: one.__name__)
def test_every_word_stands_in_the_document(answer):
    """Whatever `--json` says is explained in docs/reconcile.md, under the name it has there."""
    page = PAGE.read_text()
    names = {field.encode_name for field in msgspec.structs.fields(answer)}
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_the_sums_of_the_answer_are_words_of_the_json(case):
    """The command prints exactly these words, no others."""
    case.write()
    said = case.compare(view(NOON, "/u/anna"), code=1)
    assert list(said) == [
        field.encode_name for field in msgspec.structs.fields(result.Reconciliation)
    ]
    assert list(said["sums"]) == list(result.Sums.__struct_fields__)
    assert list(said["skipped"]) == list(result.Skipped.__struct_fields__)
    assert list(said["missing"][0]) == list(result.Named.__struct_fields__)
