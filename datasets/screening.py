"""Which stored measures take a video out of the funnel, and which only flag it.

*Distorted and weird* is a category of unsafe video, not a failed generation: only what shows nothing at all
is removed, the rest is flagged for a person.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from config.errors import UserError


@dataclass(frozen=True)
class Rule:
    """`measure` on the wrong side of `threshold` is `reason` for `effect` (remove or flag).

    The measure lies between `low` and `high`, in `unit`; `log` where its values span decades. `about` says in a
    sentence what is found, `stage` which stage finds it.
    """

    reason: str
    measure: str
    above: bool
    threshold: float
    effect: str
    unit: str = ""
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    about: str = ""
    stage: str = "screen"

    def breaks(self, value: float) -> bool:
        return value > self.threshold if self.above else value < self.threshold

    @property
    def side(self) -> str:
        return "above" if self.above else "below"


LEVELS = "8-bit levels"

# The defaults stand between what drawn and real clips measure; datasets/measures.py gives the figures.
BLANK = Rule(
    "blank",
    "luminance_spread",
    above=False,
    threshold=1.0,
    effect="remove",
    unit=LEVELS,
    high=127.5,
    about="One flat colour from beginning to end, so there is nothing to see.",
)
NOISE = Rule(
    "noise",
    "spatial_autocorrelation",
    above=False,
    threshold=0.3,
    effect="remove",
    unit="correlation",
    about="Nothing but noise: no place in the picture has to do with the one beside it.",
)
FROZEN = Rule(
    "frozen",
    "unchanged_share",
    above=True,
    threshold=0.99,
    effect="flag",
    unit="share of neighbouring frames",
    about="One picture from beginning to end: nothing moves between any two of the sampled frames.",
)
DAMAGED = Rule(
    "damaged",
    "damaged",
    above=True,
    threshold=0.5,
    effect="flag",
    unit="1 if damaged, else 0",
    about="A part of the file is missing or did not decode, so people see less than was made.",
)
FLICKER = Rule(
    "flicker",
    "flicker",
    above=True,
    threshold=5.0,
    effect="flag",
    unit=LEVELS,
    high=255.0,
    log=True,
    about="The whole picture jumps between light and dark from frame to frame, which can also harm who watches it.",
)
BLUR = Rule(
    "blur",
    "sharpness",
    above=False,
    threshold=2.5,
    effect="flag",
    unit="squared 8-bit levels",
    high=1020.0**2,
    log=True,
    about="No frame has an edge: all of the clip is out of focus.",
)
RULES = (BLANK, NOISE, FROZEN, DAMAGED, FLICKER, BLUR)


def screen(measures: Mapping[str, float], rules: tuple[Rule, ...] = RULES) -> Iterator[tuple[Rule, float]]:
    """The rules that a clip breaks, each with the value that broke it.

    A blank clip is blank only: its noise measure is that of compression crumbs.
    """
    for rule in rules:
        value = measures[rule.measure]
        if rule.breaks(value):
            yield rule, value
            if rule.reason == BLANK.reason:
                return


def with_thresholds(rules: Iterable[Rule], thresholds: Mapping[str, float]) -> tuple[Rule, ...]:
    """The rules with the thresholds given by reason; those of other rules are left aside.

    Raises `UserError` for one that is no finite number.
    """
    for reason, threshold in thresholds.items():
        if not math.isfinite(threshold):
            raise UserError(f"The threshold of {reason} is {threshold}; give a finite number.")
    return tuple(replace(rule, threshold=thresholds.get(rule.reason, rule.threshold)) for rule in rules)


def checked(rule: Rule, threshold: float) -> Rule:
    """The rule with another threshold. Raises `UserError` for one that its measure cannot have."""
    if not (math.isfinite(threshold) and rule.low <= threshold <= rule.high):
        raise UserError(
            f"The threshold of {rule.reason} is {threshold:g}; {rule.measure} lies between {rule.low:g} and "
            f"{rule.high:g}, so give a number in between."
        )
    return replace(rule, threshold=threshold)


# --- what a threshold would change ---


@dataclass(frozen=True)
class Change:
    """What a rule would find with another threshold, against the `now` videos that it has found as it stands.

    `newly` and `no_longer` are SHA-256s of videos, the worst first.
    """

    found: int
    now: int
    newly: list[str]
    no_longer: list[str]


@dataclass(frozen=True)
class Histogram:
    """`counts` (bins,) of `n` values between `edges` (bins + 1,), which are a ratio apart where `log`."""

    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    n: int
    log: bool


def histogram(values: NDArray[np.float64], bins: int = 48, *, log: bool = False) -> Histogram:
    """Count values (n,), n >= 0, in `bins` bins from the least to the greatest.

    With `log` the bins are a ratio apart; values of 0 and below count in the first one, and where no value is
    above 0, or all are one, the bins are plain. Values that are all one lie in a range of 1 around it.
    """
    if not len(values):
        return Histogram(np.linspace(0.0, 1.0, bins + 1), np.zeros(bins, np.int64), 0, False)
    positive = values[values > 0]
    if log and len(positive) and positive.min() < positive.max():
        edges = np.geomspace(positive.min(), positive.max(), bins + 1)
        edges[0], edges[-1] = positive.min(), positive.max()  # geomspace rounds
        counts, _ = np.histogram(np.maximum(values, edges[0]), edges)
        return Histogram(edges, counts.astype(np.int64), len(values), True)
    counts, edges = np.histogram(values, bins)
    return Histogram(edges, counts.astype(np.int64), len(values), False)
