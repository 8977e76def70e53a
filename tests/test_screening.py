"""Which measures fail a clip and which only flag it."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from config.errors import UserError
from datasets.models import Finding, Sighting, Video
from datasets.screening import (
    BLANK,
    BLUR,
    DAMAGED,
    FLICKER,
    FROZEN,
    NOISE,
    RULES,
    checked,
    histogram,
    screen,
    with_thresholds,
)
from tests.clips import flat, moving_disc, pure_noise, write_clip
from tests.commands import run

Floats = NDArray[np.float64]
FINE = {
    "luminance_spread": 40.0,
    "spatial_autocorrelation": 0.9,
    "unchanged_share": 0.2,
    "damaged": 0.0,
    "flicker": 0.1,
    "sharpness": 600.0,
}


def reasons(**measures: float) -> list[str]:
    return [rule.reason for rule, _ in screen(FINE | measures)]


def test_a_good_clip_breaks_no_rule() -> None:
    assert reasons() == []


def test_each_rule_by_itself() -> None:
    assert reasons(luminance_spread=0.2) == ["blank"]
    assert reasons(spatial_autocorrelation=0.05) == ["noise"]
    assert reasons(unchanged_share=1.0) == ["frozen"]
    assert reasons(damaged=1.0) == ["damaged"]
    assert reasons(flicker=12.0) == ["flicker"]
    assert reasons(sharpness=1.7) == ["blur"]


def test_a_threshold_itself_is_still_fine() -> None:
    assert reasons(luminance_spread=BLANK.threshold, spatial_autocorrelation=NOISE.threshold) == []


def test_a_blank_clip_is_blank_only() -> None:
    assert reasons(luminance_spread=0.0, spatial_autocorrelation=0.0, unchanged_share=1.0, sharpness=0.0) == ["blank"]


def test_only_what_shows_nothing_is_removed() -> None:
    assert {rule.reason for rule in RULES if rule.effect == "remove"} == {"blank", "noise"}
    assert {rule.effect for rule in (FROZEN, DAMAGED, FLICKER, BLUR)} == {"flag"}


def test_thresholds_can_be_moved() -> None:
    strict = (replace(BLANK, threshold=50.0),)
    assert [(rule.reason, value) for rule, value in screen(FINE, strict)] == [("blank", 40.0)]


def test_thresholds_are_given_by_name_and_those_of_other_stages_left_aside() -> None:
    moved = with_thresholds(RULES, {"noise": 0.25, "off prompt": 0.1})
    assert {rule.reason: rule.threshold for rule in moved} == {
        "blank": 1.0, "noise": 0.25, "frozen": 0.99, "damaged": 0.5, "flicker": 5.0, "blur": 2.5,
    }  # fmt: skip
    with pytest.raises(UserError, match="The threshold of blur is nan; give a finite number"):
        with_thresholds(RULES, {"blur": math.nan})


@pytest.mark.parametrize("threshold", [math.nan, math.inf, -math.inf, -0.01, 1.01])
def test_a_threshold_that_the_measure_cannot_have_is_refused(threshold: float) -> None:
    with pytest.raises(UserError, match="spatial_autocorrelation lies between 0 and 1, so give a number in between"):
        checked(NOISE, threshold)


def test_at_the_end_of_its_range_a_rule_finds_nothing() -> None:
    for rule in RULES:
        off = checked(rule, rule.high if rule.above else rule.low)
        assert not any(off.breaks(value) for value in (rule.low, rule.high))


# --- histograms ---

numbers = st.lists(st.floats(-100, 1e6, width=32), min_size=1, max_size=60).map(np.array)


@given(values=numbers, bins=st.integers(1, 60), log=st.booleans())
def test_a_histogram_counts_each_value_once_where_it_lies(values: Floats, bins: int, log: bool) -> None:
    told = histogram(values, bins, log=log)
    assert (len(told.edges), len(told.counts), told.n) == (bins + 1, bins, len(values))
    assert told.counts.sum() == len(values)
    assert (np.diff(told.edges) > 0).all()
    for low, high, count in zip(told.edges[1:-1], told.edges[2:], told.counts[1:], strict=True):
        last = high == told.edges[-1]
        assert count == sum(low <= value < high or (last and value == high) for value in values)


def test_what_spans_decades_is_counted_by_ratio() -> None:
    told = histogram(np.array([0.0, 1.0, 5.0, 50.0, 99.0, 1000.0]), 3, log=True)
    assert told.log
    assert told.edges == pytest.approx([1, 10, 100, 1000])
    assert told.counts.tolist() == [3, 2, 1], "the 0 counts in the first bin"


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [7.0]])
def test_there_is_nothing_to_span(values: list[float]) -> None:
    told = histogram(np.array(values), 4, log=True)
    assert (told.log, told.n, told.counts.sum()) == (False, len(values), len(values))
    assert told.edges[0] < told.edges[-1]


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
    assert answer["would"] == {"blank": 4, "noise": 0, "frozen": 0, "damaged": 0, "flicker": 0, "blur": 0}
    assert not Finding.objects.exists()
