"""The tables of the datasets app."""

from datasets.models.known import (
    Algorithm,
    Digest,
    HashEntry,
    HashList,
    Incident,
    IncidentMatch,
    LegalHold,
    ReleaseVote,
)
from datasets.models.videos import (
    Effect,
    Finding,
    Fingerprint,
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
    "Algorithm",
    "Digest",
    "Effect",
    "Finding",
    "Fingerprint",
    "HashEntry",
    "HashList",
    "Incident",
    "IncidentMatch",
    "LegalHold",
    "Measures",
    "Reject",
    "ReleaseVote",
    "Run",
    "Serving",
    "Sighting",
    "Video",
    "VideoQuerySet",
    "quality_order",
]
