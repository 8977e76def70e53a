"""The paper's size from files to clusters, as one command: `python -m bench.paper --clips 5607`.

Drawn clips of 16 frames at 256 px, made up as the paper's heap: two fifths are generations of their own, the
others copies and failures. `manage.py curate` takes them in, screens, embeds (8 frames a clip), finds
copies and clusters: a process of its own on an empty installation, from its start to its end.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.clips import heap
from bench.embedding import checkpoint
from bench.machine import cores, spent
from bench.results import Outcome, Row, Target
from bench.site import environment

ROOT = Path(__file__).resolve().parent.parent
MINUTES = 8
STAGES = ("ingest", "screen", "embed", "dedup", "cluster")


def measured(clips: int, vit: bool) -> Outcome:
    folders = heap(clips)
    encoders = {"demo": "demo-clip at 64 px, as the demo uses it"}
    with TemporaryDirectory() as folder:
        if vit:
            encoders[checkpoint(Path(folder))] = "ViT-B/32 in bfloat16, random weights"
        rows = [_row(what, clips, _curated(folders, encoder)) for encoder, what in encoders.items()]
    return Outcome(
        "paper",
        "From files to clusters at the paper's size, as one command (manage.py curate).",
        {"clips": clips, "processes": cores()},
        rows,
        [Target(f"minutes, {row['encoder']}", row["minutes"], MINUTES, at_most=True) for row in rows],
        ["Random weights would cluster nothing of sense; they take the time that trained ones take."] if vit else [],
    )


def _curated(folders: Sequence[Path], encoder: str) -> dict[str, float]:
    """Minutes of the whole command, by the clock and of processor time, and seconds of each stage."""
    with TemporaryDirectory(prefix="winnow-bench-") as data:
        settings = os.environ | environment(data)
        manage: list[str | Path] = [sys.executable, ROOT / "manage.py"]
        subprocess.run([*manage, "migrate", "--verbosity", "0"], env=settings, check=True)
        command = [*manage, "curate", *folders, "--encoder", encoder]
        _, taken = spent(lambda: subprocess.run(command, env=settings, check=True, stdout=subprocess.DEVNULL))
        return {"minutes": taken.wall / 60, "CPU minutes": taken.cpu / 60} | _stages(Path(data))


def _stages(data: Path) -> dict[str, float]:
    """Seconds from the end of each stage's predecessor to its own end, as the runs in the database tell."""
    with closing(sqlite3.connect(data / "winnow.sqlite3")) as database:
        rows = database.execute("select stage, started_at, finished_at from datasets_run order by id").fetchall()
    began = datetime.fromisoformat(rows[0][1])
    ended = {stage: datetime.fromisoformat(finished) for stage, _, finished in rows}
    marks = [began, *(ended[stage] for stage in STAGES)]
    return {
        f"{stage}, s": (end - start).total_seconds()
        for stage, start, end in zip(STAGES, marks[:-1], marks[1:], strict=True)
    }


def _row(encoder: str, clips: int, taken: dict[str, float]) -> Row:
    return {"encoder": encoder, "clips": clips, **taken}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=5607)
    parser.add_argument("--vit", action="store_true", help="once more with ViT-B/32")
    chosen = parser.parse_args()
    measured(chosen.clips, chosen.vit).finish()


if __name__ == "__main__":
    main()
