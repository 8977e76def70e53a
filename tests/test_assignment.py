"""Dealing videos to raters: everyone gets as much, every video is seen by k people, copies by different ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from annotation.assignment import deal
from config.errors import UserError

Case = tuple[int, int, int, NDArray[np.int64] | None, int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    n_raters = draw(st.integers(1, 9))
    k = draw(st.integers(1, n_raters))
    n_videos = draw(st.integers(0, 40))
    group = st.lists(st.integers(0, max(1, n_videos // 2)), min_size=n_videos, max_size=n_videos)
    groups = draw(st.none() | group.map(lambda numbers: np.array(numbers, dtype=np.int64)))
    return n_videos, n_raters, k, groups, draw(st.integers(0, 2**32))


def dealt(case: Case) -> list[NDArray[np.int64]]:
    n_videos, n_raters, k, groups, seed = case
    return deal(n_videos, n_raters, k, np.random.default_rng(seed), groups=groups)


@given(cases())
def test_every_video_meets_exactly_k_different_raters(case: Case) -> None:
    hands = dealt(case)
    assert len(hands) == case[1]
    assert all(len(set(hand.tolist())) == len(hand) for hand in hands)
    assert np.array_equal(np.bincount(np.concatenate(hands), minlength=case[0]), np.full(case[0], case[2]))


@given(cases())
def test_loads_differ_by_at_most_one(case: Case) -> None:
    loads = [len(hand) for hand in dealt(case)]
    assert max(loads) - min(loads) <= 1


@given(cases())
def test_no_rater_meets_two_copies_where_that_can_be_avoided(case: Case) -> None:
    _, n_raters, k, groups, _ = case
    if groups is None:
        return
    sizes = np.bincount(groups, minlength=1)
    for hand in dealt(case):
        met = np.bincount(groups[hand], minlength=len(sizes))
        parts = -(-sizes // (n_raters // k))
        assert (met <= parts).all()
        assert (met[sizes * k <= n_raters] <= 1).all()


@given(cases())
def test_the_seed_decides_everything(case: Case) -> None:
    assert all(np.array_equal(a, b) for a, b in zip(dealt(case), dealt(case), strict=True))


def test_other_seeds_deal_otherwise_and_raters_see_different_orders() -> None:
    hands = deal(60, 3, 3, np.random.default_rng(1))
    assert len({tuple(hand) for hand in [*hands, *deal(60, 3, 3, np.random.default_rng(2))]}) == 6


def test_everyone_meets_everyone() -> None:
    hands = deal(2112, 40, 3, np.random.default_rng(7))
    sees = np.zeros((40, 2112), dtype=np.int64)
    for rater, hand in enumerate(hands):
        sees[rater, hand] = 1
    shared = (sees @ sees.T)[~np.eye(40, dtype=bool)]
    assert shared.min() > 0
    assert shared.max() < 30  # 8 expected: no two raters are tied to each other


def test_too_few_raters_is_the_users_mistake() -> None:
    with pytest.raises(UserError, match=r"Overlap 3 needs at least 3 raters, 2 are there"):
        deal(5, 2, 3, np.random.default_rng(0))
    with pytest.raises(UserError, match=r"1 is there"):
        deal(5, 1, 3, np.random.default_rng(0))
    with pytest.raises(UserError, match=r"at least 1 rater"):
        deal(5, 2, 0, np.random.default_rng(0))


def test_groups_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(5,\)"):
        deal(5, 3, 1, np.random.default_rng(0), groups=[0, 1])
