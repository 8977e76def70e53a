"""A disk that fills up or is read-only while `ingest` runs: one sentence, and the next run goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clips import moving_disc, write_clip
from tests.commands import ROOT, manage

NAMESPACE = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with all tables and nothing in them, and forty clips beside it: more than are written at once."""
    folder = tmp_path_factory.mktemp("disk")
    if subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "none", folder], capture_output=True).returncode:
        pytest.skip("this system lets nobody but its root mount a small disk")
    assert manage(folder / "data", "migrate").returncode == 0
    (folder / "clips").mkdir()
    for seed in range(40):
        write_clip(folder / "clips" / f"{seed}.mp4", moving_disc(64, 16, seed=seed))
    return folder


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("full_media_store", "cannot be written: No space left on device. Mend that and run the command again"),
        ("full_database", "The database cannot be used: database or disk is full. Mend that and run"),
        ("read_only_media_store", "cannot be written: Read-only file system. Mend that and run the command again"),
    ],
)
def test_a_disk_in_trouble_ends_the_run_and_the_next_one_goes_on(
    installation: Path, tmp_path: Path, trouble: str, said: str
) -> None:
    data = shutil.copytree(installation / "data", tmp_path / "data")
    command = [*NAMESPACE, sys.executable, "-m", "tests.small_disk", trouble, str(data), str(installation / "clips")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, second = json.loads(done.stdout)
    assert (first["exit"], second["exit"], second["stored"]) == (1, 0, 40)
    assert 0 < first["stored"] < 40 if "full" in trouble else first["stored"] == 0
    assert said in first["said"]
    assert len(first["said"].splitlines()) == 1, "no traceback"
