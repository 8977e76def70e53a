"""The algorithms that clusters may come from, each over points that are already few-dimensional."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from itertools import groupby
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Engine = Literal["auto", "hdbscan", "fast_hdbscan", "kmeans"]
ENGINES: tuple[Engine, ...] = ("auto", "hdbscan", "fast_hdbscan", "kmeans")

HDBSCAN_UP_TO = 20_000  # rows; beyond that it takes minutes, and fast_hdbscan's compilation has paid for itself
# fast_hdbscan searches kd-trees: time at 100,000 rows doubles from 15 to 20 dimensions, and again to 30. Above 30 it
# silently takes an approximate, unseeded search.
FAST_DIMENSIONS = 15
ELBOW_SAMPLE = 20_000  # rows that k is chosen on
ELBOW_STEPS = 16  # numbers of clusters tried
MOST_MEANS = 200

Labelled = tuple[NDArray[np.int64], NDArray[np.float64]]  # labels (N), -1 for noise, and strengths (N), 0 to 1


def engine_for(engine: Engine, rows: int) -> Engine:
    """What `auto` stands for with this many rows."""
    if engine != "auto":
        return engine
    return "hdbscan" if rows <= HDBSCAN_UP_TO else "fast_hdbscan"


def versions(engine: Engine) -> dict[str, str]:
    """The versions of the packages that labels of this engine depend on."""
    own = {"hdbscan": ["hdbscan"], "fast_hdbscan": ["fast_hdbscan", "numba"]}
    return {name: version(name) for name in sorted([*own.get(engine, []), "numpy", "scikit-learn"])}


def hdbscan(data: NDArray[np.float64], min_cluster_size: int, min_samples: int) -> Labelled:
    """HDBSCAN over points (N, D), N at least 2 (Campello, Moulavi, Sander 2013; McInnes, Healy, Astels 2017)."""
    from hdbscan import HDBSCAN  # slow to import, and only this stage needs it

    model = HDBSCAN(
        min_cluster_size=min_cluster_size,
        min_samples=min(min_samples, len(data) - 1),
        core_dist_n_jobs=1,
    ).fit(data)
    return model.labels_.astype(np.int64), np.clip(np.nan_to_num(model.probabilities_), 0, 1)


# --- the same algorithm for many rows ---


def fast_hdbscan(data: NDArray[np.float64], min_cluster_size: int, min_samples: int) -> Labelled:
    """HDBSCAN over points (N, D), N at least 2, D at most 30, by dual-tree Borůvka on all processors.

    Equal input gives equal labels, whatever the number of threads: the spanning tree is exact, and what is left to
    chance in it, the choice between equally long edges, is settled by `settled`. The first call on a machine
    compiles for about a minute. Raises `ValueError` above 30 dimensions.
    """
    if data.shape[1] > 30:
        raise ValueError(f"{data.shape[1]} dimensions: above 30 fast_hdbscan takes an approximate, unseeded search")
    from fast_hdbscan.hdbscan import clusters_from_spanning_tree

    edges = settled(_spanning_tree(data, min(min_samples, len(data) - 1)))
    labels, strengths, *_ = clusters_from_spanning_tree(edges, min_cluster_size=min_cluster_size)
    return labels.astype(np.int64), np.clip(np.nan_to_num(strengths.astype(np.float64)), 0, 1)


def _spanning_tree(data: NDArray[np.float64], min_samples: int) -> NDArray[np.float64]:
    """Edges (N - 1, 3) of a minimum spanning tree of mutual reachability: two rows and the distance between them."""
    from fast_hdbscan.hdbscan import compute_minimum_spanning_tree
    from fast_hdbscan.numba_kdtree import build_kdtree

    points = np.ascontiguousarray(data, dtype=np.float32)
    # Rows that lie near each other in space lie near each other in memory then, which takes a third off the time.
    order = build_kdtree(points).idx_array
    edges, _, _ = compute_minimum_spanning_tree(np.ascontiguousarray(points[order]), min_samples=min_samples)
    edges[:, :2] = order[edges[:, :2].astype(np.int64)]
    return np.asarray(edges)


def settled(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Edges (N - 1, 3) of a spanning tree made independent of how ties between equal lengths fell.

    Whichever of several minimum spanning trees it is, the sets of rows joined up to a length are the same. So the
    edges of one length become edges from the lowest row of each set that they join to the lowest rows of its parts.
    """
    parent = list(range(len(edges) + 1))

    def find(row: int) -> int:
        while parent[row] != row:
            parent[row] = row = parent[parent[row]]
        return row

    result: list[tuple[int, int, float]] = []
    ordered = edges[np.argsort(edges[:, 2], kind="stable")].tolist()
    for length, ties in groupby(ordered, key=lambda edge: edge[2]):
        pairs = [(find(int(a)), find(int(b))) for a, b, _ in ties]
        for pair in pairs:
            low, high = sorted(map(find, pair))
            parent[high] = low
        parts = sorted({row for pair in pairs for row in pair})
        result += [(find(part), part, length) for part in parts if find(part) != part]
    return np.array(result, dtype=np.float64).reshape(-1, 3)


# --- to compare ---


def kmeans(data: NDArray[np.float64], rng: np.random.Generator) -> Labelled:
    """k-means over points (N, D), with k at the elbow of inertia. It knows no noise.

    The elbow is the k whose point on the curve of inertia lies farthest below the straight line from the first k
    to the last (the knee of Satopaa et al. 2011), over up to 16 values of k from 2 to the smaller of 200 and half
    of N, on at most 20,000 rows drawn by `rng`. The strength of a row is 1 - (distance to its own mean) / (distance
    to the next nearest mean).
    """
    distinct = len(np.unique(data, axis=0))
    if distinct < 3:  # one mean for each point: no curve, and nothing to choose
        _, labels = np.unique(data, axis=0, return_inverse=True)
        return labels.reshape(-1).astype(np.int64), np.ones(len(data))
    sample = rng.permutation(len(data))[:ELBOW_SAMPLE]
    most = max(min(MOST_MEANS, len(sample) // 2, distinct - 1), 2)
    tried = np.unique(np.geomspace(2, most, ELBOW_STEPS).round().astype(int)).tolist()
    seed = int(rng.integers(2**31))
    inertia = [_means(data[sample], k, seed).inertia_ for k in tried]
    return _assigned(_means(data, elbow(tried, inertia), seed).transform(data))


def elbow(tried: Sequence[int], inertia: Sequence[float]) -> int:
    """The k of `tried` (rising) at which the curve `inertia` lies farthest below the line between its ends."""
    x, y = np.asarray(tried, dtype=np.float64), np.asarray(inertia, dtype=np.float64)
    if len(x) < 3 or y[0] <= y[-1]:
        return int(tried[0])
    x, y = (x - x[0]) / (x[-1] - x[0]), (y - y[-1]) / (y[0] - y[-1])
    return int(tried[int((1 - x - y).argmax())])


def _means(data: NDArray[np.float64], k: int, seed: int):  # type: ignore[no-untyped-def]  # sklearn has no types
    from sklearn.cluster import KMeans

    return KMeans(k, n_init=1, random_state=seed).fit(data)


def _assigned(distances: NDArray[np.float64]) -> Labelled:
    labels = distances.argmin(axis=1)
    own, second = np.partition(distances, 1, axis=1)[:, :2].T
    return labels.astype(np.int64), 1 - own / np.maximum(second, np.finfo(float).tiny)
