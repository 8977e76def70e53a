"""Vectors in and out of the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from clustering.models import Embedding
from config.errors import UserError
from datasets.models import Video
from datasets.services.runs import latest


@dataclass(frozen=True)
class Vectors:
    """Unit vectors (N, D) of the videos `sha256` (N), row by row, all of one encoder."""

    encoder_key: str
    sha256: Sequence[str]
    matrix: NDArray[np.float32]


def pack(vector: NDArray[np.float32]) -> bytes:
    return vector.astype("<f4").tobytes()


def unpack(raw: bytes | memoryview) -> NDArray[np.float32]:
    return np.frombuffer(raw, dtype="<f4").astype(np.float32)


def key_in_use() -> str:
    """The encoder key of the newest `embed` run. Raises `UserError` when there has been none."""
    run = latest("embed")
    if run is None:
        raise UserError("No video has an embedding yet; run `python manage.py embed` first.")
    return str(run.parameters["encoder_key"])


def load_vectors(videos: QuerySet[Video], encoder_key: str) -> Vectors:
    """The vectors of `videos`, in their order. Raises `UserError` when one of them has none under this key."""
    order = list(videos.values_list("sha256", flat=True))
    rows = Embedding.objects.filter(encoder_key=encoder_key, video__in=videos.order_by())
    found = {video: unpack(raw) for video, raw in rows.values_list("video_id", "vector").iterator()}
    missing = len(order) - len(found)
    if missing:
        raise UserError(
            f"{missing} of {len(order)} videos have no embedding yet; run `python manage.py embed` first."
        )
    matrix = np.stack([found[video] for video in order]) if order else np.empty((0, 0), dtype=np.float32)
    return Vectors(encoder_key, order, matrix)
