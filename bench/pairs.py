"""Near pairs of embeddings, against a flat search: `python -m bench.pairs --count 100000`.

Vectors of 512 numbers of two sorts: as a CLIP model's (one direction common to all, topics of Zipf's sizes, and
something of their own), and without any structure, the worst case. A twentieth of the vectors are near another one,
at cosines from the threshold up. Ours: `near_groups`. The flat search is a range search of `faiss.IndexFlatIP`; it
answers a sample of the vectors and its time is scaled up (each costs it the same). Each sort runs in a process
of its own, whose greatest memory is the figure.
"""

from __future__ import annotations

import argparse
from typing import NamedTuple

import faiss
import numpy as np

from bench.machine import alone, peak_gb, spent
from bench.results import Outcome, Row, Target
from clustering.duplicates import Floats, Rows, near_groups

WIDTH = 512
THRESHOLD = 0.95
NEAR = 0.05  # share of the vectors that are made from another one
TOPICS = 2000
COMMON, TOPIC, OWN = 0.7, 0.55, 0.45  # weights


class Heap(NamedTuple):
    """Unit vectors (N, 512), and the planted pairs (P, 2) of rows at `THRESHOLD` or nearer."""

    vectors: Floats
    planted: Rows


def unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def drawn(count: int, rng: np.random.Generator) -> Floats:
    return unit(rng.standard_normal((count, WIDTH), dtype=np.float32))


def like_clip(count: int, rng: np.random.Generator) -> Floats:
    sizes = 1 / np.arange(1, TOPICS + 1)
    topics = drawn(TOPICS, rng)[rng.choice(TOPICS, count, p=sizes / sizes.sum())]
    return unit(COMMON * drawn(1, rng) + TOPIC * topics + OWN * drawn(count, rng))


SORTS = {"as a CLIP model's": like_clip, "without structure": drawn}


def heap_of(sort: str, count: int, seed: int) -> Heap:
    rng = np.random.default_rng(seed)
    vectors = SORTS[sort](count, rng)
    one, other = rng.permutation(count)[: 2 * int(NEAR * count)].reshape(2, -1)
    cosines = rng.uniform(THRESHOLD + 1e-3, 1, (len(one), 1)).astype(np.float32)
    away = drawn(len(one), rng)
    away = unit(away - (away * vectors[one]).sum(axis=1, keepdims=True) * vectors[one])
    vectors[other] = cosines * vectors[one] + np.sqrt(1 - np.square(cosines)) * away
    return Heap(vectors, np.stack([one, other], axis=1))


def _measured(sort: str, count: int, seed: int, flat_queries: int) -> Row:
    heap = heap_of(sort, count, seed)
    groups, ours = spent(lambda: near_groups(heap.vectors, THRESHOLD))
    memory = peak_gb()
    index = faiss.IndexFlatIP(WIDTH)
    index.add(heap.vectors)
    some = heap.vectors[:flat_queries]
    _, flat = spent(lambda: index.range_search(some, THRESHOLD))
    scale = count / len(some)
    together = (groups.head[heap.planted[:, 0]] == groups.head[heap.planted[:, 1]]).mean()
    return {
        "vectors": sort,
        "number": count,
        "wall s": ours.wall,
        "CPU s": ours.cpu,
        "flat, wall s": flat.wall * scale,
        "flat, CPU s": flat.cpu * scale,
        "times faster": flat.wall * scale / ours.wall,
        "by processor time": flat.cpu * scale / ours.cpu,
        "recall": float(together),
        "peak GB": memory,
    }


def measured(count: int, seed: int, flat_queries: int) -> Outcome:
    rows = [alone(_measured, sort, count, seed, flat_queries) for sort in SORTS]
    return Outcome(
        "pairs",
        "Near pairs of embeddings by near_groups, against a range search of faiss.IndexFlatIP.",
        {"count": count, "seed": seed, "flat_queries": flat_queries, "threshold": THRESHOLD},
        rows,
        [
            Target("times faster than the flat search", min(row["times faster"] for row in rows), 5),
            Target("recall", min(row["recall"] for row in rows), 0.999),
        ],
        [f"The flat search answered {min(flat_queries, count):,} vectors; its times are scaled up."],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100_000, help="number of vectors")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--flat-queries", type=int, default=20_000, help="vectors the flat search answers at most")
    chosen = parser.parse_args()
    measured(chosen.count, chosen.seed, chosen.flat_queries).finish()


if __name__ == "__main__":
    main()
