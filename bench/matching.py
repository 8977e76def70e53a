"""How fast copies are found by frame hashes, against a flat search: `python -m bench.matching --sizes 10000 100000`.

Synthetic clips of ten frames, each a random hash that drifts by a few bits from frame to frame; a twentieth of
them are copies of others, every frame's hash up to 40 bits off, so that some no longer match. Each clip asks with
four hashes against all hashes of all clips, as `clustering.copies.find_pairs` does. The flat search is
`faiss.IndexBinaryFlat` on the same questions; where there are many, it answers a sample and the time is scaled up
(each question costs it the same). Every size runs in a process of its own, whose greatest memory is the figure.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from clustering.copies import Owned, hash_index, hash_neighbours
from datasets.copies import DEFAULTS
from datasets.pdq import HASH_BYTES, hamming

Hashes = npt.NDArray[np.uint8]

FRAMES, QUERIES = 10, 4  # hashes of one clip: all, and those it asks with
COPIES = 0.05  # share of the clips
DRIFT, NOISE = 3, 40  # bits changed at most from frame to frame, and from an original's frame to its copy's


@dataclass(frozen=True)
class Result:
    """One size. seconds, flat_seconds: processor time of index and search, over all threads, and wall: ours by the
    clock (on a machine that does other work, only the former say something); recall: share of planted copies found;
    memory: GB."""

    hashes: int
    index: str
    seconds: float
    wall: float
    flat_seconds: float
    flat_sampled: bool
    recall: float
    pairs: int
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


def measured(count: int, seed: int, flat_queries: int) -> Result:
    """Match one heap both ways."""
    heap = heap_of(count, seed)
    owners = np.arange(len(heap.clips))
    dense = Owned(heap.clips.reshape(-1, HASH_BYTES), np.repeat(owners, FRAMES))
    asking = heap.clips[:, (2 * np.arange(QUERIES) + 1) * FRAMES // (2 * QUERIES)]
    queries = Owned(asking.reshape(-1, HASH_BYTES), np.repeat(owners, QUERIES))
    start, clock = time.process_time(), time.perf_counter()
    met = hash_neighbours(queries, dense, DEFAULTS.distance)
    found = {(min(pair), max(pair)) for pair in met if pair[0] != pair[1]}
    seconds, wall = time.process_time() - start, time.perf_counter() - clock
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    planted = [(min(pair), max(pair)) for pair in heap.planted.tolist()]
    recall = sum(pair in found for pair in planted) / len(planted)
    flat, sampled = flat_seconds(queries.rows, dense.rows, flat_queries)
    name = type(hash_index(len(dense.rows))).__name__
    return Result(len(dense.rows), name, seconds, wall, flat, sampled, recall, len(found), memory)


def flat_seconds(queries: Hashes, dense: Hashes, most: int) -> tuple[float, bool]:
    """Processor seconds of a flat search, and whether they were scaled up from a sample of `most` questions."""
    index = faiss.IndexBinaryFlat(8 * HASH_BYTES)
    index.add(dense)
    some = np.ascontiguousarray(queries[:most])
    start = time.process_time()
    index.range_search(some, DEFAULTS.distance + 1)
    return (time.process_time() - start) * len(queries) / len(some), len(some) < len(queries)


def table(results: list[Result]) -> str:
    """The results as a Markdown table, with the growth from the first size to the last."""
    lines = ["| hashes | index | CPU s | wall s | flat CPU s | times faster | clip recall | peak GB |"]
    lines.append("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for r in results:
        about = "about " if r.flat_sampled else ""
        ratio = r.flat_seconds / r.seconds
        lines.append(
            f"| {r.hashes:,} | {r.index} | {r.seconds:.2f} | {r.wall:.2f} | {about}{r.flat_seconds:.2f} "
            f"| {ratio:.1f} | {r.recall:.4f} | {r.memory:.2f} |"
        )
    first, last = results[0], results[-1]
    if last.hashes > first.hashes:
        power = math.log(last.seconds / first.seconds) / math.log(last.hashes / first.hashes)
        lines.append(f"\nTime grows as n^{power:.2f} from {first.hashes:,} to {last.hashes:,} hashes.")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000], help="numbers of hashes"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--flat-queries", type=int, default=20_000, help="questions the flat search answers at most")
    parser.add_argument("--json", type=Path, help="also write the results here")
    chosen = parser.parse_args()
    context = get_context("spawn")
    results = []
    for size in sorted(chosen.sizes):
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            results.append(pool.submit(measured, size, chosen.seed, chosen.flat_queries).result())
    print(f"{platform.machine()}, {faiss.omp_get_max_threads()} threads, faiss {faiss.__version__}\n")
    print(table(results))
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")


if __name__ == "__main__":
    main()
