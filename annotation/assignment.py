"""Who labels which video: balanced dealing of videos to raters."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from config.errors import UserError

Indices = NDArray[np.int64]


def deal(
    n_videos: int, n_raters: int, k: int, rng: np.random.Generator, *, groups: ArrayLike | None = None
) -> list[Indices]:
    """Deal every video to exactly `k` different raters.

    Args:
        n_videos: videos, numbered from 0.
        n_raters: raters, numbered from 0.
        k: raters per video.
        rng: the only source of chance; the same state deals the same hands.
        groups: (n_videos,) int, the duplicate group of each video; `None` when no two are duplicates.

    Returns:
        One array of video numbers per rater, in the order in which that rater sees them, drawn anew for each.
        Lengths differ by at most one. No rater gets two videos of one group, if the group has at most
        `n_raters // k` of them; larger groups are dealt in parts of that size.

    Raises:
        UserError: `k` is below 1 or above `n_raters`.
        ValueError: `groups` has another length than `n_videos`.
    """
    _check(n_raters, k)
    order, sizes = _units(n_videos, n_raters // k, rng, groups)
    raters = _rounds(sizes * k, n_raters, rng)
    return _hands(np.repeat(order, k), raters, n_raters, rng)


def _check(n_raters: int, k: int) -> None:
    if k < 1:
        raise UserError(f"Overlap {k} makes no sense: every video needs at least 1 rater.")
    if k > n_raters:
        are = "is" if n_raters == 1 else "are"
        raise UserError(
            f"Overlap {k} needs at least {k} raters, {n_raters} {are} there: add raters or lower the overlap."
        )


def _units(
    n_videos: int, largest: int, rng: np.random.Generator, groups: ArrayLike | None
) -> tuple[Indices, Indices]:
    """Videos in dealing order, and the lengths of the runs in it that must go to different raters."""
    group = np.arange(n_videos) if groups is None else np.asarray(groups)
    if group.shape != (n_videos,):
        raise ValueError(f"groups must have shape ({n_videos},), not {group.shape}")
    names, group = np.unique(group, return_inverse=True)
    shuffled = rng.permutation(n_videos)
    rank = rng.permutation(len(names))
    order = shuffled[np.argsort(rank[group[shuffled]], kind="stable")]
    lengths = np.bincount(rank[group], minlength=len(names))
    return order.astype(np.int64), _split(lengths, largest)


def _split(lengths: Indices, largest: int) -> Indices:
    """The same runs, those longer than `largest` cut into parts of it and a rest."""
    parts = -(-lengths // largest)
    sizes = np.full(parts.sum(), largest, dtype=np.int64)
    last = np.cumsum(parts) - 1
    sizes[last] = lengths - (parts - 1) * largest
    return sizes


def _rounds(sizes: Indices, n_raters: int, rng: np.random.Generator) -> Indices:
    """The rater of each place: one random order of all raters after another.

    Whole rounds balance the loads. A run of places that lies across the end of a round could meet a rater of
    the old round again in the new one, so such raters are moved back within the new round.
    """
    n_places = int(sizes.sum())
    n_rounds = -(-n_places // n_raters)
    rounds = rng.permuted(np.tile(np.arange(n_raters), (n_rounds, 1)), axis=1)
    for after, old, new in _crossings(sizes, n_raters):
        taken = rounds[after - 1, n_raters - old :]
        rounds[after] = _put_back(rounds[after], taken, new)
    return rounds.reshape(-1)[:n_places]


def _crossings(sizes: Indices, n_raters: int) -> Iterator[tuple[int, int, int]]:
    """For each run across two rounds: the later round, and the places it has in the earlier and the later."""
    ends = np.cumsum(sizes)
    first, last = (ends - sizes) // n_raters, (ends - 1) // n_raters
    for run in np.flatnonzero(first < last):
        after = int(last[run])
        new = int(ends[run]) - after * n_raters
        yield after, int(sizes[run]) - new, new


def _put_back(round_: Indices, taken: Indices, n_places: int) -> Indices:
    """`round_` with its first `n_places` free of `taken`; the order is kept otherwise."""
    is_taken = np.isin(round_, taken)
    head = np.flatnonzero(~is_taken)[:n_places]
    in_head = np.zeros(len(round_), dtype=bool)
    in_head[head] = True
    return np.concatenate([round_[in_head], round_[~in_head]])


def _hands(videos: Indices, raters: Indices, n_raters: int, rng: np.random.Generator) -> list[Indices]:
    shuffled = rng.permutation(len(videos))
    videos, raters = videos[shuffled], raters[shuffled]
    by_rater = np.argsort(raters, kind="stable")
    ends = np.cumsum(np.bincount(raters, minlength=n_raters))[:-1]
    return np.split(videos[by_rater], ends)
