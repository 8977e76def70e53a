"""Ways to cluster the kept videos side by side, so that a team picks one with its eyes open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import product
from typing import Any

from clustering.clusters import Params
from clustering.compare import KEPT, RESAMPLES, SAMPLE, Outcome, compare
from clustering.engines import Engine, engine_for
from clustering.services.clusters import check, keep, load_heap, told_left_out
from clustering.services.runs import equal_run
from config.errors import UserError
from config.report import Progress, Report, counted, silent, text_table
from datasets.models import Run

SIZES = (3, 5, 10, 15, 25)
SAMPLES = (1, 2, 5)


def grid(sizes: Sequence[int], samples: Sequence[int], engines: Sequence[Engine]) -> list[Params]:
    """Every way once; k-means takes neither size nor samples, so it comes once."""
    density = [engine for engine in engines if engine != "kmeans"]
    ways = [Params(size, count, engine=engine) for engine, size, count in product(density, sizes, samples)]
    return ways + ([Params(engine="kmeans")] if "kmeans" in engines else [])


def compare_videos(
    ways: Sequence[Params],
    *,
    seed: int = 0,
    encoder_key: str | None = None,
    kept: bool = False,
    progress: Progress = silent,
) -> Report:
    """Cluster the kept videos in every way and say what comes of each; with `kept`, each stays as a run."""
    for params in ways:
        check(params)
    heap = load_heap(encoder_key)
    total = len(heap.vectors.sha256)
    if total < 2:
        raise UserError(f"{counted(total, 'video')} cannot be compared in clusters; 2 are needed at least.")
    lines = []
    for outcome in progress(compare(heap.vectors.matrix, ways, seed), total=len(ways), label="compare"):
        run = None
        if kept:
            parameters = asdict(outcome.params) | {"encoder_key": heap.vectors.encoder_key}
            run = equal_run(parameters, heap.inputs, seed)
            run = run or keep(heap, outcome.params, outcome.labels, outcome.strengths, seed)
        lines.append(_line(outcome, run))
    line = (
        f"Compared {counted(len(ways), 'way')} to cluster {counted(total, 'video')}; stability is the mean adjusted "
        f"Rand index with {RESAMPLES} resamples of {KEPT:.0%}, validity is measured on at most {SAMPLE:,} videos."
        f"{told_left_out(heap.left_out)}"
    )
    data = {"videos": total, "seed": seed, "ways": lines, "left_out": heap.left_out}
    return Report(line, data, _table(lines, kept))


def _line(outcome: Outcome, run: Run | None) -> dict[str, Any]:
    figures = {name: getattr(outcome, name) for name in ("noise", "dbcv", "silhouette", "stability", "seconds")}
    rounded = {name: None if value is None else round(value, 4) for name, value in figures.items()}
    params = outcome.params
    return {
        "run": run.pk if run else None,
        "engine": engine_for(params.engine, len(outcome.labels)),
        "size": None if params.engine == "kmeans" else params.min_cluster_size,
        "samples": None if params.engine == "kmeans" else params.min_samples,
        "clusters": outcome.clusters,
        **rounded,
    }


def _table(lines: Sequence[dict[str, Any]], kept: bool) -> str:
    head = ["engine", "size", "samples", "clusters", "noise", "dbcv", "silhouette", "stability", "seconds"]
    head = ["run", *head] if kept else head
    return text_table(([_shown(name, line[name]) for name in head] for line in lines), head=head)


def _shown(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "noise":
        return f"{value:.1%}"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
