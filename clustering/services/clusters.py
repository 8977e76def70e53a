"""The cluster stage: runs side by side, each with its parameters and seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from clustering.clusters import NOISE, Params, cluster, dimensions, medoid
from clustering.engines import engine_for, versions
from clustering.models import Cluster, Membership
from clustering.newcomers import nearest_clusters
from clustering.services.projection import MAPPED_AT_ONCE, store_map
from clustering.services.runs import equal_run, in_use
from clustering.services.vectors import Vectors, key_in_use, load_vectors, sound
from clustering.words import cluster_words
from config.errors import UserError
from config.report import Report, counted
from datasets.models import Run, Video
from datasets.services.runs import digest, stage_run


@dataclass(frozen=True)
class Heap:
    """What is to be clustered: the kept videos' vectors and prompts, row by row; `left_out` had no sound vector."""

    vectors: Vectors
    prompts: list[str]
    left_out: list[str]

    @property
    def inputs(self) -> str:
        return digest(list(self.vectors.sha256), self.prompts)


def cluster_videos(params: Params, *, seed: int = 0, encoder_key: str | None = None) -> Report:
    """Cluster the kept videos. The same videos, parameters and seed as in an earlier run find that run."""
    check(params)
    heap = load_heap(encoder_key)
    parameters = asdict(params) | {"encoder_key": heap.vectors.encoder_key}
    run = equal_run(parameters, heap.inputs, seed)
    if run is None:
        labels, strengths = cluster(heap.vectors.matrix, params, np.random.default_rng(seed))
        run = keep(heap, params, labels, strengths, seed)
    return _report(run, heap.left_out)


def check(params: Params) -> None:
    """Raise `UserError` for parameters that mean nothing."""
    if params.min_cluster_size < 2:
        raise UserError(f"--min-cluster-size is {params.min_cluster_size}; a cluster has at least 2 videos.")
    if params.min_samples < 1:
        raise UserError(f"--min-samples is {params.min_samples}; give at least 1.")
    if params.dimensions is not None and params.dimensions < 1:
        raise UserError(f"--dimensions is {params.dimensions}; give at least 1.")
    if params.engine == "fast_hdbscan" and dimensions(params, params.engine) > 30:
        raise UserError(f"--dimensions is {params.dimensions}; fast_hdbscan is exact up to 30.")


def load_heap(encoder_key: str | None = None) -> Heap:
    """The kept videos, those without a sound vector left out and named."""
    loaded = load_vectors(Video.objects.kept().order_by("sha256"), encoder_key or key_in_use())
    vectors, left_out = sound(loaded)
    return Heap(vectors, _prompts(vectors), left_out)


def _prompts(vectors: Vectors) -> list[str]:
    prompts = {video.sha256: video.prompt for video in Video.objects.kept().prefetch_related("sightings")}
    return [prompts[video] for video in vectors.sha256]


@transaction.atomic
def keep(heap: Heap, params: Params, labels: NDArray[np.int64], strengths: NDArray[np.float64], seed: int) -> Run:
    """Store a run with its clusters, members and, for few videos, its map."""
    vectors, engine = heap.vectors, engine_for(params.engine, len(labels))
    parameters = asdict(params) | {"encoder_key": vectors.encoder_key}
    with stage_run("cluster", parameters, seed=seed, inputs=heap.inputs) as run:
        clusters = _store_clusters(run, heap, labels)
        _store_members(run, vectors, labels, strengths, clusters)
        run.result = {
            "videos": len(labels),
            "clusters": len(clusters),
            "noise": int((labels == NOISE).sum()),
            "engine": engine,
            "dimensions": dimensions(params, engine),
            "versions": versions(engine),
        }
    if len(labels) <= MAPPED_AT_ONCE:
        store_map(run, vectors)
    return run


def _store_clusters(run: Run, heap: Heap, labels: NDArray[np.int64]) -> dict[int, Cluster]:
    words = cluster_words(heap.prompts, labels)
    clusters = {}
    for number in sorted(words):
        centre = medoid(heap.vectors.matrix, np.flatnonzero(labels == number))
        clusters[number] = Cluster.objects.create(
            run=run, number=number, medoid_id=heap.vectors.sha256[centre], words=words[number]
        )
    return clusters


def _store_members(
    run: Run,
    vectors: Vectors,
    labels: NDArray[np.int64],
    strengths: NDArray[np.float64],
    clusters: dict[int, Cluster],
) -> None:
    nearest = labels.copy()
    noise = np.flatnonzero(labels == NOISE)
    nearest[noise] = nearest_clusters(vectors.matrix, labels, vectors.matrix[noise])
    rows = zip(vectors.sha256, labels.tolist(), strengths.tolist(), nearest.tolist(), strict=True)
    Membership.objects.bulk_create(
        (membership(run, clusters, video, label, strength, near) for video, label, strength, near in rows),
        batch_size=1000,
    )


def membership(
    run: Run, clusters: dict[int, Cluster], video: str, label: int, strength: float, nearest: int, **fields: Any
) -> Membership:
    """A row that says where `run` puts `video`; `nearest` counts for noise only."""
    suggested = clusters.get(nearest) if label == NOISE else None
    place = clusters.get(label)
    return Membership(run=run, video_id=video, cluster=place, strength=strength, nearest=suggested, **fields)


# --- what is told ---


def _report(run: Run, left_out: Sequence[str]) -> Report:
    result = run.result
    line = (
        f"Clustered {counted(result['videos'], 'video')}: {counted(result['clusters'], 'cluster')}, "
        f"{counted(result['noise'], 'video')} in none.{told_left_out(left_out)}{_told_in_use(run)}"
    )
    data = {**result, "run": run.pk, "seed": run.seed, "parameters": run.parameters, "left_out": list(left_out)}
    return Report(line, data | {"assigned": list(_assigned(run))})


def told_left_out(left_out: Sequence[str]) -> str:
    if not left_out:
        return ""
    named = ", ".join(left_out[:5]) + (" and others" if len(left_out) > 5 else "")
    return f" Left out, since a vector of theirs is no number: {named}."


def _told_in_use(run: Run) -> str:
    used = in_use()
    if used is None or used.pk == run.pk:
        return ""
    return f" Run {used.pk} stays in use; `python manage.py cluster --use {run.pk}` takes this one."


def _assigned(run: Run) -> list[dict[str, Any]]:
    members = Membership.objects.filter(run=run, video__in=Video.objects.visible()).order_by("video")
    rows = members.values_list("video_id", "cluster__number", "strength")
    return [
        {"sha256": video, "cluster": NOISE if number is None else number, "strength": round(strength, 6)}
        for video, number, strength in rows
    ]
