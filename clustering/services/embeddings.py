"""The embed stage: one unit vector a video and encoder, decoding ahead of the model, and what the vectors tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, repeat
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import QuerySet
from numpy.typing import NDArray

from clustering.coherence import APART, are_neighbours, frame_similarity, prompt_similarity
from clustering.encoder import Encoder, embedding_key, load_encoder, pool
from clustering.models import Embedding
from clustering.services.coherence import STAGE, decide
from clustering.services.vectors import pack, unpack
from config.errors import UserError
from config.report import Progress, Report, counted, silent
from datasets.batches import batches
from datasets.models import Sighting, Video
from datasets.pictures import Pixels
from datasets.services.frames import frames_of
from datasets.services.runs import stage_run

BATCH = 16  # videos that go through the model at once
LATE = 512  # stored vectors that are compared with their prompts at once
TEXTS = 128  # prompts that go through the model at once

Text = NDArray[np.float32] | None  # unit vector (D,) of a prompt, none where there is no prompt


def embed(
    encoder_name: str = "",
    frames: int = 0,
    progress: Progress = silent,
    *,
    thresholds: Mapping[str, float] | None = None,
) -> Report:
    """Embed the videos that screening kept and that have no vector under this encoder's key yet.

    Each batch is written as it is done, so a killed run goes on where it stopped. A video embedded before its
    likeness to itself and to its prompt was measured is made up for. Then clips that fall apart or miss their prompt
    are flagged; `thresholds`, by reason, go before those in use, for this run.
    """
    frames = frames or settings.WINNOW_FRAMES
    if frames < 1:
        raise UserError(f"--frames is {frames}; give at least 1 frame a video.")
    encoder = load_encoder(encoder_name or settings.WINNOW_ENCODER)
    key = embedding_key(encoder, frames)
    had = Embedding.objects.filter(encoder_key=key).count()
    with stage_run(STAGE, {"encoder_key": key, "frames": frames}) as run:
        _embed_all(encoder, key, frames, progress)
        _match_late_prompts(encoder, key)
        made = Embedding.objects.filter(encoder_key=key).count() - had
        run.result = {"embedded": made, "had": had}
        decide(run, thresholds)
    return Report(_line(key, run.result), run.result | {"encoder_key": key})


def _line(key: str, result: dict[str, Any]) -> str:
    return (
        f"Embedded {counted(result['embedded'], 'video')} with {key}; {result['had']} had their vector already; "
        f"{result['flagged']} flagged for a person."
    )


# --- frames ---


def _embed_all(encoder: Encoder, key: str, frames: int, progress: Progress) -> None:
    todo = _to_embed(key, frames)
    prompts = _prompts(todo)
    order = sorted(todo, key=lambda video: (prompts.get(video.pk, ""), video.pk))
    clips = progress(frames_of(order, frames, encoder.size), total=len(order), label="embed")
    texts = _text_vectors(encoder, [prompts.get(video.pk, "") for video in order])
    for batch in batches(zip(clips, texts, strict=True), BATCH):
        _embed_batch(encoder, key, batch)


def _to_embed(key: str, frames: int) -> QuerySet[Video]:
    done = Embedding.objects.filter(encoder_key=key)
    if frames > 1:  # as `are_neighbours` says
        done = done.exclude(frame_similarity=None, video__frame_count__gt=1, video__duration__lte=frames * APART)
    return Video.objects.kept_before("dedup").exclude(pk__in=done.values("video"))


def _embed_batch(encoder: Encoder, key: str, batch: Sequence[tuple[tuple[Video, Pixels], Text]]) -> None:
    vectors = encoder.encode_frames(np.concatenate([frames for (_, frames), _ in batch]))
    parts = np.split(vectors, np.cumsum([len(frames) for (_, frames), _ in batch])[:-1])
    rows = [_row(key, video, own, text) for ((video, _), text), own in zip(batch, parts, strict=True)]
    # What has a vector keeps it: it is as good, be it of an earlier run or of another process meanwhile.
    Embedding.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=("video", "encoder_key"),
        update_fields=("frame_similarity", "prompt_similarity"),
    )


def _row(key: str, video: Video, frames: NDArray[np.float32], text: Text) -> Embedding:
    clip = pool(frames)
    near = are_neighbours(video.duration, video.frame_count, len(frames))
    return Embedding(
        video=video,
        encoder_key=key,
        vector=pack(clip),
        frame_similarity=frame_similarity(frames) if near else None,
        prompt_similarity=None if text is None else prompt_similarity(clip, text),
    )


# --- prompts ---


def _prompts(videos: QuerySet[Video]) -> dict[str, str]:
    """The prompt of each of `videos` that has one, as `Video.prompt` takes it."""
    told = Sighting.objects.filter(video__in=videos.order_by()).exclude(prompt="")
    rows = told.order_by("-root", "-file_name").values_list("video", "prompt")
    return dict(rows.iterator())  # the first one last, so that it stays


def _text_vectors(encoder: Encoder, prompts: Sequence[str]) -> Iterator[Text]:
    """The vector of each prompt, none for a blank one. Equal prompts lie side by side, so each is encoded once."""
    groups = ((prompt, len(list(same))) for prompt, same in groupby(prompts))
    for part in batches(groups, TEXTS):
        told = [prompt for prompt, _ in part if prompt]
        vectors = dict(zip(told, encoder.encode_texts(told), strict=True)) if told else {}
        for prompt, count in part:
            yield from repeat(vectors.get(prompt), count)


def _match_late_prompts(encoder: Encoder, key: str) -> None:
    """Compare stored vectors with prompts that were told after them, in a later manifest."""
    late = Embedding.objects.filter(encoder_key=key, prompt_similarity=None)
    prompts = _prompts(Video.objects.visible().filter(embeddings__in=late.order_by()))
    order = sorted(prompts, key=lambda video: (prompts[video], video))
    texts = _text_vectors(encoder, [prompts[video] for video in order])
    for batch in batches(zip(order, texts, strict=True), LATE):
        told = {video: text for video, text in batch if text is not None}
        rows = [row for row in late.filter(video__in=told) if np.isfinite(unpack(row.vector)).all()]
        for row in rows:
            row.prompt_similarity = prompt_similarity(unpack(row.vector), told[row.video_id])
        Embedding.objects.bulk_update(rows, ("prompt_similarity",))
