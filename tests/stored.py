"""Whether what the database says of the media store is what lies there."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from datasets.models import Digest, Fingerprint, Measures, Video


def rows_and_media_agree(*, leftovers: bool = False) -> set[str]:
    """The files of the media store, having seen that they are those of the videos, and all videos have all rows.

    leftovers: a run has just failed, so there may be files that no video needs yet.
    """
    videos = list(Video.objects.all())
    assert Measures.objects.count() == Fingerprint.objects.count() == Digest.objects.count() == len(videos)
    assert not Video.objects.filter(sightings=None).exists()
    names = {name for video in videos for name in (video.media_name, video.frames_name, video.filmstrip_name)}
    names |= {video.proxy_name for video in videos if video.proxy_size}
    media = Path(settings.MEDIA_ROOT)
    files = {path.relative_to(media).as_posix() for path in media.rglob("*") if path.is_file()} - {".ballast"}
    assert names <= files if leftovers else names == files
    return names


def stored(*, leftovers: bool) -> int:
    """Number of videos, having seen that their rows and files are all there; for `small_disk`."""
    rows_and_media_agree(leftovers=leftovers)
    return Video.objects.count()
