"""Nearest vectors out of a million: every one is looked at, in half the memory that float32 takes."""

from __future__ import annotations

import faiss
import numpy as np
from numpy.typing import NDArray


class Index:
    """Unit vectors (N, D) as float16, in the order they were added.

    Reading them is what a query takes its time for, and float16 halves it. Rounding may swap neighbours whose
    cosines differ by less than .001; nothing else is approximate. One query uses one thread.
    """

    def __init__(self) -> None:
        self._index: faiss.IndexScalarQuantizer | None = None

    def __len__(self) -> int:
        return self._index.ntotal if self._index is not None else 0

    def add(self, vectors: NDArray[np.float32]) -> None:
        """Append rows (M, D); what is not a finite number counts as 0. Raises `ValueError` for another D."""
        if self._index is None:
            self._index = faiss.IndexScalarQuantizer(
                vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
            )
        if vectors.shape[1] != self._index.d:
            raise ValueError(f"vectors of {vectors.shape[1]} numbers do not go with those of {self._index.d}")
        self._index.add(np.nan_to_num(np.ascontiguousarray(vectors, dtype=np.float32), posinf=0, neginf=0))

    def search(self, vector: NDArray[np.float32], count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The rows (K) nearest to a unit `vector` (D) and their cosines (K), nearest first, K at most `count`."""
        if self._index is None or count < 1:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        if len(vector) != self._index.d:
            raise ValueError(f"a vector of {len(vector)} numbers does not go with those of {self._index.d}")
        cosines, rows = self._index.search(vector[None].astype(np.float32), min(count, len(self)))
        return rows[0], cosines[0]
