"""Embedded videos in three groups, for tests of what is made of vectors."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from django.core.management import call_command
from numpy.typing import NDArray

from clustering.models import Embedding
from clustering.services.runs import in_use
from clustering.services.vectors import pack
from datasets.models import Run, Video
from datasets.services.runs import stage_run
from tests.conftest import MakeVideo
from tests.test_clusters import blobs

KEY = "test/8-frames"
SIZES = [9, 7, 6]


def three_groups(make_video: MakeVideo) -> list[Video]:
    """Three groups of 9, 7 and 6 videos, and one that is far from all."""
    vectors, truth = blobs(SIZES)
    videos = [
        store(make_video(prompt=f"a {('red', 'green', 'blue')[group]} disc", generator=f"g{group}"), vector)
        for vector, group in zip(vectors, truth, strict=True)
    ]
    alone = store(make_video(prompt="nothing like it"), -vectors.sum(axis=0))
    with stage_run("embed", {"encoder_key": KEY}):
        pass
    return [*videos, alone]


def store(video: Video, vector: NDArray[Any], key: str = KEY) -> Video:
    unit = (vector / np.linalg.norm(vector)).astype(np.float32)
    Embedding.objects.create(video=video, encoder_key=key, vector=pack(unit))
    return video


def spoil(video: Video) -> None:
    Embedding.objects.filter(video=video).update(vector=pack(np.full(64, np.nan, dtype=np.float32)))


def group_of(videos: list[Video], number: int) -> list[Video]:
    start = sum(SIZES[:number])
    return videos[start : start + SIZES[number]]


def the_run() -> Run:
    found = in_use()
    assert found is not None
    return found


def said(*arguments: object) -> str:
    out = io.StringIO()
    call_command("cluster", *map(str, arguments), stdout=out)
    return out.getvalue()
