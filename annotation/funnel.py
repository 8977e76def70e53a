"""The way from found to unsafe, step by step, as the paper's figure draws it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """`count` videos (files for `found`, `rejected` and `exact_duplicates`) at this point of the way."""

    key: str
    label: str
    count: int
    note: str = ""


@dataclass(frozen=True)
class Funnel:
    steps: tuple[Step, ...]

    def counts(self) -> dict[str, int]:
        return {step.key: step.count for step in self.steps}
