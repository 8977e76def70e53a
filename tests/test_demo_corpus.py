"""The demo corpus: drawn the same every time, true to its truth file, and resumable."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from config.errors import UserError
from datasets.decoding import probe_clip, read_clip
from datasets.demo.copies import COPY_KINDS
from datasets.demo.corpus import MANIFEST, Recipe, encode, read_truth, write_corpus
from datasets.demo.scenes import PLAIN, SCENES, THEMES, Scene, caption_of, draw_clip
from datasets.demo.shots import CORPUS_COPIES, plan_shots
from datasets.demo.truth import TRUTH, Truth
from datasets.intake import Intake, as_intake, take_in
from datasets.screening import screen

SMALL = Recipe(seed=3, originals=12, copies=1, blank=2, noise=1, frozen=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus")
    write_corpus(path, recipe=SMALL)
    return path


@pytest.fixture
def truth(folder: Path) -> Truth:
    return read_truth(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_two_scenes_a_theme_and_some_plain_ones() -> None:
    assert Counter(scene.theme for scene in SCENES) == dict.fromkeys((*THEMES, PLAIN), 2)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_scene_is_drawn_from_its_generator_alone(scene: Scene) -> None:
    first, again, other = (draw_clip(scene, np.random.default_rng(seed), 3, 32) for seed in (1, 1, 2))
    assert first.frames.shape == (3, 32, 32, 3)
    assert first.frames.dtype == np.uint8
    assert first.caption == again.caption
    assert np.array_equal(first.frames, again.frames)
    assert not np.array_equal(first.frames, other.frames)
    assert not np.array_equal(first.frames[0], first.frames[2])


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_captions_say_what_varies_and_do_not_depend_on_size(scene: Scene) -> None:
    captions = {caption_of(scene, np.random.default_rng(seed)) for seed in range(30)}
    assert len(captions) >= 27
    assert draw_clip(scene, np.random.default_rng(5), 1, 16).caption == caption_of(scene, np.random.default_rng(5))


@pytest.mark.parametrize("name", [name for name in COPY_KINDS if name != "exact"])
def test_a_copy_has_fewer_pixels_or_frames_than_its_original(name: str) -> None:
    frames = draw_clip(SCENES[0], np.random.default_rng(0), 16, 256).frames
    change = COPY_KINDS[name].change
    assert change is not None
    copy = change(frames)
    assert (copy.shape[1] * copy.shape[2], len(copy)) < (256 * 256, 16)
    assert copy.dtype == np.uint8
    assert not any(side % 2 for side in copy.shape[1:3])
    assert np.array_equal(frames, draw_clip(SCENES[0], np.random.default_rng(0), 16, 256).frames)


def test_the_default_corpus_is_planned_without_drawing() -> None:
    shots = plan_shots(Recipe())
    truth = Truth(tuple(shot.row() for shot in shots), {})
    prompts = [shot.settings.prompt for shot in shots if shot.copy_of is None]
    assert 145 <= len(shots) <= 155
    assert len(set(prompts)) == len(prompts)
    assert truth.funnel().kept == truth.funnel().found - 8 * len(CORPUS_COPIES) - truth.funnel().failed
    assert not any(scene.name in shot.file_name for shot in shots for scene in SCENES)


def test_the_folder_holds_what_the_truth_says(folder: Path, truth: Truth) -> None:
    names = [row.file_name for row in truth.rows]
    assert sorted(contents(folder)) == sorted([*names, MANIFEST, TRUTH])
    assert asdict(truth.funnel()) == {
        "found": 21, "exact_copies": 1, "near_copies": 3, "failed": 3, "flagged": 2, "kept": 14,
    }  # fmt: skip


def test_copies_point_to_originals(folder: Path, truth: Truth) -> None:
    originals = {row.file_name: row for row in truth.of_kind("original")}
    for row in truth.near_copies + truth.exact_copies:
        assert originals[row.copy_of or ""].scene == row.scene
        source, copy = folder / (row.copy_of or ""), folder / row.file_name
        assert (source.read_bytes() == copy.read_bytes()) == (row.kind == "exact")
        if row.kind != "exact":
            assert probe_clip(copy).width < probe_clip(source).width


def test_the_manifest_has_a_row_for_every_clip(folder: Path, truth: Truth) -> None:
    with (folder / MANIFEST).open(newline="", encoding="utf-8") as file:
        rows = {row["file_name"]: row for row in csv.DictReader(file)}
    assert list(rows) == [row.file_name for row in truth.rows]
    for row in truth.rows:
        told = rows[row.file_name]
        assert told["prompt"] != "" != told["generator"]
        assert min(int(told["seed"]), int(told["steps"]), float(told["guidance_scale"])) > 0
        if row.copy_of:
            assert told["prompt"] == rows[row.copy_of]["prompt"]


def test_screening_sees_the_failed_generations_and_no_others(folder: Path, truth: Truth) -> None:
    for row in truth.rows:
        with (folder / row.file_name).open("rb") as file:
            intake = as_intake(take_in(file))
        assert isinstance(intake, Intake)
        measures = asdict(intake.measures) | {"flicker": intake.flicker, "damaged": 0.0}
        expected = [row.kind] if row.kind in ("blank", "noise", "frozen") else []
        assert [rule.reason for rule, _ in screen(measures)] == expected, row


def test_clips_are_h264_of_16_frames(folder: Path, truth: Truth) -> None:
    probe = probe_clip(folder / truth.of_kind("original")[0].file_name)
    assert (probe.codec, probe.width, probe.height, probe.frame_count) == ("h264", 256, 256, 16)


def test_running_again_changes_nothing(folder: Path) -> None:
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    write_corpus(folder, recipe=SMALL)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == times


class KilledError(Exception):
    """In place of a signal."""


def test_a_broken_off_corpus_is_completed_to_the_byte(folder: Path, tmp_path: Path) -> None:
    def progress(done: int, total: int) -> None:
        if done == 9:
            raise KilledError

    with pytest.raises(KilledError):
        write_corpus(tmp_path, recipe=SMALL, progress=progress)
    (tmp_path / ".clip-0001.mp4.part").write_bytes(b"half a clip")
    assert not (tmp_path / TRUTH).exists()
    write_corpus(tmp_path, recipe=SMALL)
    expected, got = contents(folder), contents(tmp_path)
    got.pop(".clip-0001.mp4.part", None)
    assert got == expected


def test_a_clip_that_was_taken_away_is_drawn_again(folder: Path, truth: Truth) -> None:
    before = contents(folder)
    (folder / truth.rows[0].file_name).unlink()
    write_corpus(folder, recipe=SMALL)
    assert contents(folder) == before


def test_another_recipe_does_not_overwrite(folder: Path) -> None:
    with pytest.raises(UserError, match="another recipe"):
        write_corpus(folder, seed=4)


def test_a_folder_that_cannot_be_made_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="choose another folder"):
        write_corpus(tmp_path / "file" / "corpus", recipe=SMALL)


def test_no_truth_and_broken_truth_are_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no truth"):
        read_truth(tmp_path)
    (tmp_path / TRUTH).write_text('{"rows": [1]}')
    with pytest.raises(UserError, match="no truth file"):
        read_truth(tmp_path)


def test_encode_keeps_rate_and_pictures(tmp_path: Path) -> None:
    frames = draw_clip(SCENES[4], np.random.default_rng(1), 8, 64).frames
    encode(frames, tmp_path / "a.mp4", fps=4)
    probe, clip = probe_clip(tmp_path / "a.mp4"), read_clip(tmp_path / "a.mp4", frames=8, size=64)
    assert probe.frame_count == 8
    assert np.abs(clip.frames.astype(int) - frames).mean() < 8
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
