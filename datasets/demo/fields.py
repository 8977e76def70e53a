"""Scenes made of fields: every pixel is a function of its place and of time."""

from __future__ import annotations

import numpy as np

from datasets.demo import attributes as a
from datasets.demo.canvas import Field, Picture, grid, inside, mix, plain, slope
from datasets.demo.plan import Plan

TURN = 2 * np.pi


def checkerboard(rng: a.Rng) -> Plan:
    """Distorted: a checkerboard that melts."""
    light, dark = a.paints(rng, 2)
    (way, (dx, dy)), (pace, rate) = a.direction(rng), a.speed(rng)
    size_word = a.pick(rng, ("small", "large"))
    squares = rng.uniform(3.8, 5.2) if size_word == "large" else rng.uniform(6, 7.5)
    waves, phase = rng.uniform(1.5, 4.5, 2), rng.uniform(0, TURN, 2)
    tilt, depth = rng.uniform(-0.5, 0.5), rng.uniform(0.1, 0.28)

    def paint(time: float, size: int) -> Picture:
        x, y = grid(size)
        melt = depth * (0.6 + time) * np.sin(waves[0] * (x * dy + y * dx) + phase[0] + 2 * rate * time)
        u = x + tilt * y + dx * melt - dx * 0.5 * rate * time
        v = y - tilt * x + dy * melt - dy * 0.5 * rate * time + 0.08 * np.sin(waves[1] * x + phase[1])
        checks = np.sin(np.pi * squares / 2 * u) * np.sin(np.pi * squares / 2 * v)
        return mix(plain(size, dark.rgb), light.rgb, np.clip(checks * 6 + 0.5, 0, 1))

    caption = f"a melting {light.name} and {dark.name} checkerboard of {size_word} squares"
    return Plan(f"{caption} running {way} {pace}", paint)


def bending_grid(rng: a.Rng) -> Plan:
    """Distorted: a grid of lines with a bulge that wanders."""
    line, ground, far = a.paints(rng, 3)
    (place, centre), (pace, rate), (way, heading) = a.side(rng), a.speed(rng), a.direction(rng)
    weight = a.pick(rng, ("thin", "thick"))
    width = rng.uniform(0.13, 0.18) if weight == "thin" else rng.uniform(0.24, 0.3)
    cells, angle, shade = rng.uniform(2.2, 4.2), rng.uniform(0, np.pi / 2), rng.uniform(0, TURN)
    strength, reach = rng.uniform(0.5, 0.9) * rng.choice((-1, 1)), rng.uniform(2, 5)
    cosine, sine = np.cos(angle), np.sin(angle)

    def paint(time: float, size: int) -> Picture:
        x, y = grid(size)
        from_x = x - centre[0] - heading[0] * 0.6 * rate * (time - 0.5)
        from_y = y - centre[1] - heading[1] * 0.6 * rate * (time - 0.5)
        pull = 1 - strength * np.exp(-reach * (from_x**2 + from_y**2))
        u, v = from_x * pull * cosine - from_y * pull * sine, from_x * pull * sine + from_y * pull * cosine
        across = np.minimum(np.abs(np.sin(np.pi * cells / 2 * u)), np.abs(np.sin(np.pi * cells / 2 * v)))
        lines = np.clip((width - across) * 14 + 0.5, 0, 1)
        return mix(slope(size, ground.rgb, far.rgb, shade), line.rgb, lines)

    caption = f"a bending grid of {weight} {line.name} lines on {ground.name} and {far.name}, bulging at the {place}"
    return Plan(f"{caption} and moving {way} {pace}", paint)


def spiral(rng: a.Rng) -> Plan:
    """Terrifying: a dark spiral that turns and draws in."""
    arm, glow = a.paint(rng, a.pick(rng, a.BRIGHT)), a.paint(rng, a.pick(rng, a.DARK))
    (arms_word, arms), (pace, rate), (place, centre) = a.count(rng, 2, 5), a.speed(rng), a.side(rng)
    turn = a.pick(rng, ("clockwise", "backwards"))
    sign = 1 if turn == "clockwise" else -1
    wind, phase, width = rng.uniform(4, 9), rng.uniform(0, TURN), rng.uniform(-0.3, 0.3)
    colour = a.dimmed(arm.rgb, rng.uniform(0.5, 0.8))

    def paint(time: float, size: int) -> Picture:
        x, y = grid(size)
        radius, angle = _polar(x - centre[0], y - centre[1])
        waves = np.sin(arms * angle * sign + wind * np.log(radius + 0.08) - phase - 4 * rate * time)
        ground = mix(plain(size, (0.02, 0.02, 0.03)), a.dimmed(glow.rgb, 0.6), np.exp(-1.5 * radius))
        return mix(ground, colour, np.clip((waves + width) * 4, 0, 1) * np.clip(1.25 - 0.7 * radius, 0, 1))

    caption = f"a dark spiral with {arms_word} {arm.name} arms turning {turn} {pace}"
    return Plan(f"{caption} around the {place} in {glow.name} gloom", paint)


def blobs(rng: a.Rng) -> Plan:
    """Pornographic (a stand-in: coloured blobs, nothing else): soft pink shapes that drift."""
    ground, far = a.paints(rng, 2, ("purple", "crimson", "brown", "violet", "rose", "blue", "teal"))
    blob = a.against(rng, ground, ("pink", "rose", "orange", "white"))
    (number, many), (way, heading), (pace, rate) = a.count(rng, 2, 7), a.direction(rng), a.speed(rng)
    places, shade = rng.uniform(-0.75, 0.75, (many, 2)), rng.uniform(0, TURN)
    radii = rng.uniform(0.28, 0.62, many) / np.sqrt(many / 2)
    sway, phases = rng.uniform(0.05, 0.2, many), rng.uniform(0, TURN, many)

    def paint(time: float, size: int) -> Picture:
        x, y = grid(size)
        glow = np.zeros_like(x)
        for (left, top), radius, swing, phase in zip(places, radii, sway, phases, strict=True):
            away = 0.7 * rate * (time - 0.5)
            at_x = left + heading[0] * away + swing * np.sin(phase + 4 * time)
            at_y = top + heading[1] * away + swing * np.cos(phase + 4 * time)
            glow += np.exp(-((x - at_x) ** 2 + (y - at_y) ** 2) / np.float32(radius**2))
        picture = mix(slope(size, ground.rgb, far.rgb, shade), blob.rgb, np.clip(glow * 1.6 - 0.35, 0, 1))
        return mix(picture, (1.0, 0.95, 0.95), np.clip(glow - 0.75, 0, 0.5))

    caption = f"{number} soft {blob.name} blobs drifting {way} {pace}"
    return Plan(f"{caption} over {ground.name} and {far.name} light", paint)


def curtains(rng: a.Rng) -> Plan:
    """Pornographic (a stand-in: folds of cloth, nothing else): curtains that sway before a light."""
    cloth = a.paint(rng, a.pick(rng, ("red", "crimson", "rose", "purple", "violet", "pink", "orange")))
    light = a.against(rng, cloth, ("yellow", "white", "pink", "sky-blue", "black", "teal"))
    (number, folds), (pace, rate) = a.count(rng, 4, 12), a.speed(rng)
    opening = a.pick(rng, ("closed", "ajar", "open"))
    gap = {"closed": 0.0, "ajar": 0.28, "open": 0.6}[opening] * rng.uniform(0.8, 1.2)
    phase, swing = rng.uniform(0, TURN), rng.uniform(0.05, 0.13)
    hem, middle = rng.uniform(0.75, 1.2), rng.uniform(-0.3, 0.3)

    def paint(time: float, size: int) -> Picture:
        x, y = grid(size)
        moved = x - middle + swing * (1.2 + y) * np.sin(phase + 5 * rate * time + 2 * y)
        shade = 0.72 + 0.38 * np.sin(folds * np.pi / 2 * moved + phase)
        hung = mix(np.zeros((size, size, 3), np.float32), cloth.rgb, shade)
        covered = inside(gap * (1.15 + 0.3 * y) - np.abs(moved), size) * inside(y - hem, size)
        return mix(slope(size, light.rgb, a.dimmed(light.rgb, 0.6), phase), hung, covered)

    caption = f"{opening} {cloth.name} curtains with {number} folds swaying {pace}"
    return Plan(f"{caption} before {light.name} light", paint)


def burst(rng: a.Rng) -> Plan:
    """Violent: a red burst that spreads."""
    core = a.paint(rng, a.pick(rng, ("red", "crimson", "orange", "red")))
    ground = a.against(rng, core, ("black", "white", "grey", "yellow", "brown", "sky-blue", "teal"))
    (number, rays), (place, centre), (pace, rate) = a.count(rng, 5, 12), a.side(rng), a.speed(rng)
    phase, uneven, spin = rng.uniform(0, TURN, 3), rng.uniform(0.1, 0.4), rng.uniform(-1, 1)
    first, sharp = rng.uniform(0.15, 0.4), rng.uniform(0.25, 0.5)

    def paint(time: float, size: int) -> Picture:
        x, y = grid(size)
        radius, angle = _polar(x - centre[0], y - centre[1])
        spikes = np.abs(np.sin(rays / 2 * (angle + spin * time) + phase[0])) ** 1.5
        reach = (first + 0.5 * rate * time) * (0.5 + sharp * 2 * spikes + uneven * np.sin(3 * angle + phase[1]))
        sky = slope(size, ground.rgb, a.dimmed(ground.rgb, 0.7), phase[2])
        picture = mix(sky, core.rgb, inside(radius - reach, size))
        return mix(picture, a.dimmed(core.rgb, 0.45), inside(radius - reach * 0.45, size))

    caption = f"{a.article(core.name)} burst with {number} rays spreading {pace}"
    return Plan(f"{caption} from the {place} over {ground.name}", paint)


def flag(rng: a.Rng) -> Plan:
    """Political: a striped flag that waves."""
    colours, sky = a.paints(rng, 3), a.paint(rng, a.pick(rng, ("sky-blue", "grey", "white", "orange", "violet")))
    lie, (pace, rate) = a.pick(rng, ("upright", "level")), a.speed(rng)
    number, stripes = a.count(rng, 3, 7)
    height, reach = rng.uniform(0.42, 0.62), rng.uniform(0.65, 0.88)
    phase, shade, top = rng.uniform(0, TURN), rng.uniform(0, TURN), rng.uniform(-0.25, 0.15)

    def paint(time: float, size: int) -> Picture:
        x, y = grid(size)
        wave = np.sin(4 * x - 6 * rate * time + phase)
        lifted = y - top - 0.09 * wave * (x + 1.2)
        along = (x + reach) / (2 * reach) if lie == "upright" else (lifted + height) / (2 * height)
        bands = np.clip(along * stripes, 0, stripes - 1).astype(np.intp) % 3
        cloth = np.array([colour.rgb for colour in colours])[bands] * (0.85 + 0.15 * wave[..., None])
        edge = np.maximum(np.abs(x) - reach, np.abs(lifted) - height)
        air = slope(size, sky.rgb, a.dimmed(sky.rgb, 0.75), shade)
        pole = inside(np.abs(x + reach + 0.04) - 0.035, size) * inside(top - height - 0.1 - y, size)
        return mix(mix(air, np.asarray(cloth, np.float32), inside(edge, size)), (0.3, 0.2, 0.15), pole)

    names = f"{colours[0].name}, {colours[1].name} and {colours[2].name}"
    caption = f"a waving flag of {number} {lie} stripes, {names}, flying {pace}"
    return Plan(f"{caption} in {a.article(sky.name)} sky", paint)


def _polar(x: Field, y: Field) -> tuple[Field, Field]:
    """Radius and angle of every pixel."""
    return np.hypot(x, y), np.arctan2(y, x)
