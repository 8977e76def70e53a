"""Groups of near copies that never chain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 1024  # rows compared at once
TILE = 8192  # rows that a block is compared with at once: what fits the processor's cache
SKETCH = 64  # numbers that two rows are first compared by
DOUBT = 4 * (2 / SKETCH) ** 0.5  # four standard deviations of a distance told by sketches, as a share of it
CHUNK = 16_384  # pairs compared in full at once

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Groups:
    """`head[i]` is the row of the representative of row i (itself for a representative), `score[i]` their cosine."""

    head: Rows
    score: Floats


def near_groups(vectors: Floats, threshold: float) -> Groups:
    """Group unit `vectors` (N, D), given best copy first, so that every member is within `threshold` of its head.

    Going from the best copy to the worst, a row joins the nearest head whose cosine with it is at least
    `threshold`, and becomes a head itself when there is none. So no member is in a group only because of a
    neighbour (the chaining of connected components), and the result depends on nothing but the order of rows.
    Every row is compared with every head, by sketches first: a pair that is just within `threshold` is missed
    with a chance of 1 in 2,500, nearer ones are not (`tests/test_duplicates.py`). Up to 64 numbers all is exact.
    """
    head = np.arange(len(vectors))
    score = np.ones(len(vectors), dtype=np.float32)
    sketches = _Sketches(vectors, threshold)
    heads = np.empty(0, dtype=np.int64)
    for start in range(0, len(vectors), BLOCK):
        block = np.arange(start, min(start + BLOCK, len(vectors)))
        to_heads = _near(vectors, sketches, block, heads, threshold)
        within = _near(vectors, sketches, block, block, threshold)
        for row, other, cosine in _nearest_first(to_heads, within):
            if other < row and head[row] == row and head[other] == other:
                head[row], score[row] = other, cosine
        heads = np.concatenate([heads, block[head[block] == block]])
    return Groups(head, score)


_Pairs = tuple[Rows, Rows, Floats]  # rows, those that they are near to, and the cosines


def _near(vectors: Floats, sketches: _Sketches, rows: Rows, others: Rows, threshold: float) -> _Pairs:
    """The pairs of `rows` and `others` whose cosine is at least `threshold`."""
    a, b = sketches.near(rows, others)
    parts = [slice(start, start + CHUNK) for start in range(0, len(a), CHUNK)]
    cosines = [np.einsum("ij,ij->i", vectors[a[part]], vectors[b[part]]) for part in parts]
    cosine = np.concatenate([np.empty(0, dtype=np.float32), *cosines])
    near = cosine >= threshold
    return a[near], b[near], cosine[near]


def _nearest_first(*pairs: _Pairs) -> list[tuple[int, int, float]]:
    """Pairs by row, the nearest first, the better copy first where two are as near."""
    row, other, cosine = (np.concatenate(part) for part in zip(*pairs, strict=True))
    order = np.lexsort((other, -cosine, row))
    return list(zip(row[order].tolist(), other[order].tolist(), cosine[order].tolist(), strict=True))


class _Sketches:
    """Rows cut to 64 numbers by one random projection, whose distances tell those of the rows.

    The squared distance of two unit rows is 2 less twice their cosine; that of their sketches is the same but for a
    relative error of standard deviation √(2/64), whatever the rows (Johnson and Lindenstrauss 1984).
    """

    def __init__(self, vectors: Floats, threshold: float) -> None:
        width = vectors.shape[1]
        short = vectors if width <= SKETCH else vectors @ _projection(width)
        doubt = DOUBT if width > SKETCH else 0.0
        self._least = -(1 - threshold) * (1 + doubt) - 1e-5  # float32 rounds by less
        half, one = np.square(short).sum(axis=1) / 2, np.ones(len(short), dtype=np.float32)
        self._asking = np.column_stack([short, -half, one])  # the product of the two is half the squared distance,
        self._asked = np.column_stack([short, one, -half])  # negative

    def near(self, rows: Rows, others: Rows) -> tuple[Rows, Rows]:
        """Pairs of `rows` and `others` that may be near, as rows of each."""
        found = [self._tile(rows, others[start : start + TILE]) for start in range(0, max(1, len(others)), TILE)]
        a, b = (np.concatenate(part) for part in zip(*found, strict=True))
        return a, b

    def _tile(self, rows: Rows, others: Rows) -> tuple[Rows, Rows]:
        nearness = self._asking[rows] @ self._asked[others].T
        some = np.flatnonzero(nearness.max(axis=1, initial=-np.inf) >= self._least)  # most rows are near to none
        a, b = np.nonzero(nearness[some] >= self._least)
        return rows[some[a]], others[b]


def _projection(width: int) -> Floats:
    """The same for every call, so that results are: float32 (width, 64)."""
    numbers = np.random.default_rng(0).standard_normal((width, SKETCH), dtype=np.float32)
    return np.asarray(numbers / np.sqrt(np.float32(SKETCH)), dtype=np.float32)
