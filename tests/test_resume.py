"""`kill -9` in the middle of a stage and running it again gives what an undisturbed run gives."""

from __future__ import annotations

import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.clips import moving_disc, write_clip
from tests.commands import last_json, manage, start

CLIPS = 60
DEADLINE = 120  # seconds; only a hang gets there


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for seed in range(CLIPS):
        write_clip(folder / f"{seed:02}.mp4", moving_disc(seed=seed))
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, clips: Path) -> Path:
    data = tmp_path_factory.mktemp("undisturbed")
    for command in (("migrate",), ("ingest", clips), ("screen",), ("embed",)):
        assert manage(data, *command).returncode == 0
    return data


def rows(data: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{data / 'winnow.sqlite3'}?mode=ro", uri=True, timeout=20)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def kill_when(process: subprocess.Popen[str], data: Path, table: str, least: int) -> int:
    """Kill the process as soon as `table` has `least` rows; return how many it has then."""
    until = time.monotonic() + DEADLINE
    while count_of(data, table) < least:
        assert process.poll() is None, f"it ended before it could be killed: {process.communicate()}"
        assert time.monotonic() < until, "it hangs"
        time.sleep(0.002)
    process.kill()
    process.communicate()
    return count_of(data, table)


def count_of(data: Path, table: str) -> int:
    count: int = rows(data, f"select count(*) from {table}")[0][0]
    return count


def files_of(data: Path) -> set[str]:
    return {str(path.relative_to(data)) for path in (data / "media").rglob("*") if path.is_file()}


VIDEOS = "select sha256, width, frame_count, duration from datasets_video order by sha256"
SIGHTINGS = "select video_id, file_name from datasets_sighting order by file_name"
MEASURES = "select video_id, luminance_spread, unchanged_share from datasets_measures order by video_id"
LIKENESS = "select video_id, frame_similarity from clustering_embedding"


def test_ingest(tmp_path: Path, clips: Path, undisturbed: Path) -> None:
    assert manage(tmp_path, "migrate").returncode == 0
    left = kill_when(start(tmp_path, "ingest", clips), tmp_path, "datasets_sighting", 8)
    assert left < CLIPS, "it was killed too late to show anything"
    answer = last_json(manage(tmp_path, "ingest", clips, "--json"))
    assert answer["stored"] + answer["seen"] == CLIPS
    for query in (VIDEOS, SIGHTINGS, MEASURES):
        assert rows(tmp_path, query) == rows(undisturbed, query)
    assert files_of(tmp_path) == files_of(undisturbed), "no media lost, none left over"


def vectors(data: Path) -> dict[str, np.ndarray]:
    found = rows(data, "select video_id, vector from clustering_embedding")
    return {str(video): np.frombuffer(bytes(raw), dtype="<f4") for video, raw in found}


def test_embed(tmp_path: Path, clips: Path, undisturbed: Path) -> None:
    for command in (("migrate",), ("ingest", clips), ("screen",)):
        assert manage(tmp_path, *command).returncode == 0
    left = kill_when(start(tmp_path, "embed"), tmp_path, "clustering_embedding", 1)
    assert left < CLIPS, "it was killed too late to show anything"
    answer = last_json(manage(tmp_path, "embed", "--json"))
    assert answer["embedded"] == CLIPS - left
    expected, got = vectors(undisturbed), vectors(tmp_path)
    assert got.keys() == expected.keys()
    assert min(float(got[video] @ expected[video]) for video in got) >= 0.9999
    likeness, undisturbed_likeness = (dict(rows(each, LIKENESS)) for each in (tmp_path, undisturbed))
    assert likeness == pytest.approx(undisturbed_likeness, abs=1e-3)
