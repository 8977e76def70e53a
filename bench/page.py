"""Writes `docs/bench.md` from the results that lie in `bench/results`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.results import Outcome, read, table, target_rows

PAGE = Path(__file__).resolve().parent.parent / "docs" / "bench.md"

HEAD = """# How fast Winnow is

`make bench` measures all of this again and writes this page; it takes about an hour on 2 cores, and more the
first time, when it draws its clips. `make bench ONLY=screening` runs one. Every figure is from drawn clips or random
numbers; ratios are taken in one run, ours and the other taking turns. Processor time ("CPU") counts
all threads and child processes; where a machine does other work at the same time, it says more than the clock.
"""


def write_page(paths: Sequence[Path]) -> None:
    PAGE.write_text(page(paths))


def page(paths: Sequence[Path]) -> str:
    """The page that tells these results."""
    results = [read(path) for path in paths]
    targets = table(target_rows([outcome for outcome, _ in results]))
    parts = [HEAD, "## Targets", targets, *(_section(outcome, ran_on) for outcome, ran_on in results)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _section(outcome: Outcome, ran_on: dict[str, Any]) -> str:
    asked = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in outcome.parameters.items())
    parts = [f"## {outcome.name.capitalize()}", outcome.about, table(outcome.rows), *outcome.notes]
    return "\n\n".join([*parts, f"With {asked}. {machine_line(ran_on)}"])


def machine_line(ran_on: dict[str, Any]) -> str:
    """The machine by its processor, cores and memory, the versions and the day."""
    libraries = ", ".join(f"{name} {version}" for name, version in ran_on["libraries"].items())
    return (
        f"Measured on {ran_on['date']} with Winnow {ran_on['winnow']} on {ran_on['cores']} cores of "
        f"{ran_on['processor']}, {ran_on['memory_gb']} GB of memory, Python {ran_on['python']}, {libraries}."
    )
