"""Frames of stored videos for whoever encodes them: the kept ones where they will do, else from a decoder child."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import tee

from django.conf import settings
from django.core.files.storage import default_storage

from config.errors import UserError
from datasets.batches import ahead
from datasets.decoding import Clip
from datasets.intake import FRAMES, SIZE
from datasets.models import Video
from datasets.pictures import Pixels
from datasets.sandbox import DecodePool
from datasets.strips import resized, unpack


def frames_of(videos: Iterable[Video], count: int, size: int) -> Iterator[tuple[Video, Pixels]]:
    """Each video with `count` evenly spread frames, uint8 (count, size, size, 3), in order.

    Raises `UserError` when a stored file is gone or no longer decodes.
    """
    if count == FRAMES and size <= SIZE:
        return ahead(lambda video: (video, _kept(video, size)), videos, settings.WINNOW_WORKERS)
    return _decoded(videos, count, size)


def _kept(video: Video, size: int) -> Pixels:
    try:
        with default_storage.open(video.frames_name) as file:
            return resized(unpack(file.read()), size)
    except (OSError, ValueError) as error:
        raise UserError(
            f"The kept frames of {video.sha256} cannot be read from the media store ({error}); "
            "restore the file from a backup, or remove the video on its page."
        ) from error


def _decoded(videos: Iterable[Video], count: int, size: int) -> Iterator[tuple[Video, Pixels]]:
    shown, asked = tee(videos)
    with DecodePool(settings.WINNOW_WORKERS, options={"frames": count, "size": size}) as pool:
        paths = (default_storage.path(video.media_name) for video in asked)
        for video, clip in zip(shown, pool.clips(paths), strict=True):
            if not isinstance(clip, Clip):
                raise UserError(f"The stored video {video.sha256} {clip}; remove it on its page and run embed again.")
            yield video, clip.frames
