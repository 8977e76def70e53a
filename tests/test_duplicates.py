"""Near copies: groups that never chain, and the best copy kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from clustering.duplicates import BLOCK, near_groups


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def at(*degrees: float) -> NDArray[np.float32]:
    angles = np.radians(degrees)
    return unit(np.stack([np.cos(angles), np.sin(angles)], axis=1))


def naive(vectors: NDArray[np.float32], threshold: float) -> list[int]:
    """The definition, one pair at a time."""
    heads: list[int] = []
    result = []
    for row, vector in enumerate(vectors):
        cosines = [float(vector @ vectors[head]) for head in heads]
        if cosines and max(cosines) >= threshold:
            result.append(heads[int(np.argmax(cosines))])
        else:
            heads.append(row)
            result.append(row)
    return result


def test_a_chain_is_not_one_group() -> None:
    groups = near_groups(at(0, 20, 40), threshold=float(np.cos(np.radians(25))))
    assert list(groups.head) == [0, 0, 2]


def test_a_member_joins_its_nearest_head() -> None:
    groups = near_groups(at(0, 30, 18), threshold=float(np.cos(np.radians(25))))
    assert list(groups.head) == [0, 1, 1]
    assert groups.score[2] == pytest.approx(np.cos(np.radians(12)), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.floats(0.5, 1))
def test_equals_the_naive_definition(seed: int, n: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(max(n, 1), 3)))[:n]
    groups = near_groups(vectors, threshold)
    cosines = vectors @ vectors.T
    if (abs(cosines - threshold) < 1e-5).any():  # rounding decides there
        return
    assert list(groups.head) == naive(vectors, threshold)


def test_blocks_make_no_difference() -> None:
    rng = np.random.default_rng(5)
    vectors = unit(rng.normal(size=(BLOCK + 300, 4)))
    assert list(near_groups(vectors, 0.97).head) == naive(vectors, 0.97)


def test_nothing_to_compare() -> None:
    assert len(near_groups(np.empty((0, 8), dtype=np.float32), 0.9).head) == 0


def test_sketches_miss_no_near_pair() -> None:
    """Rows of more numbers than a sketch has: pairs at the threshold and nearer, in a crowd not much farther off."""
    rng = np.random.default_rng(3)
    crowd = unit(rng.normal(size=(1, 512)) * 1.2 + 0.5 * rng.normal(size=(1500, 512)))
    drawn = rng.normal(size=(1500, 512))
    away = unit(drawn - (drawn * crowd).sum(axis=1, keepdims=True) * crowd)
    cosines = rng.uniform(0.9501, 1, (1500, 1))
    copies = unit(cosines * crowd + np.sqrt(1 - cosines**2) * away)
    groups = near_groups(np.concatenate([crowd, copies]), 0.95)
    found = groups.head[1500:] == np.arange(1500)
    assert list(groups.head[:1500]) == list(range(1500))
    assert found.mean() >= 0.999
    assert groups.score[1500:][found] == pytest.approx(cosines[found, 0], abs=1e-5)
