"""Drawn clips to measure with, made once and kept in a cache folder: one picture group each, h264 in mp4."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np

from bench.machine import cores
from datasets.demo.copies import Pixels, resized
from datasets.demo.corpus import encode, write_corpus
from datasets.demo.scenes import SCENES, draw_clip
from datasets.demo.shots import Recipe

CACHE = Path(tempfile.gettempdir()) / "winnow-bench-clips"
DRAWN = 256  # px that a clip is drawn at, square; what is wider is cut from it and enlarged

T = TypeVar("T")


@dataclass(frozen=True)
class Shape:
    frames: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.frames} frames of {self.width} x {self.height}"


SHAPES = (Shape(16, 256, 256), Shape(24, 512, 320), Shape(49, 720, 480))  # of what video generators give today


@contextmanager
def workers() -> Iterator[ProcessPoolExecutor]:
    """As many processes as there are cores, started anew (a fork would share this one's database)."""
    with ProcessPoolExecutor(cores(), mp_context=get_context("spawn")) as pool:
        yield pool


def shaped_clips(shape: Shape, count: int, folder: Path = CACHE) -> list[Path]:
    """`count` clips of one shape, no two alike, drawn where the cache has them not yet."""
    folder = folder / f"{shape.frames}-{shape.width}x{shape.height}"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{index:05}.mp4" for index in range(count)]
    missing = [(index, path) for index, path in enumerate(paths) if not path.exists()]
    _in_parallel(partial(_draw, shape), missing)
    return paths


def _in_parallel(work: Callable[[T], None], items: Sequence[T]) -> None:
    if items:
        with workers() as pool:
            list(pool.map(work, items))


def _draw(shape: Shape, job: tuple[int, Path]) -> None:
    index, path = job
    rng = np.random.default_rng((index, shape.frames))
    square = draw_clip(SCENES[index % len(SCENES)], rng, shape.frames, DRAWN).frames
    encode(_cut(square, shape), path)


def _cut(frames: Pixels, shape: Shape) -> Pixels:
    """The middle of square frames in the shape's proportions, at its size."""
    if (shape.width, shape.height) == (DRAWN, DRAWN):
        return frames
    rows = round(DRAWN * shape.height / shape.width)
    top = (DRAWN - rows) // 2
    return resized(frames[:, top : top + rows], shape.height, shape.width)


def heap(count: int, folder: Path = CACHE) -> list[Path]:
    """Folders that hold `count` clips of 16 frames in all, made up as the paper's heap: many copies, some failures.

    Each folder is a corpus of `datasets.demo`, of a seed of its own, so that several are drawn at once.
    """
    sizes = [len(part) for part in np.array_split(np.arange(count), max(1, count // _CORPUS))]
    jobs = [(size, seed, folder / f"heap-{size}-{seed}") for seed, size in enumerate(sizes, 1)]
    _in_parallel(_draw_corpus, [job for job in jobs if not (job[2] / "truth.json").exists()])
    return [path for _, _, path in jobs]


_CORPUS = 400  # files, about, of one folder
_KINDS = ("exact", "reencoded", "rescaled", "logo", "darker")  # 16 frames, as their originals have


def _draw_corpus(job: tuple[int, int, Path]) -> None:
    size, seed, folder = job
    copies, failed = size // 9, size // 60  # of each kind
    originals = size - len(_KINDS) * copies - 3 * failed
    recipe = Recipe(seed, originals, copies, _KINDS, blank=failed, noise=failed, frozen=failed)
    write_corpus(folder, recipe=recipe)
