"""Maps: seeded, within bounds, near ones near, and sound for the smallest sets."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from clustering import projection
from clustering.projection import method, place, project
from tests.test_clusters import blobs


def test_neighbours_stay_neighbours() -> None:
    vectors, _ = blobs([40, 30, 25, 20])
    points = project(vectors, np.random.default_rng(0))
    assert points.shape == (115, 2)
    assert points.dtype == np.float32
    assert np.abs(points).max() == pytest.approx(1)
    assert trustworthiness(vectors, points, n_neighbors=10) > 0.9


def test_equal_seeds_give_equal_maps() -> None:
    vectors, _ = blobs([30, 20])
    first, again = (project(vectors, np.random.default_rng(7)) for _ in range(2))
    assert (first == again).all()


def test_many_vectors_are_laid_out_by_umap_alike_on_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "TSNE_UP_TO", 50)
    vectors, _ = blobs([40, 30, 25])
    assert method(len(vectors)) == "UMAP"
    first, again = (project(vectors, np.random.default_rng(7)) for _ in range(2))
    assert (first == again).all()
    assert trustworthiness(vectors, first, n_neighbors=10) > 0.9


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_the_smallest_sets(count: int) -> None:
    points = project(blobs([5])[0][:count], np.random.default_rng(0))
    assert points.shape == (count, 2)
    assert np.isfinite(points).all()
    assert (np.abs(points) <= 1).all()
    assert len(np.unique(points, axis=0)) == count


@pytest.mark.parametrize("count", [2, 3, 30])
def test_identical_vectors_lie_together(count: int) -> None:
    points = project(np.tile(blobs([1])[0], (count, 1)), np.random.default_rng(0))
    assert np.ptp(points, axis=0).max() < 0.01


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        project(np.full((5, 3), np.nan, dtype=np.float32), np.random.default_rng(0))


def test_newcomers_lie_among_their_neighbours() -> None:
    vectors, truth = blobs([30, 20, 20])
    points = project(vectors[:-5], np.random.default_rng(0))
    placed = place(vectors[:-5], points, vectors[-5:])
    own = points[truth[:-5] == 2]
    assert ((placed >= own.min(axis=0)) & (placed <= own.max(axis=0))).all()
    assert place(vectors[:-5], points, vectors[:0]).shape == (0, 2)
