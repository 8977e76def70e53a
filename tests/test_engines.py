"""The algorithms behind clusters: which is taken, that chance has no part in them, and where the elbow lies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import adjusted_rand_score

from clustering.clusters import Params, cluster
from clustering.engines import HDBSCAN_UP_TO, elbow, engine_for, fast_hdbscan, hdbscan, kmeans, settled, versions
from tests.test_clusters import blobs

ROOT = Path(__file__).resolve().parent.parent


def points(sizes: list[int], dimensions: int = 8, seed: int = 5) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    vectors, truth = blobs(sizes, dimensions, seed)
    return vectors.astype(np.float64), truth


def test_auto_is_hdbscan_up_to_its_limit() -> None:
    assert [engine_for("auto", rows) for rows in (1, HDBSCAN_UP_TO, HDBSCAN_UP_TO + 1)] == [
        "hdbscan",
        "hdbscan",
        "fast_hdbscan",
    ]
    assert engine_for("kmeans", HDBSCAN_UP_TO + 1) == "kmeans"


def test_versions_name_what_the_labels_depend_on() -> None:
    assert set(versions("fast_hdbscan")) == {"fast_hdbscan", "numba", "numpy", "scikit-learn"}
    assert versions("kmeans")["numpy"] == np.__version__


def test_small_sets_import_neither_numba_nor_umap() -> None:
    code = (
        "import sys, numpy as np\n"
        "from clustering.clusters import Params, cluster\n"
        "from clustering.projection import project\n"
        "vectors = np.eye(40, 64, dtype=np.float32)\n"
        "cluster(vectors, Params(), np.random.default_rng(0)), project(vectors, np.random.default_rng(0))\n"
        "sys.exit(' '.join({'numba', 'umap', 'fast_hdbscan'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- fast_hdbscan ---


def test_both_density_engines_find_the_same() -> None:
    data, truth = points([120, 60, 30, 200])
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(60, data.shape[1]))
    data = np.concatenate([data, noise / np.linalg.norm(noise, axis=1, keepdims=True)])
    slow, fast = hdbscan(data, 5, 2)[0], fast_hdbscan(data, 5, 2)[0]
    assert adjusted_rand_score(slow, fast) > 0.98
    assert adjusted_rand_score(truth, fast[: len(truth)]) > 0.95


def test_above_thirty_dimensions_it_is_refused() -> None:
    with pytest.raises(ValueError, match="approximate, unseeded"):
        fast_hdbscan(np.zeros((50, 31)), 5, 2)


def test_equal_labels_on_repeats_and_with_any_number_of_threads() -> None:
    """Rounded coordinates, so that many distances are equal and threads have ties to break."""
    code = (
        "import hashlib, sys, numba, numpy as np\n"
        "from clustering.engines import fast_hdbscan\n"
        "rng = np.random.default_rng(1)\n"
        "data = np.round(rng.normal(size=(4000, 5)) + rng.integers(0, 4, (4000, 1)) * 2, 1)\n"
        "numba.set_num_threads(int(sys.argv[1]))\n"
        "told = [b''.join(part.tobytes() for part in fast_hdbscan(data, 5, 2)) for _ in range(3)]\n"
        "print(*{hashlib.sha256(raw).hexdigest() for raw in told})"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", code, str(threads)], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
        for threads in (1, 2)
    ]
    assert told[0] == told[1]
    assert len(told[0]) == 1


def spanning_tree(data: NDArray[np.float64], order: NDArray[np.int64]) -> NDArray[np.float64]:
    """Edges of one of the minimum spanning trees; which one, `order` decides."""
    lengths = squareform(pdist(data[order], "cityblock"))
    tree = minimum_spanning_tree(lengths).tocoo()
    return np.stack([order[tree.row], order[tree.col], tree.data], axis=1)


def test_settled_does_not_depend_on_which_spanning_tree_it_was() -> None:
    rng = np.random.default_rng(4)
    data = rng.permutation(np.stack(np.meshgrid(np.arange(8), np.arange(8)), -1).reshape(-1, 2))[:40].astype(float)
    trees = [spanning_tree(data, rng.permutation(len(data))) for _ in range(5)]
    assert len({frozenset(map(frozenset, tree[:, :2].astype(int).tolist())) for tree in trees}) > 1
    assert len({settled(tree).tobytes() for tree in trees}) == 1


def test_settled_joins_the_same_sets_at_the_same_lengths() -> None:
    rng = np.random.default_rng(6)
    data = rng.integers(0, 6, (50, 3)).astype(float)
    data = np.unique(data, axis=0)
    edges = settled(spanning_tree(data, np.arange(len(data))))
    expected = squareform(cophenet(linkage(pdist(data, "cityblock"), "single")))
    height = np.zeros_like(expected)
    groups = {row: {row} for row in range(len(data))}
    for a, b, length in edges:
        left, right = groups[int(a)], groups[int(b)]
        assert left is not right
        for i in left:
            for j in right:
                height[i, j] = height[j, i] = length
        left |= right
        for row in right:
            groups[row] = left
    assert np.allclose(height, expected)


# --- k-means ---


@pytest.mark.parametrize(
    ("tried", "inertia", "expected"),
    [
        ([2, 3, 4, 5, 6, 7, 8], [100, 60, 20, 18, 16, 14, 12], 4),
        ([2, 4, 8, 16, 32], [90, 50, 10, 9, 8], 8),
        ([2, 3], [5, 4], 2),
        ([2, 3, 4], [0, 0, 0], 2),
    ],
)
def test_elbow_is_farthest_below_the_line(tried: list[int], inertia: list[float], expected: int) -> None:
    assert elbow(tried, inertia) == expected


def test_kmeans_takes_its_k_from_the_elbow_and_its_draws_from_the_rng() -> None:
    data, truth = points([40, 40, 40, 40, 40, 40])
    first, again = (kmeans(data, np.random.default_rng(3)) for _ in range(2))
    assert adjusted_rand_score(truth, first[0]) > 0.8
    assert (first[0] == again[0]).all()
    assert (first[1] == again[1]).all()
    assert ((first[1] >= 0) & (first[1] <= 1)).all()


def test_kmeans_over_two_different_points() -> None:
    labels, strengths = kmeans(np.repeat([[0.0, 1.0], [1.0, 0.0]], 4, axis=0), np.random.default_rng(0))
    assert len(set(labels[:4])) == len(set(labels[4:])) == 1
    assert labels[0] != labels[4]
    assert (strengths == 1).all()


def test_dimensions_are_the_engines_own_unless_given() -> None:
    vectors, truth = blobs([40, 30], dimensions=100)
    labels, _ = cluster(vectors, Params(engine="fast_hdbscan", dimensions=2), np.random.default_rng(0))
    assert adjusted_rand_score(truth, labels) > 0.9
    with pytest.raises(ValueError, match="approximate"):
        cluster(vectors, Params(engine="fast_hdbscan", dimensions=40), np.random.default_rng(0))
