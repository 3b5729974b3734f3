"""`himaya audit bound` and rows that nginx decided by itself."""

from __future__ import annotations

import msgspec
from tests.analysis.site import plant
from tests.analysis.test_bound import BEN, _audit, _full, _outside, _row


def test_what_passed_unasked_is_listed_and_excuses_nothing_else(tmp_path):
    """Rows of passes are counted and listed; beyond a limit they break nothing, but a row that was asked about does."""
    site = _full(tmp_path)
    rows = [_row(site, "ben", actor=BEN, source="edge")]
    rows += [_row(site, f"passed{number}", source="edge") for number in range(3)]
    rows.append(_row(site, "asked"))
    rows = [msgspec.structs.replace(row, at=site.now + n) for n, row in enumerate(rows)]
    directory = site.close()
    for row in rows[:-1]:
        plant(directory, row)
    answer = _audit(directory)
    assert (answer.holds, answer.broken) == (True, 0)
    assert _outside(answer)["edge"] == 1
    assert _outside(answer)["beyond a pass"] == 3
    plant(directory, rows[-1])
    answer = _audit(directory)
    assert (answer.holds, answer.broken) == (False, 1)
    assert [each.source for each in answer.named] == ["proxy"]
