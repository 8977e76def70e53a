"""Copies for browsers of clips that not every browser plays: h264 in mp4, made in the clip's one decode.

A plain mp4 with its index (moov) in front starts at the first bytes and seeks by byte ranges. A fragmented one
would have its index in front by construction, but no duration, and nothing to seek by until all of it is read.
FFmpeg's `faststart` writes the file and opens it again; here the packets wait in memory, so that their number is
known when the file is begun, and room for the index is left at its start.

There is no sound in a proxy: no page of Winnow plays any.
Two encodes of one clip now and then differ in a few bytes, so a proxy that is stored is kept, never made again.
"""

from __future__ import annotations

import io
import time
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from av.video.stream import VideoStream

from datasets.containers import Container, boxes
from datasets.pictures import Pixels, Turn, upright
from datasets.sources import Source

SIDE, LEAST_SIDE = 1280, 320  # px, the longer side at most, and at least where the clip itself has as many
PIXELS = 600_000_000  # of all pictures together, about 8 s of encoding at 77 million a second
MOST_BYTES = 32 << 20
LARGEST_PICTURE = 4096 * 2304  # px stored; decoding larger ones may take what memory a child has
SHARE = 0.8  # of a file's processor time that decoding and encoding may be expected to take together
FIRST_LOOK = 0.25  # s of processor time, after which the rest can be foretold

# What the current Chromium, Firefox and Safari all play without special hardware. Left out are: Matroska (Safari
# plays none, Firefox long wanted the doctype `webm`), AVI, GIF (an <img> that cannot be stopped), HEVC and AV1
# (by hardware alone in some of them), MPEG-4 part 2 and Motion JPEG (none does).
_PLAYED = {
    Container.MP4: frozenset({"h264", "vp9"}),
    Container.MOV: frozenset({"h264"}),
    Container.WEBM: frozenset({"vp8", "vp9"}),
}
_PLAYED_FORMATS = frozenset({"yuv420p", "yuvj420p", "yuva420p"})  # 8 bits, 4:2:0: no hardware decodes other h264

_FORMAT = "yuv420p"
_CLOCK = Fraction(1, 90_000)  # s, the usual clock of video: exact for all common rates
_BT709, _BT601 = 1, 6  # AVCOL_SPC_BT709, AVCOL_SPC_SMPTE170M
_MATRICES = frozenset({_BT709, 4, 5, _BT601, 7, 9})  # AVCOL_SPC_ of FCC, BT.470, SMPTE 240M and BT.2020 too
_SWSCALE = {_BT601: 5}  # SWS_CS_ITU601; all other numbers are the same
_SCALING = Interpolation.BICUBIC | Interpolation.ACCURATE_RND
# No B-frames: the first picture is at 0 without an edit list, and what a browser seeks is what it decodes next.
_OPTIONS = {"preset": "veryfast", "crf": "23", "maxrate": "4M", "bufsize": "8M", "bf": "0", "g": "48"}
_INDEX_START, _INDEX_STEP = 4096, 40  # bytes: the tables of one track have at most 36 for a picture


def needs_proxy(container: Container, codec: str, pixel_format: str) -> bool:
    """Whether some current browser does not play this; names as FFmpeg's."""
    return codec not in _PLAYED.get(container, ()) or pixel_format not in _PLAYED_FORMATS


def proxy_shape(width: int, height: int, frames: int) -> tuple[int, int]:
    """Width and height in px, even, of the proxy of `frames` pictures shown at `width` x `height` px."""
    longer = max(width, height)
    bounded = max(LEAST_SIDE / longer, (PIXELS / (width * height * max(1, frames))) ** 0.5)
    scale = min(1.0, SIDE / longer, bounded)
    return _even(width * scale), _even(height * scale)


def _even(length: float) -> int:
    return max(2, 2 * round(length / 2))


def is_proxy(content: bytes) -> bool:
    """Whether `content` is built as proxies are: a whole mp4 with its index before its pictures.

    The kind of a file, its order and its length are checked, so that nothing else is kept under the name. What
    a browser makes of the rest is its own affair, as with the clips that it plays as they are.
    """
    found = list(boxes(io.BytesIO(content), len(content)))
    kinds = [box.kind for box in found if box.kind != b"free"]
    return kinds == [b"ftyp", b"moov", b"mdat"] and sum(box.size for box in found) == len(content) <= MOST_BYTES


class ProxyMaker:
    """Shown the frames of one clip in order, encodes them if browsers need it; `finished` gives the file.

    The clip itself must not suffer: what fails here, grows too large or would take the clip beyond its
    processor time is given up, and there is no proxy. seconds: processor time of the whole file.
    """

    def __init__(self, seconds: float) -> None:
        self._until = SHARE * seconds
        self._began = time.process_time()
        self._encoder: _Encoder | None = None
        self._wanted = True
        self._count = 0

    def meet(self, source: Source, promised: int) -> None:
        """Before the first frame: the opened clip, and the number of frames that it promises."""
        self._source, self._promised = source, promised

    def watch(self, frame: VideoFrame) -> None:
        if not self._wanted:
            self._encoder = None
            return
        self._count += 1
        try:
            self._encoder = self._encoder or self._begin(frame)
            if self._encoder:
                self._encoder.add(frame)
        except Exception:  # whatever the encoder minds in this clip, it is no reason to lose the clip
            self._encoder = None
        self._wanted = self._encoder is not None and self._encoder.size < MOST_BYTES and self._in_time()

    def finished(self) -> bytes:
        """The mp4, or no bytes where browsers need none or none could be made."""
        if not self._wanted or self._encoder is None:
            return b""
        try:
            content = self._encoder.finished()
        except Exception:
            return b""
        return content if is_proxy(content) else b""

    def _begin(self, frame: VideoFrame) -> _Encoder | None:
        source = self._source
        if not needs_proxy(source.container, source.codec, frame.format.name):
            return None
        if frame.width * frame.height > LARGEST_PICTURE:
            return None
        return _Encoder(source, frame, proxy_shape(*source.displayed(), self._promised))

    def _in_time(self) -> bool:
        """Whether the file, at the pace so far, will be done before its time is up."""
        spent = time.process_time() - self._began
        return spent < FIRST_LOOK or spent * max(self._promised, self._count) < self._until * self._count


class _Encoder:
    """Encodes upright pictures with square pixels, `shape` (width, height) px; `size`: bytes so far."""

    def __init__(self, source: Source, first: VideoFrame, shape: tuple[int, int]) -> None:
        self.size = 0
        self._source, self._shape = source, shape
        self._matrix = _matrix_of(first)
        self._step = 1 / _rate_of(source)
        self._pts = -1
        self._scaler = VideoReformatter()
        self._packets: list[Packet[Any]] = []
        self._file = io.BytesIO()
        self._output = av.open(self._file, "w", format="mp4")
        self._stream = self._begin(first)

    def add(self, frame: VideoFrame) -> None:
        picture = self._converted(frame)
        self._pts = max(self._pts + 1, self._time_of(frame))
        lasts = (frame.duration or 0) * self._source.tick or self._step
        picture.pts, picture.duration, picture.time_base = self._pts, round(lasts / _CLOCK), _CLOCK
        picture.pict_type = PictureType.NONE  # where the clip had key frames is none of the encoder's concern
        self._keep(self._stream.encode(picture))

    def finished(self) -> bytes:
        self._keep(self._stream.encode(None))
        self._output.options["moov_size"] = str(_INDEX_START + _INDEX_STEP * len(self._packets))
        for packet in self._packets:
            self._output.mux(packet)
        self._output.close()
        return self._file.getvalue()

    def _begin(self, first: VideoFrame) -> VideoStream:
        stream = self._output.add_stream("libx264", rate=_rate_of(self._source), options=_OPTIONS)
        stream.width, stream.height = self._shape
        stream.pix_fmt = _FORMAT
        context = stream.codec_context
        context.time_base, context.thread_count = _CLOCK, 1
        context.color_range, context.colorspace = ColorRange.MPEG, self._matrix
        context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
        return stream

    def _converted(self, frame: VideoFrame) -> VideoFrame:
        turn = self._source.turn
        width, height = self._shape[::-1] if turn.transpose else self._shape
        small = self._scaler.reformat(
            frame,
            width,
            height,
            _FORMAT,
            dst_colorspace=_SWSCALE.get(self._matrix, self._matrix) if frame.format.is_rgb else None,
            dst_color_range=ColorRange.MPEG,
            interpolation=_SCALING,
            threads=1,
        )
        return small if turn == Turn() else _turned(small, turn)

    def _time_of(self, frame: VideoFrame) -> int:
        """In units of the clock, 0 for the clip's first picture; one step on where the frame has no time."""
        if frame.pts is None or self._source.first is None:
            return self._pts + round(self._step / _CLOCK)
        return round((frame.pts * self._source.tick - self._source.first) / _CLOCK)

    def _keep(self, packets: list[Packet[Any]]) -> None:
        self._packets += packets
        self.size += sum(packet.size for packet in packets)


def _rate_of(source: Source) -> Fraction:
    """Frames a second as the header says, within reason."""
    rate = source.stream.average_rate or source.stream.guessed_rate or Fraction(24)
    return min(max(rate, Fraction(1, 60)), Fraction(1000)).limit_denominator(1001)


def _matrix_of(frame: VideoFrame) -> int:
    """How colours are coded: as the clip says, or else as players take it, by the height of the picture."""
    if frame.colorspace in _MATRICES:
        return int(frame.colorspace)
    return _BT709 if frame.height >= 720 else _BT601


def _turned(picture: VideoFrame, turn: Turn) -> VideoFrame:
    """A picture of 4:2:0 turned upright, plane by plane."""
    width, height = picture.width, picture.height
    flat = cast(Pixels, picture.to_ndarray()).ravel()
    luma, *chroma = np.split(flat, [width * height, width * height * 5 // 4])
    planes = [luma.reshape(height, width), *(plane.reshape(height // 2, width // 2) for plane in chroma)]
    turned = [upright(plane, turn) for plane in planes]
    stacked = np.concatenate([plane.ravel() for plane in turned]).reshape(-1, turned[0].shape[1])
    return VideoFrame.from_ndarray(stacked, _FORMAT)
