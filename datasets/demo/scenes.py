"""The scenes of the demo corpus: five themes of harmless abstract stand-ins, and plain ones.

The themes' keys are those of the paper's five categories. What is drawn is coloured shapes and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from datasets.demo import attributes, fields, figures
from datasets.demo.canvas import Colour, Field, Picture, Pixels, blotches, grain, grid, hatching, to_pixels
from datasets.demo.plan import Plan

PLAIN = "plain"
THEMES = ("distorted", "terrifying", "pornographic", "violent", "political")


@dataclass(frozen=True)
class Scene:
    """`title` is the caption with nothing but the scene in it; `plan` decides everything that varies."""

    name: str
    theme: str
    title: str
    plan: Callable[[np.random.Generator], Plan]


@dataclass(frozen=True)
class Drawing:
    """frames: uint8 (T, H, W, 3), RGB. caption: what is seen, with all that varies named."""

    frames: Pixels
    caption: str


SCENES = (
    Scene("checkerboard", "distorted", "a melting checkerboard", fields.checkerboard),
    Scene("grid", "distorted", "a bending grid of lines", fields.bending_grid),
    Scene("spiral", "terrifying", "a dark spiral", fields.spiral),
    Scene("lightning", "terrifying", "zigzag lightning bolts in a dark night", figures.lightning),
    Scene("blobs", "pornographic", "soft blobs drifting", fields.blobs),
    Scene("curtains", "pornographic", "curtains swaying", fields.curtains),
    Scene("burst", "violent", "a burst with rays", fields.burst),
    Scene("shards", "violent", "sharp shards flying", figures.shards),
    Scene("flag", "political", "a waving flag of stripes", fields.flag),
    Scene("podium", "political", "a podium of blocks under a banner", figures.podium),
    Scene("hills", PLAIN, "sunny hills with clouds", figures.hills),
    Scene("boats", PLAIN, "boats sailing on water", figures.boats),
)


def caption_of(scene: Scene, rng: np.random.Generator) -> str:
    """The caption that `draw_clip` gives for the same scene and a generator in the same state; draws nothing."""
    return _styled(scene, rng)[0].caption


def draw_clip(scene: Scene, rng: np.random.Generator, frames: int = 16, size: int = 256) -> Drawing:
    """Draw one clip of `frames` pictures of `size` x `size` pixels.

    All that varies is drawn from `rng` before any pixel is, so that a clip is the same one, and the generator
    is left in the same state, at any number of frames and any size; only its grain differs.
    """
    plan, texture = _styled(scene, rng)
    pictures = np.stack([plan.paint(index / frames, size) for index in range(frames)])
    return Drawing(to_pixels(texture.laid_over(pictures)), plan.caption)


def _styled(scene: Scene, rng: np.random.Generator) -> tuple[Plan, _Texture]:
    plan, light = scene.plan(rng), _light(rng)
    style = attributes.pick(rng, attributes.STYLES)
    depth, scale, turn = (float(value) for value in rng.uniform(0, 1, 3))
    texture = _Texture(style, depth, scale, turn, light, seed=int(rng.integers(2**31)))
    return Plan(f"{plan.caption}, {style}, {light.words}", plan.paint), texture


@dataclass(frozen=True)
class _Light:
    """Where the light comes from, how much is left of it on the far side, and what it does to red, green, blue."""

    words: str
    angle: float
    fall: float
    tint: Colour

    def on(self, size: int) -> Picture:
        """Its share of each pixel's levels: float32 (size, size, 3)."""
        x, y = grid(size)
        towards = (x * np.float32(np.cos(self.angle)) + y * np.float32(np.sin(self.angle))) / np.float32(1.42)
        lit = 1.05 - self.fall * (1 - towards) / 2
        return np.asarray(lit[..., None] * np.asarray(self.tint), dtype=np.float32)


def _light(rng: np.random.Generator) -> _Light:
    way, (right, down) = attributes.direction(rng)
    warmth = attributes.pick(rng, tuple(_WARMTH))
    angle = float(np.arctan2(down, right) + rng.uniform(-0.7, 0.7))
    red, green, blue = (level + float(rng.uniform(-0.04, 0.04)) for level in _WARMTH[warmth])
    return _Light(f"{warmth} light from {_FROM[way]}", angle, float(rng.uniform(0.2, 0.7)), (red, green, blue))


_FROM = {"left": "the left", "right": "the right", "up": "above", "down": "below"}
_WARMTH: dict[str, Colour] = {"warm": (1.08, 0.95, 0.75), "clear": (1.0, 1.0, 1.0), "cold": (0.78, 0.95, 1.1)}


@dataclass(frozen=True)
class _Texture:
    """What keeps a drawing from being flat; `smooth` leaves it so."""

    style: str
    depth: float
    scale: float
    turn: float
    light: _Light
    seed: int

    def laid_over(self, pictures: Picture) -> Picture:
        """`pictures` (T, H, W, 3) in their light and with the texture on them."""
        rng = np.random.default_rng(self.seed)
        frames, size = pictures.shape[:2]
        pictures = pictures * self.light.on(size)
        if self.style == "smooth":
            return pictures
        if self.style == "grainy":
            strength = np.float32(0.03 + 0.04 * self.depth)
            return np.asarray(pictures + strength * grain(size, frames, rng)[..., None], dtype=np.float32)
        return np.asarray(pictures * (1 + self._sheet(size, rng))[None, :, :, None], dtype=np.float32)

    def _sheet(self, size: int, rng: np.random.Generator) -> Field:
        """Light and dark that stay where they are, as paper's would: float32 (size, size), about 0."""
        if self.style == "hatched":
            strokes = hatching(size, np.pi * self.turn, 9 + 9 * self.scale)
            return np.asarray(np.float32(0.12 + 0.14 * self.depth) * strokes, dtype=np.float32)
        strength = np.float32(0.25 + 0.2 * self.depth)
        return np.asarray(strength * blotches(size, rng, 5 + int(7 * self.scale)), dtype=np.float32)
