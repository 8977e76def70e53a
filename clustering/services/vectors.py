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
    """The vectors of `videos`, in their order.

    Raises `UserError` when one of them has none under this key, or one of another length than the rest.
    """
    order = list(videos.values_list("sha256", flat=True))
    rows = Embedding.objects.filter(encoder_key=encoder_key, video__in=videos.order_by())
    found = dict(rows.values_list("video_id", "vector").iterator(chunk_size=5000))
    if missing := [video for video in order if video not in found]:
        raise _missing(missing, len(order), encoder_key)
    return Vectors(encoder_key, order, as_matrix([found[video] for video in order], order))


def known_vectors(videos: QuerySet[Video], encoder_key: str) -> Vectors:
    """The vectors of those of `videos` that have one under this key, in the order of their SHA-256s."""
    rows = Embedding.objects.filter(encoder_key=encoder_key, video__in=videos.order_by()).order_by("video")
    found = dict(rows.values_list("video_id", "vector").iterator(chunk_size=5000))
    return Vectors(encoder_key, list(found), as_matrix(list(found.values()), list(found)))


def as_matrix(raw: Sequence[bytes | memoryview], videos: Sequence[str]) -> NDArray[np.float32]:
    """Stored vectors as rows (N, D). Raises `UserError` naming the first that is not as long as the first row."""
    size = len(raw[0]) if raw else 0
    odd = next((video for vector, video in zip(raw, videos, strict=True) if len(vector) != size), None)
    if odd is not None:
        raise UserError(
            f"The vector of video {odd} is of another length than the others', so another model made it; "
            "delete its embedding in the admin and run `python manage.py embed` again."
        )
    return unpack(b"".join(raw)).reshape(len(raw), size // 4)


def sound(vectors: Vectors) -> tuple[Vectors, list[str]]:
    """The vectors that are finite numbers throughout, and the SHA-256s of the videos of the others."""
    finite = np.asarray(np.isfinite(vectors.matrix).all(axis=1))
    kept = [video for video, good in zip(vectors.sha256, finite, strict=True) if good]
    left_out = [video for video, good in zip(vectors.sha256, finite, strict=True) if not good]
    return (Vectors(vectors.encoder_key, kept, vectors.matrix[finite]), left_out) if left_out else (vectors, [])


def _missing(missing: Sequence[str], total: int, encoder_key: str) -> UserError:
    others = Embedding.objects.exclude(encoder_key=encoder_key).filter(video__in=missing[:500])
    other = others.values_list("encoder_key", flat=True).first()
    mixed = f" (some have one of {other}, but vectors of two encoders are never mixed)" if other else ""
    return UserError(
        f"{len(missing)} of {total} videos have no embedding of {encoder_key} yet{mixed}; "
        "run `python manage.py embed` first."
    )
