"""A draft for a data protection impact assessment, made from the configuration; its judgement is a person's."""

from __future__ import annotations

from himaya.evidence.dpia.draft import draft
from himaya.evidence.dpia.judging import judge, judgement
from himaya.evidence.dpia.words import markdown

__all__ = ["draft", "judge", "judgement", "markdown"]
