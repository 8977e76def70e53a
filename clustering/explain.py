"""Which members show what a cluster is: its middle, its edge, and a fair draw of the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustering.clusters import NOISE

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Quota:
    """How many members of each kind to draw from a cluster, besides its medoid; `noise` from the noise as a whole."""

    core: int = 3
    boundary: int = 3
    random: int = 3
    noise: int = 0


@dataclass(frozen=True)
class Picks:
    """Row numbers, none of them twice: the medoid, the core (strongest first), the boundary (weakest first)."""

    medoid: int
    core: Rows
    boundary: Rows
    random: Rows


def margins(vectors: NDArray[np.float32], labels: Rows, medoids: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much nearer each unit vector (N, D) is to its own cluster's medoid than to any other, as cosines (N).

    `labels` (N) number the rows of `medoids` (C, D); noise counts as far from all, so its margin is minus the
    cosine to the nearest medoid.
    """
    if not len(medoids) or not len(vectors):
        return np.zeros(len(vectors), dtype=np.float32)
    cosines = vectors @ medoids.T
    rows = np.flatnonzero(labels != NOISE)
    own = np.zeros(len(vectors), dtype=np.float32)
    own[rows] = cosines[rows, labels[rows]]
    cosines[rows, labels[rows]] = -1
    return np.asarray(own - cosines.max(axis=1))


def pick(
    members: Rows,
    medoid: int,
    strengths: NDArray[np.float64],
    margins: NDArray[np.float32],
    quota: Quota,
    rng: np.random.Generator,
) -> Picks:
    """Draw from the rows `members` of one cluster; `strengths` (N) and `margins` (N) are of all rows.

    Core members are those of the greatest strength, boundary members of the least, equals by margin and then by
    row. A cluster with fewer members than asked for gives first its medoid, then core, boundary and random ones.
    """
    rest = members[members != medoid]
    order = rest[np.lexsort((rest, -margins[rest], -strengths[rest]))]
    core, left = order[: quota.core], order[quota.core :]
    boundary = left[::-1][: quota.boundary]
    others = np.setdiff1d(left, boundary)
    return Picks(medoid, core, boundary, rng.permutation(others)[: quota.random])


def nearest_medoids(medoids: NDArray[np.float32], own: int, count: int) -> list[tuple[int, float]]:
    """The rows of the medoids (C, D) nearest to the medoid in row `own`, with their cosines, nearest first."""
    cosines = medoids @ medoids[own]
    order = np.argsort(-cosines, kind="stable")
    return [(int(row), float(cosines[row])) for row in order if row != own][:count]


def mean_direction(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of unit vectors (N, D) at unit length (D); of those that cancel each other out, zeros."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    length = np.linalg.norm(mean)
    return np.asarray(mean / length if length > 1e-12 else mean * 0, dtype=np.float32)
