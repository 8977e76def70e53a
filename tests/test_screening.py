"""Which measures fail a clip and which only flag it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from datasets.models import Finding, Sighting, Video
from datasets.screening import BLANK, DAMAGED, FROZEN, NOISE, RULES, screen
from tests.clips import flat, moving_disc, pure_noise, write_clip
from tests.commands import run

FINE = {"luminance_spread": 40.0, "spatial_autocorrelation": 0.9, "unchanged_share": 0.2, "damaged": 0.0}


def reasons(**measures: float) -> list[str]:
    return [rule.reason for rule, _ in screen(FINE | measures)]


def test_a_good_clip_breaks_no_rule() -> None:
    assert reasons() == []


def test_each_rule_by_itself() -> None:
    assert reasons(luminance_spread=0.2) == ["blank"]
    assert reasons(spatial_autocorrelation=0.05) == ["noise"]
    assert reasons(unchanged_share=1.0) == ["frozen"]
    assert reasons(damaged=1.0) == ["damaged"]


def test_a_threshold_itself_is_still_fine() -> None:
    assert reasons(luminance_spread=BLANK.threshold, spatial_autocorrelation=NOISE.threshold) == []


def test_a_blank_clip_is_blank_only() -> None:
    assert reasons(luminance_spread=0.0, spatial_autocorrelation=0.0, unchanged_share=1.0) == ["blank"]


def test_only_what_shows_nothing_is_removed() -> None:
    assert {rule.reason for rule in RULES if rule.effect == "remove"} == {"blank", "noise"}
    assert (FROZEN.effect, DAMAGED.effect) == ("flag", "flag")


def test_thresholds_can_be_moved() -> None:
    strict = (replace(BLANK, threshold=50.0),)
    assert [(rule.reason, value) for rule, value in screen(FINE, strict)] == [("blank", 40.0)]


@pytest.fixture
def clips(tmp_path: Path, settings) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    folder = tmp_path / "clips"
    folder.mkdir()
    write_clip(folder / "good.mp4", moving_disc())
    write_clip(folder / "blank.mp4", flat(level=90))
    write_clip(folder / "noise.mp4", pure_noise())
    write_clip(folder / "frozen.mp4", moving_disc()[[5] * 16])
    return folder


@pytest.mark.django_db
def test_the_stage_removes_and_flags(clips: Path) -> None:
    run("ingest", clips)
    answer = run("screen")
    assert answer["reasons"] == {"blank": 1, "frozen": 1, "noise": 1}
    assert (answer["removed"], answer["flagged"]) == (2, 1)
    kept = Sighting.objects.filter(video__in=Video.objects.kept())
    assert set(kept.values_list("file_name", flat=True)) == {"good.mp4", "frozen.mp4"}


@pytest.mark.django_db
def test_another_threshold_decides_anew_without_decoding(clips: Path, settings) -> None:
    run("ingest", clips)
    run("screen")
    settings.MEDIA_ROOT = clips / "nothing here"
    assert run("screen", "--blank", "-1", "--noise", "-1")["removed"] == 0
    assert Video.objects.kept().count() == 4
    assert run("screen")["removed"] == 2
    assert Finding.objects.filter(reason="blank").count() == 2, "one was lifted, one raised anew"


@pytest.mark.django_db
def test_again_changes_nothing(clips: Path) -> None:
    run("ingest", clips)
    run("screen")
    before = list(Finding.objects.values())
    run("screen")
    assert list(Finding.objects.values()) == before


@pytest.mark.django_db
def test_a_dry_run_tells_and_writes_nothing(clips: Path) -> None:
    run("ingest", clips)
    answer = run("screen", "--dry-run", "--blank", 500)
    assert answer["would"] == {"blank": 4, "noise": 0, "frozen": 0, "damaged": 0}
    assert not Finding.objects.exists()
