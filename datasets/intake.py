"""Everything that Winnow ever wants from a clip, out of one decode in a locked-up child."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from av.video.frame import VideoFrame

from datasets.decode_child import as_clip, told_clip
from datasets.decoding import read_clip_from
from datasets.fingerprints import Collector, Fingerprint
from datasets.measures import Measures, flicker
from datasets.pictures import Pixels
from datasets.proxies import ProxyMaker, is_proxy
from datasets.sources import DEFAULT_LIMITS, Limits, Probe, Unreadable
from datasets.wire import Result

TASK = "datasets.intake:take_in"
FRAMES, SIZE = 8, 224  # what is kept for encoders: so many frames at so many px, the size of ViT-B/32


@dataclass(frozen=True)
class Intake:
    """One clip's decode: `frames` uint8 (8, 224, 224, 3); `flicker` needs every frame, so it is not in `measures`.

    `proxy` is an mp4 for browsers, or empty where they need none or none could be made.
    """

    probe: Probe
    measures: Measures
    flicker: float
    frames: Pixels
    fingerprint: Fingerprint
    proxy: bytes


def take_in(file: BinaryIO, *, seconds: float = 30.0, limits: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The task of `sandbox.DecodePool`: an `Intake` as values that can be sent; `as_intake` reads them back.

    seconds: processor time that the pool allows one file; making a proxy keeps within it.
    """
    collector, proxies = Collector(), ProxyMaker(seconds)

    def watch(frame: VideoFrame) -> None:
        collector.watch(frame)
        proxies.watch(frame)

    chosen = Limits(**limits) if limits else DEFAULT_LIMITS
    clip = read_clip_from(file, frames=FRAMES, size=SIZE, limits=chosen, watch=watch, greet=proxies.meet)
    return told_clip(clip) | {"fingerprint": collector.fingerprint().to_bytes(), "proxy": proxies.finished()}


def as_intake(result: Result | Unreadable) -> Intake | Unreadable:
    """Make an `Intake` of what a child sent, believing nothing that does not hold together."""
    if isinstance(result, Unreadable):
        return result
    clip = as_clip(result)
    if isinstance(clip, Unreadable):
        return clip
    try:
        fingerprint, proxy = Fingerprint.from_bytes(result["fingerprint"]), result["proxy"]
    except (KeyError, TypeError, ValueError):
        return Unreadable("made the decoder answer nonsense")
    if not isinstance(proxy, bytes) or (proxy and not is_proxy(proxy)):
        return Unreadable("made the decoder answer nonsense")
    levels = fingerprint.tiles.mean(axis=(1, 2), dtype=np.float32)
    return Intake(clip.probe, clip.measures, flicker(levels), clip.frames, fingerprint, proxy)
