"""Clusters of vectors and the words that set them apart."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import pdist
from sklearn.metrics import adjusted_rand_score

from clustering.clusters import NOISE, Params, by_size, cluster, medoid, reduced
from clustering.engines import Engine
from clustering.words import class_tf_idf, cluster_words, recounted

NAMED: tuple[Engine, ...] = ("hdbscan", "fast_hdbscan", "kmeans")


def blobs(sizes: list[int], dimensions: int = 64, seed: int = 3) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    centres = rng.normal(size=(len(sizes), dimensions))
    rows = centres[truth] + 0.15 * rng.normal(size=(len(truth), dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), truth


def test_finds_what_was_planted_and_numbers_by_size() -> None:
    vectors, truth = blobs([12, 40, 25])
    labels, strengths = cluster(vectors, Params(), np.random.default_rng(0))
    assert adjusted_rand_score(truth, labels) > 0.99
    assert [int((labels == number).sum()) for number in range(3)] == [40, 25, 12]
    assert ((strengths >= 0) & (strengths <= 1)).all()


def test_same_seed_same_labels() -> None:
    vectors, _ = blobs([30, 30, 9], dimensions=128)
    first, second = (cluster(vectors, Params(), np.random.default_rng(4))[0] for _ in range(2))
    assert (first == second).all()


@pytest.mark.parametrize("engine", NAMED)
def test_every_engine_finds_what_was_planted(engine: Engine) -> None:
    vectors, truth = blobs([30, 50, 25, 40])
    labels, strengths = cluster(vectors, Params(engine=engine), np.random.default_rng(0))
    assert adjusted_rand_score(truth, labels) > 0.99
    assert ((strengths > 0) & (strengths <= 1)).all()


@pytest.mark.parametrize("engine", NAMED)
@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_too_few_are_all_noise(n: int, engine: Engine) -> None:
    vectors, _ = blobs([10])
    labels, strengths = cluster(vectors[:n], Params(engine=engine), np.random.default_rng(0))
    assert list(labels) == [NOISE] * n
    assert list(strengths) == [0] * n


@pytest.mark.parametrize("engine", NAMED)
def test_two_of_a_kind_twice_are_no_error_at_the_smallest_size(engine: Engine) -> None:
    vectors, _ = blobs([2, 2])
    labels, _ = cluster(vectors, Params(2, 1, engine=engine), np.random.default_rng(0))
    assert list(labels) in ([0, 0, 1, 1], [NOISE] * 4)


@pytest.mark.parametrize("engine", NAMED)
def test_all_identical_is_one_cluster_or_noise_but_no_error(engine: Engine) -> None:
    vectors = np.tile(blobs([5])[0][:1], (20, 1))
    labels, strengths = cluster(vectors, Params(engine=engine), np.random.default_rng(0))
    assert len(set(labels)) == 1
    assert np.isfinite(strengths).all()


@pytest.mark.parametrize("engine", ["hdbscan", "fast_hdbscan"])
def test_scattered_vectors_are_all_noise(engine: Engine) -> None:
    """The corners of a simplex: each is as far from every other."""
    labels, _ = cluster(np.eye(24, dtype=np.float32), Params(engine=engine), np.random.default_rng(0))
    assert set(labels) == {NOISE}


@pytest.mark.parametrize("engine", NAMED)
def test_fewer_vectors_than_principal_components(engine: Engine) -> None:
    vectors, truth = blobs([7, 6], dimensions=200)
    for dimensions in (None, 12, 13, 25):
        labels, _ = cluster(vectors, Params(engine=engine, dimensions=dimensions), np.random.default_rng(0))
        assert adjusted_rand_score(truth, labels) > 0.7


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    vectors, _ = blobs([6])
    vectors[3, 2] = value
    with pytest.raises(ValueError, match="NaN or infinity"):
        cluster(vectors, Params(), np.random.default_rng(0))


def test_reduced_keeps_distances_where_the_rest_is_flat() -> None:
    rng = np.random.default_rng(2)
    flat = rng.normal(size=(40, 3)) @ np.linalg.qr(rng.normal(size=(64, 3)))[0].T
    points = reduced(flat.astype(np.float32), 3)
    assert pdist(points) == pytest.approx(pdist(flat), abs=1e-4)


def test_by_size_breaks_ties_by_first_member() -> None:
    assert list(by_size(np.array([7, -1, 3, 7, 3, 9, 9, 9]))) == [1, -1, 2, 1, 2, 0, 0, 0]


def test_medoid_is_the_most_central_member() -> None:
    angles = np.radians([0, 10, 20, 90])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert medoid(vectors, np.array([0, 1, 2])) == 1


def test_words_of_a_cluster_are_those_the_others_lack() -> None:
    prompts = [
        "a red flag waving",
        "a blue flag waving",
        "a red hill",
        "a green hill in the sun",
        "nothing alike",
    ]
    words = cluster_words(prompts, np.array([0, 0, 1, 1, -1]))
    assert [word for word, *_ in words[0][:2]] == ["flag", "waving"]
    assert words[0][0][1] == 2
    assert words[1][0][0] == "hill"


def test_class_tf_idf_is_the_published_formula() -> None:
    counts = np.array([[4, 0], [1, 5]])
    expected = np.array([[1, 0], [1 / 6, 5 / 6]]) * np.log1p(5 / np.array([5, 5]))
    assert class_tf_idf(counts) == pytest.approx(expected)


def test_a_prompt_cannot_speak_for_its_cluster_by_repeating_itself() -> None:
    words = cluster_words(["spam " * 50 + "boat", "boat lake", "hill sun", "hill sky"], np.array([0, 0, 1, 1]))
    assert words[0][0][:2] == ("boat", 2)


@pytest.mark.parametrize("prompts", [["", "", ""], ["!!", "a", "the"]])
def test_prompts_without_words_give_no_words(prompts: list[str]) -> None:
    assert cluster_words(prompts, np.array([0, 0, -1])) == {0: []}


def test_words_are_counted_anew_over_the_prompts_that_are_left() -> None:
    words = [("flag", 2, 0.5), ("red", 1, 0.25)]
    assert recounted(words, ["a blue flag", "flag flag", "hill"]) == [("flag", 2, 0.5)]
    assert recounted(words, []) == []
