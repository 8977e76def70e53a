"""The embed stage: one unit vector a video and encoder, decoding ahead of the model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from django.conf import settings
from django.db import transaction
from numpy.typing import NDArray

from clustering.encoder import Encoder, embedding_key, load_encoder, pool
from clustering.models import Embedding
from clustering.services.vectors import pack
from config.errors import UserError
from config.report import Progress, Report, counted, silent
from datasets.batches import batches
from datasets.models import Video
from datasets.pictures import Pixels
from datasets.services.frames import frames_of
from datasets.services.runs import stage_run

BATCH = 16  # videos that go through the model at once


def embed(encoder_name: str = "", frames: int = 0, progress: Progress = silent) -> Report:
    """Embed the videos that screening kept and that have no vector under this encoder's key yet.

    Each batch is written as it is done, so a killed run goes on where it stopped.
    """
    frames = frames or settings.WINNOW_FRAMES
    if frames < 1:
        raise UserError(f"--frames is {frames}; give at least 1 frame a video.")
    encoder = load_encoder(encoder_name or settings.WINNOW_ENCODER)
    key = embedding_key(encoder, frames)
    todo = _without_vector(key)
    with stage_run("embed", {"encoder_key": key, "frames": frames}) as run:
        clips = frames_of(todo, frames, encoder.size)
        for batch in batches(progress(clips, total=len(todo), label="embed"), BATCH):
            _embed_batch(encoder, key, batch)
        run.result = {
            "embedded": len(todo),
            "had": Embedding.objects.filter(encoder_key=key).count() - len(todo),
        }
    line = f"Embedded {counted(len(todo), 'video')} with {key}; {run.result['had']} had their vector already."
    return Report(line, run.result | {"encoder_key": key})


def _without_vector(key: str) -> list[Video]:
    done = Embedding.objects.filter(encoder_key=key).values("video")
    return list(Video.objects.kept_before("dedup").exclude(pk__in=done).order_by("sha256"))


def _embed_batch(encoder: Encoder, key: str, batch: Sequence[tuple[Video, Pixels]]) -> None:
    vectors = encoder.encode_frames(np.concatenate([frames for _, frames in batch]))
    rows = [
        Embedding(video=video, encoder_key=key, vector=pack(pool(own)))
        for (video, _), own in zip(batch, _split(vectors, batch), strict=True)
    ]
    with transaction.atomic():
        # Another process may have embedded the same video meanwhile; its vector is as good.
        Embedding.objects.bulk_create(rows, ignore_conflicts=True)


def _split(vectors: NDArray[np.float32], batch: Sequence[tuple[Video, Pixels]]) -> Iterator[NDArray[np.float32]]:
    yield from np.split(vectors, np.cumsum([len(frames) for _, frames in batch])[:-1])
