"""The videos nearest to words or to another video: exact, over all stored vectors, kept in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from clustering.encoder import Encoder, load_encoder
from clustering.models import Embedding
from clustering.nearest import Index
from clustering.services.vectors import as_matrix, key_in_use, unpack
from config.errors import UserError
from datasets.batches import batches
from datasets.models import Video

LOADED_AT_ONCE = 65_536  # vectors fetched together
EXTRA = 20  # candidates beyond those asked for, since some may have left the funnel


@dataclass(frozen=True)
class Hit:
    sha256: str
    cosine: float


def nearest_to_text(text: str, count: int = 50) -> list[Hit]:
    """The kept videos whose vectors are nearest to `text` in the encoder's space, nearest first.

    Raises `UserError` for empty text, before `embed` has run, and when WINNOW_ENCODER is not the encoder that the
    videos were embedded with.
    """
    if not text.strip():
        raise UserError("There is nothing to search for; give a few words.")
    key = key_in_use()
    return _nearest(key, text_encoder(key).encode_texts([text])[0], count)


def more_like(video: Video, count: int = 50) -> list[Hit]:
    """The kept videos most like `video`, itself not among them. Raises `UserError` when it has no embedding."""
    key = key_in_use()
    raw = Embedding.objects.filter(video=video, encoder_key=key).values_list("vector", flat=True).first()
    if raw is None:
        raise UserError(f"Video {video} has no embedding yet; run `python manage.py embed` first.")
    return _nearest(key, unpack(raw), count, own=video.pk)


def text_encoder(encoder_key: str) -> Encoder:
    """The encoder whose text tower shares a space with vectors of `encoder_key`.

    Raises `UserError` when WINNOW_ENCODER is another one.
    """
    encoder = _encoder(settings.WINNOW_ENCODER)
    if not encoder_key.startswith(f"{encoder.key}/"):
        raise UserError(
            f"The videos were embedded with {encoder_key}, and WINNOW_ENCODER is {settings.WINNOW_ENCODER}; "
            "set it to the model that embedded them, or run `python manage.py embed` again."
        )
    return encoder


@lru_cache(maxsize=1)
def _encoder(name: str) -> Encoder:
    return load_encoder(name)


# --- the vectors in memory ---


@dataclass
class _Loaded:
    """The vectors of one encoder key; `newest` is the last embedding among them, its number and its video."""

    encoder_key: str
    newest: tuple[int, str] = (0, "")
    videos: list[str] = field(default_factory=list)
    index: Index = field(default_factory=Index)

    def add_new(self) -> None:
        rows = Embedding.objects.filter(encoder_key=self.encoder_key, pk__gt=self.newest[0]).order_by("pk")
        told = rows.values_list("pk", "video_id", "vector").iterator(chunk_size=5000)
        for block in batches(told, LOADED_AT_ONCE):
            numbers, videos, raw = zip(*block, strict=True)
            self.index.add(as_matrix(raw, videos))
            self.videos += videos
            self.newest = (numbers[-1], videos[-1])


_lock = Lock()  # nobody may add to an index while another thread reads it
_cache: dict[str, _Loaded] = {}


def _current(encoder_key: str) -> _Loaded:
    """The vectors under a key, with those stored since the last time; all anew when some were deleted."""
    own = Embedding.objects.filter(encoder_key=encoder_key)
    newest = own.order_by("-pk").values_list("pk", "video_id").first() or (0, "")
    loaded = _cache.get(encoder_key)
    if loaded is None or loaded.newest != newest:
        loaded = loaded or _Loaded(encoder_key)
        loaded.add_new()
        if loaded.newest != newest or len(loaded.videos) != own.count():
            loaded = _Loaded(encoder_key)
            loaded.add_new()
        _cache.clear()  # one encoder at a time: its vectors are what this process's memory goes to
        _cache[encoder_key] = loaded
    return loaded


def _found(encoder_key: str, vector: NDArray[np.float32], count: int) -> dict[str, float]:
    """The nearest videos with their cosines, nearest first, whether kept or not."""
    with _lock:
        loaded = _current(encoder_key)
        rows, cosines = loaded.index.search(vector, count)
        return {loaded.videos[row]: cosine for row, cosine in zip(rows.tolist(), cosines.tolist(), strict=True)}


def _nearest(encoder_key: str, vector: NDArray[np.float32], count: int, own: str = "") -> list[Hit]:
    wanted = count + EXTRA
    while True:
        found = _found(encoder_key, vector, wanted)
        kept = set(Video.objects.kept().filter(pk__in=found).exclude(pk=own).values_list("pk", flat=True))
        if len(kept) >= count or len(found) < wanted:
            return [Hit(video, cosine) for video, cosine in found.items() if video in kept][:count]
        wanted *= 4
