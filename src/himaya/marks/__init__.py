"""Marks: of two equally true renderings of a soft field each viewer is shown one, chosen by a key.

    marks = Marks(key, {"city": "location", "headline": "employment"})
    marks.choose("account-4", "17", "city", ("Oslo", "Oslo, Norway"))     one of the two, always the same

Whoever finds a file can say whose choices it has (`himaya attribute --marks`): of a stranger's, half fit by chance.

marks   `Marks`: which fields may carry one, and who is shown which
score   how well the choices in a file are a viewer's

Off unless an application calls it. Both renderings must be true, and equally so: a mark is no trap, and nobody is
shown anything wrong. What a mark never touches: names, contact, health, dates, faces, and whatever is not declared
soft. Where a person sees their own page, asks for their data, where somebody reads by a grant or with an
accessibility tool, the first rendering is shown: `canonical=True`.
"""

from __future__ import annotations

from himaya.marks.marks import SOFT, Marks
from himaya.marks.score import Score, score

__all__ = ["SOFT", "Marks", "Score", "score"]
