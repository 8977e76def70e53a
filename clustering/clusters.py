"""Density clusters of unit vectors, and the member that stands for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

NOISE = -1


@dataclass(frozen=True)
class Params:
    """`min_cluster_size` and `min_samples` are HDBSCAN's; vectors are first cut to `dimensions` by PCA."""

    min_cluster_size: int = 5
    min_samples: int = 2
    dimensions: int = 50


def cluster(
    vectors: NDArray[np.float32], params: Params, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """HDBSCAN over unit `vectors` (N, D): labels (N) with -1 for noise, and strengths (N) from 0 to 1.

    Labels are numbered by falling size, ties by the first member's row, so that equal input and seed give equal
    labels. Fewer rows than `min_cluster_size` are all noise. Raises `ValueError` on NaN.

    Source: Campello, Moulavi, Sander 2013; McInnes, Healy, Astels 2017 (hdbscan).
    """
    if np.isnan(vectors).any():
        raise ValueError("vectors hold NaN")
    if len(vectors) < max(params.min_cluster_size, 2):
        return np.full(len(vectors), NOISE), np.zeros(len(vectors))
    labels, strengths = _hdbscan(_reduced(vectors, params.dimensions, rng), params)
    return by_size(labels), strengths


def _reduced(vectors: NDArray[np.float32], dimensions: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """The leading principal components; all of them where there are no more rows or columns than asked for."""
    data = vectors.astype(np.float64)
    if min(data.shape) <= dimensions:
        return data
    seed = int(rng.integers(2**31))
    return np.asarray(PCA(dimensions, svd_solver="randomized", random_state=seed).fit_transform(data))


def _hdbscan(data: NDArray[np.float64], params: Params) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    from hdbscan import HDBSCAN  # slow to import, and only this stage needs it

    model = HDBSCAN(
        min_cluster_size=params.min_cluster_size,
        min_samples=min(params.min_samples, len(data) - 1),
        core_dist_n_jobs=1,
    ).fit(data)
    return model.labels_.astype(np.int64), np.clip(np.nan_to_num(model.probabilities_), 0, 1)


def by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Renumber clusters by falling size, ties by first member; noise stays -1."""
    names, first, counts = np.unique(labels, return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    numbers = {name: number for number, name in enumerate(n for n in names[order] if n != NOISE)}
    return np.array([numbers.get(label, NOISE) for label in labels], dtype=np.int64)


def medoid(vectors: NDArray[np.float32], members: NDArray[np.int64]) -> int:
    """The row among `members` whose summed cosine to the other members is highest; ties go to the first."""
    own = vectors[members]
    return int(members[(own @ own.sum(axis=0)).argmax()])
