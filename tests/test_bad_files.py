"""A named reason for every file that is no whole video, and limits on those that ask for too much."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from datasets.decoding import Limits, Unreadable, probe_clip, read_clip
from tests.clips import flat, moving_disc, write_clip, write_sound
from tests.hostile_files import alias_entry, patched, promising, with_reference, write_streams


def reason(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(Unreadable) as caught:
        read_clip(path, limits=limits or Limits())
    return str(caught.value)


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
    path.write_bytes(with_reference(whole, alias_entry(tmp_path / "other.mov")))
    assert "another file (external reference)" in reason(path)


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
    write_streams(path, [32, 64])
    assert probe_clip(path).width == 32


def test_a_thousand_streams_are_refused(tmp_path: Path) -> None:
    path = write_streams(tmp_path / "many.mp4", [16] * 1000)
    assert reason(path) == "holds 1,000 streams, more than the 64 allowed"


def test_a_huge_picture_is_refused_by_its_header(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.gif", moving_disc(2), codec="gif")
    path.write_bytes(patched(path.read_bytes(), 6, "<HH", 65535, 65535))
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
    path.write_bytes(promising(path.read_bytes(), 1_000_000_000))
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
