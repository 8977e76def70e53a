"""What happens to a clip that is passed on: copy kinds, and generations that failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from datasets.demo.canvas import Pixels

Change = Callable[[Pixels], Pixels]

GOOD_CRF, LOW_CRF = 20, 36  # x264's rate factor: hardly visible loss, and visible blocks
FPS = 8


@dataclass(frozen=True)
class CopyKind:
    """How to make a copy: `change` its frames (T, H, W, 3), then encode at `crf` and at `fps`.

    `change` is None for a copy of the file, byte by byte. Every other kind loses pixels or frames, so that the
    original is the best copy by resolution and length.
    """

    change: Change | None
    crf: int = GOOD_CRF
    fps: int = FPS


def resized(frames: Pixels, height: int, width: int) -> Pixels:
    """Frames resized as a video site would, by bicubic interpolation: uint8 (T, height, width, 3)."""
    images = (Image.fromarray(frame).resize((width, height), Image.Resampling.BICUBIC) for frame in frames)
    return np.stack([np.asarray(image) for image in images])


def _scaled(frames: Pixels, share: float) -> Pixels:
    """Both sides times `share`, even numbers of pixels as h264 wants them."""
    height, width = (2 * round(length * share / 2) for length in frames.shape[1:3])
    return resized(frames, height, width)


def _passed_on(frames: Pixels) -> Pixels:
    """A little smaller, as each hand makes it."""
    return _scaled(frames, 15 / 16)


def _rescaled(frames: Pixels) -> Pixels:
    return _scaled(frames, 3 / 4)


def _with_logo(frames: Pixels) -> Pixels:
    """A white mark with a dark bar, an eighth of the picture wide, in the lower right corner."""
    marked = _passed_on(frames).copy()
    side = marked.shape[1] // 8
    edge = side // 3
    corner = marked[:, -side - edge : -edge, -side - edge : -edge]
    corner[:] = 235
    corner[:, side // 3 : side // 2, side // 6 : -side // 6] = 30
    return marked


def _cropped(frames: Pixels) -> Pixels:
    """Five percent off each side."""
    height, width = frames.shape[1:3]
    top, left = round(height * 0.05), round(width * 0.05)
    kept = frames[:, top : height - top, left : width - left]
    return kept[:, : kept.shape[1] // 2 * 2, : kept.shape[2] // 2 * 2]


def _lit(factor: float) -> Change:
    def change(frames: Pixels) -> Pixels:
        return np.asarray(np.clip(_passed_on(frames) * factor + 0.5, 0, 255), dtype=np.uint8)

    return change


def _letterboxed(frames: Pixels) -> Pixels:
    """Black bars above and below a smaller picture."""
    small = _scaled(frames, 0.7)
    bar = small.shape[1] // 6
    return np.pad(small, ((0, 0), (bar, bar), (0, 0), (0, 0)))


def _trimmed(frames: Pixels) -> Pixels:
    """The first fifth cut off."""
    return frames[round(len(frames) * 0.2) :]


def _every_second(frames: Pixels) -> Pixels:
    return frames[::2]


COPY_KINDS = {
    "exact": CopyKind(None),
    "reencoded": CopyKind(_passed_on, crf=LOW_CRF),
    "rescaled": CopyKind(_rescaled),
    "logo": CopyKind(_with_logo),
    "crop": CopyKind(_cropped),
    "brighter": CopyKind(_lit(1.2)),
    "darker": CopyKind(_lit(0.8)),
    "letterbox": CopyKind(_letterboxed),
    "trimmed": CopyKind(_trimmed),
    "half_rate": CopyKind(_every_second, fps=FPS // 2),
}


def blank(rng: np.random.Generator, frames: int, size: int) -> Pixels:
    """One flat colour from beginning to end."""
    colour = rng.integers(0, 256, 3).astype(np.uint8)
    return np.broadcast_to(colour, (frames, size, size, 3)).copy()


def noise(rng: np.random.Generator, frames: int, size: int) -> Pixels:
    """Every pixel of every frame its own chance."""
    return rng.integers(0, 256, (frames, size, size, 3)).astype(np.uint8)


def frozen(clip: Pixels) -> Pixels:
    """The middle picture of a clip, repeated."""
    middle = clip[len(clip) // 2]
    return np.broadcast_to(middle, clip.shape).copy()
