"""Simulated raters for the demo: people of known skill, so that the figures have something to be held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Skill:
    """The chance to tick a choice that is there, and one that is not; seconds are a lognormal around `pace`."""

    hit: float
    false_alarm: float
    pace: float = 6.0


CAREFUL = Skill(hit=0.97, false_alarm=0.004)
ORDINARY = Skill(hit=0.92, false_alarm=0.015)
CARELESS = Skill(hit=0.55, false_alarm=0.15, pace=1.5)
CREW = (CAREFUL, *[ORDINARY] * 6, CAREFUL, ORDINARY, CARELESS)


def tick(truth: frozenset[str], choices: Sequence[str], skill: Skill, rng: np.random.Generator) -> list[str]:
    """The choices that a rater of this skill ticks on a clip whose true choices are `truth`."""
    chances = [skill.hit if choice in truth else skill.false_alarm for choice in choices]
    return [choice for choice, hit in zip(choices, rng.random(len(choices)) < chances, strict=True) if hit]


def seconds(skill: Skill, rng: np.random.Generator) -> float:
    """How long the rater looked, in seconds."""
    return round(float(skill.pace * rng.lognormal(0, 0.4)), 1)
