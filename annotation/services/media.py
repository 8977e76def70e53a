"""Who may watch a clip, and the log of who was sent one."""

from __future__ import annotations

from annotation.services.labels import may_watch
from config.models import User
from datasets.containers import Container
from datasets.models import Serving, Video

# Ours, by container: what a client or a file name claims never decides.
MEDIA_TYPES = {container.label: container.media_type for container in Container}


def content_type(video: Video) -> str:
    return MEDIA_TYPES.get(video.container, "application/octet-stream")


def clip_for(user: User, sha256: str) -> Video | None:
    """The clip, if `user` may watch it: researchers all but the quarantined, raters those assigned to them."""
    account = getattr(user, "rater_account", None)
    if not (user.is_researcher or (account and may_watch(account.rater, sha256))):
        return None
    return Video.objects.visible().filter(pk=sha256).first()


def log_serving(video: Video, user: User, first_byte: int) -> None:
    Serving.objects.create(video=video, user=user, first_byte=first_byte)
