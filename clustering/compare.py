"""Several ways to cluster the same vectors, side by side: density clustering has cliffs, and one run hides them."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, silhouette_score

from clustering.clusters import DIMENSIONS, NOISE, Params, cluster, reduced
from clustering.engines import engine_for

KEPT = 0.8  # share of the rows in a resample
RESAMPLES = 3
SAMPLE = 2_000  # rows that validity is measured on; both measures take the square of it


@dataclass(frozen=True)
class Outcome:
    """One way and what came of it; what is undefined (one cluster, say) is None.

    clusters: how many; noise: share of the rows; dbcv: density-based validity, -1 to 1, of the noise too;
    silhouette: mean, -1 to 1, of what is in clusters; stability: mean adjusted Rand index between these labels and
    those of resamples; seconds: wall time of the one run.
    """

    params: Params
    clusters: int
    noise: float
    dbcv: float | None
    silhouette: float | None
    stability: float
    seconds: float
    labels: NDArray[np.int64]
    strengths: NDArray[np.float64]


def compare(vectors: NDArray[np.float32], ways: Sequence[Params], seed: int) -> Iterator[Outcome]:
    """Cluster unit `vectors` (N, D), N at least 2, in each way; all see the same resamples.

    Validity is measured on at most 2,000 rows drawn by `seed`, among their 50 leading principal components.
    Stability compares with 3 seeded resamples of 80 % of the rows each. Raises `ValueError` on what is not finite.

    Source: Moulavi et al. 2014 (DBCV); Rousseeuw 1987 (silhouette); Ben-Hur et al. 2002 (stability).
    """
    rng = np.random.default_rng(seed)
    keep = max(round(KEPT * len(vectors)), 1)
    resamples = [np.sort(rng.permutation(len(vectors))[:keep]) for _ in range(RESAMPLES)]
    sample = np.sort(rng.permutation(len(vectors))[:SAMPLE])
    points = reduced(vectors, DIMENSIONS)[sample]
    for params in ways:
        start = time.perf_counter()
        labels, strengths = cluster(vectors, params, np.random.default_rng(seed))
        seconds = time.perf_counter() - start
        yield Outcome(
            params=params,
            clusters=int(labels.max(initial=NOISE)) + 1,
            noise=float((labels == NOISE).mean()),
            dbcv=None if engine_for(params.engine, len(labels)) == "kmeans" else dbcv(points, labels[sample]),
            silhouette=silhouette(points, labels[sample]),
            stability=stability(vectors, labels, params, resamples, seed),
            seconds=seconds,
            labels=labels,
            strengths=strengths,
        )


def stability(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    params: Params,
    resamples: Sequence[NDArray[np.int64]],
    seed: int,
) -> float:
    """The mean adjusted Rand index between `labels` and those of the rows of each resample clustered alone."""
    again = (cluster(vectors[rows], params, np.random.default_rng(seed))[0] for rows in resamples)
    pairs = zip(resamples, again, strict=True)
    return float(np.mean([adjusted_rand_score(labels[rows], own) for rows, own in pairs]))


def dbcv(points: NDArray[np.float64], labels: NDArray[np.int64]) -> float | None:
    """Density-based validity of `labels` (N) over `points` (N, D): clusters of one row count as noise."""
    from hdbscan.validity import validity_index

    labels = _without_singles(labels)
    if len(np.unique(labels[labels != NOISE])) < 2:
        return None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # it divides by the distances of equal rows
        value = float(validity_index(np.ascontiguousarray(points), labels))
    return value if np.isfinite(value) else None


def silhouette(points: NDArray[np.float64], labels: NDArray[np.int64]) -> float | None:
    """The mean silhouette of the rows in clusters, noise left aside."""
    own = labels != NOISE
    names = len(np.unique(labels[own]))
    if names < 2 or names >= own.sum():
        return None
    return float(silhouette_score(points[own], labels[own]))


def _without_singles(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """`labels` numbered anew, with noise for every label that only one row has."""
    names, inverse, counts = np.unique(labels, return_inverse=True, return_counts=True)
    good = (counts > 1) & (names != NOISE)
    numbers = np.where(good, np.cumsum(good) - 1, NOISE)
    return np.asarray(numbers[inverse])
