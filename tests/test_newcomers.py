"""Newcomers join the clusters of their neighbours, or none."""

from __future__ import annotations

import numpy as np
import pytest

from clustering.clusters import NOISE
from clustering.newcomers import join, nearest_clusters, neighbours, reach
from tests.test_clusters import blobs


def test_held_out_members_return_to_their_clusters() -> None:
    vectors, truth = blobs([60, 40, 25])
    out = np.random.default_rng(1).random(len(vectors)) < 0.3
    places = join(vectors[~out], truth[~out], vectors[out])
    assert (places.nearest == truth[out]).all()
    fitting = places.labels != NOISE
    assert fitting.mean() > 0.85, "one in twenty of a cluster's own members lies beyond its reach"
    assert (places.labels[fitting] == truth[out][fitting]).all()
    assert (places.strengths[fitting] == 1).all()
    assert (places.strengths[~fitting] == 0).all()


def test_what_is_far_from_all_fits_nowhere_but_has_a_nearest_cluster() -> None:
    vectors, truth = blobs([30, 30])
    strange = -vectors[:2]
    places = join(vectors, truth, strange)
    assert list(places.labels) == [NOISE, NOISE]
    assert list(places.strengths) == [0, 0]
    assert set(places.nearest) <= {0, 1}


def test_a_copy_of_a_member_fits_even_among_identical_ones() -> None:
    vectors = np.tile(blobs([3])[0][:1], (6, 1))
    assert list(join(vectors, np.zeros(6, dtype=np.int64), vectors[:1]).labels) == [0]


def test_company_and_order_change_nothing() -> None:
    vectors, truth = blobs([40, 30, 20], dimensions=8)
    out = np.arange(len(vectors)) % 3 == 0
    members, labels, coming = vectors[~out], truth[~out], vectors[out]
    together = join(members, labels, coming)
    alone = [join(members, labels, coming[row : row + 1]) for row in range(len(coming))]
    assert list(together.labels) == [int(place.labels[0]) for place in alone]
    assert together.strengths == pytest.approx([place.strengths[0] for place in alone])


def test_noise_has_no_vote() -> None:
    vectors, truth = blobs([20, 20])
    crowd = np.tile(vectors[:1], (50, 1))
    labels = np.concatenate([truth, np.full(50, NOISE)])
    assert list(nearest_clusters(np.concatenate([vectors, crowd]), labels, vectors[:1])) == [0]


def test_equal_votes_go_to_the_lower_number() -> None:
    members = np.array([[1, 0], [0, 1]], dtype=np.float32)
    between = np.array([[0.5**0.5, 0.5**0.5]], dtype=np.float32)
    for labels in ([3, 1], [1, 3]):
        places = join(members, np.array(labels), between)
        assert list(places.nearest) == [1]


@pytest.mark.parametrize("labels", [[], [NOISE, NOISE]])
def test_without_clusters_nothing_fits(labels: list[int]) -> None:
    vectors, _ = blobs([5])
    places = join(vectors[: len(labels)], np.array(labels, dtype=np.int64), vectors[2:])
    assert list(places.labels) == list(places.nearest) == [NOISE] * 3


def test_no_newcomers() -> None:
    vectors, truth = blobs([5])
    assert len(join(vectors, truth, vectors[:0]).labels) == 0


def test_reach_is_the_distance_that_most_members_keep_to() -> None:
    vectors, _ = blobs([40])
    cosines = np.sort(vectors @ vectors.T, axis=1)[:, ::-1][:, 1:11]
    assert reach(vectors) == pytest.approx(np.quantile(1 - cosines.mean(axis=1), 0.95), abs=1e-4)


def test_neighbours_are_those_of_a_full_sort() -> None:
    vectors, _ = blobs([50], dimensions=6)
    _, rows = neighbours(vectors[:40], vectors[40:], 7)
    expected = np.argsort(-(vectors[40:] @ vectors[:40].T), axis=1)[:, :7]
    assert (rows == expected).all()
