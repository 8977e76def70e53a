"""Ways to cluster side by side: each figure against what it means."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from clustering.clusters import Params
from clustering.compare import compare, dbcv, silhouette, stability
from tests.test_clusters import blobs


def test_each_way_has_its_figures() -> None:
    vectors, truth = blobs([40, 30, 25])
    ways = [Params(), Params(60), Params(engine="kmeans")]
    found, coarse, means = compare(vectors, ways, seed=1)
    assert (found.clusters, found.noise) == (3, 0)
    assert adjusted_rand_score(truth, found.labels) == 1
    assert found.stability > 0.95
    assert found.dbcv is not None
    assert found.dbcv > 0.5
    assert coarse.clusters == 0
    assert (coarse.noise, coarse.dbcv, coarse.silhouette) == (1, None, None)
    assert means.dbcv is None
    assert means.silhouette == pytest.approx(found.silhouette)


def test_equal_seeds_give_equal_figures() -> None:
    vectors, _ = blobs([30, 12, 9], seed=8)
    first, again = (next(compare(vectors, [Params(3, 1)], seed=2)) for _ in range(2))
    assert (first.labels == again.labels).all()
    assert (first.stability, first.dbcv) == (again.stability, again.dbcv)


def test_stability_is_the_agreement_with_resamples() -> None:
    vectors, _ = blobs([30, 20])
    shuffled = np.random.default_rng(0).integers(0, 2, 50)
    resamples = [np.arange(0, 50, 2), np.arange(1, 50, 2)]
    right = np.repeat([0, 1], [30, 20])
    assert stability(vectors, right, Params(), resamples, 0) == 1
    assert stability(vectors, shuffled, Params(), resamples, 0) < 0.2


def test_good_clusters_have_better_validity_than_split_ones() -> None:
    vectors, truth = blobs([30, 40], dimensions=5)
    points = vectors.astype(np.float64)
    split = np.where(np.arange(70) % 2, truth, truth + 2)
    good, bad = dbcv(points, truth), dbcv(points, split)
    assert good is not None
    assert bad is not None
    assert good > bad
    assert (silhouette(points, truth) or 0) > (silhouette(points, split) or 0)


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [-1, -1, -1, -1], [0, 1, 2, 3], [0, 0, 0, 1]])
def test_validity_of_less_than_two_clusters_is_undefined(labels: list[int]) -> None:
    points = np.random.default_rng(0).normal(size=(4, 3))
    assert dbcv(points, np.array(labels)) is None


def test_equal_rows_leave_validity_finite_or_undefined() -> None:
    value = dbcv(np.repeat(np.eye(2, 3), 5, axis=0), np.repeat([0, 1], 5))
    assert value is None or -1 <= value <= 1
