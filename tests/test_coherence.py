"""Clips that fall apart or miss their prompt: the measures, the thresholds, and what `embed` makes of them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from clustering.coherence import (
    EMBED_RULES,
    OF_DEMO,
    OFF,
    OFF_PROMPT,
    are_neighbours,
    default_thresholds,
    frame_similarity,
    outlier_bound,
    prompt_similarity,
)
from clustering.encoder import Encoder, load_encoder
from clustering.models import Embedding
from clustering.services import embeddings
from clustering.services.thresholds import (
    change,
    found_videos,
    histogram,
    measured,
    redecide,
    rule,
    rules,
    set_threshold,
    undo_decision,
)
from config.models import User
from datasets.demo.canvas import Pixels
from datasets.demo.corpus import encode
from datasets.demo.scenes import SCENES, draw_clip
from datasets.models import Effect, Finding, Run, Sighting, Video
from datasets.services.frames import frames_of
from tests.commands import run
from tests.conftest import quarantine

Vectors = NDArray[np.float32]


def unit(*rows: Sequence[float]) -> Vectors:
    array = np.array(rows, dtype=np.float32)
    return np.asarray(array / np.linalg.norm(array, axis=1, keepdims=True), dtype=np.float32)


# --- measures ---


def test_frame_similarity_is_the_least_cosine_of_neighbours() -> None:
    assert frame_similarity(unit([1, 0], [1, 0], [3, 4])) == pytest.approx(0.6)
    assert frame_similarity(unit([1, 0], [0, 1], [-1, 0], [-1, 0])) == pytest.approx(0)
    assert frame_similarity(unit([1, 0], [-1, 0])) == -1.0
    with pytest.raises(ValueError, match="1 frames have no neighbours"):
        frame_similarity(unit([1, 0]))


@given(seed=st.integers(0, 1000), count=st.integers(2, 9))
def test_frame_similarity_equals_the_naive_one_and_does_not_know_time(seed: int, count: int) -> None:
    frames = unit(*np.random.default_rng(seed).normal(size=(count, 5)))
    naive = min(sum(float(x) * float(y) for x, y in zip(a, b, strict=True)) for a, b in pairwise(frames))
    assert frame_similarity(frames) == pytest.approx(naive, abs=1e-6)
    assert frame_similarity(frames[::-1]) == pytest.approx(frame_similarity(frames), abs=1e-9)


def test_prompt_similarity_is_a_cosine() -> None:
    clip, prompt = unit([3, 4])[0], unit([4, 3])[0]
    assert prompt_similarity(clip, prompt) == pytest.approx(0.96)
    assert prompt_similarity(clip, clip) == pytest.approx(1)
    assert -1 <= prompt_similarity(clip, clip) <= 1


def test_frames_far_apart_in_time_are_no_neighbours() -> None:
    assert are_neighbours(duration=2.0, frame_count=16, sampled=8)
    assert are_neighbours(duration=8.0, frame_count=200, sampled=8)
    assert not are_neighbours(duration=8.1, frame_count=200, sampled=8)
    assert not are_neighbours(duration=0.1, frame_count=1, sampled=8)
    assert not are_neighbours(duration=0.5, frame_count=16, sampled=1)


# --- thresholds of an encoder ---


def test_the_bound_of_outliers() -> None:
    values = np.array([*np.full(10, 0.2), *np.full(20, 0.3), *np.full(10, 0.4)]) + np.arange(40) * 1e-9
    assert outlier_bound(values) == pytest.approx(0.3 - 3.5 * 1.4826 * 0.05, abs=0.3)
    spread = np.linspace(0.2, 0.4, 41)
    assert outlier_bound(spread) == pytest.approx(0.3 - 3.5 * 1.4826 * 0.05)


@given(seed=st.integers(0, 1000), shift=st.floats(-0.1, 0.1), scale=st.floats(0.5, 2))
def test_the_bound_moves_with_the_values(seed: int, shift: float, scale: float) -> None:
    values = np.random.default_rng(seed).normal(0.2, 0.02, 200)
    assert outlier_bound(values * scale + shift) == pytest.approx(outlier_bound(values) * scale + shift, abs=1e-9)


@pytest.mark.parametrize("values", [[], [0.1] * 29, [0.3] * 100])
def test_too_few_or_equal_values_have_no_outliers(values: list[float]) -> None:
    assert outlier_bound(np.array(values)) == OFF


DEMO, OTHER = "demo-clip:abc/64/bfloat16/8-frames", "ViT-B-32:laion2b_s34b_b79k/224/bfloat16/8-frames"


def test_only_the_demos_model_has_thresholds_of_its_own() -> None:
    values = {"incoherent": np.linspace(0.7, 1, 41), "off prompt": np.linspace(0.2, 0.4, 41)}
    assert default_thresholds(DEMO, values) == OF_DEMO
    bound = outlier_bound(values["off prompt"])
    assert default_thresholds(OTHER, values) == {"incoherent": OFF, "off prompt": bound}


def test_the_demos_model_says_nothing_of_clips_from_another_world() -> None:
    values = {"incoherent": np.array([0.9, 0.9, 0.1]), "off prompt": np.array([-0.1, 0.1, 0.3])}
    assert default_thresholds(DEMO, values) == {"incoherent": OF_DEMO["incoherent"], "off prompt": OFF}
    assert default_thresholds(DEMO, dict.fromkeys(values, np.empty(0))) == OF_DEMO


# --- the stage ---


def drawing(scene: int, seed: int) -> tuple[Pixels, str]:
    drawn = draw_clip(SCENES[scene], np.random.default_rng(seed))
    return drawn.frames, drawn.caption


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Good clips of twelve scenes with their captions, one of them twice; `broken.mp4` breaks from the first scene
    into the last, `wrong.mp4` has the caption of another scene, `untold.mp4` has none, `still.mp4` is one frame."""
    folder = tmp_path_factory.mktemp("drawn")
    captions = {}
    for scene in range(len(SCENES)):
        frames, captions[f"good-{scene}.mp4"] = drawing(scene, 7)
        encode(frames, folder / f"good-{scene}.mp4")
    (first, caption), (last, _), (boats, _) = drawing(0, 8), drawing(11, 8), drawing(11, 9)
    encode(np.concatenate([first[:8], last[8:]]), folder / "broken.mp4")
    encode(boats, folder / "wrong.mp4")
    encode(first, folder / "untold.mp4")
    encode(last[:1], folder / "still.mp4")
    captions |= {"broken.mp4": captions["good-0.mp4"], "wrong.mp4": caption}
    with (folder / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file_name", "prompt"), *captions.items()])
    return folder


@pytest.fixture
def screened(db: None, folder: Path) -> None:
    run("ingest", folder, "--manifest", folder / "manifest.csv")
    run("screen")


@pytest.fixture
def embedded(screened: None) -> dict[str, Any]:
    return run("embed")


def video(name: str) -> Video:
    return Sighting.objects.get(file_name=name).video


def embedding(name: str) -> Embedding:
    return Embedding.objects.get(video=video(name))


def standing() -> set[tuple[str, str]]:
    rows = Finding.objects.filter(stage="embed", lifted_at=None)
    return set(rows.values_list("video__sightings__file_name", "reason"))


SEEN = {("broken.mp4", "incoherent"), ("wrong.mp4", "off prompt")}


def test_what_falls_apart_and_what_misses_its_prompt_is_flagged(embedded: dict[str, Any]) -> None:
    assert standing() == SEEN
    assert embedded["flagged"] == 2
    finding = Finding.objects.get(reason="incoherent")
    assert (finding.effect, finding.threshold) == (Effect.FLAG, OF_DEMO["incoherent"])
    assert finding.value == embedding("broken.mp4").frame_similarity
    assert finding.run is not None
    assert finding.run.stage == "embed"
    assert Video.objects.kept().filter(pk=finding.video_id).exists()


def test_what_cannot_be_measured_has_no_value(embedded: dict[str, Any]) -> None:
    assert embedding("untold.mp4").prompt_similarity is None
    assert embedding("untold.mp4").frame_similarity is not None
    assert embedding("still.mp4").frame_similarity is None
    assert measured([video("untold.mp4").pk], rule("off prompt")) == {}
    assert run("embed")["embedded"] == 0, "nor does it come again for that"


def test_stored_values_are_those_of_the_model(embedded: dict[str, Any]) -> None:
    encoder = load_encoder("demo")
    ((clip, frames),) = frames_of([video("good-3.mp4")], 8, encoder.size)
    vectors = encoder.encode_frames(frames).astype(float)
    stored, pooled = embedding("good-3.mp4"), vectors.mean(axis=0)
    assert stored.frame_similarity == pytest.approx(min(a @ b for a, b in pairwise(vectors)), abs=0.01)
    text = encoder.encode_texts([clip.prompt])[0].astype(float)
    assert stored.prompt_similarity == pytest.approx(float(pooled @ text) / np.linalg.norm(pooled), abs=0.01)


class Counting:
    """The real encoder, with a note of the texts that it was asked for."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder, self.texts = encoder, list[str]()
        self.key, self.size, self.dim = encoder.key, encoder.size, encoder.dim

    def encode_frames(self, frames: Pixels) -> Vectors:
        return self._encoder.encode_frames(frames)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return self._encoder.encode_texts(texts)


def test_each_prompt_goes_through_the_model_once(
    screened: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting(load_encoder("demo"))
    monkeypatch.setattr(embeddings, "load_encoder", lambda name: counting)
    monkeypatch.setattr(embeddings, "BATCH", 2)
    monkeypatch.setattr(embeddings, "TEXTS", 3)
    run("embed")
    told = set(Sighting.objects.exclude(prompt="").values_list("prompt", flat=True))
    assert sorted(counting.texts) == sorted(told)
    assert Sighting.objects.exclude(prompt="").count() == len(told) + 1, "two videos share one"
    run("embed")
    assert len(counting.texts) == len(told)


def test_videos_embedded_before_are_made_up_for(embedded: dict[str, Any]) -> None:
    before = {row.pk: row for row in Embedding.objects.all()}
    Embedding.objects.update(frame_similarity=None, prompt_similarity=None)
    Finding.objects.filter(stage="embed").delete()
    answer = run("embed")
    assert (answer["embedded"], answer["had"]) == (0, len(before))
    for row in Embedding.objects.all():
        assert bytes(row.vector) == bytes(before[row.pk].vector), "the vector stays as it is"
        assert row.frame_similarity == pytest.approx(before[row.pk].frame_similarity, abs=1e-3)
        assert row.prompt_similarity == pytest.approx(before[row.pk].prompt_similarity, abs=1e-3)
    assert standing() == SEEN


def test_a_prompt_that_is_told_later_is_compared_without_the_frames(
    embedded: dict[str, Any], settings: Any, tmp_path: Path
) -> None:
    Sighting.objects.filter(file_name="untold.mp4").update(prompt=video("wrong.mp4").prompt)
    settings.MEDIA_ROOT = tmp_path / "nothing here"
    run("embed")
    late = embedding("untold.mp4").prompt_similarity
    assert late is not None
    assert late > OF_DEMO["off prompt"], "it is the clip that this prompt is the caption of"


def test_another_threshold_for_one_run_and_its_preview(embedded: dict[str, Any]) -> None:
    runs = Run.objects.count()
    would = run("embed", "--dry-run", "--incoherent", 1.0, "--off-prompt", -1)["would"]
    assert (would, Run.objects.count(), standing()) == ({"incoherent": 15, "off prompt": 0}, runs, SEEN)
    run("embed", "--incoherent", 1.0, "--off-prompt", -1)
    assert {reason for _, reason in standing()} == {"incoherent"}
    assert len(standing()) == would["incoherent"]
    run("embed")
    assert standing() == SEEN


# --- the page ---


def test_the_page_has_both_stages_and_before_embed_nothing_of_one(screened: None) -> None:
    assert [each.reason for each in rules()][-2:] == ["incoherent", "off prompt"]
    assert rules()[-2:] == EMBED_RULES
    assert (histogram(rule("incoherent")).n, change(rule("incoherent"), 0.5).found) == (0, 0)
    redecide()
    assert not Run.objects.filter(stage="embed").exists()


def test_a_cosine_is_set_and_undone_like_any_threshold(
    embedded: dict[str, Any], alice: User, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "nothing here"
    told = change(rule("incoherent"), 0.999)
    assert (told.now, told.found, told.no_longer) == (1, len(told.newly) + 1, [])
    decision = set_threshold("incoherent", 0.999, by=alice, why="to see them all")
    assert found_videos(rule("incoherent")).count() == told.found > 5
    assert found_videos(rule("incoherent"))[0] == video("broken.mp4")
    assert rule("incoherent").threshold == 0.999
    assert rule("off prompt").threshold == OF_DEMO["off prompt"]
    undo_decision(decision, by=alice)
    assert standing() == SEEN


def test_a_cosine_that_was_set_is_that_of_its_model(embedded: dict[str, Any], alice: User) -> None:
    set_threshold("incoherent", -0.9, by=alice, why="all of them are fine")
    assert standing() == SEEN - {("broken.mp4", "incoherent")}
    run("embed", "--frames", 4)
    assert rule("incoherent").threshold == OF_DEMO["incoherent"]
    assert ("broken.mp4", "incoherent") in standing()
    run("embed")
    assert rule("incoherent").threshold == -0.9
    assert standing() == SEEN - {("broken.mp4", "incoherent")}


def test_what_is_in_quarantine_is_told_nowhere(embedded: dict[str, Any]) -> None:
    broken, incoherent = video("broken.mp4"), rule("incoherent")
    n = histogram(incoherent).n
    quarantine(broken)
    assert histogram(incoherent).n == n - 1
    assert measured([broken.pk], incoherent) == {}
    assert not found_videos(incoherent).exists()
    assert broken.pk not in change(incoherent, 1.0).newly
    run("embed")
    assert standing() == SEEN - {("broken.mp4", "incoherent")}


def test_a_setting_goes_before_the_default(embedded: dict[str, Any], settings: Any) -> None:
    settings.WINNOW_THRESHOLDS = {OFF_PROMPT.reason: -0.5}
    redecide()
    assert standing() == SEEN - {("wrong.mp4", "off prompt")}
