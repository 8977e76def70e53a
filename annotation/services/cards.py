"""One clip as a card of a review page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.services.browse import state_of
from annotation.services.media import content_type
from datasets.models import Video


@dataclass(frozen=True)
class Tab:
    name: str
    label: str
    count: int


@dataclass(frozen=True)
class Card:
    """One clip on a review page. `value` is its measure, `evidence` what ties it to the best copy of its group."""

    key: str  # of the card on its page, where a video may have two
    video: Video
    title: str
    also: Sequence[str]  # other file names of the same content
    state: str
    reasons: Sequence[str]
    moves_by_itself: bool  # an image that plays as soon as it is loaded
    value: float | None = None
    offset: float = 0.0
    evidence: Sequence[str] = ()
    best: bool = False


def cards(videos: Iterable[Video], values: Mapping[str, float]) -> list[Card]:
    """`videos` come `with_details`."""
    return [card(f"c{index}", video, value=values.get(video.pk)) for index, video in enumerate(videos)]


def card(key: str, video: Video, **more: Any) -> Card:
    names = [sighting.file_name for sighting in video.sightings.all()]
    return Card(
        key=key,
        video=video,
        title=names[0] if names else str(video),
        also=names[1:],
        state=state_of(video),
        reasons=reasons_of(video),
        moves_by_itself=content_type(video).startswith("image/"),
        **more,
    )


def reasons_of(video: Video) -> list[str]:
    return list(dict.fromkeys(finding.reason for finding in video.findings.all() if finding.stands))
