"""How long a search over a million vectors takes, and how exact it is: `python -m bench.search --count 100000`.

The vectors are those of `bench.clustering`. Queries are vectors of the heap turned by noise as far from it as a text
lies from the pictures it fits. What was found is held against an exact product in float32.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import NDArray

from bench.clustering import DIMENSIONS, clip_like
from bench.machine import peak_gb
from bench.results import Outcome, Target
from clustering.nearest import Index

WANTED = 50
BLOCK = 100_000  # vectors drawn at once
TURN = 0.8  # length of the noise added to a query's unit vector

Matrix = NDArray[np.float32]


def queries_near(vectors: Matrix, count: int, rng: np.random.Generator) -> Matrix:
    """Unit vectors (`count`, 512) some way off from vectors drawn from the heap."""
    drawn = vectors[rng.integers(0, len(vectors), count)]
    turned = drawn + TURN / DIMENSIONS**0.5 * rng.standard_normal(drawn.shape, dtype=np.float32)
    return np.asarray(turned / np.linalg.norm(turned, axis=1, keepdims=True), dtype=np.float32)


class Truth:
    """The nearest of each query among all blocks so far, by an exact product."""

    def __init__(self, queries: Matrix) -> None:
        self.queries = queries
        self.cosines = np.full((len(queries), WANTED), -np.inf, dtype=np.float32)
        self.rows = np.full((len(queries), WANTED), -1)

    def add(self, block: Matrix, start: int) -> None:
        cosines = np.concatenate([self.cosines, self.queries @ block.T], axis=1)
        rows = np.concatenate(
            [self.rows, np.tile(np.arange(start, start + len(block)), (len(self.queries), 1))], axis=1
        )
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :WANTED]
        self.cosines = np.take_along_axis(cosines, best, axis=1)
        self.rows = np.take_along_axis(rows, best, axis=1)

    def recall(self, found: list[NDArray[np.int64]]) -> float:
        pairs = zip(self.rows, found, strict=True)
        return float(np.mean([len(np.intersect1d(true, own)) / WANTED for true, own in pairs]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--seed", type=int, default=2)
    chosen = parser.parse_args()
    rng = np.random.default_rng(chosen.seed)
    index, loading, truth = Index(), 0.0, None
    for start in range(0, chosen.count, BLOCK):
        block = clip_like(min(BLOCK, chosen.count - start), rng).vectors
        truth = truth or Truth(queries_near(block, chosen.queries, rng))
        clock = time.perf_counter()
        index.add(block)
        loading += time.perf_counter() - clock
        truth.add(block, start)
    if truth is None:
        raise SystemExit("--count must be at least 1")
    found, seconds = [], []
    for query in truth.queries:
        clock, processor = time.perf_counter(), time.thread_time()
        found.append(index.search(query, WANTED)[0])
        seconds.append((time.perf_counter() - clock, time.thread_time() - processor))
    wall, cpu = (1000 * np.array(seconds)).T
    recall = truth.recall(found)
    row = {
        "vectors": chosen.count,
        "median ms": float(np.median(wall)),
        "p95 ms": float(np.quantile(wall, 0.95)),
        "median CPU ms": float(np.median(cpu)),
        f"recall@{WANTED}": recall,
        "adding s": loading,
        "peak GB": peak_gb(),
    }
    targets = [
        Target("median ms a query", row["median ms"], 100, at_most=True),
        Target(f"recall@{WANTED} against an exact product", recall, 0.98),
    ]
    about = "The 50 nearest of CLIP-like vectors of 512 numbers, held in memory as float16, by one thread."
    parameters = {"count": chosen.count, "queries": chosen.queries, "seed": chosen.seed}
    Outcome("search", about, parameters, [row], targets).finish()


if __name__ == "__main__":
    main()
