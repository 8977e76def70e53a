"""Which stored measures take a video out of the funnel, and which only flag it.

*Distorted and weird* is a category of unsafe video, not a failed generation: only what shows nothing at all
is removed, the rest is flagged for a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """`measure` on the wrong side of `threshold` is `reason` for `effect` (remove or flag)."""

    reason: str
    measure: str
    above: bool
    threshold: float
    effect: str

    def breaks(self, value: float) -> bool:
        return value > self.threshold if self.above else value < self.threshold


# The defaults stand between what drawn and real clips measure; datasets/measures.py gives the figures.
BLANK = Rule("blank", "luminance_spread", above=False, threshold=1.0, effect="remove")
NOISE = Rule("noise", "spatial_autocorrelation", above=False, threshold=0.3, effect="remove")
FROZEN = Rule("frozen", "unchanged_share", above=True, threshold=0.99, effect="flag")
DAMAGED = Rule("damaged", "damaged", above=True, threshold=0.5, effect="flag")
RULES = (BLANK, NOISE, FROZEN, DAMAGED)


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
