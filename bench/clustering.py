"""How fast many vectors are clustered, against hdbscan: `python -m bench.clustering --sizes 10000 100000`.

The vectors are CLIP-like: a common direction, cluster centres with a falling spectrum, Zipf cluster sizes, clusters
that are flat in most directions, and 15 % noise between and around them. Ours is `clustering.clusters.cluster` with
the engine that large sets get; theirs is `hdbscan.HDBSCAN` on the 50 principal components that small sets get it on.
Both start from the same vectors of 512 numbers; compilation is paid before the clock starts. Cost is processor time
over all threads: on a machine that does other work, only that says something.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from bench.machine import Spent, spent
from bench.results import Outcome, Row, Target
from clustering.clusters import Params, cluster
from clustering.engines import Labelled

DIMENSIONS = 512
NOISE = 0.15  # share of the vectors
FLAT = 12  # directions in which a cluster has its spread
SMALLEST = 8  # vectors in a cluster

OURS, THEIRS = Params(engine="fast_hdbscan"), Params(engine="hdbscan")


@dataclass(frozen=True)
class Heap:
    """Unit vectors (N, 512) and the clusters (N) they were drawn from, -1 for noise."""

    vectors: NDArray[np.float32]
    truth: NDArray[np.int64]


def clip_like(count: int, rng: np.random.Generator) -> Heap:
    """Draw `count` vectors as the module's docstring says."""
    sizes = zipf_sizes(count - int(NOISE * count), max(5, int(count**0.5 / 2)))
    spectrum = 1 / np.sqrt(np.arange(1, DIMENSIONS + 1))
    spectrum /= np.linalg.norm(spectrum)
    axes = np.linalg.qr(rng.normal(size=(DIMENSIONS, DIMENSIONS)))[0]
    common = rng.normal(size=DIMENSIONS)
    centres = 1.2 * common / np.linalg.norm(common) + (rng.normal(size=(len(sizes), DIMENSIONS)) * spectrum) @ axes
    members = np.concatenate([_members(centre, size, rng) for centre, size in zip(centres, sizes, strict=True)])
    noise = count - len(members)
    mixed = np.einsum("nk,nkd->nd", rng.dirichlet([1, 1, 1], noise), centres[rng.integers(0, len(sizes), (noise, 3))])
    noisy = (mixed + 0.5 * (rng.normal(size=(noise, DIMENSIONS)) * spectrum) @ axes).astype(np.float32)
    vectors = np.concatenate([members, noisy])
    truth = np.concatenate([np.repeat(np.arange(len(sizes)), sizes), np.full(noise, -1)])
    order = rng.permutation(count)
    return Heap((vectors / np.linalg.norm(vectors, axis=1, keepdims=True))[order], truth[order])


def zipf_sizes(count: int, clusters: int) -> NDArray[np.int64]:
    """Cluster sizes that fall as 1 / rank, none below 8; the largest takes up what is left over."""
    weights = 1 / np.arange(1, clusters + 1)
    sizes = np.maximum(SMALLEST, (weights / weights.sum() * count).astype(np.int64))
    sizes[0] += count - sizes.sum()
    return sizes


def _members(centre: NDArray[np.float64], size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    plane = rng.normal(size=(FLAT, DIMENSIONS)) / DIMENSIONS**0.5
    spread = 0.35 * rng.lognormal(0, 0.3) / FLAT**0.5
    flat = spread * rng.normal(size=(size, FLAT)) @ plane
    fuzz = 0.15 / DIMENSIONS**0.5 * rng.standard_normal((size, DIMENSIONS), dtype=np.float32)
    return np.asarray(centre + flat + fuzz, dtype=np.float32)


def timed(heap: Heap, params: Params) -> tuple[Labelled, Spent]:
    return spent(lambda: cluster(heap.vectors, params, np.random.default_rng(0)))


def growth(rows: list[Row]) -> float:
    """The exponent of processor time from the first size to the last."""
    first, last = rows[0], rows[-1]
    return math.log(last["CPU s"] / first["CPU s"]) / math.log(last["vectors"] / first["vectors"])


def measured(size: int, against: int, seed: int) -> tuple[Row, list[Target]]:
    """One size, and at the size `against` the targets too."""
    heap = clip_like(size, np.random.default_rng(seed))
    (labels, _), ours = timed(heap, OURS)
    accuracy = adjusted_rand_score(heap.truth, labels)
    row: Row = {"vectors": size, "wall s": ours.wall, "CPU s": ours.cpu, "clusters": int(labels.max()) + 1}
    row |= {"ARI": accuracy, "hdbscan CPU s": "", "hdbscan ARI": "", "times faster": "", "same labels": ""}
    if size != against:
        return row, []
    (again, _), second = timed(heap, OURS)
    (other, _), theirs = timed(heap, THEIRS)
    their_accuracy, same = adjusted_rand_score(heap.truth, other), float((labels == again).mean())
    wall, ratio = min(ours.wall, second.wall), theirs.wall / min(ours.wall, second.wall)
    row |= {"hdbscan CPU s": theirs.cpu, "hdbscan ARI": their_accuracy, "times faster": ratio, "same labels": same}
    return row, [
        Target(f"seconds for {size:,} vectors", wall, 30, at_most=True),
        Target("times as fast as hdbscan, by the clock", ratio, 5),
        Target("processor time of hdbscan over ours", theirs.cpu / min(ours.cpu, second.cpu), 5),
        Target("adjusted Rand index above hdbscan's", accuracy - their_accuracy, -0.02),
        Target("share of equal labels on a second run", same, 1),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 30_000, 100_000, 300_000])
    parser.add_argument("--against", type=int, default=100_000, help="the size at which hdbscan runs too")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    timed(clip_like(500, np.random.default_rng(0)), OURS)  # compiles
    rows, targets = [], []
    for size in sorted(chosen.sizes):
        row, met = measured(size, chosen.against, chosen.seed)
        rows.append(row)
        targets += met
    about = "CLIP-like vectors of 512 numbers, Zipf cluster sizes, 15 % noise: ours against hdbscan on 50 components."
    notes = [f"Processor time grows as n^{growth(rows):.2f} from {rows[0]['vectors']:,} to {rows[-1]['vectors']:,}."]
    parameters = {"sizes": chosen.sizes, "against": chosen.against, "seed": chosen.seed}
    Outcome("clustering", about, parameters, rows, targets, notes if len(rows) > 1 else []).finish()


if __name__ == "__main__":
    main()
