"""What is kept of a clip: which frames, their times, bars and turns; and the bytes it becomes."""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.decoding import iter_frames, read_clip
from datasets.fingerprints import DENSE_FRAMES, PICTURES, SPACING, Collector, Fingerprint
from datasets.pdq import hamming, hash_frame
from tests.clips import grainy, moving_disc, write_clip

Pixels = npt.NDArray[np.uint8]
SHARED = Path(__file__).resolve().parents[2] / "shared" / "videos"


def fingerprint(path: Path) -> Fingerprint:
    collector = Collector()
    for frame in iter_frames(path):
        collector.watch(frame)
    return collector.fingerprint()


def fed(times: list[float | None], shape: tuple[int, int] = (32, 32), level: int = 90) -> Fingerprint:
    """The fingerprint of grey frames at these times in seconds."""
    collector = Collector()
    for index, time in enumerate(times):
        picture = np.full(shape, level, np.uint8)
        picture[: shape[0] // 2, : 1 + index % shape[1]] = 200
        frame = av.VideoFrame.from_ndarray(picture, "gray")
        if time is not None:
            frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
        collector.watch(frame)
    return collector.fingerprint()


def same(a: Fingerprint, b: Fingerprint) -> bool:
    return a.to_bytes() == b.to_bytes()


def test_every_frame_of_a_short_clip_is_kept(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", moving_disc(16, 128), fps=8)
    kept = fingerprint(path)
    assert len(kept) == 16
    assert kept.hashes.shape == (16, 32)
    assert np.allclose(kept.times, np.arange(16) / 8, atol=1e-3)
    assert kept.tiles.shape == (16, 8, 8)
    assert kept.pictures.shape == (16, 32, 32)
    assert kept.picture_rows.tolist() == list(range(16))
    assert kept.colours.shape == (16, 2, 4, 4)


def test_it_hangs_on_read_clip(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", moving_disc(8))
    collector = Collector()
    read_clip(path, watch=collector.watch)
    assert same(collector.fingerprint(), fingerprint(path))


def test_sixty_four_frames_are_kept_at_any_rate_then_forty_a_second_at_most() -> None:
    kept = fed([index / 240 for index in range(300)])
    assert len(kept) < 140
    assert np.allclose(np.diff(kept.times[:DENSE_FRAMES]), 1 / 240, atol=2e-3)
    assert np.diff(kept.times[DENSE_FRAMES - 1 :]).min() >= SPACING - 1e-3


def test_thirty_a_second_is_kept_whole_though_times_are_rounded() -> None:
    assert len(fed([round(index / 30, 3) for index in range(200)])) == 200


def test_frames_without_time_or_with_time_running_back_are_put_in_order() -> None:
    assert fed([None, None, None]).times.tolist() == pytest.approx([0, 0.04, 0.08])
    assert fed([1.0, 2.0, 1.5, 3.0]).times.tolist() == [0, 1, 1, 2]


def test_pictures_are_thinned_evenly() -> None:
    kept = fed([index / 10 for index in range(200)])
    rows = kept.picture_rows.tolist()
    assert PICTURES // 2 < len(rows) <= PICTURES
    assert rows == list(range(0, 200, rows[1]))


def test_bars_are_cut_off_before_hashing(tmp_path: Path) -> None:
    frames = grainy(moving_disc(8, 240), 6)
    plain = write_clip(tmp_path / "plain.mp4", frames)
    bars = write_clip(tmp_path / "bars.mp4", np.pad(frames, ((0, 0), (40, 40), (0, 0), (0, 0))))
    a, b = fingerprint(plain), fingerprint(bars)
    assert np.diag(hamming(a.hashes, b.hashes)).max() <= 16
    assert np.abs(a.tiles.astype(int) - b.tiles).max() <= 6
    assert np.abs(a.colours.astype(int) - b.colours).max() <= 12


def test_frames_with_bars_are_hashed_whole_as_well(tmp_path: Path) -> None:
    frames = grainy(moving_disc(70, 240), 6)
    plain = fingerprint(write_clip(tmp_path / "plain.mp4", frames))
    path = write_clip(tmp_path / "bars.mp4", np.pad(frames, ((0, 0), (40, 40), (0, 0), (0, 0))))
    barred = fingerprint(path)
    whole = np.stack([hash_frame(frame.to_ndarray(format="gray").astype(np.uint8))[0] for frame in iter_frames(path)])
    assert barred.whole_hashes.shape == barred.hashes.shape == (70, 32)
    assert np.diag(hamming(barred.whole_hashes, whole)).max() <= 4
    assert np.diag(hamming(barred.whole_hashes, barred.hashes)).min() > 40
    assert (len(plain.whole_hashes), len(plain.views()), len(barred.views())) == (0, 1, 2)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the shared clips are not there ({SHARED})")
@pytest.mark.parametrize("name", ["chair-20-sd-bar", "chair-22-sd-grey-bar", "chair-22-with-small-logo-bar"])
def test_whole_frames_of_real_barred_clips_hash_as_the_reference_does(name: str) -> None:
    pdqhash = pytest.importorskip("pdqhash", reason="pdqhash, the oracle, is not installed (it builds from source)")
    collector, expected = Collector(), []
    for index, frame in enumerate(islice(iter_frames(SHARED / f"{name}.mp4"), 60)):
        collector.watch(frame)
        if index % 10 == 0:
            expected.append(pdqhash.compute(frame.to_ndarray(format="rgb24")))
    kept = collector.fingerprint()
    assert len(kept.whole_hashes) == len(kept) == 60
    ours = np.unpackbits(kept.whole_hashes[::10], axis=1)
    pairs = zip(ours, expected, strict=True)
    distances = [int((row != bits).sum()) for row, (bits, quality) in pairs if quality >= 80]
    assert len(distances) == 6
    assert max(distances) <= 10


def test_a_turned_clip_is_hashed_upright(tmp_path: Path) -> None:
    upright = moving_disc(4, 128, seed=3)
    stored = np.ascontiguousarray(np.rot90(upright, k=-1, axes=(1, 2)))
    turned = write_clip(tmp_path / "turned.mp4", stored, rotation=90)
    plain = write_clip(tmp_path / "plain.mp4", upright)
    a, b = fingerprint(turned), fingerprint(plain)
    assert np.abs(a.tiles.astype(int) - b.tiles).mean() <= 1
    assert np.abs(a.colours.astype(int) - b.colours).mean() <= 1
    assert (hamming(a.hashes, b.hashes).argmin(axis=1) == np.arange(4)).all()


def test_range_of_luma_makes_no_difference(tmp_path: Path) -> None:
    frames = moving_disc(4, 128)
    broadcast = fingerprint(write_clip(tmp_path / "broadcast.mp4", frames))
    full = fingerprint(write_clip(tmp_path / "full.mp4", frames, full_range=True))
    assert np.abs(broadcast.tiles.astype(int) - full.tiles).max() <= 4
    assert np.abs(broadcast.qualities.astype(int) - full.qualities).max() <= 6


@pytest.mark.parametrize("codec", ["gif", "mjpeg", "vp9"])
def test_any_pixel_format_is_taken(tmp_path: Path, codec: str) -> None:
    suffix = {"gif": "gif", "mjpeg": "avi", "vp9": "webm"}[codec]
    frames = moving_disc(4, 96)
    kept = fingerprint(write_clip(tmp_path / f"clip.{suffix}", frames, codec=codec))
    plain = fingerprint(write_clip(tmp_path / "plain.mp4", frames))
    assert np.abs(kept.tiles.astype(int) - plain.tiles).mean() <= 8
    assert np.abs(kept.colours.astype(int) - plain.colours).mean() <= 10


def test_pictures_may_change_their_size_on_the_way() -> None:
    collector = Collector()
    for shape in ((40, 60), (40, 60), (80, 50)):
        collector.watch(av.VideoFrame.from_ndarray(np.full(shape, 90, np.uint8), "gray"))
    assert len(collector.fingerprint()) == 3


def test_hashes_are_those_of_the_luma_plane_at_full_size(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "clip.mp4", moving_disc(2, 200))
    frame = next(iter(iter_frames(path)))
    plane = np.frombuffer(bytes(frame.planes[0]), np.uint8).reshape(-1, frame.planes[0].line_size)[:200, :200]
    assert (hamming(fingerprint(path).hashes[:1], hash_frame(plane)[0][None]) <= 1).all()


def test_a_clip_without_frames_has_an_empty_fingerprint() -> None:
    empty = Collector().fingerprint()
    assert len(empty) == 0
    assert same(Fingerprint.from_bytes(empty.to_bytes()), empty)


# --- bytes ---


def made(frames: int, pictures: int, seed: int = 0, whole: int = 0) -> Fingerprint:
    rng = np.random.default_rng(seed)

    def some(*shape: int) -> Pixels:
        return rng.integers(0, 256, shape, dtype=np.uint8)

    times = np.sort(rng.uniform(0, 9, frames)).astype(np.float32)
    rows = np.arange(pictures, dtype=np.uint32)
    hashed = some(frames, 32), some(frames), times, some(frames, 8, 8)
    return Fingerprint(*hashed, rows, some(pictures, 32, 32), some(pictures, 2, 4, 4), some(whole, 32), some(whole))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 70), st.integers(0, 32), st.integers(0, 70), st.integers(0, 999))
def test_bytes_go_round(frames: int, pictures: int, whole: int, seed: int) -> None:
    one = made(frames, min(frames, pictures), seed, min(frames, whole))
    other = Fingerprint.from_bytes(one.to_bytes())
    assert same(one, other)
    for each in fields(Fingerprint):
        assert getattr(one, each.name).tolist() == getattr(other, each.name).tolist()


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=64))
def test_other_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        Fingerprint.from_bytes(raw)


def test_cut_grown_older_and_newer_bytes_are_refused() -> None:
    raw = made(3, 2, whole=2).to_bytes()
    versions = [raw[:4] + bytes([number, 0]) + raw[6:] for number in (1, 3)]
    for wrong in (raw[:-1], raw + b"\0", *versions, raw[:8] + b"\xff\xff\xff\xff" + raw[12:]):
        with pytest.raises(ValueError, match="fingerprint of"):
            Fingerprint.from_bytes(wrong)
    strayed = made(3, 2)
    strayed.picture_rows[1] = 3
    with pytest.raises(ValueError, match="does not hold"):
        Fingerprint.from_bytes(strayed.to_bytes())
    with pytest.raises(ValueError, match="does not hold"):
        Fingerprint.from_bytes(made(3, 2, whole=4).to_bytes())
