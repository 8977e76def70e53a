"""The tables of the datasets app."""

from datasets.models.videos import (
    Effect,
    Finding,
    Measures,
    Reject,
    Run,
    Serving,
    Sighting,
    Video,
    VideoQuerySet,
    quality_order,
)

__all__ = [
    "Effect",
    "Finding",
    "Measures",
    "Reject",
    "Run",
    "Serving",
    "Sighting",
    "Video",
    "VideoQuerySet",
    "quality_order",
]
