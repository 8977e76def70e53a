"""Which members stand for a cluster."""

from __future__ import annotations

import numpy as np
import pytest

from clustering.explain import Quota, margins, mean_direction, nearest_medoids, pick

STRENGTHS = np.array([1.0, 0.2, 0.9, 0.5, 0.1, 0.9, 0.7, 0.3])
MARGINS = np.array([0.5, 0.1, 0.2, 0.1, 0.0, 0.4, 0.3, 0.2], dtype=np.float32)
ALL = np.arange(8)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_core_is_strongest_boundary_weakest_and_equals_go_by_margin() -> None:
    picks = pick(ALL, 0, STRENGTHS, MARGINS, Quota(2, 2, 2), rng())
    assert (picks.medoid, list(picks.core), list(picks.boundary)) == (0, [5, 2], [4, 1])
    assert set(picks.random) < {3, 6, 7}
    assert len(picks.random) == 2


@pytest.mark.parametrize("members", [[3], [3, 4], [3, 4, 5, 6], list(range(8))])
def test_nobody_is_drawn_twice_and_small_clusters_are_drawn_whole(members: list[int]) -> None:
    picks = pick(np.array(members), 3, STRENGTHS, MARGINS, Quota(3, 3, 3), rng())
    drawn = [picks.medoid, *picks.core, *picks.boundary, *picks.random]
    assert sorted(drawn) == members


def test_the_draw_is_seeded() -> None:
    one, same = (pick(ALL, 0, STRENGTHS, MARGINS, Quota(0, 0, 4), rng()) for _ in range(2))
    assert list(one.random) == list(same.random)
    others = {
        tuple(pick(ALL, 0, STRENGTHS, MARGINS, Quota(0, 0, 4), np.random.default_rng(n)).random) for n in range(9)
    }
    assert len(others) > 1


def test_margin_is_how_much_nearer_the_own_medoid_is() -> None:
    medoids = np.eye(2, dtype=np.float32)
    vectors = np.array([[1, 0], [0.6, 0.8], [0.6, 0.8]], dtype=np.float32)
    assert margins(vectors, np.array([0, 0, -1]), medoids) == pytest.approx([1, -0.2, -0.8])
    assert list(margins(vectors, np.array([-1, -1, -1]), medoids[:0])) == [0, 0, 0]


def test_nearest_medoids_leave_the_own_out() -> None:
    medoids = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    assert nearest_medoids(medoids, 0, 5) == [(2, pytest.approx(0.6)), (1, 0)]


def test_mean_direction_has_unit_length_or_none() -> None:
    assert mean_direction(np.eye(2, dtype=np.float32)) == pytest.approx([0.5**0.5] * 2)
    assert list(mean_direction(np.array([[1, 0], [-1, 0]], dtype=np.float32))) == [0, 0]
