"""Everything that Winnow ever wants from a clip, out of one decode in a locked-up child."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from datasets.decode_child import as_clip, told_clip
from datasets.decoding import read_clip_from
from datasets.fingerprints import Collector, Fingerprint
from datasets.measures import Measures, flicker
from datasets.pictures import Pixels
from datasets.sources import DEFAULT_LIMITS, Limits, Probe, Unreadable
from datasets.wire import Result

TASK = "datasets.intake:take_in"
FRAMES, SIZE = 8, 224  # what is kept for encoders: so many frames at so many px, the size of ViT-B/32


@dataclass(frozen=True)
class Intake:
    """One clip's decode: `frames` uint8 (8, 224, 224, 3); `flicker` needs every frame, so it is not in `measures`."""

    probe: Probe
    measures: Measures
    flicker: float
    frames: Pixels
    fingerprint: Fingerprint


def take_in(file: BinaryIO, *, limits: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The task of `sandbox.DecodePool`: an `Intake` as values that can be sent; `as_intake` reads them back."""
    collector = Collector()
    chosen = Limits(**limits) if limits else DEFAULT_LIMITS
    clip = read_clip_from(file, frames=FRAMES, size=SIZE, limits=chosen, watch=collector.watch)
    return told_clip(clip) | {"fingerprint": collector.fingerprint().to_bytes()}


def as_intake(result: Result | Unreadable) -> Intake | Unreadable:
    """Make an `Intake` of what a child sent, believing nothing that does not hold together."""
    if isinstance(result, Unreadable):
        return result
    clip = as_clip(result)
    if isinstance(clip, Unreadable):
        return clip
    try:
        fingerprint = Fingerprint.from_bytes(result["fingerprint"])
    except (KeyError, TypeError, ValueError):
        return Unreadable("made the decoder answer nonsense")
    levels = fingerprint.tiles.mean(axis=(1, 2), dtype=np.float32)
    return Intake(clip.probe, clip.measures, flicker(levels), clip.frames, fingerprint)
