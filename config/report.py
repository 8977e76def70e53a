"""What a stage hands to whoever called it, be it a command or a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

# Wraps an iterable to show how far it is: progress(items, total=..., label=...).
Progress = Callable[..., Iterator[Any]]


@dataclass(frozen=True)
class Report:
    """What a stage did: one line for people, one object for programs, and a table where there is one."""

    line: str
    data: dict[str, Any] = field(default_factory=dict)
    table: str = ""


def silent(items: Iterable[Any], *, total: int | None = None, label: str = "") -> Iterator[Any]:
    """The `Progress` of callers without a terminal."""
    yield from items


def counted(n: int, noun: str) -> str:
    """For example `1 file`, `2 files`, `0 copies`."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else f"{noun}s"
    return f"{n:,} {noun if n == 1 else plural}"


def text_table(rows: Iterable[Iterable[object]], *, head: Iterable[str]) -> str:
    """Plain columns, numbers right-aligned."""
    cells = [[*head], *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    numeric = [all(_is_number(cell) for cell in column[1:]) for column in zip(*cells, strict=True)]
    return "\n".join(_line(row, widths, numeric) for row in cells)


def _is_number(cell: str) -> bool:
    return not cell or cell[0].isdigit() or cell[0] in "-." or cell == "undefined"


def _line(row: list[str], widths: list[int], numeric: list[bool]) -> str:
    padded = (
        cell.rjust(width) if right else cell.ljust(width)
        for cell, width, right in zip(row, widths, numeric, strict=True)
    )
    return "  ".join(padded).rstrip()
