"""Decoding: exact counts and samples, true colours and sides."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from datasets.decoding import iter_frames, probe_clip, read_clip, sample_frames
from datasets.pictures import sample_positions
from tests.clips import Pixels, flat, moving_disc, numbered, write_clip

SHARED = Path(__file__).parents[2] / "shared" / "videos"

EVERY_KIND = [
    ("h264", ".mp4"),
    ("h264", ".mov"),
    ("h264", ".mkv"),
    ("hevc", ".mp4"),
    ("vp8", ".webm"),
    ("vp9", ".webm"),
    ("av1", ".mp4"),
    ("av1", ".mkv"),
    ("mpeg4", ".avi"),
    ("mjpeg", ".avi"),
    ("gif", ".gif"),
]


def naive_samples(path: Path, n: int, size: int) -> Pixels:
    """Decode all, pick the centres of n equal parts, square with Pillow as CLIP does."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24").astype(np.uint8) for frame in container.decode(video=0)]
    chosen = [frames[int((i + 0.5) * len(frames) / n)] for i in range(n)]
    return np.stack([_clip_square(frame, size) for frame in chosen])


def _clip_square(frame: Pixels, size: int) -> Pixels:
    height, width = frame.shape[:2]
    shorter = min(height, width)
    scaled = (int(size * width / shorter), int(size * height / shorter))
    picture = Image.fromarray(frame).resize(scaled, Image.Resampling.BICUBIC)
    left, top = round((scaled[0] - size) / 2), round((scaled[1] - size) / 2)
    return np.asarray(picture.crop((left, top, left + size, top + size)))


# --- counts, times, samples ---


@pytest.mark.parametrize(("codec", "suffix"), EVERY_KIND)
def test_every_kind_is_read(tmp_path: Path, codec: str, suffix: str) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", moving_disc(16), codec=codec)
    clip = read_clip(path, frames=4, size=32)
    probe = clip.probe
    assert (probe.container, probe.codec) == (suffix[1:], codec)
    assert (probe.width, probe.height, probe.frame_count) == (64, 64, 16)
    assert probe.duration == pytest.approx(2.0, abs=0.02)
    assert probe.frame_rate == pytest.approx(8.0, abs=0.1)
    assert (probe.has_audio, probe.damaged) == (False, False)
    assert clip.frames.shape == (4, 32, 32, 3)
    assert clip.grey.shape == (4, 64, 64)
    expected = naive_samples(path, 4, 32)
    assert np.abs(clip.frames.astype(int) - expected).mean() < 2.5


@pytest.mark.parametrize("count", [1, 2, 3, 7, 16, 49])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_sampled_frames_are_exactly_the_stated_ones(tmp_path: Path, count: int, suffix: str) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", numbered(count), options={"crf": "1"})
    levels = sample_frames(path, 8, 16).mean(axis=(1, 2, 3))
    expected = [20 + 4 * index for index in (int((i + 0.5) * count / 8) for i in range(8))]
    assert levels == pytest.approx(expected, abs=1.5)


def test_sample_positions_are_the_centres_of_equal_parts() -> None:
    assert sample_positions(16, 8) == [1, 3, 5, 7, 9, 11, 13, 15]
    assert sample_positions(100, 2) == [25, 75]
    assert sample_positions(1, 3) == [0, 0, 0]
    assert sample_positions(3, 8) == [0, 0, 0, 1, 1, 2, 2, 2]
    for count, n in ((0, 3), (3, 0)):
        with pytest.raises(ValueError, match="cannot sample"):
            sample_positions(count, n)


def test_a_header_that_lies_about_its_frames_costs_a_second_decode_and_nothing_else(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", numbered(16), options={"crf": "1"})
    content = bytearray(path.read_bytes())
    at = content.index(b"stts") + 12  # number of frames in the first run of equal durations
    struct.pack_into(">I", content, at, 40)
    path.write_bytes(content)
    seen = []
    clip = read_clip(path, frames=8, size=16, watch=lambda frame: seen.append(frame.pts))
    assert clip.probe.frame_count == len(seen) == 16
    assert clip.frames.mean(axis=(1, 2, 3)) == pytest.approx([24 + 8 * i for i in range(8)], abs=1.5)


def test_watchers_see_each_frame_once(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.webm", numbered(12), codec="vp9")
    seen: list[int | None] = []
    read_clip(path, watch=lambda frame: seen.append(frame.pts))
    assert seen == [frame.pts for frame in iter_frames(path)]
    assert len(seen) == 12


def test_a_varying_frame_rate_is_timed_by_its_stamps(tmp_path: Path) -> None:
    stamps = [0, 40, 80, 500, 1000, 1040]
    path = write_clip(tmp_path / "clip.mkv", numbered(6), pts=stamps, fps=25, options={"bf": "0"})
    probe = probe_clip(path)
    assert probe.frame_count == 6
    assert 1.04 <= probe.duration <= 1.3
    assert probe.frame_rate == pytest.approx(6 / probe.duration)


def test_a_browsers_webm_has_no_duration_and_is_counted(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "live.webm", numbered(20), codec="vp8", fps=10, muxing={"live": "1"})
    with av.open(str(path)) as container:
        assert (container.duration, container.streams.video[0].frames) == (None, 0)
    probe = probe_clip(path)
    assert (probe.frame_count, probe.damaged) == (20, False)
    assert probe.duration == pytest.approx(2.0, abs=0.11)


def test_a_fragmented_mp4_is_counted(tmp_path: Path) -> None:
    muxing = {"movflags": "frag_keyframe+empty_moov"}
    path = write_clip(tmp_path / "clip.mp4", numbered(20), fps=10, muxing=muxing, options={"g": "5"})
    probe = probe_clip(path)
    assert (probe.frame_count, probe.damaged) == (20, False)
    assert probe.duration == pytest.approx(2.0, abs=0.11)


def test_one_frame_is_a_clip(tmp_path: Path) -> None:
    clip = read_clip(write_clip(tmp_path / "one.mp4", moving_disc(1)), frames=8, size=32)
    assert clip.probe.frame_count == 1
    assert clip.probe.duration == pytest.approx(1 / 8, abs=0.01)
    assert clip.frames.shape == (8, 32, 32, 3)
    assert (clip.frames == clip.frames[0]).all()
    assert len(clip.grey) == 1
    assert clip.measures.unchanged_share == 1.0


def test_sound_is_seen(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "loud.mp4", moving_disc(8), audio=True)
    assert probe_clip(path).has_audio


# --- colours and sides ---


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_both_colour_ranges_come_out_alike(tmp_path: Path, level: int, full_range: bool) -> None:
    path = write_clip(tmp_path / "clip.mp4", flat(2, 32, level), full_range=full_range)
    clip = read_clip(path, frames=1, size=16)
    assert np.abs(clip.frames.astype(int) - level).max() <= 2
    assert np.abs(clip.grey.astype(int) - level).max() <= 2


@pytest.mark.parametrize("level", [0, 128, 255])
def test_ten_bit_colour_is_read(tmp_path: Path, level: int) -> None:
    path = write_clip(tmp_path / "clip.mp4", flat(2, 64, level), codec="hevc", pix_fmt="yuv420p10le")
    clip = read_clip(path, frames=1, size=16)
    assert np.abs(clip.frames.astype(int) - level).max() <= 2
    assert np.abs(clip.grey.astype(int) - level).max() <= 2


def corners(height: int = 32, width: int = 64) -> Pixels:
    """Top left red, top right green, bottom left blue, bottom right white."""
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[: height // 2, : width // 2] = (255, 0, 0)
    picture[: height // 2, width // 2 :] = (0, 255, 0)
    picture[height // 2 :, : width // 2] = (0, 0, 255)
    return picture


@pytest.mark.parametrize(("degrees", "turns"), [(0, 0), (90, 1), (180, 2), (-90, 3)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_clip_comes_out_upright(tmp_path: Path, degrees: int, turns: int, mirrored: bool) -> None:
    stored = np.stack([corners()] * 3)
    path = write_clip(tmp_path / "clip.mp4", stored, rotation=degrees, mirrored=mirrored)
    clip = read_clip(path, frames=1, size=32)
    assert (clip.probe.width, clip.probe.height) == ((32, 64) if turns % 2 else (64, 32))
    upright = np.rot90(corners(32, 32), turns)
    if mirrored:  # the matrix turns first and mirrors what is displayed
        upright = upright[:, ::-1]
    assert np.median(np.abs(clip.frames[0].astype(int) - upright)) <= 3


def test_pixels_that_are_not_square_are_shown_as_wide_as_they_are(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "wide.mp4", moving_disc(2, 64), aspect=Fraction(3, 2))
    clip = read_clip(path, frames=1, size=32)
    assert (clip.probe.width, clip.probe.height) == (96, 64)
    assert clip.frames.shape == (1, 32, 32, 3)


def test_the_squares_are_those_of_clips_own_preprocessing(tmp_path: Path) -> None:
    wide = np.concatenate([moving_disc(4, 160), moving_disc(4, 160, seed=1)], axis=2)
    path = write_clip(tmp_path / "wide.mp4", wide, options={"crf": "10"})
    difference = np.abs(sample_frames(path, 4, 64).astype(int) - naive_samples(path, 4, 64))
    assert difference.mean() < 1.5


# --- real footage ---


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the real clips are not at {SHARED}")
def test_all_real_clips_are_read() -> None:
    probes = {path.name: probe_clip(path) for path in sorted(SHARED.iterdir()) if path.suffix != ".csv"}
    assert len(probes) == 13
    assert not any(probe.damaged for probe in probes.values())
    nasa = probes["nasa_13013.mp4"]
    assert (nasa.width, nasa.height, nasa.frame_count, nasa.has_audio) == (320, 180, 325, True)
    assert probes["av1_video.mkv"].frame_count == 125
    assert probes["chair-orig-22-sd-bar.mp4"].frame_count == 673
    tiny = probes["test_video_66x50.mov"]
    assert (tiny.container, tiny.width, tiny.height) == ("mov", 66, 50)
