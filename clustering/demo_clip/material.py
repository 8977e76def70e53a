"""What demo-clip is trained on: frames of drawn clips, changed as copies are, and captions with gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from datasets.demo.canvas import Pixels
from datasets.demo.scenes import SCENES, Scene, draw_clip

IMAGE = 64  # pixels a side, as the model sees them
DRAWN = 128  # pixels a side, as drawn: large enough to be thinned as a decoder would
MOMENTS = 4  # frames drawn of each clip
SAME_MOMENT = 0.75  # share of the second views

Rng = np.random.Generator


@dataclass(frozen=True)
class Material:
    """frames: uint8 (scenes, clips, MOMENTS, IMAGE, IMAGE, 3). captions: of each clip, by scene."""

    frames: Pixels
    captions: list[list[str]]


@dataclass(frozen=True)
class Batch:
    """`clips` clips of each scene in the order of `SCENES`, two views of each.

    one, other: uint8 (scenes * clips, IMAGE, IMAGE, 3). captions: as many.
    """

    one: Pixels
    other: Pixels
    captions: list[str]


def draw_material(seed: int, clips: int) -> Material:
    """Draw `clips` clips of every scene; `seed` must be none that a corpus or a test draws with."""
    frames = np.empty((len(SCENES), clips, MOMENTS, IMAGE, IMAGE, 3), dtype=np.uint8)
    captions: list[list[str]] = []
    for number, scene in enumerate(SCENES):
        captions.append([])
        for clip in range(clips):
            rng = np.random.default_rng((seed, 3, number, clip))
            frames[number, clip], caption = _draw(scene, rng)
            captions[-1].append(caption)
    return Material(frames, captions)


def _draw(scene: Scene, rng: Rng) -> tuple[Pixels, str]:
    drawing = draw_clip(scene, rng, MOMENTS, DRAWN)
    small = [np.asarray(Image.fromarray(frame).reduce(DRAWN // IMAGE)) for frame in drawing.frames]
    return np.stack(small), drawing.caption


def draw_batch(material: Material, clips: int, rng: Rng) -> Batch:
    """Take `clips` clips of every scene at random; the second view is changed as a copy would be.

    Most second views show the same moment, since that is what the embeddings of two copies are made of; the
    others teach that a clip stays itself as it moves.
    """
    ones, others, captions = [], [], []
    for scene, told in enumerate(material.captions):
        for clip in rng.permutation(len(told))[:clips]:
            moment, later = rng.integers(MOMENTS, size=2)
            frames = material.frames[scene, clip]
            ones.append(_slightly(frames[moment], rng))
            others.append(copied(frames[moment if rng.random() < SAME_MOMENT else later], rng))
            captions.append(with_gaps(told[clip], rng))
    return Batch(np.stack(ones), np.stack(others), captions)


def with_gaps(caption: str, rng: Rng) -> str:
    """The caption, or every second time a part of its words, so that a search for a few words works too."""
    words = caption.replace(",", "").split()
    if rng.random() < 0.5:
        return caption
    kept = rng.random(len(words)) < rng.uniform(0.4, 0.95)
    return " ".join(word for word, keep in zip(words, kept, strict=True) if keep) or caption


def copied(frame: Pixels, rng: Rng) -> Pixels:
    """One frame, (IMAGE, IMAGE, 3), as a copy of its clip would show it: one or two changes at random."""
    for index in rng.permutation(len(CHANGES))[: int(rng.integers(1, 3))]:
        frame = CHANGES[index](frame, rng)
    return frame


def _slightly(frame: Pixels, rng: Rng) -> Pixels:
    """A change that no eye sees, so that the model does not learn the encoder's or the scaler's crumbs."""
    return _lit(frame, rng.uniform(0.97, 1.03), rng.uniform(-3, 3))


def _lit(frame: Pixels, factor: float, lift: float) -> Pixels:
    return np.asarray(np.clip(frame * np.float32(factor) + np.float32(lift), 0, 255), dtype=np.uint8)


def _brightness(frame: Pixels, rng: Rng) -> Pixels:
    return _lit(frame, rng.uniform(0.8, 1.2), 0)


def _blocks(frame: Pixels, rng: Rng) -> Pixels:
    """What a low bitrate leaves: chroma first, then detail, in steps."""
    step = rng.uniform(4, 16)
    soft = Image.fromarray(frame).filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.8)))
    return np.asarray(np.clip(np.rint(np.asarray(soft) / step) * step, 0, 255), dtype=np.uint8)


def _rescaling(frame: Pixels, rng: Rng) -> Pixels:
    side = int(rng.integers(36, 60))
    small = Image.fromarray(frame).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(small.resize((IMAGE, IMAGE), Image.Resampling.BICUBIC))


def _logo(frame: Pixels, rng: Rng) -> Pixels:
    """A light or dark mark with a bar in one of the corners."""
    marked = frame.copy()
    side, edge = int(rng.integers(6, 11)), int(rng.integers(1, 5))
    down, right = ((edge, IMAGE - side - edge)[int(rng.integers(2))] for _ in range(2))
    corner = marked[down : down + side, right : right + side]
    corner[:] = rng.integers(200, 256) if rng.random() < 0.8 else rng.integers(0, 60)
    corner[side // 3 : side // 2 + 1, 1:-1] = rng.integers(0, 256, 3)
    return marked


def _crop(frame: Pixels, rng: Rng) -> Pixels:
    """Up to six percent off each side."""
    edges = rng.uniform(0, 0.06, 4) * IMAGE
    bounds = (edges[0], edges[1], IMAGE - edges[2], IMAGE - edges[3])
    image = Image.fromarray(frame).resize((IMAGE, IMAGE), Image.Resampling.BICUBIC, box=bounds)
    return np.asarray(image)


CHANGES = (_brightness, _blocks, _rescaling, _logo, _logo, _crop)

Floats = npt.NDArray[np.float32]


def normalised(frames: Pixels, mean: Floats, std: Floats) -> Floats:
    """uint8 (B, H, W, 3) to float32 (B, 3, H, W), as the model takes it."""
    scaled = (frames.astype(np.float32) / 255 - mean) / std
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))
