"""How far two categories lie apart.

All coefficients are computed from disagreement, delta = 1 - weight, because then "no disagreement" is an exact
zero in floating point and neither perfect agreement nor an undefined state hides behind a rounding error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import ArrayLike

from annotation.ratings import Floats
from config.errors import UserError

WEIGHTS = ("identity", "linear", "quadratic", "ordinal", "interval", "ratio", "radical")
LEVELS = ("nominal", "ordinal", "interval", "ratio")
SET_DISTANCES = ("masi", "jaccard", "nominal")


def disagreement(weights: str | ArrayLike, n_categories: int, values: ArrayLike | None = None) -> Floats:
    """1 - weight for every pair of categories, after Gwet (2014), chapter 3.

    Args:
        weights: one of `WEIGHTS`, or a (Q, Q) symmetric array of agreement weights, 1 on the diagonal and at
            most 1 elsewhere. "interval" is another name for "quadratic".
        n_categories: Q.
        values: (Q,) float, the number each category stands for; 1 .. Q by default.

    Returns:
        (Q, Q) float, 0 on the diagonal.

    Raises:
        UserError: an unknown name, or ratio weights with negative values.
        ValueError: an array of weights, or `values`, of the wrong shape or kind.
    """
    if not isinstance(weights, str):
        return _own(np.asarray(weights, dtype=np.float64), n_categories)
    if weights not in WEIGHTS:
        raise UserError(f"Unknown weights {weights!r}; choose one of {', '.join(WEIGHTS)}.")
    return _scaled(_NAMED[weights](_scale(values, n_categories)))


def level_distance(level: str, n_categories: int, values: ArrayLike | None = None) -> Floats:
    """Krippendorff's metric for the nominal, interval or ratio level: (Q, Q) float, 0 on the diagonal.

    The ordinal metric depends on the ratings, see `ordinal_metric`. Raises as `disagreement` does.
    """
    if level not in LEVELS or level == "ordinal":
        raise UserError(f"Unknown level {level!r}; choose one of {', '.join(LEVELS)}.")
    return _NAMED["identity" if level == "nominal" else level](_scale(values, n_categories))


def ordinal_metric(used: Floats) -> Floats:
    """Krippendorff's ordinal metric: the squared number of ratings between the middles of two categories.

    `used` is (Q, ...) float, how often each category was used; the result is (Q, Q, ...).
    """
    middle = np.cumsum(used, axis=0) - used / 2
    distance: Floats = (middle[:, None] - middle[None, :]) ** 2
    return distance


def set_distance(sets: Sequence[Collection[object]], distance: str = "masi") -> Floats:
    """(S, S) float distances of S sets; two empty sets are equal, an empty and a filled one share nothing.

    MASI is Passonneau (2006): 1 - Jaccard x monotonicity, the latter 1 for equal sets, 2/3 where one holds the
    other, 1/3 where they overlap, 0 where they are disjoint. Raises `UserError` for an unknown name.
    """
    if distance not in SET_DISTANCES:
        raise UserError(f"Unknown distance {distance!r}; choose one of {', '.join(SET_DISTANCES)}.")
    members = _memberships(sets)
    size = members.sum(axis=1)
    both = members @ members.T
    either = size[:, None] + size[None, :] - both
    equal = both == either
    if distance == "nominal":
        return np.where(equal, 0.0, 1.0)
    # Two empty sets: 0 of 0 in common, yet the same answer.
    likeness: Floats = np.divide(both, either, out=np.ones_like(both), where=either > 0)
    if distance == "masi":
        inside = both == np.minimum(size[:, None], size[None, :])
        likeness *= np.where(equal, 1.0, np.where(inside, 2 / 3, 1 / 3))
    return np.subtract(1.0, likeness)


def _memberships(sets: Sequence[Collection[object]]) -> Floats:
    """(S, M) float, 1 where set s holds member m."""
    column = {member: index for index, member in enumerate(dict.fromkeys(m for s in sets for m in s))}
    members = np.zeros((len(sets), len(column)))
    for row, chosen in enumerate(sets):
        members[row, [column[member] for member in chosen]] = 1
    return members


def _own(weights: Floats, n_categories: int) -> Floats:
    if weights.shape != (n_categories, n_categories):
        raise ValueError(f"weights must have shape ({n_categories}, {n_categories}), not {weights.shape}")
    if not np.array_equal(weights, weights.T):
        raise ValueError("weights must be symmetric")
    if (np.diag(weights) != 1).any() or not (weights <= 1).all():
        raise ValueError("weights must be 1 on the diagonal and at most 1 elsewhere")
    return np.subtract(1.0, weights)


def _scale(values: ArrayLike | None, n_categories: int) -> Floats:
    scale = np.arange(1, n_categories + 1) if values is None else np.asarray(values)
    if scale.shape != (n_categories,):
        raise ValueError(f"values must have shape ({n_categories},), not {scale.shape}")
    return scale.astype(np.float64)


def _scaled(distance: Floats) -> Floats:
    """Weights run from 0 for the two categories furthest apart to 1, so divide by the largest distance."""
    largest = distance.max(initial=0.0)
    return distance / largest if largest > 0 else distance


def _identity(scale: Floats) -> Floats:
    return 1.0 - np.eye(len(scale))


def _linear(scale: Floats) -> Floats:
    return np.abs(scale[:, None] - scale[None, :])


def _quadratic(scale: Floats) -> Floats:
    return _linear(scale) ** 2


def _radical(scale: Floats) -> Floats:
    return np.sqrt(_linear(scale))


def _ordinal(scale: Floats) -> Floats:
    """Pairs of categories from one to the other, both included, after Gwet: ranks count, not values."""
    rank = np.argsort(np.argsort(scale)).astype(np.float64)
    steps = _linear(rank)
    return steps * (steps + 1) / 2


def _ratio(scale: Floats) -> Floats:
    if (scale < 0).any():
        raise UserError("The ratio level needs values of 0 or more; use the interval level for signed values.")
    total = scale[:, None] + scale[None, :]
    relative = np.divide(_linear(scale), total, out=np.zeros_like(total), where=total > 0)
    squared: Floats = relative**2
    return squared


_NAMED: dict[str, Callable[[Floats], Floats]] = {
    "identity": _identity,
    "linear": _linear,
    "quadratic": _quadratic,
    "ordinal": _ordinal,
    "interval": _quadratic,
    "ratio": _ratio,
    "radical": _radical,
}
