"""Clusters of unit vectors, and the member that stands for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from clustering.engines import FAST_DIMENSIONS, Engine, Labelled, engine_for, fast_hdbscan, hdbscan, kmeans

NOISE = -1
DIMENSIONS = 50


@dataclass(frozen=True)
class Params:
    """`min_cluster_size` and `min_samples` are HDBSCAN's; vectors are first cut to `dimensions` by PCA.

    Without `dimensions` it is 50, and 15 for fast_hdbscan, which slows down with each one.
    """

    min_cluster_size: int = 5
    min_samples: int = 2
    dimensions: int | None = None
    engine: Engine = "auto"


def cluster(vectors: NDArray[np.float32], params: Params, rng: np.random.Generator) -> Labelled:
    """Clusters of unit `vectors` (N, D): labels (N) with -1 for noise, and strengths (N) from 0 to 1.

    Labels are numbered by falling size, ties by the first member's row. Equal input and seed give equal labels.
    Fewer rows than `min_cluster_size` are all noise. Raises `ValueError` on what is not a finite number.
    """
    if not np.isfinite(vectors).all():
        raise ValueError("vectors hold NaN or infinity")
    if len(vectors) < max(params.min_cluster_size, 2):
        return np.full(len(vectors), NOISE), np.zeros(len(vectors))
    engine = engine_for(params.engine, len(vectors))
    # Sums in one thread, in one order: with several, the last digits and so a label could differ between runs.
    with threadpool_limits(1):
        labels, strengths = _labelled(reduced(vectors, dimensions(params, engine)), engine, params, rng)
    return by_size(labels), strengths


def dimensions(params: Params, engine: Engine) -> int:
    """How many principal components `engine` is given."""
    return params.dimensions or (FAST_DIMENSIONS if engine == "fast_hdbscan" else DIMENSIONS)


def reduced(vectors: NDArray[np.float32], dimensions: int) -> NDArray[np.float64]:
    """The leading principal components (N, `dimensions`), no more of them than there are rows or columns."""
    if vectors.shape[1] <= dimensions:
        return vectors.astype(np.float64)
    model = PCA(min(dimensions, len(vectors)), svd_solver="covariance_eigh")
    return np.asarray(model.fit_transform(vectors), dtype=np.float64)


def _labelled(data: NDArray[np.float64], engine: Engine, params: Params, rng: np.random.Generator) -> Labelled:
    if engine == "kmeans":
        return kmeans(data, rng)
    density = fast_hdbscan if engine == "fast_hdbscan" else hdbscan
    return density(data, params.min_cluster_size, params.min_samples)


def by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Renumber clusters by falling size, ties by first member; noise stays -1."""
    names, first, inverse, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    order = np.lexsort((first, -counts))
    numbers = np.full(len(names), NOISE)
    clusters = [place for place in order if names[place] != NOISE]
    numbers[clusters] = np.arange(len(clusters))
    return numbers[inverse].astype(np.int64)


def medoid(vectors: NDArray[np.float32], members: NDArray[np.int64]) -> int:
    """The row among `members` whose summed cosine to the other members is highest; ties go to the first."""
    own = vectors[members]
    return int(members[(own @ own.sum(axis=0)).argmax()])
