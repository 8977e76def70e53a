"""PDQ against Meta's own code, Hamming against a naive count, and bars that are and are not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from datasets import pdq
from datasets.decoding import iter_frames
from datasets.demo.scenes import SCENES, draw_clip
from datasets.pictures import luma

Pixels = npt.NDArray[np.uint8]
SHARED = Path(__file__).resolve().parents[2] / "shared" / "videos"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the shared clips are not there ({SHARED})")


def scenery(height: int, width: int, seed: int = 0) -> Pixels:
    """Smooth light and dark over the whole range, as real pictures have."""
    noise = np.random.default_rng(seed).uniform(0, 255, (height, width))
    smooth = ndimage.gaussian_filter(noise, (height / 30, width / 30))
    smooth -= smooth.min()
    return np.asarray(smooth * (255 / smooth.max()), dtype=np.uint8)


# --- the hash ---


def off_by(picture: Pixels) -> tuple[int, int]:
    """In how many bits, and by how much in quality, we differ from the reference."""
    pdqhash = pytest.importorskip("pdqhash", reason="pdqhash, the oracle, is not installed (it builds from source)")
    bits, quality = pdqhash.compute(np.repeat(picture[:, :, None], 3, axis=2))
    ours, our_quality = pdq.hash_frame(picture)
    return int((np.unpackbits(ours) != bits).sum()), abs(our_quality - quality)


@pytest.mark.parametrize(
    "shape", [(5, 5), (64, 64), (50, 66), (127, 129), (128, 128), (256, 256), (720, 480), (1080, 1920)]
)
def test_hash_conforms_to_the_reference_at_any_size(shape: tuple[int, int]) -> None:
    assert off_by(scenery(*shape)) == (0, 0)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_hash_conforms_on_drawings(scene: object) -> None:
    frame = draw_clip(scene, np.random.default_rng(3), frames=1, size=256).frames[0]  # type: ignore[arg-type]
    bits, quality = off_by(frame[:, :, 1])
    assert bits <= 1
    assert quality <= 1


@needs_shared
def test_hash_conforms_on_real_frames() -> None:
    checked = 0
    for path in sorted(SHARED.glob("*.m*")):
        for index, frame in enumerate(iter_frames(path)):
            if index in (5, 60):
                picture = luma(frame)
                if pdq.hash_frame(picture)[1] >= 80:
                    assert off_by(picture)[0] <= 1, path.name
                    checked += 1
            if index == 60:
                break
    assert checked >= 15


def test_hash_is_in_the_order_of_metas_hexadecimal_form() -> None:
    """A picture whose light runs along x only has cosine terms in row 0 of the 16 x 16, the last 16 bits."""
    ramp = np.repeat(np.round(127.5 + 100 * np.cos(np.linspace(0, np.pi, 512))).astype(np.uint8)[None], 512, axis=0)
    bits = np.unpackbits(pdq.hash_frame(ramp)[0])
    assert bits[-1] == 1  # term (0, 0): the slowest wave along x


def test_batches_are_hashed_like_single_frames() -> None:
    frames = [scenery(90, 120, seed) for seed in range(5)]
    hashes, qualities = pdq.hash_frames(frames)
    for frame, bits, quality in zip(frames, hashes, qualities, strict=True):
        assert pdq.hash_frame(frame)[0].tobytes() == bits.tobytes()
        assert pdq.hash_frame(frame)[1] == quality
    assert pdq.hash_frames([])[0].shape == (0, 32)


def test_flat_and_tiny_pictures_have_no_quality() -> None:
    assert pdq.hash_frame(np.full((100, 100), 77, np.uint8))[1] == 0
    assert pdq.hash_frame(np.full((4, 100), 77, np.uint8))[1] == 0
    with pytest.raises(ValueError, match="must be"):
        pdq.hash_frame(np.zeros((4, 4, 3), np.uint8))


# --- Hamming ---


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 2**32 - 1))
def test_hamming_counts_bits(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(0, 256, (count, 32), dtype=np.uint8) for count in (n, m))
    naive = [[sum(bin(int(x) ^ int(y)).count("1") for x, y in zip(p, q, strict=True)) for q in b] for p in a]
    assert pdq.hamming(a, b).tolist() == naive
    assert pdq.hamming(a, b).shape == (n, m)


def test_hamming_reaches_all_256_bits() -> None:
    zeros, ones = np.zeros((1, 32), np.uint8), np.full((1, 32), 255, np.uint8)
    assert pdq.hamming(zeros, ones).tolist() == [[256]]


# --- bars ---


def clip(seed: int = 0, height: int = 120, width: int = 160, frames: int = 6) -> list[Pixels]:
    """Scenery that drifts."""
    wide = scenery(height, width + 10 * frames, seed)
    return [wide[:, 10 * index : 10 * index + width].copy() for index in range(frames)]


def barred(frames: list[Pixels], rows: int, columns: int, level: int = 16) -> list[Pixels]:
    return [np.pad(frame, ((rows, rows), (columns, columns)), constant_values=level) for frame in frames]


@pytest.mark.parametrize(("rows", "columns"), [(20, 0), (0, 30), (20, 30), (3, 0)])
@pytest.mark.parametrize("level", [16, 235, 90])
def test_bars_are_found(rows: int, columns: int, level: int) -> None:
    area = pdq.picture_area(barred(clip(), rows, columns, level))
    assert np.abs(np.array(area) - (rows, rows + 120, columns, columns + 160)).max() <= 2


def test_a_barred_copy_hashes_like_its_original_once_cropped() -> None:
    frames = clip(height=240, width=320)
    boxed = barred(frames, 40, 0)
    box = pdq.picture_area(boxed)
    plain, cropped = pdq.hash_frames(frames)[0], pdq.hash_frames(box.of(frame) for frame in boxed)[0]
    assert np.diag(pdq.hamming(plain, cropped)).max() <= 8
    assert np.diag(pdq.hamming(plain, pdq.hash_frames(boxed)[0])).min() >= 60


def whole(frames: list[Pixels]) -> bool:
    height, width = frames[0].shape
    return pdq.picture_area(frames) == (0, height, 0, width)


def test_pictures_without_bars_are_whole() -> None:
    assert whole(clip())
    assert whole([np.full((60, 80), 16, np.uint8)] * 3)  # all black
    assert not whole(barred(clip(), 20, 0))


def test_a_dark_scene_with_one_lit_thing_is_whole() -> None:
    dark = np.full((120, 160), 18, np.uint8)
    dark[40:80, 60:90] = scenery(40, 30)
    assert whole([dark] * 3)


def test_a_drawing_on_a_flat_ground_is_whole() -> None:
    rows, columns = np.mgrid[:128, :128]
    disc = np.where((rows - 60) ** 2 + (columns - 50) ** 2 < 900, 200, 40).astype(np.uint8)
    assert whole([disc] * 3)


def test_a_flat_sky_over_a_horizon_is_whole() -> None:
    sky = np.full((120, 160), 180, np.uint8)
    sky[70:] = scenery(50, 160)
    assert whole([sky] * 3)


def test_a_dark_ground_that_runs_into_its_bar_does_not_hide_it() -> None:
    frames = clip()
    for frame in frames:
        frame[80:] = 18
        np.maximum(frame[:80], 40, out=frame[:80])
    assert pdq.picture_area(barred(frames, 20, 0)) == (20, 140, 0, 160)


def test_what_one_frame_shows_is_never_cut_off() -> None:
    frames = barred(clip(), 20, 0)
    frames[3] = scenery(160, 160)
    assert whole(frames)


def test_bars_do_not_depend_on_the_order_of_frames() -> None:
    frames = barred(clip(), 20, 10)
    dark = [np.full_like(frames[0], 16)]
    assert pdq.picture_area(dark + frames) == pdq.picture_area(frames[::-1] + dark)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_drawings_keep_their_whole_picture(scene: object) -> None:
    drawn = draw_clip(scene, np.random.default_rng(5), frames=2, size=128).frames  # type: ignore[arg-type]
    assert whole([frame[:, :, 1] for frame in drawn])


def test_area_of_nothing_or_of_mixed_shapes_is_refused() -> None:
    with pytest.raises(ValueError, match="no frames"):
        pdq.picture_area([])
    with pytest.raises(ValueError, match="one shape"):
        pdq.picture_area([np.zeros((10, 10), np.uint8), np.zeros((10, 12), np.uint8)])
