"""The demo corpus on disk: clips, a manifest, and the truth about each file."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream

from config.errors import UserError
from datasets.demo.canvas import Pixels
from datasets.demo.copies import COPY_KINDS, FPS, GOOD_CRF, LOW_CRF, blank, frozen, noise
from datasets.demo.scenes import draw_clip
from datasets.demo.shots import CORPUS_COPIES, Recipe, Settings, Shot, plan_shots
from datasets.demo.truth import TRUTH, Row, Truth, read_truth

__all__ = ["CORPUS_COPIES", "MANIFEST", "Recipe", "Row", "Truth", "encode", "read_truth", "write_corpus"]

MANIFEST = "manifest.csv"
UNFINISHED = ".unfinished.json"
VERSION = 1  # raised when the same recipe draws another corpus
FRAMES, SIZE = 16, 256

Progress = Callable[[int, int], None]


def write_corpus(
    folder: Path, seed: int = 7, *, recipe: Recipe | None = None, progress: Progress | None = None
) -> Truth:
    """Draw the demo corpus into `folder`: clips, `manifest.csv` and `truth.json`, which is written last.

    A finished corpus is left as it is; a broken-off one is completed. `recipe` replaces the default one, `seed`
    with it. `progress` is called with the numbers of files done and of all. Raises `UserError` where `folder`
    holds a corpus of another recipe, or cannot be written.
    """
    recipe = recipe or Recipe(seed=seed)
    wanted: dict[str, Any] = json.loads(json.dumps({"version": VERSION, **asdict(recipe)}))
    try:
        if (folder / TRUTH).exists() and (truth := _finished(folder, wanted)):
            return truth
        _begin(folder, wanted)
        return _draw(folder, plan_shots(recipe), wanted, progress or (lambda done, total: None))
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(f"The demo corpus cannot be written to {folder}: {reason}; choose another folder.") from error


def _finished(folder: Path, wanted: dict[str, Any]) -> Truth | None:
    """The truth of a whole corpus; None where clips have since been taken away, so that they are drawn again."""
    truth = read_truth(folder)
    _refuse_other(folder, truth.recipe, wanted)
    return truth if all((folder / row.file_name).exists() for row in truth.rows) else None


def _begin(folder: Path, wanted: dict[str, Any]) -> None:
    """Leave a note of the recipe, so that a later run completes this corpus and no other one."""
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / UNFINISHED
    if note.exists():
        _refuse_other(folder, json.loads(note.read_text()), wanted)
    else:
        _write(note, json.dumps(wanted))


def _refuse_other(folder: Path, held: dict[str, Any], wanted: dict[str, Any]) -> None:
    if held != wanted:
        raise UserError(f"{folder} holds a demo corpus of another recipe; choose another folder or empty this one.")


def _draw(folder: Path, shots: Sequence[Shot], wanted: dict[str, Any], progress: Progress) -> Truth:
    # Originals first: an exact copy is a copy of a file.
    for done, shot in enumerate(sorted(shots, key=lambda shot: shot.kind == "exact"), start=1):
        if not (folder / shot.file_name).exists():
            _make(folder, shot)
        progress(done, len(shots))
    truth = Truth(tuple(shot.row() for shot in shots), wanted)
    _write(folder / MANIFEST, _manifest(shots))
    _write(folder / TRUTH, truth.as_json())
    (folder / UNFINISHED).unlink(missing_ok=True)
    return truth


def _make(folder: Path, shot: Shot) -> None:
    path = folder / shot.file_name
    copy = COPY_KINDS.get(shot.kind)
    if copy is None:
        encode(_frames(shot), path, crf=LOW_CRF if shot.kind == "noise" else GOOD_CRF)
    elif copy.change is None:
        assert shot.copy_of is not None
        shutil.copyfile(folder / shot.copy_of, _partial(path))
        _partial(path).replace(path)
    else:
        encode(copy.change(_frames(shot)), path, crf=copy.crf, fps=copy.fps)


def _frames(shot: Shot) -> Pixels:
    """The pictures of a generation, before anybody copied it."""
    rng = np.random.default_rng(shot.key)
    if shot.kind == "blank":
        return blank(rng, FRAMES, SIZE)
    if shot.kind == "noise":
        return noise(rng, FRAMES, SIZE)
    clip = draw_clip(shot.scene, rng, FRAMES, SIZE).frames
    return frozen(clip) if shot.kind == "frozen" else clip


def encode(frames: Pixels, path: Path, *, fps: int = FPS, crf: int = GOOD_CRF) -> None:
    """Write `frames`, uint8 (T, H, W, 3) RGB with even H and W, as h264 in mp4.

    One thread and no dates, so that equal frames give equal bytes. The file has its name only once it is whole.
    """
    options = {"fflags": "+bitexact", "movflags": "+faststart"}
    with av.open(str(_partial(path)), "w", format="mp4", options=options) as container:
        stream = container.add_stream("libx264", rate=fps)
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        # Macroblock-tree rate control was seen to give the same frames other bytes from call to call.
        stream.options = {"crf": str(crf), "preset": "veryfast", "threads": "1", "x264-params": "mbtree=0"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        container.mux(stream.encode(None))
    _partial(path).replace(path)


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _manifest(shots: Sequence[Shot]) -> str:
    text = io.StringIO()
    names = ["file_name", *Settings.__dataclass_fields__]
    table = csv.DictWriter(text, names, lineterminator="\n")
    table.writeheader()
    table.writerows({"file_name": shot.file_name, **asdict(shot.settings)} for shot in shots)
    return text.getvalue()


def _write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    with _partial(path).open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    _partial(path).replace(path)
