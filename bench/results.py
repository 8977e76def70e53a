"""What a benchmark tells: a table, the targets it was made for, and notes; kept as JSON beside the machine's name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.machine import machine

FOLDER = Path(__file__).parent / "results"

Row = dict[str, Any]  # figures by the head of their column


@dataclass(frozen=True)
class Target:
    """A figure that was asked for: `value` must be at least `bound`, or at most, where `at_most`."""

    what: str
    value: float
    bound: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.value <= self.bound if self.at_most else self.value >= self.bound


@dataclass(frozen=True)
class Outcome:
    """One benchmark's run. about: what was measured, in a sentence or two; parameters: what it was called with."""

    name: str
    about: str
    parameters: dict[str, Any]
    rows: list[Row]
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def save(self, folder: Path = FOLDER) -> Path:
        """Write `<name>.json`, with the machine's description."""
        path = folder / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        told = asdict(self) | {"machine": machine()}
        path.write_text(json.dumps(told, indent=1) + "\n")
        return path

    def finish(self) -> None:
        """Print and save."""
        print(self.text(), flush=True)
        self.save()

    def text(self) -> str:
        """The table and the targets, for a terminal."""
        return "\n\n".join([table(self.rows), table(target_rows([self])), *self.notes])


def read(path: Path) -> tuple[Outcome, dict[str, Any]]:
    """An outcome as `save` wrote it, and the machine it ran on."""
    told = json.loads(path.read_text())
    ran_on = told.pop("machine")
    targets = [Target(**target) for target in told.pop("targets")]
    return Outcome(**told, targets=targets), ran_on


def target_rows(outcomes: Sequence[Outcome]) -> list[Row]:
    return [
        {
            "benchmark": outcome.name,
            "figure": target.what,
            "target": f"{'at most' if target.at_most else 'at least'} {figure(target.bound)}",
            "measured": target.value,
            "": "met" if target.met else "**missed**",
        }
        for outcome in outcomes
        for target in outcome.targets
    ]


def table(rows: Sequence[Row]) -> str:
    """Rows of the same columns as a Markdown table, figures to the right."""
    heads = list(rows[0]) if rows else []
    numeric = [all(isinstance(row[head], int | float) for row in rows) for head in heads]
    lines = [heads, ["---:" if right else "---" for right in numeric]]
    lines += [[figure(row[head]) for head in heads] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figure(value: Any) -> str:
    """Whole numbers with their thousands apart, others to three digits, shares near 1 to four."""
    if isinstance(value, float):
        digits = max(0, 3 - len(str(int(abs(value))))) if abs(value) >= 1 else 3
        return f"{value:,.{4 if 0.99 <= value < 1 else digits}f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
