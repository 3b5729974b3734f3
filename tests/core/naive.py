"""A naive model of disclosures: a list of who was shown when, recounted for every question."""

from __future__ import annotations

from dataclasses import dataclass, field

SPANS = {"hour": 3600, "day": 86400, "month": 30 * 86400}


@dataclass
class NaiveLedger:
    """Every disclosure of every principal, as (time, subject, weight)."""

    shown: dict[str, list[tuple[float, str, float]]] = field(default_factory=dict)
    bought: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def show(self, principal: str, at: float, subject: str, weight: float = 1.0) -> None:
        """Note one disclosure."""
        self.shown.setdefault(principal, []).append((at, subject, weight))

    def buy(self, principal: str, at: float, people: float) -> None:
        """Note people that a solved challenge bought."""
        self.bought.setdefault(principal, []).append((at, people))

    def most(self, principal: str, span: str) -> float:
        """Return the most distinct people (weighted) in any window of the span's true length."""
        rows = self.shown.get(principal, [])
        length = SPANS[span]
        best = 0.0
        for end, _, _ in rows:
            inside: dict[str, float] = {}
            for at, subject, weight in rows:
                if end - length < at <= end:
                    inside[subject] = max(weight, inside.get(subject, 0.0))
            best = max(best, sum(inside.values()))
        return best
