"""What a file is, told from its first bytes: which of four containers, or why it is no video at all.

FFmpeg's own guess must not be used on files that nobody vouches for: it honours playlists, so a text file
named `.mp4` plays the frames of its neighbour. Here the container is told from its signature, and the decoder
is then held to it.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif"})
ALLOWED_CODECS = frozenset({"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "gif"})
HEAD_BYTES = 4096

_READABLE = "Winnow reads mp4, mov, mkv, webm, avi and gif"
_MAX_BOXES = 100_000  # a hostile file could hold a box every 8 bytes


class NotVideoError(ValueError):
    """The bytes are not one of the containers that Winnow reads; the message says what they are."""


class Container(Enum):
    """A container as Winnow names it.

    Each value is (name, FFmpeg demuxer to force, file extension, media type).
    """

    MP4 = ("mp4", "mp4", ".mp4", "video/mp4")
    MOV = ("mov", "mov", ".mov", "video/quicktime")
    MKV = ("mkv", "matroska", ".mkv", "video/x-matroska")
    WEBM = ("webm", "webm", ".webm", "video/webm")
    AVI = ("avi", "avi", ".avi", "video/x-msvideo")
    GIF = ("gif", "gif", ".gif", "image/gif")

    def __init__(self, label: str, demuxer: str, suffix: str, media_type: str) -> None:
        self.label = label
        self.demuxer = demuxer
        self.suffix = suffix
        self.media_type = media_type

    @property
    def codecs(self) -> frozenset[str]:
        """Names of the video codecs that may be decoded from this container."""
        return frozenset({"gif"}) if self is Container.GIF else ALLOWED_CODECS - {"gif"}


@dataclass(frozen=True)
class Box:
    """A top-level box of an mp4 or mov: its four-letter kind, place and size in bytes."""

    kind: bytes
    start: int
    size: int


# What is found under video names though it is none: (place, bytes there, what to call it).
_FOREIGN: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (8, b"WEBP", "a WebP picture"),
    (8, b"WAVE", "a WAV sound file"),
    (0, b"ID3", "an MP3 sound file"),
    (0, b"fLaC", "a FLAC sound file"),
    (0, b"OggS", "an Ogg file"),
    (0, b"FLV\x01", "a Flash video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
    (0, b"\x00\x00\x01\xba", "an MPEG program stream"),
    (0, b"\x00\x00\x01\xb3", "a bare MPEG video stream"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"%PDF", "a PDF document"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftypheic", "a HEIC picture"),
    (4, b"ftypmif1", "a HEIF picture"),
)

# Text under a video name: (how it starts, in lower case, what to call it).
_TEXTS: tuple[tuple[bytes, str], ...] = (
    (b"ffconcat", "a text playlist (ffconcat)"),
    (b"file ", "a text playlist (concat list)"),
    (b"#extm3u", "a text playlist (HLS)"),
    (b"[playlist]", "a text playlist (PLS)"),
    (b"v=0", "a text session description (SDP)"),
    (b"<mpd", "a text playlist (DASH)"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<", "an XML text"),
    (b"{", "a JSON text"),
    (b"version https://git-lfs", "a Git LFS pointer (fetch the file itself with `git lfs pull`)"),
)


def sniff(head: bytes) -> Container:
    """Tell the container from the first `HEAD_BYTES` bytes of a file (all of it, if it is shorter).

    Raises `NotVideoError` with a fragment that fits after the file's name ("holds no bytes").
    Signatures: ISO/IEC 14496-12 (boxes), QuickTime File Format, RFC 8794 (EBML), AVI RIFF, GIF89a.
    """
    if not head:
        raise NotVideoError("holds no bytes")
    _refuse_foreign(head)
    found = _ebml(head) or _riff(head) or _gif(head) or _iso(head)
    if found is None:
        raise NotVideoError(_describe_unknown(head))
    return found


def _ebml(head: bytes) -> Container | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    doctype = _ebml_doctype(head)
    if doctype == b"webm":
        return Container.WEBM
    if doctype == b"matroska":
        return Container.MKV
    if not doctype:
        raise NotVideoError("is cut off in its header (Matroska)")
    raise NotVideoError("is an EBML file of a kind that is neither Matroska nor WebM")


def _ebml_doctype(head: bytes) -> bytes:
    at = head.find(b"\x42\x82", 4, 256)
    if at < 0 or at + 3 > len(head):
        return b""
    length = head[at + 2] & 0x7F
    return head[at + 3 : at + 3 + length].rstrip(b"\0")


def _riff(head: bytes) -> Container | None:
    if not head.startswith(b"RIFF"):
        return None
    if len(head) < 12:
        raise NotVideoError("is cut off in its header (RIFF)")
    return Container.AVI if head[8:12] == b"AVI " else None


def _gif(head: bytes) -> Container | None:
    if head[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    if len(head) < 13:
        raise NotVideoError("is cut off in its header (GIF)")
    return Container.GIF


def gif_size(head: bytes) -> tuple[int, int]:
    """Width and height in px that the header of a gif states."""
    width, height = struct.unpack_from("<HH", head, 6)
    return width, height


def _refuse_foreign(head: bytes) -> None:
    for place, signature, name in _FOREIGN:
        if head.startswith(signature, place):
            raise NotVideoError(f"is {name}, not a video ({_READABLE})")


def _iso(head: bytes) -> Container | None:
    kind = head[4:8]
    if kind == b"ftyp":
        if len(head) < 12:
            raise NotVideoError("is cut off in its header (mp4)")
        return Container.MOV if head[8:12] == b"qt  " else Container.MP4
    # QuickTime files older than 2001 have no ftyp box.
    size = int.from_bytes(head[:4], "big")
    if kind in (b"moov", b"mdat", b"wide", b"free", b"skip") and (size >= 8 or size in (0, 1)):
        return Container.MOV
    return None


def _describe_unknown(head: bytes) -> str:
    if not head.strip(b"\0"):
        return "starts with nothing but zero bytes, as an unfinished download does"
    if len(head) >= 189 and head[0] == head[188] == 0x47:
        return f"is an MPEG transport stream, which is not read ({_READABLE})"
    if _is_text(head):
        return f"is {_name_text(head)}, not a video"
    if len(head) < 12:
        return f"is cut off in its header: it holds {len(head)} bytes"
    return f"is of no known video format ({_READABLE})"


def _is_text(head: bytes) -> bool:
    control = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    return control == 0 and b"\x7f" not in head


def _name_text(head: bytes) -> str:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"<?xml") and b"<mpd" in start:
        return "a text playlist (DASH)"
    return next((name for prefix, name in _TEXTS if start.startswith(prefix)), "a text file")


# --- structure: is the file whole, and does it hold its own pictures? ---


def boxes(file: BinaryIO, size: int) -> Iterator[Box]:
    """Walk the top-level boxes of an mp4 or mov of `size` bytes; the last may reach beyond the end."""
    start = 0
    for _ in range(_MAX_BOXES):
        if start >= size:
            return
        file.seek(start)
        header = file.read(16)
        if len(header) < 8:
            return
        length, kind = struct.unpack(">I4s", header[:8])
        if length == 1 and len(header) == 16:
            length = int.from_bytes(header[8:], "big")
        if length == 0:
            length = size - start
        if length < 8:
            return
        yield Box(kind, start, length)
        start += length


def is_truncated(file: BinaryIO, size: int, container: Container) -> bool:
    """Whether the file, `size` bytes long, ends before the place that its own structure announces."""
    if container in (Container.MP4, Container.MOV):
        return any(box.start + box.size > size for box in boxes(file, size))
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if container is Container.AVI:
        return 8 + int.from_bytes(head[4:8], "little") > size
    if container is Container.GIF:
        file.seek(max(size - 16, 0))
        return not file.read().rstrip(b"\0").endswith(b"\x3b")
    return _segment_end(head) > size


def _segment_end(head: bytes) -> int:
    """Byte after the Matroska segment; 0 where the file does not state its size (live recordings)."""
    at = head.find(b"\x18\x53\x80\x67")
    if at < 0 or at + 12 > len(head):
        return 0 if len(head) == HEAD_BYTES else len(head) + 1
    width = 9 - head[at + 4].bit_length()
    field = int.from_bytes(head[at + 4 : at + 4 + width], "big")
    value = field & ((1 << (7 * width)) - 1)
    unknown = (1 << (7 * width)) - 1
    return 0 if width > 8 or value == unknown else at + 4 + width + value


def lacks_index(file: BinaryIO, size: int) -> bool:
    """Whether an mp4 or mov has no `moov` box: what a recording that was broken off leaves behind."""
    return not any(box.kind in (b"moov", b"moof") for box in boxes(file, size))


def refers_elsewhere(file: BinaryIO, size: int) -> bool:
    """Whether an mp4 or mov, or a track of it, says that its pictures lie in another file.

    A `dref` entry without flag 1 ("self-contained") names another file: ISO/IEC 14496-12, 8.7.2. An `rmra` box
    names other movies to play in place of this one: QuickTime File Format, reference movies. Such a file may hold
    pictures all the same, but then not every player shows the ones that were judged here.
    """
    moov = next((box for box in boxes(file, size) if box.kind == b"moov"), None)
    if moov is None:
        return False
    file.seek(moov.start)
    content = file.read(min(moov.size, 16 << 20))
    inside = boxes(io.BytesIO(content[8:]), len(content) - 8)
    return any(box.kind == b"rmra" for box in inside) or any(flags & 1 == 0 for flags in _reference_flags(content))


def _reference_flags(moov: bytes) -> Iterator[int]:
    at = moov.find(b"dref")
    while at >= 0:
        entry = at + 12  # past the kind, version and flags, and the number of entries; the first is enough
        if entry + 12 <= len(moov):
            yield int.from_bytes(moov[entry + 9 : entry + 12], "big")
        at = moov.find(b"dref", at + 4)
