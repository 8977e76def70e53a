"""The cluster stage: runs side by side, each with its parameters and seed."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from clustering.clusters import NOISE, Params, cluster, medoid
from clustering.models import Cluster, Membership
from clustering.services.vectors import Vectors, key_in_use, load_vectors
from clustering.words import cluster_words
from config.errors import UserError
from config.report import Report, counted
from datasets.models import Run, Video
from datasets.services.runs import digest, same_as_before, stage_run


def cluster_videos(params: Params, *, seed: int = 0, encoder_key: str | None = None) -> Report:
    """Cluster the kept videos. The same videos, parameters and seed as last time find their run already there."""
    if params.min_cluster_size < 2:
        raise UserError(f"--min-cluster-size is {params.min_cluster_size}; a cluster has at least 2 videos.")
    vectors = load_vectors(Video.objects.kept().order_by("sha256"), encoder_key or key_in_use())
    parameters = asdict(params) | {"encoder_key": vectors.encoder_key}
    prompts = _prompts(vectors)
    inputs = digest(list(vectors.sha256), prompts)
    run = same_as_before("cluster", parameters, inputs, seed=seed)
    if run is None:
        labels, strengths = cluster(vectors.matrix, params, np.random.default_rng(seed))
        run = _keep(vectors, prompts, labels, strengths, parameters, seed, inputs)
    return _report(run)


def _prompts(vectors: Vectors) -> list[str]:
    videos = Video.objects.filter(pk__in=vectors.sha256).prefetch_related("sightings")
    prompts = {video.sha256: video.prompt for video in videos}
    return [prompts[video] for video in vectors.sha256]


@transaction.atomic
def _keep(
    vectors: Vectors,
    prompts: list[str],
    labels: NDArray[np.int64],
    strengths: NDArray[np.float64],
    parameters: dict[str, object],
    seed: int,
    inputs: str,
) -> Run:
    with stage_run("cluster", parameters, seed=seed, inputs=inputs) as run:
        clusters = _store_clusters(run, vectors, prompts, labels)
        Membership.objects.bulk_create(
            (
                Membership(run=run, video_id=video, cluster=clusters.get(int(label)), strength=float(strength))
                for video, label, strength in zip(vectors.sha256, labels, strengths, strict=True)
            ),
            batch_size=1000,
        )
        run.result = {"videos": len(labels), "clusters": len(clusters), "noise": int((labels == NOISE).sum())}
    return run


def _store_clusters(run: Run, vectors: Vectors, prompts: list[str], labels: NDArray[np.int64]) -> dict[int, Cluster]:
    words = cluster_words(prompts, labels)
    clusters = {}
    for number in sorted(words):
        centre = medoid(vectors.matrix, np.flatnonzero(labels == number))
        clusters[number] = Cluster.objects.create(
            run=run, number=number, medoid_id=vectors.sha256[centre], words=words[number]
        )
    return clusters


def _report(run: Run) -> Report:
    members = Membership.objects.filter(run=run, video__in=Video.objects.visible()).order_by("video")
    rows = members.values_list("video_id", "cluster__number", "strength")
    videos = [
        {"sha256": video, "cluster": NOISE if number is None else number, "strength": round(strength, 6)}
        for video, number, strength in rows
    ]
    result = run.result
    line = (
        f"Clustered {counted(result['videos'], 'video')}: {counted(result['clusters'], 'cluster')}, "
        f"{counted(result['noise'], 'video')} in none."
    )
    return Report(line, {**result, "run": run.pk, "seed": run.seed, "parameters": run.parameters, "assigned": videos})
