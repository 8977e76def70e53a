"""Telling containers from their first bytes, and naming what is none."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest

from datasets.containers import (
    ALLOWED_CODECS,
    VIDEO_SUFFIXES,
    Container,
    NotVideoError,
    boxes,
    is_truncated,
    lacks_index,
    refers_elsewhere,
    sniff,
)
from tests.clips import moving_disc, write_clip

FTYP = struct.pack(">I4s4sI", 24, b"ftyp", b"isom", 512) + b"isommp42"


@pytest.mark.parametrize(
    ("codec", "suffix", "expected"),
    [
        ("h264", ".mp4", Container.MP4),
        ("h264", ".mov", Container.MOV),
        ("h264", ".mkv", Container.MKV),
        ("vp8", ".webm", Container.WEBM),
        ("mpeg4", ".avi", Container.AVI),
        ("gif", ".gif", Container.GIF),
    ],
)
def test_each_container_is_told_whatever_its_name(
    tmp_path: Path, codec: str, suffix: str, expected: Container
) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", moving_disc(4), codec=codec)
    whole = path.read_bytes()
    assert sniff(whole[:4096]) is expected
    with path.open("rb") as file:
        assert not is_truncated(file, len(whole), expected)
    cut = whole[: len(whole) * 2 // 3]
    assert is_truncated(io.BytesIO(cut), len(cut), expected)


def test_a_container_says_how_it_is_read_stored_and_served() -> None:
    webm = Container.WEBM
    assert (webm.label, webm.demuxer, webm.suffix, webm.media_type) == ("webm", "webm", ".webm", "video/webm")
    assert {c.suffix for c in Container} <= VIDEO_SUFFIXES
    assert Container.GIF.codecs == {"gif"}
    assert Container.MP4.codecs == ALLOWED_CODECS - {"gif"}


def test_quicktime_files_without_ftyp_are_told() -> None:
    for kind in (b"moov", b"mdat", b"wide", b"free", b"skip"):
        assert sniff(struct.pack(">I4s", 16, kind) + bytes(8)) is Container.MOV
    assert sniff(FTYP) is Container.MP4


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "holds no bytes"),
        (b"ffconcat version 1.0\nfile sibling.ts\n", "is a text playlist (ffconcat), not a video"),
        (b"\xef\xbb\xbf  FFCONCAT version 1.0", "is a text playlist (ffconcat), not a video"),
        (b"file 'other.mp4'\n", "is a text playlist (concat list), not a video"),
        (b"#EXTM3U\n#EXT-X-VERSION:3\n", "is a text playlist (HLS), not a video"),
        (b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg">', "is a text playlist (DASH), not a video"),
        (b'<?xml version="1.0"?>\n<smil>', "is an XML text, not a video"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "is a text session description (SDP), not a video"),
        (b"frame0001.png\nframe0002.png\n", "is a text file, not a video"),
        (b"<!DOCTYPE html><title>404</title>", "is a web page, not a video"),
        (b'{"error": "not found"}', "is a JSON text, not a video"),
        (bytes(4096), "starts with nothing but zero bytes, as an unfinished download does"),
        (b"\x00\x00\x00", "starts with nothing but zero bytes, as an unfinished download does"),
        (b"\x00\x00\x00\x18ftyp", "is cut off in its header (mp4)"),
        (b"RIFF\x00\x00", "is cut off in its header (RIFF)"),
        (b"GIF89a\x00", "is cut off in its header (GIF)"),
        (b"\x1a\x45\xdf\xa3\x42\x82", "is cut off in its header (Matroska)"),
        (b"\x00\x01\x02\x03\x04", "is cut off in its header: it holds 5 bytes"),
    ],
)
def test_what_is_no_video_is_named(content: bytes, reason: str) -> None:
    with pytest.raises(NotVideoError) as caught:
        sniff(content)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "a PNG picture"),
        (b"\xff\xd8\xff\xe0" + bytes(20), "a JPEG picture"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a WebP picture"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "a WAV sound file"),
        (b"\x00\x00\x00\x1cftypavif" + bytes(20), "an AVIF picture"),
        (b"PK\x03\x04" + bytes(20), "a zip archive"),
        ((b"\x47" + b"\x01" * 187) * 3, "an MPEG transport stream"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer"),
        (bytes(range(200, 256)) + bytes(range(32)), "of no known video format"),
        (b"\x1a\x45\xdf\xa3\x8b\x42\x82\x84mine" + bytes(20), "an EBML file"),
    ],
)
def test_other_formats_are_named(content: bytes, name: str) -> None:
    with pytest.raises(NotVideoError, match=f"^is {name}"):
        sniff(content)


def test_boxes_are_walked_and_end_where_they_say() -> None:
    wide = struct.pack(">I4sQ", 1, b"mdat", 24) + bytes(8)
    content = FTYP + wide + struct.pack(">I4s", 0, b"moov") + bytes(4)
    found = [(box.kind, box.start, box.size) for box in boxes(io.BytesIO(content), len(content))]
    assert found == [(b"ftyp", 0, 24), (b"mdat", 24, 24), (b"moov", 48, 12)]
    assert not lacks_index(io.BytesIO(content), len(content))
    assert lacks_index(io.BytesIO(FTYP + wide), 48)


def test_a_box_of_impossible_size_ends_the_walk() -> None:
    content = FTYP + struct.pack(">I4s", 3, b"mdat")
    assert [box.kind for box in boxes(io.BytesIO(content), len(content))] == [b"ftyp"]


def test_a_box_that_ends_beyond_any_file_is_not_sought(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(FTYP + struct.pack(">I4sQ", 1, b"mdat", (1 << 64) - 1))
    with path.open("rb") as file:
        assert is_truncated(file, 40, Container.MP4)
        assert lacks_index(file, 40)


def test_a_recording_of_unknown_length_is_not_called_truncated(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "live.webm", moving_disc(4), codec="vp8", muxing={"live": "1"})
    content = path.read_bytes()
    assert not is_truncated(io.BytesIO(content), len(content), Container.WEBM)


def test_a_reference_to_another_file_is_seen(tmp_path: Path) -> None:
    content = write_clip(tmp_path / "clip.mov", moving_disc(4)).read_bytes()
    assert not refers_elsewhere(io.BytesIO(content), len(content))
    entry = content.index(b"dref") + 12
    patched = content[: entry + 11] + b"\x00" + content[entry + 12 :]
    assert refers_elsewhere(io.BytesIO(patched), len(patched))
    assert not refers_elsewhere(io.BytesIO(FTYP), len(FTYP))
