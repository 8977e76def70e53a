"""Decoding: exact counts and samples, true colours and sides, and a named reason for every bad file."""

from __future__ import annotations

import os
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from datasets.decoding import Limits, Unreadable, iter_frames, probe_clip, read_clip, sample_frames
from datasets.pictures import sample_positions
from tests.clips import Pixels, flat, moving_disc, numbered, write_clip, write_sound

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


def reason(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(Unreadable) as caught:
        read_clip(path, limits=limits or Limits())
    return str(caught.value)


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


# --- bad files ---


def test_a_playlist_under_a_video_name_never_plays_its_neighbour(tmp_path: Path) -> None:
    write_clip(tmp_path / "sibling.ts", moving_disc(4), container="mpegts")
    playlist = tmp_path / "clip.mp4"
    playlist.write_text("ffconcat version 1.0\nfile sibling.ts\n")
    with av.open(str(playlist)) as container:  # what a careless reader gets
        assert next(container.decode(video=0)).width == 64
    assert reason(playlist) == "is a text playlist (ffconcat), not a video"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("#EXTM3U\n#EXTINF:1,\nsibling.ts\n", "HLS"),
        ('<?xml version="1.0"?><MPD><BaseURL>sibling.ts</BaseURL></MPD>', "DASH"),
        ("v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n", "SDP"),
        ("picture%03d.png\n", "text file"),
        ("", "holds no bytes"),
    ],
)
def test_text_under_a_video_name_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text(text)
    assert named in reason(path)


def test_a_movie_whose_pictures_lie_in_another_file_is_refused(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "other.mov", moving_disc(8)).read_bytes()
    path = tmp_path / "clip.mov"
    path.write_bytes(_with_external_reference(whole, tmp_path / "other.mov"))
    assert "another file (external reference)" in reason(path)


def _with_external_reference(movie: bytes, target: Path) -> bytes:
    """Replace the self-reference of a movie by a QuickTime alias; the boxes around it grow."""
    name = str(target).encode()
    body = bytes(10) + bytes([4]) + b"disk".ljust(27, b"\0") + bytes(12)
    body += bytes([len(target.name)]) + target.name.encode().ljust(63, b"\0") + bytes(16)
    body += struct.pack(">HH", 1, 1) + bytes(16) + struct.pack(">HH", 2, len(name)) + name
    body += b"\0" * (len(name) % 2) + struct.pack(">hH", -1, 0)
    alias = struct.pack(">I4sI", 12 + len(body), b"alis", 0) + body
    grown = len(alias) - 12
    content = bytearray(movie)
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        at = content.index(kind) - 4
        struct.pack_into(">I", content, at, struct.unpack_from(">I", content, at)[0] + grown)
    entry = content.index(b"dref") + 12
    content[entry : entry + 12] = alias
    return bytes(content)


def test_a_header_that_is_cut_off_says_so(tmp_path: Path) -> None:
    for suffix, codec, length in ((".mp4", "h264", 10), (".webm", "vp8", 30), (".gif", "gif", 8)):
        path = write_clip(tmp_path / f"clip{suffix}", moving_disc(8), codec=codec)
        path.write_bytes(path.read_bytes()[:length])
        assert "cut off" in reason(path), suffix


def test_a_recording_that_lost_its_index_says_so(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", moving_disc(8))
    path.write_bytes(path.read_bytes()[:-400])
    assert "cut off" in reason(path)
    path = write_clip(tmp_path / "clip.mp4", moving_disc(8))
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"moov") - 4])
    assert reason(path) == "is cut off: it has no index (moov), so none of it can be played"


@pytest.mark.parametrize(
    ("suffix", "codec", "muxing"),
    [
        (".mp4", "h264", {"movflags": "faststart"}),
        (".mkv", "h264", {}),
        (".avi", "mjpeg", {}),
        (".gif", "gif", {}),
    ],
)
def test_the_readable_part_of_a_cut_off_clip_counts_and_is_flagged(
    tmp_path: Path, suffix: str, codec: str, muxing: dict[str, str]
) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", moving_disc(24), codec=codec, muxing=muxing)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    probe = probe_clip(path)
    assert probe.damaged
    assert 1 <= probe.frame_count < 24


def test_damage_in_the_middle_is_flagged(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mkv", moving_disc(24), options={"g": "4"})
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 300] = bytes(300)
    path.write_bytes(content)
    assert probe_clip(path).damaged


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    assert reason(write_sound(tmp_path / "song.mp4")) == "holds sound but no video stream"


def test_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as output:
        cover = output.add_stream("mjpeg", rate=1)
        cover.width = cover.height = 32
        cover.pix_fmt = "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(flat(1, 32, 90)[0], "rgb24").reformat(format="yuvj420p")
        frame.pts = 0
        output.mux(cover.encode(frame))
        output.mux(cover.encode(None))
    assert reason(path) == "holds no video stream, only a cover picture"


def test_a_codec_that_is_not_named_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=8)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_ndarray(flat(1, 32, 90)[0], "rgb24")
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    assert reason(path).startswith("is coded as ffv1; Winnow reads av1, h264, hevc")


def test_the_first_video_stream_of_several_is_read(tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    _write_streams(path, [32, 64])
    assert probe_clip(path).width == 32


def _write_streams(path: Path, sizes: list[int]) -> None:
    with av.open(str(path), "w") as output:
        streams = [output.add_stream("mjpeg", rate=8) for _ in sizes]
        for stream, size in zip(streams, sizes, strict=True):
            stream.width = stream.height = size
            stream.pix_fmt = "yuvj420p"
        for stream, size in zip(streams, sizes, strict=True):
            frame = av.VideoFrame.from_ndarray(flat(1, size, 90)[0], "rgb24").reformat(format="yuvj420p")
            frame.pts = 0
            output.mux(stream.encode(frame))
            output.mux(stream.encode(None))


def test_a_thousand_streams_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.mkv"
    _write_streams(path, [16] * 120)
    assert reason(path) == "holds 120 streams, more than the 64 allowed"


def test_a_huge_picture_is_refused_by_its_header(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.gif", moving_disc(2), codec="gif")
    content = bytearray(path.read_bytes())
    struct.pack_into("<HH", content, 6, 65535, 65535)
    path.write_bytes(content)
    assert reason(path) == "is 65,535 x 65,535 px; at most 8,192 px a side are read"


def test_a_huge_picture_is_refused_while_decoding(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.avi", moving_disc(3), codec="mjpeg")
    content = bytearray(path.read_bytes())
    at = content.index(b"\xff\xc0")
    while at >= 0:  # the frame header of each picture says 65,500 x 65,500
        struct.pack_into(">HH", content, at + 5, 65500, 65500)
        at = content.find(b"\xff\xc0", at + 2)
    path.write_bytes(content)
    assert reason(path)


def test_a_promise_of_a_thousand_million_frames_is_refused(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", moving_disc(8))
    content = bytearray(path.read_bytes())
    struct.pack_into(">I", content, content.index(b"stts") + 12, 1_000_000_000)
    path.write_bytes(content)
    assert reason(path).startswith("promises 1,000,000,000 frames")


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (Limits(frames=10), "holds more than 10 frames"),
        (Limits(pixels=64 * 64 * 10), "holds more than 40,960 pixels in all"),
        (Limits(side=63), "is 64 x 64 px"),
        (Limits(frame_pixels=64 * 63), "is 64 x 64 px"),
        (Limits(seconds=1.0), "lasts longer than 1 seconds"),
        (Limits(streams=0), "holds 1 streams"),
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_each_limit_holds(tmp_path: Path, limits: Limits, named: str, suffix: str) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", moving_disc(16))
    assert named in reason(path, limits)


def test_a_strip_is_refused(tmp_path: Path) -> None:
    strip = np.full((2, 16, 1024, 3), 90, np.uint8)
    assert "too narrow a strip" in reason(write_clip(tmp_path / "strip.mp4", strip))


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    assert reason(tmp_path / "pipe.mp4") == "is not a regular file"
    assert reason(tmp_path) == "is not a regular file"
    assert reason(tmp_path / "none.mp4") == "is not there"
    assert reason(tmp_path / "nul\0.mp4") == "has a name that no file can have"
    assert "cannot be opened" in reason(tmp_path / ("long" * 100))


def test_mutated_clips_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    path = tmp_path / "mutant"
    for codec, suffix in (("h264", ".mp4"), ("vp8", ".webm"), ("mpeg4", ".avi"), ("gif", ".gif")):
        whole = write_clip(tmp_path / f"seed{suffix}", moving_disc(6, 32), codec=codec).read_bytes()
        for _ in range(40):
            content = np.frombuffer(whole, np.uint8).copy()
            places = rng.integers(0, len(content), rng.integers(1, 12))
            content[places] = rng.integers(0, 256, len(places))
            path.write_bytes(content.tobytes())
            _read_or_refuse(path)


def _read_or_refuse(path: Path) -> None:
    try:
        clip = read_clip(path, frames=4, size=16, limits=Limits(frames=200, pixels=10_000_000))
    except Unreadable:
        return
    assert clip.frames.shape == (4, 16, 16, 3)
    assert clip.probe.frame_count >= 1


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
