"""Which limit holds for every class of access, since when, until when; a class without one is a gap.

limits    what one configuration limits, class by class, asked of the budgets the engine itself uses
history   the same over all configurations that were in force
"""

from __future__ import annotations

from himaya.analysis.classes.history import Classes, Span, classes

__all__ = ["Classes", "Span", "classes"]
