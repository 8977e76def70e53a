"""Videos that came after a run join its clusters, without clustering anew."""

from __future__ import annotations

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from clustering.clusters import NOISE
from clustering.models import Membership
from clustering.newcomers import join
from clustering.services.clusters import membership, told_left_out
from clustering.services.projection import place_missing
from clustering.services.vectors import Vectors, known_vectors, load_vectors, sound
from config.report import Report, counted
from datasets.models import Run, Video


def join_newcomers(run: Run) -> Report:
    """Give the kept videos that `run` does not know a place in it; those it knows keep theirs.

    Only the videos that the run clustered itself are asked, so joining one by one or all at once ends the same.
    """
    vectors, left_out = sound(_newcomers(run))
    places = join(*_asked(run, vectors), vectors.matrix)
    clusters = {cluster.number: cluster for cluster in run.clusters.all()}
    rows = zip(vectors.sha256, places.labels, places.strengths, places.nearest, strict=True)
    with transaction.atomic():
        Membership.objects.bulk_create(
            (
                membership(run, clusters, video, int(label), float(strength), int(nearest), joined=True)
                for video, label, strength, nearest in rows
            ),
            batch_size=1000,
            ignore_conflicts=True,  # another process may have joined the same video meanwhile, to the same place
        )
        place_missing(run)
    return _report(run, int((places.labels != NOISE).sum()), len(places.labels), left_out)


def _newcomers(run: Run) -> Vectors:
    known = Membership.objects.filter(run=run).values("video")
    return load_vectors(Video.objects.kept().exclude(pk__in=known).order_by("sha256"), run.parameters["encoder_key"])


def _asked(run: Run, newcomers: Vectors) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The vectors and labels of those the run clustered; whose embedding was taken down since is not asked."""
    if not newcomers.sha256:
        return newcomers.matrix, np.zeros(0, dtype=np.int64)
    own = Membership.objects.filter(run=run, joined=False)
    vectors = known_vectors(Video.objects.filter(pk__in=own.values("video")), newcomers.encoder_key)
    numbers = dict(own.values_list("video_id", "cluster__number"))
    labels = [NOISE if numbers[video] is None else numbers[video] for video in vectors.sha256]
    return vectors.matrix, np.array(labels, dtype=np.int64)


def drift(run: Run) -> float | None:
    """The share of the kept newcomers that fit nowhere; None without newcomers."""
    joined = Membership.objects.filter(run=run, joined=True, video__in=Video.objects.kept())
    total = joined.count()
    return joined.filter(cluster=None).count() / total if total else None


def _report(run: Run, fitting: int, new: int, left_out: list[str]) -> Report:
    share = drift(run)
    told = "" if share is None else f" Of all newcomers so far, {share:.0%} fit nowhere."
    line = (
        f"{counted(new, 'newcomer')} to run {run.pk}: {counted(fitting, 'video')} joined a cluster, "
        f"{counted(new - fitting, 'video')} fit nowhere.{told}{told_left_out(left_out)}"
    )
    data = {"run": run.pk, "newcomers": new, "joined": fitting, "unfitting": new - fitting, "drift": share}
    return Report(line, data | {"left_out": left_out})
