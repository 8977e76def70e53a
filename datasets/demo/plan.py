"""What a scene's drawer hands back: a caption, and how to paint any moment of the clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from datasets.demo.canvas import Picture


@dataclass(frozen=True)
class Plan:
    """`paint(time, size)` gives the picture (size, size, 3) at `time`, 0 (start) to 1 (end)."""

    caption: str
    paint: Callable[[float, int], Picture]
