"""Opening files that nobody vouches for, and decoding them under limits.

The file is opened once and handed to FFmpeg as an open file, never as a path. The demuxer is forced to the
container that the first bytes tell (`containers.sniff`); nested formats, other files, the network and codecs
that Winnow does not name are all refused by FFmpeg's own lists. Every limit is checked on the header where it
can be, and again while decoding, since headers lie.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO

import av
import av.error
from av.container.input import InputContainer
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from config.errors import UserError
from datasets import containers
from datasets.containers import Container
from datasets.pictures import Turn, turn_of

_DECODERS = "h264,hevc,vp8,vp9,libdav1d,av1,mpeg4,mjpeg,gif"
_NO_PROTOCOL = "none"  # FFmpeg has no protocol of that name, so nothing but the open file can be read
_AV_FAULTS = (av.error.FFmpegError, OSError, ValueError, OverflowError)

av.logging.set_level(av.logging.PANIC)  # FFmpeg's own words about bad files say nothing to a researcher


class Unreadable(UserError):  # noqa: N818 (it names the state of the file, as the reject list does)
    """The file is no video that Winnow can show; the message is a fragment that fits after its name."""


@dataclass(frozen=True)
class Limits:
    """How much of one file may be read before it is refused.

    side: px, greatest stored or displayed width or height. frame_pixels: px of one picture (8K UHD fits).
    aspect: longer side over shorter. streams: tracks of any kind. frames: pictures. pixels: sum over all
    decoded pictures (about 13 minutes of 1080p at 30 a second). seconds: length of the clip.
    """

    side: int = 8192
    frame_pixels: int = 8192 * 4320
    aspect: float = 32.0
    streams: int = 64
    frames: int = 100_000
    pixels: int = 50_000_000_000
    seconds: float = 6 * 3600.0


DEFAULT_LIMITS = Limits()
AnyPath = str | os.PathLike[str]


@dataclass(frozen=True)
class Probe:
    """What a clip is, as found by decoding all of it.

    width, height: px as displayed, after rotation and sample aspect. duration: seconds from the first
    picture's start to the last one's end. frame_count: pictures that decoded. frame_rate: frame_count /
    duration, the mean where the rate varies; 0.0 where the file tells no time. damaged: the file ends early
    or some of it did not decode, so what is counted here is only its readable part.
    """

    container: str
    codec: str
    width: int
    height: int
    duration: float
    frame_count: int
    frame_rate: float
    has_audio: bool
    damaged: bool


@contextmanager
def open_file(path: AnyPath) -> Iterator[BinaryIO]:
    """Open a regular file for reading; a folder, pipe or device is `Unreadable`, and never waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise Unreadable(_file_fault(error)) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("is not a regular file")
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        yield file


def _file_fault(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "is not there"
    if isinstance(error, PermissionError):
        return "may not be read by this user (permission denied)"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be opened ({error.strerror.lower()})"
    return "has a name that no file can have"


@dataclass
class Source:
    """An opened video, and what has been seen of it so far; made by `open_video`."""

    container: Container
    input: InputContainer
    stream: VideoStream
    limits: Limits
    damaged: bool
    tick: float  # seconds of one unit of the stream's time stamps
    count: int = 0
    pixels: int = 0
    size: tuple[int, int] = (0, 0)
    turn: Turn = field(default_factory=Turn)
    first: float | None = None
    last: float = 0.0
    tail: float = 0.0

    @property
    def codec(self) -> str:
        return _codec_of(self.stream)

    @property
    def aspect(self) -> Fraction:
        """Width of a stored pixel over its height, 1 where the file does not say."""
        ratio = self.stream.sample_aspect_ratio
        return ratio if ratio and ratio > 0 else Fraction(1)

    def frames(self) -> Iterator[VideoFrame]:
        """Decode each picture once, in the order of display; raises `Unreadable` beyond a limit."""
        for packet in self._packets():
            try:
                decoded = packet.decode()
            except _AV_FAULTS:
                self.damaged = True
                continue
            for frame in decoded:
                self._admit(frame)
                yield frame
        if not self.count:
            raise Unreadable(self._why_empty())

    def count_packets(self) -> int:
        """Number of packets of the stream, by reading it through without decoding."""
        return sum(packet.size > 0 for packet in self._packets())

    def _packets(self) -> Iterator[av.Packet[VideoStream]]:
        allowed = 2 * self.limits.frames + 2  # interlaced h264 and vp8 may take two packets to a picture
        try:
            for number, packet in enumerate(self.input.demux(self.stream)):
                if number > allowed:
                    raise Unreadable(_too_many(self.limits.frames))
                yield packet
        except _AV_FAULTS:
            self.damaged = True

    def _admit(self, frame: VideoFrame) -> None:
        _check_size(frame.width, frame.height, self.limits)
        if not self.count:
            self.size, self.turn = (frame.width, frame.height), turn_of(frame)
            _check_size(*self.displayed(), self.limits)
        self.count += 1
        self.pixels += frame.width * frame.height
        self.damaged = self.damaged or frame.is_corrupt
        if self.count > self.limits.frames:
            raise Unreadable(_too_many(self.limits.frames))
        if self.pixels > self.limits.pixels:
            raise Unreadable(f"holds more than {self.limits.pixels:,} pixels in all, the limit")
        self._clock(frame)

    def _clock(self, frame: VideoFrame) -> None:
        if frame.pts is None:
            return
        now = frame.pts * self.tick
        self.first = now if self.first is None else min(self.first, now)
        if now >= self.last or self.count == 1:
            self.last, self.tail = now, (frame.duration or 0) * self.tick
        if self.last - self.first > self.limits.seconds:
            raise Unreadable(f"lasts longer than {self.limits.seconds:,.0f} seconds, the limit")

    def _why_empty(self) -> str:
        if self.damaged:
            return "is cut off or damaged: none of its pictures can be decoded"
        return "holds a video stream without any picture"

    def displayed(self) -> tuple[int, int]:
        """Width and height in px as a player shows the clip; known once a frame has been decoded."""
        width, height = max(1, round(self.size[0] * self.aspect)), self.size[1]
        return (height, width) if self.turn.transpose else (width, height)

    def duration(self) -> float:
        """Seconds from the start of the first picture to the end of the last."""
        rate = float(self.stream.average_rate or self.stream.guessed_rate or 0)
        if self.first is None:
            return self.count / rate if rate > 0 else 0.0
        span = self.last - self.first
        step = span / (self.count - 1) if self.count > 1 else 0.0
        return span + (self.tail or step or (1 / rate if rate > 0 else 0.0))

    def probe(self) -> Probe:
        """Sum up a clip whose frames have all been read."""
        width, height = self.displayed()
        duration = self.duration()
        return Probe(
            container=self.container.label,
            codec=self.codec,
            width=width,
            height=height,
            duration=duration,
            frame_count=self.count,
            frame_rate=self.count / duration if duration > 0 else 0.0,
            has_audio=bool(self.input.streams.audio),
            damaged=self.damaged,
        )


@contextmanager
def open_video(file: BinaryIO, limits: Limits = DEFAULT_LIMITS) -> Iterator[Source]:
    """Open the video in `file`, check what its header says, and choose its stream.

    The stream is the first that is video, no cover picture, and of a codec that Winnow reads. Raises
    `Unreadable` with the reason.
    """
    size = os.fstat(file.fileno()).st_size
    container = _sniff(file, limits)
    try:
        damaged = containers.is_truncated(file, size, container)
        if container in (Container.MP4, Container.MOV) and containers.refers_elsewhere(file, size):
            raise Unreadable("keeps its pictures in another file (external reference), which is never opened")
        opened = _open_input(file, container, limits)
    except _AV_FAULTS as error:
        raise Unreadable(_why_not_opened(file, size, container)) from error
    with opened:
        stream = _choose_stream(opened, container, limits)
        tick = float(stream.time_base or 0)
        yield Source(container, opened, stream, limits, damaged=damaged, tick=tick)


def _sniff(file: BinaryIO, limits: Limits) -> Container:
    file.seek(0)
    try:
        head = file.read(containers.HEAD_BYTES)
        container = containers.sniff(head)
    except containers.NotVideoError as reason:
        raise Unreadable(str(reason)) from None
    except OSError as error:
        raise Unreadable(_file_fault(error)) from error
    if container is Container.GIF:  # FFmpeg reads this size only with the first picture
        _check_size(*containers.gif_size(head), limits)
    return container


def _open_input(file: BinaryIO, container: Container, limits: Limits) -> InputContainer:
    options = {
        "protocol_whitelist": _NO_PROTOCOL,
        "format_whitelist": container.demuxer,  # an avi's subtitles may hold a whole playlist
        "codec_whitelist": _DECODERS,
        "max_pixels": str(limits.frame_pixels),
    }
    if container in (Container.MP4, Container.MOV):
        options |= {"enable_drefs": "0", "use_absolute_path": "0"}
    file.seek(0)
    return av.open(file, mode="r", format=container.demuxer, options=options, metadata_errors="replace")


def _why_not_opened(file: BinaryIO, size: int, container: Container) -> str:
    boxed = container in (Container.MP4, Container.MOV)
    if boxed and containers.lacks_index(file, size):
        return "is cut off: it has no index (moov), so none of it can be played"
    if containers.is_truncated(file, size, container):
        return f"is cut off in its header ({container.label})"
    return f"is damaged: its {container.label} header cannot be read"


def _choose_stream(opened: InputContainer, container: Container, limits: Limits) -> VideoStream:
    if len(opened.streams) > limits.streams:
        raise Unreadable(f"holds {len(opened.streams):,} streams, more than the {limits.streams:,} allowed")
    moving = [s for s in opened.streams.video if not s.disposition & Disposition.attached_pic]
    usable = [s for s in moving if _codec_of(s) in container.codecs]
    if not usable:
        raise Unreadable(_why_no_stream(opened, moving, container))
    chosen = usable[0]
    _check_header(chosen, limits)
    for stream in opened.streams:
        stream.discard = Discard.default if stream is chosen else Discard.all
    chosen.codec_context.thread_count = 1  # many processes, one thread each: the same frames, less overhead
    return chosen


def _codec_of(stream: VideoStream) -> str:
    context = stream.codec_context
    return context.codec.canonical_name if context is not None else "something unknown"


def _why_no_stream(opened: InputContainer, moving: list[VideoStream], container: Container) -> str:
    if moving:
        names = sorted({_codec_of(stream) for stream in moving})
        return f"is coded as {', '.join(names)}; Winnow reads {', '.join(sorted(container.codecs))} there"
    if opened.streams.video:
        return "holds no video stream, only a cover picture"
    return "holds sound but no video stream" if opened.streams.audio else "holds no video stream"


def _check_header(stream: VideoStream, limits: Limits) -> None:
    if stream.width and stream.height:
        _check_size(stream.width, stream.height, limits)
    if stream.frames > limits.frames:
        raise Unreadable(f"promises {stream.frames:,} frames; {_too_many(limits.frames)}")
    base = stream.time_base
    if base is None or base <= 0:
        raise Unreadable("keeps no time: its time base is zero")


def _check_size(width: int, height: int, limits: Limits) -> None:
    if max(width, height) > limits.side or width * height > limits.frame_pixels:
        raise Unreadable(f"is {width:,} x {height:,} px; at most {limits.side:,} px a side are read")
    if min(width, height) < 1 or max(width, height) > limits.aspect * min(width, height):
        raise Unreadable(f"is {width:,} x {height:,} px, too narrow a strip to be watched")


def _too_many(frames: int) -> str:
    return f"holds more than {frames:,} frames, the limit"
