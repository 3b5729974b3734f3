"""One statistic of one cohort: the threshold, its realised rate on those held out, and whether the halves differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from math import inf

from himaya.core.conformal import least_actors, order_statistic, rank
from himaya.core.rates import fisher_exact
from himaya.watch.calibration.gauge import DAY_S, Table
from himaya.watch.calibration.receipt import Drift, Rate, Threshold, Week
from himaya.watch.calibration.statistic import NEVER, Statistic

#: Halves are compared at a line that more actors pass: at 0.1 % one of a thousand does, which tells nothing.
_WIDER, _WIDEST = 10, 0.1
#: The chance of a false "drifted" in one calibration, shared among its thresholds (Bonferroni; Dunn 1961, JASA 56).
_FALSE_ALARM = 0.05

DRIFTED, STEADY, UNTOLD = "drifted", "no drift seen", "cannot be told"


class Scores:
    """The scores of the proven actors in one statistic and cohort: each one's highest, and by day."""

    def __init__(
        self, statistic: Statistic, cohort: str, by_day: dict[str, dict[int, float]], rate: float
    ) -> None:
        """Take the scores by actor and day; `rate` is the nominal one."""
        self.statistic, self.cohort, self.rate = statistic, cohort, rate
        self.by_day = by_day
        self.highest = {name: max(days.values()) for name, days in by_day.items()}
        self.calibration: list[float] = []
        self.held_out: dict[str, float] = {}

    def split(self, held_out: Callable[[str], bool]) -> None:
        """Divide the actors into those who set the threshold and those who measure it."""
        for name, score in self.highest.items():
            if held_out(name):
                self.held_out[name] = score
            else:
                self.calibration.append(score)

    @property
    def measured(self) -> int:
        """Return how many actors ever had a value."""
        return sum(score > NEVER for score in self.highest.values())

    @property
    def limit(self) -> float | None:
        """Return the score that the rate supports, None where it supports none."""
        found = order_statistic(self.calibration, self.rate)
        return None if found is None or found in {NEVER, inf} else found

    def why(self) -> str:
        """Return why there is no threshold, "" when there is one."""
        actors = len(self.calibration)
        if rank(actors, self.rate) > actors:
            return (
                f"{actors:,} calibration actors; {100 * self.rate:g} % needs {least_actors(self.rate):,};"
                f" the lowest rate that can be claimed is 1/{actors + 1} = {100 / (actors + 1):.3g} %"
            )
        if self.limit is None:
            top = order_statistic(self.calibration, self.rate) == inf
            return (
                "values too large to be told apart" if top else "too few of them ever had a value"
            )
        return ""

    def threshold(self, days: tuple[int, int], tests: int) -> Threshold:
        """Return what the receipt says; `days` are the first and the last, `tests` how many thresholds there are."""
        actors, limit = len(self.calibration), self.limit
        return Threshold(
            cohort=self.cohort,
            statistic=self.statistic.name,
            calibration=actors,
            hold_out=len(self.held_out),
            measured=self.measured,
            k=rank(actors, self.rate),
            least_rate=round(1 / (actors + 1), 6),
            value=None if limit is None else round(self.statistic.value(limit), 6),
            why=self.why(),
            realised=None if limit is None else _passing(self.held_out.values(), limit),
            weeks=() if limit is None else tuple(self._weeks(limit)),
            drift=self._drift(days, tests),
        )

    def _weeks(self, limit: float) -> Iterator[Week]:
        weeks: dict[str, dict[str, bool]] = {}
        for name in self.held_out:
            for day, score in self.by_day[name].items():
                held = weeks.setdefault(_week(day), {})
                held[name] = held.get(name, False) or score > limit
        for week in sorted(weeks):
            yield Week(week, sum(weeks[week].values()), len(weeks[week]))

    def _drift(self, days: tuple[int, int], tests: int) -> Drift:
        """Compare the halves of the period; the middle day of an odd number belongs to neither.

        Who is active in both counts in both. That makes the test shy rather than hasty: what a person does in two
        weeks is alike, and Fisher's test takes it for two persons.
        """
        rate = min(_WIDER * self.rate, max(self.rate, _WIDEST))
        line = order_statistic(self.calibration, rate)
        span = days[1] - days[0] + 1
        if span < 2:
            return Drift(rate, UNTOLD, "the period is shorter than two days")
        if line is None or line in {NEVER, inf}:
            return Drift(rate, UNTOLD, "too few actors")
        half = span // 2
        older = _passing(self._half(range(days[0], days[0] + half)), line)
        newer = _passing(self._half(range(days[1] - half + 1, days[1] + 1)), line)
        if not older.of or not newer.of:
            return Drift(rate, UNTOLD, "nobody in one half of the period", older, newer)
        p = fisher_exact(older.over, older.of, newer.over, newer.of)
        verdict = DRIFTED if p < _FALSE_ALARM / tests else STEADY
        return Drift(rate, verdict, "", older, newer, round(p, 6))

    def _half(self, days: range) -> list[float]:
        """Return the highest score in these days of each actor that was active in them."""
        found = []
        for scores in self.by_day.values():
            within = [score for day, score in scores.items() if day in days]
            if within:
                found.append(max(within))
        return found


def scores_of(
    table: Table, statistics: tuple[Statistic, ...], used: frozenset[str], rate: float
) -> Iterator[Scores]:
    """Yield the scores of each statistic and cohort in which any of the `used` actors ever had a value."""
    for cohort, actors in table.items():
        for place, statistic in enumerate(statistics):
            by_day = {
                name: {day: scores[place] for day, scores in days.items()}
                for name, days in actors.items()
                if name in used
            }
            found = Scores(statistic, cohort, by_day, rate)
            if found.measured:
                yield found


def _passing(scores: Iterable[float], line: float) -> Rate:
    held = list(scores)
    return Rate.count(sum(score > line for score in held), len(held))


def _week(day: int) -> str:
    year, week, _ = datetime.fromtimestamp(day * DAY_S, UTC).isocalendar()
    return f"{year}-W{week:02d}"
