"""Vectors as points of a map: near ones near, distances otherwise not to be read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from clustering.clusters import DIMENSIONS, reduced
from clustering.newcomers import neighbours

TSNE_UP_TO = 5_000  # vectors; beyond that UMAP is quicker, compilation included
SPREAD = 1e-3  # of equal vectors, so that they do not hide each other

Points = NDArray[np.float32]


def method(count: int) -> str:
    """What draws a map of so many vectors."""
    return "line" if count < 4 else "t-SNE" if count <= TSNE_UP_TO else "UMAP"


def project(vectors: NDArray[np.float32], rng: np.random.Generator) -> Points:
    """Places (N, 2) from -1 to 1 for unit `vectors` (N, D); equal vectors and seed give equal places.

    Up to three vectors lie in a line, equal ones all but on one spot; up to 5,000 are laid out by t-SNE from their
    principal components, more by UMAP. Raises `ValueError` on what is not a finite number.

    Source: van der Maaten, Hinton 2008; Kobak, Berens 2019; McInnes, Healy, Melville 2018.
    """
    if not np.isfinite(vectors).all():
        raise ValueError("vectors hold NaN or infinity")
    seed = int(rng.integers(2**31))
    if len(vectors) < 4:
        apart = np.linalg.norm(vectors - vectors[:1], axis=1)
        return _fitted(np.stack([apart, np.zeros(len(vectors))], axis=1))
    if (vectors == vectors[0]).all():
        return np.asarray(SPREAD * rng.uniform(-1, 1, (len(vectors), 2)), dtype=np.float32)
    with threadpool_limits(1):
        data = reduced(vectors, DIMENSIONS)
        return _fitted(_tsne(data, seed) if len(data) <= TSNE_UP_TO else _umap(data, seed))


def place(members: NDArray[np.float32], points: Points, rows: NDArray[np.float32], count: int = 5) -> Points:
    """Places (N, 2) for unit vectors `rows` (N, D) that are not on the map of `members` (M, D) at `points` (M, 2).

    Each lies at the mean of its `count` nearest members, weighted by cosine: newcomers move nobody.
    """
    cosines, found = neighbours(members, rows, count)
    weights = np.maximum(cosines, 1e-6)[:, :, None]
    return np.asarray((points[found] * weights).sum(axis=1) / weights.sum(axis=1), dtype=np.float32)


def _tsne(data: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(data) - 1) / 3)
    return np.asarray(TSNE(init="pca", perplexity=perplexity, random_state=seed, n_jobs=1).fit_transform(data))


def _umap(data: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    from umap import UMAP  # compiles for a minute, so that small sets never import it

    return np.asarray(UMAP(random_state=seed, n_jobs=1).fit_transform(data))


def _fitted(places: NDArray[np.float64]) -> Points:
    """Centred and scaled alike on both axes, so that the farthest lies at -1 or 1."""
    if not len(places):
        return np.empty((0, 2), dtype=np.float32)
    centred = places - (places.max(axis=0) + places.min(axis=0)) / 2
    return np.asarray(centred / max(np.abs(centred).max(), 1e-12), dtype=np.float32).clip(-1, 1)
