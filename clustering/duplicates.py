"""Groups of near copies that never chain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 1024  # rows compared at once


@dataclass(frozen=True)
class Groups:
    """`head[i]` is the row of the representative of row i (itself for a representative), `score[i]` their cosine."""

    head: NDArray[np.int64]
    score: NDArray[np.float32]


def near_groups(vectors: NDArray[np.float32], threshold: float) -> Groups:
    """Group unit `vectors` (N, D), given best copy first, so that every member is within `threshold` of its head.

    Going from the best copy to the worst, a row joins the nearest head whose cosine with it is at least
    `threshold`, and becomes a head itself when there is none. So no member is in a group only because of a
    neighbour (the chaining of connected components), and the result depends on nothing but the order of rows.
    """
    head = np.arange(len(vectors))
    score = np.ones(len(vectors), dtype=np.float32)
    heads: list[int] = []
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK]
        to_heads = block @ vectors[heads].T
        within = block @ block.T
        fresh: list[int] = []  # heads found in this block, as offsets
        for row in range(len(block)):
            cosines = np.concatenate([to_heads[row], within[row, fresh]])
            best = int(cosines.argmax()) if len(cosines) else -1
            if best >= 0 and cosines[best] >= threshold:
                rows = heads + [start + offset for offset in fresh]
                head[start + row], score[start + row] = rows[best], cosines[best]
            else:
                fresh.append(row)
        heads += [start + offset for offset in fresh]
    return Groups(head, score)
