"""The screening measures against naive versions, and on clips of which the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from datasets.decoding import read_clip
from datasets.intake import Intake, as_intake, take_in
from datasets.measures import (
    Measures,
    flicker,
    luminance_spread,
    measure,
    sharpness,
    spatial_autocorrelation,
    unchanged_share,
)
from tests.clips import Pixels, flat, grainy, moving_disc, pure_noise, write_clip

SHARED = Path(__file__).parents[2] / "shared" / "videos"
BLANK, NOISE, FLICKER, BLUR = 1.0, 0.3, 5.0, 2.5  # the thresholds that the table in datasets/measures.py speaks for


def measured(path: Path, frames: Pixels, **options: object) -> Measures:
    return read_clip(write_clip(path, frames, **options), frames=8).measures  # type: ignore[arg-type]


def repeated(clip: Pixels, count: int = 16) -> Pixels:
    return np.repeat(clip[:1], count, axis=0)


def blots(side: int, order: int) -> Pixels:
    """Noise on a coarse grid: squares (order 0) or smooth blots (order 3) of `side` px, 256 px clips."""
    coarse = pure_noise(8, 256 // side)
    return np.stack([ndimage.zoom(frame, (side, side, 1), order=order) for frame in coarse])


# --- against naive versions ---


def naive_autocorrelation(frame: npt.NDArray[np.uint8], side: int) -> float:
    rows, columns = frame.shape[0] // side, frame.shape[1] // side
    cells = np.array(
        [
            [frame[r * side : (r + 1) * side, c * side : (c + 1) * side].mean() for c in range(columns)]
            for r in range(rows)
        ]
    )
    cells -= cells.mean()
    variance = (cells**2).mean()
    across = np.mean([cells[r, c] * cells[r, c + 1] for r in range(rows) for c in range(columns - 1)])
    down = np.mean([cells[r, c] * cells[r + 1, c] for r in range(rows - 1) for c in range(columns)])
    return float((abs(across) + abs(down)) / 2 / variance)


def test_autocorrelation_equals_the_naive_one() -> None:
    grey = grainy(moving_disc(3, 128), 30)[..., 0][:, :, :100]
    naive = max(naive_autocorrelation(frame, 100 // 32) for frame in grey)
    assert spatial_autocorrelation(grey) == pytest.approx(naive, rel=1e-4)


def test_spread_is_the_greatest_standard_deviation() -> None:
    grey = moving_disc(4, 64)[..., 1]
    assert luminance_spread(grey) == pytest.approx(max(np.std(frame.astype(float)) for frame in grey))
    half = np.zeros((1, 4, 4), np.uint8)
    half[:, 2:] = 255
    assert luminance_spread(half) == 127.5


def test_unchanged_share_counts_pairs() -> None:
    grey = np.full((5, 32, 32), 100, np.uint8)
    grey[3:] = 104  # four levels are still nothing
    assert unchanged_share(grey) == 1.0
    grey[4, :2, :2] = 109  # one cell of 16 x 16 changes by five
    assert unchanged_share(grey) == 0.75


def test_values_at_the_edges_are_defined() -> None:
    still = np.full((1, 1, 1), 7, np.uint8)
    assert measure(still) == Measures(0.0, 1.0, 1.0, 0.0)
    assert measure(np.zeros((2, 3, 500), np.uint8)) == Measures(0.0, 1.0, 1.0, 0.0)
    for shape in ((0, 8, 8), (8, 8), (2, 0, 8)):
        with pytest.raises(ValueError, match="grey frames must be"):
            measure(np.zeros(shape, np.uint8))


def test_order_is_no_noise_whatever_its_period() -> None:
    checker = (np.kron(np.indices((32, 32)).sum(0) % 2, np.ones((4, 4))) * 200).astype(np.uint8)
    stripes = (np.kron(np.arange(32) % 2, np.ones((128, 4))) * 200).astype(np.uint8)
    assert spatial_autocorrelation(checker[None]) > 0.9
    assert spatial_autocorrelation(stripes[None]) > 0.9


def naive_sharpness(frame: npt.NDArray[np.uint8]) -> float:
    rows, columns = frame.shape
    level = frame.astype(float)
    laplacian = [
        level[r - 1, c] + level[r + 1, c] + level[r, c - 1] + level[r, c + 1] - 4 * level[r, c]
        for r in range(1, rows - 1)
        for c in range(1, columns - 1)
    ]
    return float(np.var(laplacian))


def test_sharpness_equals_the_naive_one() -> None:
    grey = grainy(moving_disc(3, 32), 10)[..., 0]
    assert sharpness(grey) == pytest.approx(max(map(naive_sharpness, grey)), rel=1e-4)


def test_flicker_is_what_jumps_there_and_back() -> None:
    lamp = np.where(np.arange(20) % 2, 90, 100).astype(np.float32)
    fade = np.linspace(0, 255, 20, dtype=np.float32)
    cut = np.where(np.arange(20) < 10, 0, 180).astype(np.float32)
    assert flicker(lamp) == 10
    assert flicker(fade) == pytest.approx(0, abs=1e-4)
    assert flicker(cut) == 180 / 18, "twice its height, halved, over the 18 places"
    assert flicker(lamp[:2]) == 0


# --- on clips ---


@pytest.mark.parametrize("level", [0, 16, 120, 255])
def test_a_flat_clip_has_no_spread(tmp_path: Path, level: int) -> None:
    assert measured(tmp_path / "clip.mp4", flat(8, 128, level)).luminance_spread < BLANK / 2


@pytest.mark.parametrize("size", [64, 256, 640])
def test_pure_noise_is_told_at_any_size(tmp_path: Path, size: int) -> None:
    found = measured(tmp_path / "clip.mp4", pure_noise(4, size), options={"crf": "30"})
    assert found.spatial_autocorrelation < NOISE / 2
    assert found.luminance_spread > 10 * BLANK
    assert found.unchanged_share == 0.0


@pytest.mark.parametrize(("side", "order"), [(4, 0), (8, 0), (8, 3)])
def test_noise_on_a_coarser_grid_is_told(tmp_path: Path, side: int, order: int) -> None:
    found = measured(tmp_path / "clip.mp4", blots(side, order))
    assert found.spatial_autocorrelation < NOISE


@pytest.mark.parametrize("sigma", [0, 20, 40, 60])
def test_a_grainy_clip_is_neither_noise_nor_blank(tmp_path: Path, sigma: float) -> None:
    found = measured(tmp_path / "clip.mp4", grainy(moving_disc(16, 256), sigma))
    assert found.spatial_autocorrelation > 2 * NOISE
    assert found.luminance_spread > 10 * BLANK


def test_a_dim_grainy_clip_is_neither(tmp_path: Path) -> None:
    found = measured(tmp_path / "clip.mp4", grainy(moving_disc(16, 256) // 8 + 10, 15))
    assert found.spatial_autocorrelation > 1.3 * NOISE
    assert found.luminance_spread > 10 * BLANK


def test_a_clip_that_fades_in_from_black_is_not_blank(tmp_path: Path) -> None:
    clip = moving_disc(16)
    clip[:13] = 0
    assert measured(tmp_path / "clip.mp4", clip).luminance_spread > 10 * BLANK


@pytest.mark.parametrize("crf", [18, 30, 40])
def test_one_picture_repeated_is_frozen_however_it_is_compressed(tmp_path: Path, crf: int) -> None:
    options = {"crf": str(crf), "g": "4"}
    found = measured(tmp_path / "clip.mp4", repeated(moving_disc(1, 256)), options=options)
    assert found.unchanged_share == 1.0


def test_frozen_for_half_its_time_is_half_frozen(tmp_path: Path) -> None:
    clip = moving_disc(16, 128)
    clip[:8] = clip[0]
    assert measured(tmp_path / "clip.mp4", clip).unchanged_share == pytest.approx(3 / 7)


@pytest.mark.parametrize("contrast", [30, 100])
def test_a_small_thing_that_moves_is_motion(tmp_path: Path, contrast: int) -> None:
    clip = repeated(moving_disc(1, 256)).astype(int)
    for index, frame in enumerate(clip):
        frame[100:110, 20 + 12 * index : 30 + 12 * index] += contrast
    found = measured(tmp_path / "clip.mp4", np.clip(clip, 0, 255).astype(np.uint8))
    assert found.unchanged_share == 0.0


def test_a_slow_zoom_is_motion(tmp_path: Path) -> None:
    first = moving_disc(1, 256)[0]
    zooms = [ndimage.zoom(first, (1 + 0.004 * i, 1 + 0.004 * i, 1), order=1)[:256, :256] for i in range(16)]
    assert measured(tmp_path / "clip.mp4", np.stack(zooms)).unchanged_share == 0.0


def test_frames_that_repeat_because_the_clip_is_short_are_not_called_frozen(tmp_path: Path) -> None:
    assert measured(tmp_path / "clip.mp4", moving_disc(3, 128)).unchanged_share == 0.0


def taken(path: Path, frames: Pixels, **options: object) -> Intake:
    with write_clip(path, frames, **options).open("rb") as file:  # type: ignore[arg-type]
        intake = as_intake(take_in(file))
    assert isinstance(intake, Intake)
    return intake


def lit(clip: Pixels, light: Sequence[float]) -> Pixels:
    return np.clip(clip * np.array(light)[:, None, None, None], 0, 255).astype(np.uint8)


def out_of_focus(clip: Pixels, sigma: float) -> Pixels:
    return np.stack([ndimage.gaussian_filter(frame, (sigma, sigma, 0)) for frame in clip])


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_a_lamp_that_flickers_is_told(tmp_path: Path, share: float) -> None:
    frames = lit(moving_disc(16, 256), [1 - share * (index % 2) for index in range(16)])
    assert taken(tmp_path / "clip.mp4", frames).flicker > 2 * FLICKER


def test_a_lamp_is_told_at_any_rate(tmp_path: Path) -> None:
    frames = lit(moving_disc(49, 128), [1 - 0.3 * (index // 3 % 2) for index in range(49)])
    assert taken(tmp_path / "clip.mp4", frames, fps=24).flicker > 2 * FLICKER


def test_a_fade_and_a_steady_light_do_not_flicker(tmp_path: Path) -> None:
    clip = moving_disc(16, 256)
    assert taken(tmp_path / "steady.mp4", clip).flicker < FLICKER / 50
    assert taken(tmp_path / "fade.mp4", lit(clip, np.linspace(0, 1, 16).tolist())).flicker < FLICKER / 50


@pytest.mark.parametrize("size", [256, 512, 1024])
def test_a_clip_out_of_focus_is_told_at_any_size(tmp_path: Path, size: int) -> None:
    frames = out_of_focus(moving_disc(4, size), size / 40)
    assert taken(tmp_path / "clip.mp4", frames).measures.sharpness < BLUR


def test_a_clip_that_comes_into_focus_is_sharp(tmp_path: Path) -> None:
    clip = moving_disc(16, 256)
    clip[:13] = out_of_focus(clip[:13], 6)
    assert taken(tmp_path / "clip.mp4", clip).measures.sharpness > 50 * BLUR


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the real clips are not at {SHARED}")
@pytest.mark.parametrize("n", [4, 8])
def test_no_real_clip_is_blank_noise_or_blurred(n: int) -> None:
    paths = [path for path in sorted(SHARED.iterdir()) if path.suffix != ".csv" and "22-" not in path.name]
    assert len(paths) > 5
    for path in paths:
        found = read_clip(path, frames=n).measures
        assert found.luminance_spread > 2 * BLANK, path.name
        assert found.spatial_autocorrelation > 1.9 * NOISE, path.name
        assert found.sharpness > 100 * BLUR or path.name == "test_video_66x50.mov", path.name
        assert found.unchanged_share < 0.99 or path.name == "test_video_66x50.mov", path.name


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the real clips are not at {SHARED}")
def test_no_real_clip_flickers() -> None:
    names = ("av1_video.mkv", "doorknob-hd-no-bar.mp4", "h265_video.mp4", "nasa_13013.mp4", "test_video_66x50.mov")
    for name in names:
        with (SHARED / name).open("rb") as file:
            intake = as_intake(take_in(file))
        assert isinstance(intake, Intake)
        assert intake.flicker < FLICKER / 10, name
