"""Tiny clips for the tests, drawn by numpy and written by the codecs that PyAV's own FFmpeg carries."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
from av.video.stream import VideoStream
from scipy import ndimage

Pixels = npt.NDArray[np.uint8]

ENCODERS = {
    "h264": ("libx264", "yuv420p"),
    "hevc": ("libx265", "yuv420p"),
    "vp8": ("libvpx", "yuv420p"),
    "vp9": ("libvpx-vp9", "yuv420p"),
    "av1": ("libsvtav1", "yuv420p"),
    "mpeg4": ("mpeg4", "yuv420p"),
    "mjpeg": ("mjpeg", "yuvj420p"),
    "gif": ("gif", "rgb8"),
}
QUICK = {
    "h264": {"preset": "ultrafast", "crf": "18"},
    "hevc": {"preset": "ultrafast", "x265-params": "log-level=none:pools=1"},
    "vp8": {"deadline": "realtime", "cpu-used": "8", "b": "1M"},
    "vp9": {"deadline": "realtime", "cpu-used": "8", "b": "1M"},
    "av1": {"preset": "12", "svtav1-params": "lp=1"},
    "mpeg4": {"q": "3"},
    "mjpeg": {"q": "3"},
}


def write_clip(
    path: Path,
    frames: Sequence[Pixels] | Pixels,
    *,
    codec: str = "h264",
    container: str | None = None,
    fps: int = 8,
    pix_fmt: str | None = None,
    pts: Sequence[int] | None = None,
    rotation: float | None = None,
    mirrored: bool = False,
    aspect: Fraction | None = None,
    full_range: bool = False,
    audio: bool = False,
    options: dict[str, str] | None = None,
    muxing: dict[str, str] | None = None,
) -> Path:
    """Write frames, uint8 (T, h, w, 3) RGB, as a clip; returns its path.

    container: name of FFmpeg's muxer, by default from the suffix. pts: time stamps in ms in place of
    a steady `fps`. rotation: degrees counter-clockwise for the display matrix. aspect: width of a pixel over
    its height. options: for the encoder. muxing: for the muxer.
    """
    encoder, layout = ENCODERS[codec]
    with av.open(str(path), "w", format=container, options=muxing or {}) as output:
        chosen = {**QUICK.get(codec, {}), **(options or {})}
        stream = cast(VideoStream, output.add_stream(encoder, rate=fps, options=chosen))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt or layout
        stream.codec_context.thread_count = 1
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if full_range:
            stream.codec_context.color_range = 2
        if rotation is not None:
            stream.set_display_rotation(rotation, hflip=mirrored)
        base = Fraction(1, 1000) if pts is not None else Fraction(1, fps)
        stream.codec_context.time_base = base
        sound = output.add_stream("aac", rate=16000) if audio else None
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
            frame = frame.reformat(format=stream.pix_fmt, dst_color_range=2 if full_range or codec == "mjpeg" else 0)
            frame.pts = pts[index] if pts is not None else index
            frame.time_base = base
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if sound is not None:
            _write_silence(output, sound, len(frames) / fps)
    return path


def write_sound(path: Path, seconds: float = 0.5) -> Path:
    """A file with a silent sound track and nothing else."""
    with av.open(str(path), "w") as output:
        _write_silence(output, output.add_stream("aac", rate=16000), seconds)
    return path


def _write_silence(output: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    for start in range(0, int(16000 * seconds), 1024):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate, frame.pts, frame.time_base = 16000, start, Fraction(1, 16000)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))


# --- what to draw ---


def moving_disc(count: int = 16, size: int = 64, seed: int = 0) -> Pixels:
    """A bright disc that crosses a smooth coloured ground: uint8 (count, size, size, 3)."""
    rng = np.random.default_rng(seed)
    ground = ndimage.gaussian_filter(rng.uniform(0, 255, (size, size, 3)), (size / 8, size / 8, 0))
    ground = np.clip((ground - ground.mean()) * 6 + 110, 0, 255)
    rows, columns = np.mgrid[:size, :size]
    clip = np.repeat(ground[None], count, axis=0)
    for index in range(count):
        x = size * (0.2 + 0.6 * index / max(1, count - 1))
        clip[index][(rows - size / 2) ** 2 + (columns - x) ** 2 < (size / 8) ** 2] = (250, 240, 90)
    return clip.astype(np.uint8)


def numbered(count: int, size: int = 48) -> Pixels:
    """Frames of one grey each, which tells their index: grey level = 20 + 4 * (index mod 50)."""
    levels = (20 + 4 * (np.arange(count) % 50)).astype(np.uint8)
    return np.repeat(levels, size * size * 3).reshape(count, size, size, 3)


def pure_noise(count: int = 8, size: int = 64, seed: int = 0) -> Pixels:
    """Every pixel of every frame drawn by itself."""
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


def grainy(clip: Pixels, sigma: float, seed: int = 0) -> Pixels:
    """The clip under film grain of `sigma` levels."""
    grain = np.random.default_rng(seed).normal(0, sigma, clip.shape[:3])[..., None]
    return np.clip(clip + grain, 0, 255).astype(np.uint8)


def flat(count: int = 8, size: int = 64, level: int = 0) -> Pixels:
    """One grey, all over."""
    return np.full((count, size, size, 3), level, np.uint8)
