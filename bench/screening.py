"""Screening from files to groups of copies, against a plain loop: `python -m bench.screening --each 100`.

Ours: `ingest`, `screen` and `dedup` on an empty installation, with all that they do: locked-up children, three
digests, hashes of every frame, measures, kept frames, the database. The plain loop: as many processes, each of which
decodes a clip with PyAV and hashes every frame with `pdqhash`, and does nothing else; its processes are
started before its clock runs, ours while it runs. Bare decoding is the same loop without the hashes. The three
take turns on the same drawn clips.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median
from typing import NamedTuple

import av
import pdqhash  # type: ignore[import-untyped]

from bench.clips import SHAPES, shaped_clips, workers
from bench.machine import Spent, cores, spent
from bench.results import Outcome, Row, Target
from bench.site import empty, installation


class Round(NamedTuple):
    """What each of the three took for the same clips."""

    ours: Spent
    loop: Spent
    decoding: Spent


def measured(each: int, rounds: int) -> Outcome:
    """Each shape of clip alone once, then all together `rounds` times."""
    by_shape = {str(shape): shaped_clips(shape, each) for shape in SHAPES}
    everything = [path for paths in by_shape.values() for path in paths]
    with installation(), workers() as pool:
        list(pool.map(_decode_all, everything[: 4 * cores()]))  # they are there, and have imported what they need
        rows = [_row(name, paths, [_round(paths, pool)]) for name, paths in by_shape.items()]
        together = [_round(everything, pool) for _ in range(rounds)]
    rows.append(_row("all together", everything, together))
    ratio = median(one.loop.wall / one.ours.wall for one in together)
    return Outcome(
        "screening",
        "Ingest, screen and dedup, against a loop that decodes with PyAV and hashes every frame with pdqhash.",
        {"each": each, "rounds": rounds, "processes": cores()},
        rows,
        [Target("throughput over that of the plain loop", ratio, 3)],
        ["Times faster and decoding's share of our processor time are medians of the rounds."],
    )


def _round(paths: Sequence[Path], pool: ProcessPoolExecutor) -> Round:
    empty()
    return Round(_screened(paths), _looped(_hash_all, paths, pool), _looped(_decode_all, paths, pool))


def _screened(paths: Sequence[Path]) -> Spent:
    from clustering.services.duplicates import dedup
    from datasets.screening import RULES
    from datasets.services.ingest import ingest
    from datasets.services.screen import screen_videos

    def stages() -> int:
        report = ingest(paths)
        screen_videos(RULES)
        dedup()
        return int(report.data["stored"])

    stored, taken = spent(stages)
    if stored != len(paths):
        raise RuntimeError(f"{stored} of {len(paths)} clips were stored")
    return taken


def _looped(work: Callable[[Path], float], paths: Sequence[Path], pool: ProcessPoolExecutor) -> Spent:
    seconds, taken = spent(lambda: list(pool.map(work, paths, chunksize=2)))
    return Spent(taken.wall, sum(seconds))


def _hash_all(path: Path) -> float:
    return spent(lambda: [pdqhash.compute(frame.to_ndarray(format="rgb24")) for frame in _frames(path)])[1].cpu


def _decode_all(path: Path) -> float:
    return spent(lambda: sum(1 for _ in _frames(path)))[1].cpu


def _frames(path: Path) -> Iterator[av.VideoFrame]:
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1  # the processes share the cores already
        yield from container.decode(video=0)


def _row(name: str, paths: Sequence[Path], rounds: Sequence[Round]) -> Row:
    return {
        "clips": name,
        "number": len(paths),
        "ours, clips/s": len(paths) / median(one.ours.wall for one in rounds),
        "loop, clips/s": len(paths) / median(one.loop.wall for one in rounds),
        "decoding alone, clips/s": len(paths) / median(one.decoding.wall for one in rounds),
        "times faster": median(one.loop.wall / one.ours.wall for one in rounds),
        "by processor time": median(one.loop.cpu / one.ours.cpu for one in rounds),
        "decoding's share": median(one.decoding.cpu / one.ours.cpu for one in rounds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=100, help="clips of each shape")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    measured(chosen.each, chosen.rounds).finish()


if __name__ == "__main__":
    main()
