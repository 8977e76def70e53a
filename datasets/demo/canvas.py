"""The drawing kit of the demo corpus: fields over a square, polygons, textures.

The square runs from -1 (left, top) to 1 (right, bottom), so that a picture is the same at any size in pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

Pixels = npt.NDArray[np.uint8]
Field = npt.NDArray[np.float32]  # (H, W)
Picture = npt.NDArray[np.float32]  # (H, W, 3), RGB, 0 to 1
Colour = tuple[float, float, float]  # RGB, 0 to 1
Points = npt.NDArray[np.float64]  # (N, 2), x and y
Polygon = tuple[Points, Colour]

OVERSAMPLING = 2  # polygons are drawn twice as large and averaged, which smooths their edges


@lru_cache(maxsize=8)
def grid(size: int) -> tuple[Field, Field]:
    """x and y at the centre of every pixel, each float32 (size, size). Shared: never write into them."""
    steps = ((np.arange(size, dtype=np.float32) + 0.5) * 2 / size - 1).astype(np.float32)
    x, y = np.meshgrid(steps, steps)
    x.flags.writeable = y.flags.writeable = False
    return x, y


def plain(size: int, colour: Colour) -> Picture:
    """A square of one colour."""
    return np.broadcast_to(np.asarray(colour, dtype=np.float32), (size, size, 3)).copy()


def slope(size: int, start: Colour, end: Colour, angle: float) -> Picture:
    """A colour that runs from `start` to `end` along `angle` (radians, clockwise from the right)."""
    x, y = grid(size)
    along = (x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))) * 0.35 + 0.5
    return mix(plain(size, start), end, np.clip(along, 0, 1))


def mix(picture: Picture, colour: Colour | Picture, share: Field) -> Picture:
    """Lay `colour` over `picture` where `share` (H, W) is 1, not at all where it is 0."""
    return np.asarray(picture + (np.asarray(colour) - picture) * share[..., None], dtype=np.float32)


def inside(distance: Field, size: int) -> Field:
    """Share of each pixel that lies inside, from a signed distance (negative inside) in units of the square."""
    return np.asarray(np.clip(0.5 - distance * (size / 2), 0, 1), dtype=np.float32)


def polygons(picture: Picture, shapes: Iterable[Polygon]) -> Picture:
    """Draw filled polygons over `picture`, in their order."""
    side = picture.shape[0] * OVERSAMPLING
    image = Image.fromarray(to_pixels(picture)).resize((side, side), Image.Resampling.NEAREST)
    pen = ImageDraw.Draw(image)
    for points, colour in shapes:
        corners = [(float(x), float(y)) for x, y in (points + 1) * (side / 2)]
        pen.polygon(corners, fill=_eight_bit(colour))
    return np.asarray(image.reduce(OVERSAMPLING), dtype=np.float32) / np.float32(255)


def to_pixels(picture: Picture) -> Pixels:
    """From 0..1 to uint8, any shape; what lies outside is clipped."""
    return np.asarray(np.clip(picture, 0, 1) * 255 + 0.5, dtype=np.uint8)


def _eight_bit(colour: Colour) -> tuple[int, int, int]:
    red, green, blue = (round(255 * min(1.0, max(0.0, level))) for level in colour)
    return red, green, blue


def disc(centre: Sequence[float], radius: float, corners: int = 28) -> Points:
    """The corners of a disc."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return np.asarray(np.stack([np.cos(turn), np.sin(turn)], axis=1) * radius + np.asarray(centre))


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """The corners of an upright rectangle."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def ribbon(path: Points, width: float) -> Points:
    """The outline of a line of `width` along `path` (N, 2), N >= 2."""
    along = np.gradient(path, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across *= width / 2 / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    return np.concatenate([path + across, (path - across)[::-1]])


def hatching(size: int, angle: float, lines: float) -> Field:
    """Parallel strokes, `lines` of them across the square: float32 (size, size), -1 to 1."""
    x, y = grid(size)
    along = x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))
    return np.asarray(np.sin(along * np.float32(np.pi * lines)), dtype=np.float32)


def blotches(size: int, rng: np.random.Generator, cells: int) -> Field:
    """Smooth random light and dark, about `cells` a side: float32 (size, size), -1 to 1."""
    coarse = Image.fromarray(rng.uniform(-1, 1, (cells, cells)).astype(np.float32))
    return np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC), dtype=np.float32)


def grain(size: int, frames: int, rng: np.random.Generator) -> Field:
    """Film grain: float32 (T, H, W) of spread 1; one sheet moved about, which the eye cannot tell from new ones."""
    sheet = rng.standard_normal((size, size), dtype=np.float32)
    moves = rng.integers(0, size, (frames, 2))
    return np.stack([np.roll(sheet, (int(down), int(right)), (0, 1)) for down, right in moves])
