"""Copies for browsers: who needs one, that it shows the same at the same times, and that it costs no clip."""

from __future__ import annotations

import hashlib
import io
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from av.video.frame import VideoFrame
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from scipy import ndimage

from datasets import proxies
from datasets.containers import Container, boxes
from datasets.decoding import iter_frames, probe_clip
from datasets.intake import TASK, Intake, as_intake, take_in
from datasets.models import Video
from datasets.pictures import Pixels, turn_of, upright
from datasets.proxies import SIDE, is_proxy, needs_proxy, proxy_shape
from datasets.sandbox import DecodePool
from datasets.sources import Unreadable
from tests.clips import flat, moving_disc, write_clip
from tests.commands import run

# --- who needs one ---


@pytest.mark.parametrize(
    ("container", "codec", "pixel_format"),
    [
        (Container.MP4, "h264", "yuv420p"),
        (Container.MP4, "h264", "yuvj420p"),
        (Container.MP4, "vp9", "yuv420p"),
        (Container.MOV, "h264", "yuv420p"),
        (Container.WEBM, "vp8", "yuv420p"),
        (Container.WEBM, "vp9", "yuva420p"),
    ],
)
def test_what_all_browsers_play_is_left_alone(container: Container, codec: str, pixel_format: str) -> None:
    assert not needs_proxy(container, codec, pixel_format)


@pytest.mark.parametrize(
    ("container", "codec", "pixel_format"),
    [
        (Container.AVI, "h264", "yuv420p"),
        (Container.MKV, "h264", "yuv420p"),
        (Container.MKV, "vp9", "yuv420p"),
        (Container.GIF, "gif", "bgra"),
        (Container.MP4, "hevc", "yuv420p"),
        (Container.MP4, "av1", "yuv420p"),
        (Container.MP4, "mpeg4", "yuv420p"),
        (Container.MP4, "vp8", "yuv420p"),
        (Container.MOV, "mjpeg", "yuvj420p"),
        (Container.MP4, "h264", "yuv420p10le"),
        (Container.MP4, "h264", "yuv422p"),
        (Container.MP4, "h264", "yuv444p"),
        (Container.MP4, "h264", "gbrp"),
        (Container.WEBM, "vp9", "yuv420p10le"),
    ],
)
def test_what_some_browser_does_not_play_needs_a_proxy(container: Container, codec: str, pixel_format: str) -> None:
    assert needs_proxy(container, codec, pixel_format)


@pytest.mark.parametrize(
    ("shown", "frames", "shape"),
    [
        ((64, 48), 16, (64, 48)),
        ((65, 49), 16, (64, 48)),
        ((67, 51), 16, (68, 52)),
        ((1, 1), 1, (2, 2)),
        ((1920, 1080), 16, (1280, 720)),
        ((1080, 1920), 16, (720, 1280)),
        ((1280, 720), 10_000, (326, 184)),
        ((1280, 720), 100_000, (320, 180)),
        ((200, 100), 100_000, (200, 100)),
    ],
)
def test_proxies_are_even_and_of_bounded_size(shown: tuple[int, int], frames: int, shape: tuple[int, int]) -> None:
    assert proxy_shape(*shown, frames) == shape


# --- the same pictures at the same times ---


def intake_of(path: Path, **options: Any) -> Intake:
    with path.open("rb") as file:
        intake = as_intake(take_in(file, **options))
    assert isinstance(intake, Intake)
    return intake


def proxy_of(path: Path) -> bytes:
    return intake_of(path).proxy


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "proxy of a clip.mp4"
    path.write_bytes(content)
    return path


def shown(path: Path, size: tuple[int, int]) -> list[Pixels]:
    """Every frame as a player shows it, RGB, at `size` (width, height)."""
    return [_shown(frame, *size) for frame in iter_frames(path)]


def _shown(frame: VideoFrame, width: int, height: int) -> Pixels:
    turn = turn_of(frame)
    stored = (height, width) if turn.transpose else (width, height)
    pixels = frame.reformat(*stored, format="rgb24", interpolation="BICUBIC").to_ndarray()
    return upright(cast(Pixels, pixels), turn)


def times(path: Path) -> list[float]:
    """Seconds from the first picture to each."""
    starts = [frame.time for frame in iter_frames(path)]
    return [start - starts[0] for start in starts if start is not None and starts[0] is not None]


CLIPS: dict[str, dict[str, Any]] = {
    "mpeg4.avi": {"codec": "mpeg4"},
    "mjpeg.avi": {"codec": "mjpeg"},
    "hevc.mkv": {"codec": "hevc"},
    "hevc.mp4": {"codec": "hevc"},
    "av1.mp4": {"codec": "av1"},
    "anim.gif": {"codec": "gif", "fps": 10},
    "ten.mp4": {"pix_fmt": "yuv420p10le"},
    "wide.mp4": {"pix_fmt": "yuv422p"},
    "full.mp4": {"pix_fmt": "yuv444p", "full_range": True},
    "uneven.mkv": {"codec": "hevc", "pts": [0, 40, 200, 210, 500, 900, 910, 1300]},
    "turned.mp4": {"codec": "hevc", "rotation": 90},
    "half.mp4": {"codec": "hevc", "rotation": 180},
    "mirrored.mp4": {"codec": "hevc", "rotation": 270, "mirrored": True},
    "broad.mkv": {"codec": "hevc", "aspect": Fraction(4, 3)},
}


def drawn(count: int = 8) -> Pixels:
    """A clip that is different in every corner, upright and turned: 96 x 64 px."""
    return moving_disc(count=count, size=96)[:, :64]


def likeness(one: Pixels, other: Pixels) -> float:
    """PSNR in dB of pictures under a slight blur, which takes off the dither of a gif; 8 bits."""
    soft = [ndimage.gaussian_filter(picture.astype(float), (2, 2, 0)) for picture in (one, other)]
    return float(10 * np.log10(255**2 / np.square(soft[0] - soft[1]).mean()))


@pytest.mark.parametrize("name", CLIPS)
def test_a_proxy_shows_the_same_pictures_at_the_same_times(tmp_path: Path, name: str) -> None:
    original = write_clip(tmp_path / name, drawn(), **CLIPS[name])
    proxy = written(tmp_path, proxy_of(original))
    before, after = probe_clip(original), probe_clip(proxy)
    assert (after.container, after.codec, after.frame_count) == ("mp4", "h264", before.frame_count)
    size = proxy_shape(before.width, before.height, before.frame_count)
    assert (after.width, after.height) == size
    pairs = zip(shown(original, size), shown(proxy, size), strict=True)
    assert min(likeness(one, other) for one, other in pairs) >= 38
    assert times(proxy) == pytest.approx(times(original), abs=0.0011)
    assert after.duration == pytest.approx(before.duration, abs=0.0011)
    assert not after.damaged


RED = (216, 36, 85)  # in the palette of `rgb8`, so that it is not dithered
WEIGHTS = {1: (0.2126, 0.0722), 6: (0.299, 0.114)}  # of red and blue in luma: BT.709 and BT.601


def colour_of(frame: VideoFrame) -> tuple[float, float, float]:
    """RGB, 0 to 255, of the first pixels of a frame in broadcast levels, by the matrix that it names."""
    y, cb, cr = (float(np.frombuffer(cast(bytes, plane), np.uint8)[:16].mean()) for plane in frame.planes)
    y, cb, cr = (y - 16) / 219, (cb - 128) / 224, (cr - 128) / 224
    of_red, of_blue = WEIGHTS[frame.colorspace]
    red, blue = y + 2 * (1 - of_red) * cr, y + 2 * (1 - of_blue) * cb
    green = (y - of_red * red - of_blue * blue) / (1 - of_red - of_blue)
    return 255 * red, 255 * green, 255 * blue


@pytest.mark.parametrize(("height", "matrix"), [(64, 6), (720, 1)])
def test_colours_of_a_gif_are_coded_as_its_proxy_says(tmp_path: Path, height: int, matrix: int) -> None:
    pixels = np.broadcast_to(np.array(RED, np.uint8), (2, height, height, 3))
    path = write_clip(tmp_path / "red.gif", pixels, codec="gif", fps=10)
    frame = next(iter_frames(written(tmp_path, proxy_of(path))))
    assert frame.colorspace == matrix
    assert colour_of(frame) == pytest.approx(RED, abs=3)


@pytest.mark.parametrize(
    ("size", "stated", "matrix"), [(64, None, 6), (720, None, 1), (64, "bt709", 1), (720, "smpte170m", 6)]
)
def test_colours_are_read_as_the_clip_says_or_as_players_take_it(
    tmp_path: Path, size: int, stated: str | None, matrix: int
) -> None:
    said = {"x264-params": f"colormatrix={stated}"} if stated else {}
    path = write_clip(tmp_path / "ten.mp4", flat(2, size, 90), pix_fmt="yuv420p10le", options=said)
    assert next(iter_frames(written(tmp_path, proxy_of(path)))).colorspace == matrix


def test_one_frame(tmp_path: Path) -> None:
    proxy = written(tmp_path, proxy_of(write_clip(tmp_path / "one.avi", drawn(1), codec="mpeg4", fps=5)))
    after = probe_clip(proxy)
    assert after.frame_count == 1
    assert after.duration == pytest.approx(0.2, abs=0.001)


def test_sound_stays_behind(tmp_path: Path) -> None:
    original = write_clip(tmp_path / "loud.mkv", drawn(), codec="hevc", audio=True)
    assert probe_clip(original).has_audio
    assert not probe_clip(written(tmp_path, proxy_of(original))).has_audio


def test_what_was_cut_off_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.avi", drawn(16), codec="mjpeg")
    torn = tmp_path / "torn.avi"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert probe_clip(torn).damaged
    assert probe_clip(written(tmp_path, proxy_of(torn))).frame_count == probe_clip(torn).frame_count < 16


def test_clips_without_times_are_shown_at_their_rate(tmp_path: Path) -> None:
    """h264 in avi: the container keeps no time of display."""
    original = write_clip(tmp_path / "timeless.avi", drawn(), options={"bf": "2"})
    after = times(written(tmp_path, proxy_of(original)))
    assert len(after) == 8
    assert all(later > earlier for earlier, later in pairwise(after))
    assert after[-1] == pytest.approx(7 / 8, abs=0.26)


def test_a_large_clip_is_shown_smaller(tmp_path: Path) -> None:
    wide = np.repeat(moving_disc(count=2, size=96), 24, axis=2)[:, :, :1600]
    after = probe_clip(written(tmp_path, proxy_of(write_clip(tmp_path / "large.mkv", wide, codec="hevc"))))
    assert (after.width, after.height) == (SIDE, 76)


def test_nothing_is_made_of_what_browsers_play(tmp_path: Path) -> None:
    assert proxy_of(write_clip(tmp_path / "plain.mp4", drawn())) == b""
    assert proxy_of(write_clip(tmp_path / "plain.webm", drawn(), codec="vp9")) == b""


# --- how it is built ---


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return proxy_of(write_clip(tmp_path_factory.mktemp("proxy") / "some.avi", drawn(64), codec="mpeg4"))


def kinds(content: bytes) -> list[bytes]:
    return [box.kind for box in boxes(io.BytesIO(content), len(content)) if box.kind != b"free"]


def test_the_index_comes_before_the_pictures(proxy: bytes) -> None:
    assert kinds(proxy) == [b"ftyp", b"moov", b"mdat"]
    assert is_proxy(proxy)


def test_the_room_for_the_index_is_enough_for_uneven_times(tmp_path: Path) -> None:
    """No two steps alike, so that no table is shortened."""
    pts = np.cumsum(np.arange(600) % 7 + 3).tolist()
    frames = flat(count=600, size=16)
    proxy = proxy_of(write_clip(tmp_path / "many.mkv", frames, codec="mpeg4", pts=pts))
    assert kinds(proxy) == [b"ftyp", b"moov", b"mdat"]


def test_what_is_not_built_so_is_no_proxy(proxy: bytes) -> None:
    moov, mdat = proxy.index(b"moov") - 4, proxy.index(b"mdat") - 4
    wrong = [
        b"",
        b"<html><script>alert(1)</script>",
        proxy[:-1],
        proxy + b"more",
        proxy[moov:],
        proxy[:mdat],
        proxy[:moov] + proxy[mdat:] + proxy[moov:mdat],
        proxy[: mdat + 4] + b"html" + proxy[mdat + 8 :],
    ]
    assert not any(is_proxy(content) for content in wrong)


def test_a_child_that_sends_something_else_is_not_believed(tmp_path: Path, proxy: bytes) -> None:
    with write_clip(tmp_path / "some.mkv", drawn(), codec="hevc").open("rb") as file:
        told = take_in(file)
    assert isinstance(as_intake(told), Intake)
    for nonsense in (b"<html>", proxy[:-1], "text", None):
        assert isinstance(as_intake(told | {"proxy": nonsense}), Unreadable)
    del told["proxy"]
    assert isinstance(as_intake(told), Unreadable)


# --- it costs no clip ---


@pytest.mark.parametrize(("limit", "value"), [("MOST_BYTES", 1000), ("LARGEST_PICTURE", 96 * 64 - 1)])
def test_what_would_cost_too_much_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    original = write_clip(tmp_path / "costly.mkv", drawn(32), codec="hevc")
    assert intake_of(original).proxy
    monkeypatch.setattr(proxies, limit, value)
    intake = intake_of(original)
    assert (intake.proxy, intake.probe.frame_count) == (b"", 32)


def test_encoding_ends_where_the_clip_would_run_out_of_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxies, "FIRST_LOOK", 0.0)
    original = write_clip(tmp_path / "slow.mkv", drawn(32), codec="hevc")
    assert intake_of(original, seconds=3600.0).proxy
    intake = intake_of(original, seconds=1e-6)
    assert (intake.proxy, intake.probe.frame_count) == (b"", 32)


def test_a_fault_of_the_encoder_is_none_of_the_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(proxies._OPTIONS, "preset", "no such preset")
    intake = intake_of(write_clip(tmp_path / "odd.mkv", drawn(), codec="hevc"))
    assert (intake.proxy, intake.probe.frame_count) == (b"", 8)


def test_locked_up_children_make_them_too(tmp_path: Path) -> None:
    paths = [write_clip(tmp_path / name, drawn(), **CLIPS[name]) for name in ("mpeg4.avi", "hevc.mkv", "anim.gif")]
    with DecodePool(1, task=TASK, options={"seconds": 30.0}) as pool:
        told = [as_intake(result) for result in pool.map(paths)]
    for path, intake in zip(paths, told, strict=True):
        assert isinstance(intake, Intake)
        proxy = shown(written(tmp_path, intake.proxy), (64, 96))
        assert min(map(likeness, shown(path, (64, 96)), proxy)) >= 38


# --- ingest ---


@pytest.mark.django_db
def test_ingest_keeps_proxies_beside_their_clips(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    write_clip(folder / "old.avi", drawn(), codec="mpeg4")
    write_clip(folder / "plain.mp4", drawn())
    run("ingest", folder)
    old, plain = (Video.objects.get(container=container) for container in ("avi", "mp4"))
    with default_storage.open(old.proxy_name) as file:
        content = file.read()
    assert (is_proxy(content), old.proxy_size) == (True, len(content))
    assert plain.proxy_size is None
    assert not default_storage.exists(plain.proxy_name)


@pytest.mark.django_db
def test_the_proxy_that_a_killed_run_left_is_used(tmp_path: Path) -> None:
    """Killed after the media and before the rows: the row tells the size of the file that is there."""
    folder = tmp_path / "clips"
    folder.mkdir()
    path = write_clip(folder / "old.avi", drawn(), codec="mpeg4")
    named = Video(sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    default_storage.save(named.proxy_name, ContentFile(b"by an older encoder"))
    run("ingest", folder)
    assert Video.objects.get().proxy_size == len(b"by an older encoder")
