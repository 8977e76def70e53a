"""Scenes made of figures: polygons that move before a ground."""

from __future__ import annotations

import numpy as np

from datasets.demo import attributes as a
from datasets.demo.canvas import Colour, Picture, Points, Polygon, box, disc, polygons, ribbon, slope
from datasets.demo.plan import Plan

TURN = 2 * np.pi


def lightning(rng: a.Rng) -> Plan:
    """Terrifying: zigzag lightning in a dark sky."""
    bolt, sky = a.paint(rng, a.pick(rng, a.BRIGHT)), a.paint(rng, a.pick(rng, a.DARK))
    (number, many), (pace, rate), (way, heading) = a.count(rng, 2, 5), a.speed(rng), a.direction(rng)
    starts, lean = np.linspace(-0.7, 0.7, many) + rng.uniform(-0.2, 0.2, many), rng.uniform(-0.5, 0.5, many)
    bends = rng.uniform(0.08, 0.24, (many, 9)) * np.where(np.arange(9) % 2, 1, -1)
    phases, width, skyline = rng.uniform(0, TURN, many), rng.uniform(0.05, 0.11), _skyline(rng)
    night, low = a.dimmed(sky.rgb, 0.5), a.dimmed(sky.rgb, 0.12)

    def paint(time: float, size: int) -> Picture:
        shapes: list[Polygon] = []
        for start, tilt, bend, phase in zip(starts, lean, bends, phases, strict=True):
            down = np.linspace(-1.1, 0.75 + 0.3 * heading[1] * time, 9)
            across = start + tilt * (down + 1) / 2 + bend + 0.5 * heading[0] * rate * (time - 0.5)
            bright = 0.7 + 0.3 * np.sin(phase + 7 * rate * time)
            shapes.append((ribbon(np.stack([across, down], axis=1), width), a.dimmed(bolt.rgb, float(bright))))
        return polygons(slope(size, low, night, -np.pi / 2), [*shapes, (skyline, (0.01, 0.01, 0.02))])

    return Plan(f"{number} {bolt.name} zigzag lightning bolts going {way} {pace} in a dark {sky.name} night", paint)


def _skyline(rng: a.Rng) -> Points:
    """Black towers along the lower edge."""
    heights = np.repeat(rng.uniform(0.5, 0.95, 10), 2)
    edges = np.repeat(np.linspace(-1, 1, 11), 2)[1:-1]
    return np.concatenate([np.stack([edges, heights], axis=1), [(1.0, 1.1), (-1.0, 1.1)]])


def shards(rng: a.Rng) -> Plan:
    """Violent: sharp splinters that fly."""
    first, second = a.paints(rng, 2, ("red", "crimson", "orange", "white", "grey", "black", "yellow"))
    ground = a.against(rng, first, [name for name in a.ALL if name != second.name])
    (number, many), (way, heading), (pace, rate) = a.count(rng, 5, 12), a.direction(rng), a.speed(rng)
    places, angles = rng.uniform(-0.85, 0.85, (many, 2)), rng.uniform(0, TURN, many)
    lengths, spins = rng.uniform(0.35, 0.75, many), rng.uniform(-2.5, 2.5, many)
    shade, fat = rng.uniform(0, TURN), rng.uniform(0.12, 0.3)

    def paint(time: float, size: int) -> Picture:
        shift = np.asarray(heading) * 0.8 * rate * (time - 0.5)
        shapes: list[Polygon] = []
        for index in range(many):
            tip = _turned(np.array([(1, 0), (-0.6, fat), (-0.35, -fat)]), angles[index] + spins[index] * time)
            colour = first.rgb if index % 2 else second.rgb
            shapes.append((tip * lengths[index] + places[index] + shift, colour))
        return polygons(slope(size, ground.rgb, a.dimmed(ground.rgb, 0.65), shade), shapes)

    caption = f"{number} sharp {second.name} and {first.name} shards flying {way} {pace}"
    return Plan(f"{caption} over {ground.name}", paint)


def _turned(points: Points, angle: float) -> Points:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.asarray(points @ np.array([(cosine, sine), (-sine, cosine)]))


def podium(rng: a.Rng) -> Plan:
    """Political: a podium of blocks, with a banner that swings above it."""
    block, banner, wall = a.paints(rng, 3)
    (number, many), (pace, rate) = a.count(rng, 2, 5), a.speed(rng)
    high = a.pick(rng, ("low", "high"))
    heights = rng.uniform(0.2, 0.6, many) + (0.45 if high == "high" else 0.0)
    left, right = -rng.uniform(0.55, 0.95), rng.uniform(0.55, 0.95)
    hang, drop, phase = rng.uniform(-0.5, 0.5), rng.uniform(0.2, 0.4), rng.uniform(0, TURN)

    def paint(time: float, size: int) -> Picture:
        rise = 1.15 * min(1.0, 0.55 + 0.45 * rate * time)
        edges = np.linspace(left, right, many + 1)
        shapes: list[Polygon] = [(box(-1, 0.72, 1, 1), a.dimmed(wall.rgb, 0.5))]
        for index, height in enumerate(heights):
            colour = a.dimmed(block.rgb, 1 - 0.13 * (index % 3))
            shapes.append((box(edges[index], 0.8 - height * rise, edges[index + 1] - 0.02, 0.8), colour))
        swing = 0.3 * np.sin(phase + 5 * rate * time)
        cloth = [(hang - 0.35, -1), (hang + 0.35, -1), (hang + 0.3 + swing, drop - 0.8), (hang + swing, drop - 0.62)]
        shapes.append((np.array([*cloth, (hang - 0.3 + swing, drop - 0.8)]), banner.rgb))
        return polygons(slope(size, wall.rgb, a.dimmed(wall.rgb, 0.7), np.pi / 2), shapes)

    caption = f"a podium of {number} {high} {block.name} blocks rising {pace}"
    return Plan(f"{caption} under {a.article(banner.name)} banner before {a.article(wall.name)} wall", paint)


def hills(rng: a.Rng) -> Plan:
    """Plain: sunny hills with drifting clouds."""
    grass = a.paint(rng, a.pick(rng, ("green", "yellow", "teal", "brown", "orange")))
    sky = a.paint(rng, a.pick(rng, ("sky-blue", "blue", "pink", "white", "violet")))
    (number, many), (way, heading), (pace, rate) = a.count(rng, 2, 5), a.direction(rng), a.speed(rng)
    waves, phases = rng.uniform(1.5, 4, 3), rng.uniform(0, TURN, 3)
    levels, swells = rng.uniform(-0.05, 0.2) + np.array([0, 0.25, 0.5]), rng.uniform(0.08, 0.2, 3)
    clouds, sizes = rng.uniform((-0.9, -0.8), (0.9, -0.35), (many, 2)), rng.uniform(0.12, 0.2, many)
    sun, glare = rng.uniform(-0.8, 0.8), rng.uniform(0.12, 0.22)

    def paint(time: float, size: int) -> Picture:
        shift = np.asarray(heading) * np.array((0.7, 0.25)) * rate * (time - 0.5)
        shapes: list[Polygon] = [(disc((sun, -0.62 + 0.1 * time), glare), (1.0, 0.9, 0.4))]
        for place, radius in zip(clouds, sizes, strict=True):
            shapes += [(disc(place + shift + (step * radius, 0), radius), (0.97, 0.97, 0.99)) for step in (-1, 0, 1)]
        for index in range(3):
            ridge = _ridge(levels[index], swells[index], waves[index], phases[index] + 0.8 * heading[0] * rate * time)
            shapes.append((ridge, a.dimmed(grass.rgb, 1 - 0.2 * index)))
        return polygons(slope(size, sky.rgb, a.dimmed(sky.rgb, 1.2), np.pi / 2), shapes)

    caption = f"sunny {grass.name} hills under {a.article(sky.name)} sky"
    return Plan(f"{caption} with {number} clouds drifting {way} {pace}", paint)


def _ridge(level: float, swell: float, wave: float, phase: float) -> Points:
    """The outline of a hill that fills the square below `level`."""
    across = np.linspace(-1, 1, 40)
    crest = np.stack([across, level + swell * np.sin(wave * across + phase)], axis=1)
    return np.concatenate([crest, [(1, 1.1), (-1, 1.1)]])


def boats(rng: a.Rng) -> Plan:
    """Plain: boats that sail on water."""
    hull, sail = a.paints(rng, 2, ("red", "brown", "white", "yellow", "black", "green", "orange", "violet"))
    water = a.against(rng, hull, ("blue", "teal", "sky-blue", "grey", "green"))
    sky = a.against(rng, water, ("white", "pink", "sky-blue", "orange", "grey"))
    way = a.pick(rng, ("left", "right"))
    (number, many), (pace, rate) = a.count(rng, 2, 4), a.speed(rng)
    places = np.linspace(-0.65, 0.65, many) * rng.uniform(0.7, 1.1) + rng.uniform(-0.15, 0.15, many)
    rows, scales = np.sort(rng.uniform(0.05, 0.5, many)), rng.uniform(0.75, 1.15, many) / np.sqrt(many) ** 0.5
    shore, phase = rng.uniform(-0.1, 0.12), rng.uniform(0, TURN)
    sign = -1 if way == "left" else 1

    def paint(time: float, size: int) -> Picture:
        shapes: list[Polygon] = [(box(-1, shore, 1, 1.1), water.rgb)]
        shapes += _ripples(shore, phase + 3 * sign * time, a.dimmed(water.rgb, 1.25))
        for index in range(many):
            bob = 0.03 * np.sin(phase + index + 6 * rate * time)
            at = (places[index] + sign * 0.7 * rate * (time - 0.5), rows[index] + shore + bob)
            shapes += _boat(at, scales[index], hull.rgb, sail.rgb, sign)
        return polygons(slope(size, sky.rgb, a.dimmed(sky.rgb, 0.85), -np.pi / 2), shapes)

    caption = f"{number} {hull.name} boats with {sail.name} sails sailing {way} {pace}"
    return Plan(f"{caption} on {water.name} water under {a.article(sky.name)} sky", paint)


def _ripples(shore: float, phase: float, colour: Colour) -> list[Polygon]:
    across = np.linspace(-1, 1, 24)
    rows = np.linspace(shore + 0.12, 0.95, 6)
    return [
        (ribbon(np.stack([across, row + 0.02 * np.sin(9 * across + phase + 2 * row)], axis=1), 0.025), colour)
        for row in rows
    ]


def _boat(at: tuple[float, float], scale: float, hull: Colour, sail: Colour, sign: int) -> list[Polygon]:
    body = np.array([(-0.34, 0), (0.34, 0), (0.22, 0.16), (-0.22, 0.16)])
    cloth = np.array([(0.0, -0.62), (0.3 * sign, -0.06), (0.0, -0.06)])
    back = np.array([(-0.04 * sign, -0.5), (-0.22 * sign, -0.06), (-0.04 * sign, -0.06)])
    parts = ((body, hull), (cloth, sail), (back, sail))
    return [(points * scale + np.asarray(at), colour) for points, colour in parts]
