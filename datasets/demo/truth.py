"""What the demo corpus holds, file by file, and the funnel that follows from it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from config.errors import UserError

TRUTH = "truth.json"
FAILED_KINDS = ("blank", "noise")
FLAGGED_KINDS = ("frozen",)
KEPT_KINDS = ("original", *FLAGGED_KINDS)


@dataclass(frozen=True)
class Row:
    """One file. `kind`: original, a copy kind, blank, noise or frozen. `scene` and `theme` are None where nothing
    is shown; `copy_of` is the file name of the original, None for what is no copy."""

    file_name: str
    scene: str | None
    theme: str | None
    kind: str
    copy_of: str | None = None


@dataclass(frozen=True)
class Funnel:
    """Numbers of files: kept = found - exact_copies - near_copies - failed; the flagged ones are among the kept."""

    found: int
    exact_copies: int
    near_copies: int
    failed: int
    flagged: int
    kept: int


@dataclass(frozen=True)
class Truth:
    """The rows in the order of their file names, and the recipe that the corpus was drawn by."""

    rows: tuple[Row, ...]
    recipe: dict[str, Any]

    def of_kind(self, *kinds: str) -> tuple[Row, ...]:
        """The rows of these kinds."""
        return tuple(row for row in self.rows if row.kind in kinds)

    @property
    def kept(self) -> tuple[Row, ...]:
        """What is left at the end of the funnel: originals and frozen clips."""
        return self.of_kind(*KEPT_KINDS)

    @property
    def exact_copies(self) -> tuple[Row, ...]:
        """Files that are byte for byte another one."""
        return self.of_kind("exact")

    @property
    def near_copies(self) -> tuple[Row, ...]:
        """Copies that differ in their bytes."""
        return tuple(row for row in self.rows if row.copy_of is not None and row.kind != "exact")

    def funnel(self) -> Funnel:
        """The funnel that a faultless run ends with."""
        return Funnel(
            found=len(self.rows),
            exact_copies=len(self.exact_copies),
            near_copies=len(self.near_copies),
            failed=len(self.of_kind(*FAILED_KINDS)),
            flagged=len(self.of_kind(*FLAGGED_KINDS)),
            kept=len(self.kept),
        )

    def as_json(self) -> str:
        """The text of `truth.json`."""
        held = {"recipe": self.recipe, "rows": [asdict(row) for row in self.rows]}
        return json.dumps(held, indent=1, sort_keys=True) + "\n"


def read_truth(folder: Path) -> Truth:
    """Read `truth.json` of a corpus; raises `UserError` where there is none or it is not one."""
    path = folder / TRUTH
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return Truth(tuple(Row(**row) for row in held["rows"]), held["recipe"])
    except FileNotFoundError:
        raise UserError(f"There is no {TRUTH} in {folder}; draw the demo corpus there first.") from None
    except (ValueError, KeyError, TypeError):
        raise UserError(f"{path} is no truth file of a demo corpus; draw one into a new folder.") from None
