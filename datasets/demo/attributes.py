"""What varies from clip to clip and is named in its caption: colours, directions, speeds, counts, styles."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from datasets.demo.canvas import Colour

Rng = np.random.Generator

# Hue, saturation, value, each 0 to 1.
_COLOURS = {
    "red": (0.0, 0.85, 0.85),
    "crimson": (0.96, 0.9, 0.6),
    "orange": (0.07, 0.85, 0.95),
    "brown": (0.07, 0.6, 0.42),
    "yellow": (0.145, 0.8, 0.95),
    "green": (0.34, 0.7, 0.6),
    "teal": (0.49, 0.7, 0.65),
    "sky-blue": (0.55, 0.4, 0.95),
    "blue": (0.62, 0.8, 0.8),
    "violet": (0.75, 0.65, 0.7),
    "purple": (0.82, 0.7, 0.5),
    "pink": (0.93, 0.4, 0.97),
    "rose": (0.95, 0.6, 0.85),
    "white": (0.12, 0.04, 0.96),
    "grey": (0.6, 0.06, 0.55),
    "black": (0.65, 0.3, 0.09),
}
_LUMA = np.array((0.299, 0.587, 0.114))  # ITU-R BT.601
ALL = tuple(_COLOURS)
BRIGHT = ("red", "orange", "yellow", "green", "teal", "blue", "violet", "pink", "white")
DARK = ("black", "crimson", "brown", "blue", "purple", "green", "grey")

DIRECTIONS = {"left": (-1.0, 0.0), "right": (1.0, 0.0), "up": (0.0, -1.0), "down": (0.0, 1.0)}
SPEEDS = {"slowly": 0.7, "steadily": 1.1, "quickly": 1.6}
SIDES = {"left": (-0.45, 0.0), "right": (0.45, 0.0), "top": (0.0, -0.45), "bottom": (0.0, 0.45), "middle": (0.0, 0.0)}
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
STYLES = ("smooth", "grainy", "hatched", "blotchy")


@dataclass(frozen=True)
class Paint:
    """A colour with the name that captions give it."""

    name: str
    rgb: Colour


def pick(rng: Rng, names: Sequence[str]) -> str:
    """One of `names`, each as likely."""
    return names[int(rng.integers(len(names)))]


def paint(rng: Rng, name: str) -> Paint:
    """A shade of the colour `name`."""
    hue, saturation, value = _COLOURS[name]
    shift = rng.uniform(-1, 1, 3)
    shade = colorsys.hsv_to_rgb(
        (hue + 0.022 * shift[0]) % 1,
        float(np.clip(saturation + 0.1 * min(1.0, saturation * 3) * shift[1], 0, 1)),
        float(np.clip(value + 0.1 * min(1.0, value * 3) * shift[2], 0.03, 1)),
    )
    return Paint(name, shade)


def paints(rng: Rng, count: int, names: Sequence[str] = ALL) -> list[Paint]:
    """`count` shades that can be told from one another."""
    while True:
        chosen = rng.permutation(len(names))[:count]
        shades = [paint(rng, names[int(index)]) for index in chosen]
        if all(_apart(one.rgb, two.rgb) for one, two in combinations(shades, 2)):
            return shades


def against(rng: Rng, ground: Paint, names: Sequence[str]) -> Paint:
    """A shade of one of `names` that can be told from `ground`."""
    while True:
        shade = paint(rng, pick(rng, names))
        if shade.name != ground.name and _apart(shade.rgb, ground.rgb):
            return shade


def _apart(one: Colour, two: Colour) -> bool:
    """Far apart as colours, and not of one lightness: what only hue tells apart is lost on grey measures."""
    step = np.subtract(one, two)
    return float(np.linalg.norm(step)) > 0.35 and abs(float(step @ _LUMA)) > 0.1


def direction(rng: Rng) -> tuple[str, tuple[float, float]]:
    """A way to go: its name and its unit vector."""
    name = pick(rng, tuple(DIRECTIONS))
    return name, DIRECTIONS[name]


def speed(rng: Rng) -> tuple[str, float]:
    """A speed: its name and its factor, about 1."""
    name = pick(rng, tuple(SPEEDS))
    return name, SPEEDS[name] * float(rng.uniform(0.85, 1.15))


def side(rng: Rng) -> tuple[str, tuple[float, float]]:
    """A place in the square: its name and its point."""
    name = pick(rng, tuple(SIDES))
    x, y = SIDES[name]
    away = rng.uniform(-0.15, 0.15, 2)
    return name, (x + float(away[0]), y + float(away[1]))


def article(name: str) -> str:
    """The name with its indefinite article."""
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def count(rng: Rng, least: int, most: int) -> tuple[str, int]:
    """A number from `least` to `most`: its word and itself."""
    number = int(rng.integers(least, most + 1))
    return COUNTS[number], number


def dimmed(colour: Colour, factor: float) -> Colour:
    """A colour made darker (below 1) or lighter (above)."""
    red, green, blue = (min(1.0, level * factor) for level in colour)
    return red, green, blue
