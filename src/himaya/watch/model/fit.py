"""Fitting the weights: a logistic regression by Newton's method, on the rows of the older side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from himaya.core.learned import FAR
from himaya.watch.model.days import ActorDay

_Floats = npt.NDArray[np.float64]

#: The strength of the ridge (Hoerl and Kennard 1970), beside a loss that adds up to the number of accounts.
_RIDGE = 1.0
_STEPS = 100
_SMALL = 1e-9


class Fitted(Struct, frozen=True):
    """Means and scales to standardise by, the weights, and the intercept. A trait that never varies weighs nothing."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weight: tuple[float, ...]
    intercept: float


def fit(days: Sequence[ActorDay], is_collector: Sequence[bool]) -> Fitted:
    """Return the weights for actor-days, one row each.

    Both classes weigh the same in all, and so does every account of a class, whatever its days.
    """
    rows = np.array([day.last() for day in days], dtype=np.float64)
    truth = np.array(is_collector, dtype=np.float64)
    votes = _votes([day.name for day in days], truth)
    mean, scale = _standard(rows)
    z = np.nan_to_num(np.clip((rows - mean) / scale, -FAR, FAR), nan=0.0)
    found = _newton(np.column_stack([np.ones(len(z)), z]), truth, votes)
    return Fitted(_plain(mean), _plain(scale), _plain(found[1:]), float(found[0]))


def _plain(values: _Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _votes(names: Sequence[str], truth: _Floats) -> _Floats:
    """Return the weight of each row; all add up to the number of accounts."""
    rows = Counter(names)
    each = np.array([1 / rows[name] for name in names])
    total = float(each.sum())
    collectors = truth > 0
    each[collectors] *= total / 2 / each[collectors].sum()
    each[~collectors] *= total / 2 / each[~collectors].sum()
    return each


def _standard(rows: _Floats) -> tuple[_Floats, _Floats]:
    """Return mean and standard deviation of each trait where it is known; 0 and 1 where it says nothing."""
    known = ~np.isnan(rows)
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, rows, 0.0)
    mean = filled.sum(axis=0) / count
    scale = np.sqrt((np.where(known, rows - mean, 0.0) ** 2).sum(axis=0) / count)
    return mean, np.where(scale > _SMALL, scale, 1.0)


def _newton(x: _Floats, truth: _Floats, votes: _Floats) -> _Floats:
    """Return the minimum of the penalised loss; a step that does not lower it is halved."""
    ridge = np.full(x.shape[1], _RIDGE)
    ridge[0] = _SMALL
    beta = np.zeros(x.shape[1])
    loss = _loss(x, truth, votes, ridge, beta)
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ beta, -500, 500)))
        gradient = x.T @ (votes * (chance - truth)) + ridge * beta
        hessian = (x * (votes * chance * (1 - chance))[:, None]).T @ x + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while size > _SMALL and _loss(x, truth, votes, ridge, beta - size * step) > loss:
            size /= 2
        beta = beta - size * step
        before, loss = loss, _loss(x, truth, votes, ridge, beta)
        if before - loss < _SMALL * (1 + abs(loss)):
            break
    return beta


def _loss(x: _Floats, truth: _Floats, votes: _Floats, ridge: _Floats, beta: _Floats) -> float:
    score = x @ beta
    return float(
        (votes * (np.logaddexp(0, score) - truth * score)).sum() + (ridge * beta**2).sum() / 2
    )
