"""What a cluster is about, and fair samples of a run for people to look at. Only kept videos are ever named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from django.db.models import Count
from numpy.typing import NDArray

from clustering.clusters import NOISE, medoid
from clustering.explain import Picks, Quota, margins, mean_direction, nearest_medoids, pick
from clustering.models import Cluster, Embedding, Membership
from clustering.services.search import text_encoder
from clustering.services.vectors import known_vectors, unpack
from clustering.words import Word, recounted
from datasets.models import Run, Sighting, Video

NEAREST = 5
NOBODY = np.zeros(0, dtype=np.int64)
Kind = Literal["medoid", "core", "boundary", "random", "noise"]


@dataclass(frozen=True)
class Explanation:
    """A cluster over its kept members. Videos are SHA-256s; `medoid` is "" when none of its members is kept.

    words: word, number of prompts that hold it, weight; generators: name and number of videos; strength: mean, 0
    to 1; nearest: other clusters with the cosine of the medoids; themes: name and cosine of the name with the
    cluster's mean direction, highest first.
    """

    cluster: Cluster
    size: int
    strength: float
    medoid: str
    core: list[str]
    boundary: list[str]
    random: list[str]
    words: list[Word]
    generators: list[tuple[str, int]]
    nearest: list[tuple[Cluster, float]]
    themes: list[tuple[str, float]]


@dataclass(frozen=True)
class Drawn:
    """A video drawn for coding: from which cluster (none for noise) and as what."""

    video: str
    cluster: Cluster | None
    kind: Kind


@dataclass(frozen=True)
class _Kept:
    """The kept members of a run, in the order of their SHA-256s, with what the pure functions take."""

    videos: list[str]
    vectors: NDArray[np.float32]
    labels: NDArray[np.int64]  # rows of `clusters`, -1 for noise
    strengths: NDArray[np.float64]
    clusters: list[Cluster]
    medoids: NDArray[np.float32]
    margins: NDArray[np.float32]

    def rows(self, label: int) -> NDArray[np.int64]:
        return np.flatnonzero(self.labels == label)


def explain(
    cluster: Cluster, *, themes: Sequence[str] = (), quota: Quota | None = None, seed: int = 0
) -> Explanation:
    """What `cluster` is about; `themes` are candidate names to score.

    Raises `UserError` when there are themes to score and WINNOW_ENCODER is not the encoder of the vectors.
    """
    kept = _kept(cluster.run, only=cluster)
    label = kept.clusters.index(cluster)
    rows = kept.rows(label)
    picks = _picks(kept, label, quota or Quota(), np.random.default_rng([seed, cluster.number]))
    return Explanation(
        cluster=cluster,
        size=len(rows),
        strength=float(kept.strengths[rows].mean()) if len(rows) else 0.0,
        medoid=kept.videos[picks.medoid] if picks else "",
        core=_named(kept, picks.core if picks else NOBODY),
        boundary=_named(kept, picks.boundary if picks else NOBODY),
        random=_named(kept, picks.random if picks else NOBODY),
        words=recounted([tuple(word) for word in cluster.words], _prompts(cluster)),
        generators=_generators(cluster),
        nearest=[(kept.clusters[row], cosine) for row, cosine in nearest_medoids(kept.medoids, label, NEAREST)],
        themes=_scores(themes, kept.vectors[rows], str(cluster.run.parameters.get("encoder_key", ""))),
    )


def sample(run: Run, *, core: int, boundary: int, random: int, noise: int, seed: int) -> list[Drawn]:
    """Per cluster its medoid and so many core, boundary and random members, then so many of the noise.

    No video comes twice, and equal runs, numbers and seeds give equal samples as long as the same videos are kept.
    """
    kept, quota = _kept(run), Quota(core, boundary, random, noise)
    drawn: list[Drawn] = []
    for label, cluster in enumerate(kept.clusters):
        picks = _picks(kept, label, quota, np.random.default_rng([seed, cluster.number]))
        drawn += _drawn(kept, cluster, picks) if picks else []
    outside = np.random.default_rng([seed, len(kept.clusters), 1]).permutation(kept.rows(NOISE))[:noise]
    return drawn + [Drawn(kept.videos[row], None, "noise") for row in outside]


def _drawn(kept: _Kept, cluster: Cluster, picks: Picks) -> Iterator[Drawn]:
    yield Drawn(kept.videos[picks.medoid], cluster, "medoid")
    kinds: Mapping[Kind, NDArray[np.int64]] = {
        "core": picks.core,
        "boundary": picks.boundary,
        "random": picks.random,
    }
    for kind, rows in kinds.items():
        yield from (Drawn(video, cluster, kind) for video in _named(kept, rows))


def _picks(kept: _Kept, label: int, quota: Quota, rng: np.random.Generator) -> Picks | None:
    """What is drawn of a cluster; None when no member is kept. A medoid that left is stood in for."""
    rows = kept.rows(label)
    if not len(rows):
        return None
    own = [row for row in rows if kept.videos[row] == kept.clusters[label].medoid_id]
    middle = int(own[0]) if own else medoid(kept.vectors, rows)
    return pick(rows, middle, kept.strengths, kept.margins, quota, rng)


def _named(kept: _Kept, rows: NDArray[np.int64]) -> list[str]:
    return [kept.videos[row] for row in rows]


def _kept(run: Run, only: Cluster | None = None) -> _Kept:
    """The kept members of `run`, or of one cluster of it."""
    clusters = list(run.clusters.order_by("number"))
    members = Membership.objects.filter(run=run, **({"cluster": only} if only else {}))
    key = str(run.parameters.get("encoder_key", ""))
    vectors = known_vectors(Video.objects.kept().filter(pk__in=members.values("video")), key)
    rows = members.values_list("video", "cluster", "strength")
    told = {video: (place, strength) for video, place, strength in rows}
    label = {cluster.pk: row for row, cluster in enumerate(clusters)} | {None: NOISE}
    labels = np.array([label[told[video][0]] for video in vectors.sha256], dtype=np.int64)
    medoids = _medoids(clusters, key, vectors.matrix.shape[1])
    return _Kept(
        videos=list(vectors.sha256),
        vectors=vectors.matrix,
        labels=labels,
        strengths=np.array([told[video][1] for video in vectors.sha256], dtype=np.float64),
        clusters=clusters,
        medoids=medoids,
        margins=margins(vectors.matrix, labels, medoids),
    )


def _medoids(clusters: Sequence[Cluster], encoder_key: str, size: int) -> NDArray[np.float32]:
    """The vectors (C, D) of the medoids; of one that was taken down, zeros. They are never shown, only compared."""
    rows = Embedding.objects.filter(encoder_key=encoder_key, video__in={cluster.medoid_id for cluster in clusters})
    found = {video: unpack(raw) for video, raw in rows.values_list("video_id", "vector")}
    blank = np.zeros(size or len(next(iter(found.values()), ())), dtype=np.float32)
    return np.stack([found.get(cluster.medoid_id, blank) for cluster in clusters]) if clusters else blank[None][:0]


def _prompts(cluster: Cluster) -> list[str]:
    """The prompts of the kept members, one a video."""
    members = Video.objects.kept().filter(memberships__cluster=cluster).prefetch_related("sightings")
    return [video.prompt for video in members]


def _generators(cluster: Cluster) -> list[tuple[str, int]]:
    """Each generator's name and how many of the kept members it is said to have made, most first."""
    members = Video.objects.kept().filter(memberships__cluster=cluster)
    told = Sighting.objects.filter(video__in=members).exclude(generator="").values("generator")
    rows = told.annotate(videos=Count("video", distinct=True)).order_by("-videos", "generator")
    return [(row["generator"], row["videos"]) for row in rows]


def _scores(themes: Sequence[str], members: NDArray[np.float32], encoder_key: str) -> list[tuple[str, float]]:
    if not themes or not len(members):
        return []
    cosines = text_encoder(encoder_key).encode_texts(themes) @ mean_direction(members)
    order = np.argsort(-cosines, kind="stable")
    return [(themes[row], round(float(cosines[row]), 6)) for row in order]
