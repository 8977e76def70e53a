"""A histogram laid out for drawing: bars, ticks and the line of a threshold, on a plain or a logarithmic axis.

Places along the axis are shares of it, 0 to 1; heights are in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

GROUND = 162.0  # pixels from the top of the drawing to the foot of the bars
HEIGHT = 144.0  # pixels of the tallest bar
LEAST = 3.0  # pixels of a bar that counts anything: one video among ten thousand is still seen
TICKS = 6  # at most, about


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, low < high; where `log`, both are above 0."""

    low: float
    high: float
    log: bool

    def share(self, value: float) -> float:
        """Where `value` stands; what lies beyond the axis stands at its end."""
        if self.log:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, share))


@dataclass(frozen=True)
class Bar:
    """`count` values from `low` to `high`."""

    left: float
    width: float
    height: float
    count: int
    low: float
    high: float

    @property
    def top(self) -> float:
        """Pixels from the top of the drawing."""
        return round(GROUND - self.height, 1)


@dataclass(frozen=True)
class Tick:
    at: float
    value: float

    @property
    def text(self) -> str:
        written = f"{self.value:,.0f}" if abs(self.value) >= 1000 else f"{self.value:.3g}"
        return written.replace("-", "\N{MINUS SIGN}")


@dataclass(frozen=True)
class Chart:
    """`line` is where the threshold stands; what is found fills the axis from `found_left` for `found_width`."""

    axis: Axis
    bars: Sequence[Bar]
    ticks: Sequence[Tick]
    line: float
    above: bool
    most: int

    @property
    def found_left(self) -> float:
        return self.line if self.above else 0.0

    @property
    def found_width(self) -> float:
        return 1.0 - self.line if self.above else self.line


def chart(edges: Sequence[float], counts: Sequence[int], *, log: bool, threshold: float, above: bool) -> Chart:
    """The histogram of `counts` (n) between `edges` (n + 1, ascending), with room for `threshold`.

    Bars that count nothing are left out. `above`: whether what lies above the threshold is found, or below.
    """
    axis, most = _axis(edges, log, threshold), max(counts, default=0)
    spans = zip(edges, edges[1:], counts, strict=False)
    bars = [_bar(axis, low, high, count, most) for low, high, count in spans if count]
    return Chart(axis, bars, list(_ticks(axis)), axis.share(threshold), above, most)


def _axis(edges: Sequence[float], log: bool, threshold: float) -> Axis:
    """Over all edges and the threshold; a threshold of 0 and below stands at the low end of a logarithmic axis."""
    log = log and edges[0] > 0
    low = edges[0] if log and threshold <= 0 else min(edges[0], threshold)
    high = max(edges[-1], threshold)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        return Axis(low - 0.5, high + 0.5, log=False)
    return Axis(low, high, log)


def _bar(axis: Axis, low: float, high: float, count: int, most: int) -> Bar:
    left = axis.share(low)
    return Bar(left, axis.share(high) - left, max(LEAST, HEIGHT * count / most), count, low, high)


def _ticks(axis: Axis) -> Iterator[Tick]:
    """At 1, 2 or 5 times a power of ten; on a logarithmic axis at powers of ten."""
    if axis.log and axis.high / axis.low >= 10:
        powers = range(math.ceil(math.log10(axis.low)), math.floor(math.log10(axis.high)) + 1)
        values = [10.0**power for power in powers]
    else:
        step = _step((axis.high - axis.low) / TICKS)
        first = math.ceil(axis.low / step - 1e-9)
        values = [number * step for number in range(first, math.floor(axis.high / step + 1e-9) + 1)]
    return (Tick(axis.share(value), value) for value in values)


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= least * (1 - 1e-9))
