"""How fast copies are found by frame hashes, against a flat search: `python -m bench.matching --sizes 10000 100000`.

Synthetic clips of ten frames, each a random hash that drifts by a few bits from frame to frame; a twentieth of
them are copies of others, every frame's hash up to 40 bits off, so that some no longer match. Each clip asks with
four hashes against all hashes of all clips, as `clustering.copies.find_pairs` does. The flat search is
`faiss.IndexBinaryFlat` on the same questions; where there are many, it answers a sample and the time is scaled up
(each question costs it the same). Every size runs in a process of its own, whose greatest memory is the figure.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np
import numpy.typing as npt

from bench.machine import alone, peak_gb, spent
from bench.results import Outcome, Row, Target
from clustering.copies import Owned, hash_index, hash_neighbours
from datasets.copies import DEFAULTS
from datasets.pdq import HASH_BYTES, hamming

Hashes = npt.NDArray[np.uint8]

FRAMES, QUERIES = 10, 4  # hashes of one clip: all, and those it asks with
COPIES = 0.05  # share of the clips
DRIFT, NOISE = 3, 40  # bits changed at most from frame to frame, and from an original's frame to its copy's


@dataclass(frozen=True)
class Result:
    """One size. seconds, flat_seconds: processor time of index and search, over all threads; wall: ours by the
    clock; recall: share of planted copies found; memory: GB."""

    hashes: int
    index: str
    seconds: float
    wall: float
    flat_seconds: float
    recall: float
    memory: float


@dataclass(frozen=True)
class Heap:
    """Clips (N, 10, 32) and the planted pairs (P, 2) of clip numbers that are copies by the rule."""

    clips: Hashes
    planted: npt.NDArray[np.int64]


def changed(hashes: Hashes, most: int, rng: np.random.Generator) -> Hashes:
    """Hashes (…, 32) with 0 to `most` bits of each flipped."""
    out = hashes.reshape(-1, HASH_BYTES).copy()
    rows, counts = np.arange(len(out)), rng.integers(0, most + 1, len(out))
    for step in range(most):
        places = rng.integers(0, 256, len(out))
        some = counts > step
        out[rows[some], places[some] // 8] ^= (1 << (places[some] % 8)).astype(np.uint8)
    return out.reshape(hashes.shape)


def heap_of(count: int, seed: int) -> Heap:
    """About `count` hashes in clips, with planted copies."""
    rng = np.random.default_rng(seed)
    clips = np.empty((count // FRAMES, FRAMES, HASH_BYTES), np.uint8)
    clips[:, 0] = rng.integers(0, 256, clips[:, 0].shape, dtype=np.uint8)
    for frame in range(1, FRAMES):
        clips[:, frame] = changed(clips[:, frame - 1], DRIFT, rng)
    chosen = rng.permutation(len(clips))[: 2 * int(COPIES * len(clips))].reshape(2, -1)
    clips[chosen[1]] = changed(clips[chosen[0]], NOISE, rng)
    planted = [pair for pair in chosen.T.tolist() if _is_copy(clips[pair[0]], clips[pair[1]])]
    return Heap(clips, np.array(planted))


def _is_copy(a: Hashes, b: Hashes) -> bool:
    near = hamming(a, b) <= DEFAULTS.distance
    return bool(max(near.any(axis=1).mean(), near.any(axis=0).mean()) >= DEFAULTS.share)


def _measured(count: int, seed: int, flat_queries: int) -> Result:
    """Match one heap both ways."""
    heap = heap_of(count, seed)
    owners = np.arange(len(heap.clips))
    dense = Owned(heap.clips.reshape(-1, HASH_BYTES), np.repeat(owners, FRAMES))
    asking = heap.clips[:, (2 * np.arange(QUERIES) + 1) * FRAMES // (2 * QUERIES)]
    queries = Owned(asking.reshape(-1, HASH_BYTES), np.repeat(owners, QUERIES))
    met, taken = spent(lambda: hash_neighbours(queries, dense, DEFAULTS.distance))
    memory = peak_gb()
    found = {(min(pair), max(pair)) for pair in met if pair[0] != pair[1]}
    planted = [(min(pair), max(pair)) for pair in heap.planted.tolist()]
    recall = sum(pair in found for pair in planted) / len(planted)
    flat = flat_seconds(queries.rows, dense.rows, flat_queries)
    name = type(hash_index(len(dense.rows))).__name__
    return Result(len(dense.rows), name, taken.cpu, taken.wall, flat, recall, memory)


def flat_seconds(queries: Hashes, dense: Hashes, most: int) -> float:
    """Processor seconds of a flat search, scaled up from `most` questions where there are more."""
    index = faiss.IndexBinaryFlat(8 * HASH_BYTES)
    index.add(dense)
    some = np.ascontiguousarray(queries[:most])
    _, taken = spent(lambda: index.range_search(some, DEFAULTS.distance + 1))
    return taken.cpu * len(queries) / len(some)


def measured(sizes: Sequence[int], seed: int, flat_queries: int) -> Outcome:
    results = [alone(_measured, size, seed, flat_queries) for size in sorted(sizes)]
    first, last = results[0], results[-1]
    targets = [
        Target("times faster than the flat search at the largest size", last.flat_seconds / last.seconds, 10),
        Target("share of planted copies found", min(result.recall for result in results), 0.99),
    ]
    if last.hashes > first.hashes:
        power = math.log(last.seconds / first.seconds) / math.log(last.hashes / first.hashes)
        targets.append(Target("growth of our time, as a power of the number of hashes", power, 1.3, at_most=True))
    return Outcome(
        "matching",
        "Candidate pairs of copies by frame hashes, against a flat search of faiss.IndexBinaryFlat.",
        {"sizes": sorted(sizes), "seed": seed, "flat_queries": flat_queries},
        [_row(result) for result in results],
        targets,
        [
            "Seconds are processor time of index and search; times faster and the growth are taken of it. Where a "
            f"size asks more than {flat_queries:,} questions, the flat search answered so many and was scaled up."
        ],
    )


def _row(result: Result) -> Row:
    return {
        "hashes": result.hashes,
        "index": result.index,
        "CPU s": result.seconds,
        "wall s": result.wall,
        "flat, CPU s": result.flat_seconds,
        "times faster": result.flat_seconds / result.seconds,
        "clip recall": result.recall,
        "peak GB": result.memory,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="numbers of hashes"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--flat-queries", type=int, default=20_000, help="questions the flat search answers at most")
    chosen = parser.parse_args()
    measured(chosen.sizes, chosen.seed, chosen.flat_queries).finish()


if __name__ == "__main__":
    main()
