"""Copies: two clips, many clips, groups; on drawn clips of every copy kind and on the shared real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering import copies
from clustering.copies import Pair, copy_groups, find_pairs
from datasets.copies import DEFAULTS, Comparison, Kind, compare, matching_shares
from datasets.decoding import iter_frames
from datasets.demo.copies import COPY_KINDS
from datasets.demo.corpus import encode
from datasets.demo.scenes import SCENES, draw_clip
from datasets.fingerprints import Collector, Fingerprint

SHARED = Path(__file__).resolve().parents[2] / "shared" / "videos"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the shared clips are not there ({SHARED})")

Hashes = npt.NDArray[np.uint8]
Clips = dict[str, Fingerprint]
# The first two look most alike from clip to clip, the last has no usable hashes.
DRAWN = ("hills", "boats", "shards", "spiral")
SEEDS = (8, 1)  # of each; the first are copied


def fingerprint(path: Path) -> Fingerprint:
    collector = Collector()
    for frame in iter_frames(path):
        collector.watch(frame)
    return collector.fingerprint()


def original_of(key: str) -> str:
    return key.split("/")[0]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    """Fingerprints of drawn clips ("hills-8") and of a copy of each kind of one of each scene ("hills-8/crop")."""
    folder, clips = tmp_path_factory.mktemp("drawn"), Clips()
    for scene in (scene for scene in SCENES if scene.name in DRAWN):
        for number in SEEDS:
            frames = draw_clip(scene, np.random.default_rng((number, 5)), frames=8, size=256).frames
            variants = {f"{scene.name}-{number}": (frames, 20, 8)}
            for name, kind in COPY_KINDS.items():
                if number == SEEDS[0] and kind.change is not None:
                    variants[f"{scene.name}-{number}/{name}"] = (kind.change(frames), kind.crf, kind.fps)
            for key, (pictures, crf, fps) in variants.items():
                encode(pictures, folder / "clip.mp4", fps=fps, crf=crf)
                clips[key] = fingerprint(folder / "clip.mp4")
    return clips


@pytest.fixture(scope="module")
def pairs(drawn: Clips) -> list[Pair]:
    return find_pairs(drawn)


# --- drawn clips ---


def test_every_kind_of_copy_is_found_and_nothing_else(drawn: Clips, pairs: list[Pair]) -> None:
    groups = copy_groups(pairs, sorted(drawn, key=lambda key: ("/" in key, key)))
    assert {key: head for key, head in groups.items() if head != original_of(key)} == {}
    assert len(groups) == len(DRAWN) * (len(SEEDS) + len(COPY_KINDS) - 1)


def test_copies_without_a_usable_hash_are_found(drawn: Clips) -> None:
    hashless = [key for key in drawn if "/" in key and drawn[key].qualities.max() < DEFAULTS.quality]
    assert hashless
    for key in hashless:
        found = compare(drawn[key], drawn[original_of(key)])
        assert (found.kind, found.share_ab, found.share_ba) == (Kind.COPY, None, None), key


def test_comparison_does_not_depend_on_the_order_of_clips(drawn: Clips) -> None:
    a = drawn["shards-8"]
    for key in ("shards-8/trimmed", "shards-8/crop", "shards-1", "hills-8"):
        one, other = compare(a, drawn[key]), compare(drawn[key], a)
        assert one.kind == other.kind
        assert (one.share_ab, one.share_ba) == (other.share_ba, other.share_ab)
        assert one.agreement == pytest.approx(other.agreement, abs=1e-6)


def test_candidates_miss_no_pair_that_is_one(drawn: Clips, pairs: list[Pair]) -> None:
    keys = sorted(drawn)
    naive = {
        (a, b) for i, a in enumerate(keys) for b in keys[i + 1 :] if compare(drawn[a], drawn[b]).kind is Kind.COPY
    }
    assert {(pair.a, pair.b) for pair in pairs if pair.comparison.kind is Kind.COPY} == naive


def test_new_clips_against_old_ones_give_the_same_pairs(drawn: Clips, pairs: list[Pair]) -> None:
    old = {key: clip for key, clip in drawn.items() if hash_of(key) % 2}
    new = {key: clip for key, clip in reversed(drawn.items()) if key not in old}
    assert old
    assert new
    assert sorted(map(str, find_pairs(new, old) + find_pairs(old))) == sorted(map(str, pairs))


def hash_of(key: str) -> int:
    return sum(key.encode())


def test_blank_clips_are_no_copies_of_each_other() -> None:
    blank = made(np.zeros((8, 32), np.uint8), quality=0)
    assert compare(blank, blank).kind is Kind.NONE
    assert find_pairs({"a": blank, "b": blank}) == []


def test_empty_fingerprints_are_compared_too() -> None:
    empty = Collector().fingerprint()
    assert compare(empty, empty).kind is Kind.NONE
    assert compare(empty, made(random_hashes(4))).kind is Kind.NONE
    assert find_pairs({"a": empty, "b": empty}) == []
    assert find_pairs({}) == []


# --- matching by hashes ---


def made(hashes: Hashes, quality: int = 100) -> Fingerprint:
    """A fingerprint with these hashes and nothing to be seen in its pictures."""
    count = len(hashes)
    return Fingerprint(
        hashes,
        np.full(count, quality, np.uint8),
        np.arange(count, dtype=np.float32) / np.float32(8),
        np.full((count, 8, 8), 90, np.uint8),
        np.arange(count, dtype=np.uint32),
        np.full((count, 32, 32), 90, np.uint8),
        np.full((count, 2, 4, 4), 128, np.uint8),
    )


def random_hashes(count: int, seed: int = 0) -> Hashes:
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


def flipped(hashes: Hashes, bits: int, seed: int = 0) -> Hashes:
    """The hashes with so many bits of each flipped."""
    rng = np.random.default_rng(seed)
    flat = np.unpackbits(hashes, axis=1)
    for row in flat:
        row[rng.choice(256, bits, replace=False)] ^= 1
    return np.packbits(flat, axis=1)


def naive_share(a: Fingerprint, b: Fingerprint) -> float | None:
    mine, theirs = (
        [int.from_bytes(h.tobytes()) for h, q in zip(c.hashes, c.qualities, strict=True) if q >= 50] for c in (a, b)
    )
    if not mine or not theirs or len(mine) < len(a) / 2:
        return None
    return sum(any((x ^ y).bit_count() <= 31 for y in theirs) for x in mine) / len(mine)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(28, 34), st.integers(0, 2**16))
def test_shares_are_those_of_a_naive_count(n: int, m: int, bits: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a = made(random_hashes(n, seed))
    b = made(flipped(a.hashes[rng.integers(0, n, m)], bits, seed))
    for clip in (a, b):
        clip.qualities[:] = rng.choice([49, 50, 100], len(clip))
    assert matching_shares(a, b) == (naive_share(a, b), naive_share(b, a))


@pytest.mark.parametrize(("bits", "kind"), [(0, Kind.COPY), (31, Kind.COPY), (32, Kind.NONE)])
def test_frames_match_up_to_31_bits(bits: int, kind: Kind) -> None:
    hashes = random_hashes(10)
    assert compare(made(hashes), made(flipped(hashes, bits))).kind is kind


@pytest.mark.parametrize(("matching", "kind"), [(8, Kind.COPY), (7, Kind.NONE)])
def test_a_copy_shares_four_fifths_of_its_frames(matching: int, kind: Kind) -> None:
    a, b = random_hashes(10), random_hashes(10, seed=1)
    b[:matching] = a[:matching]
    assert compare(made(a), made(b)).kind is kind


def test_a_clip_cut_out_of_a_longer_one_is_a_copy() -> None:
    long = random_hashes(60)
    found = compare(made(long), made(long[20:30]))
    assert found.kind is Kind.COPY
    assert found.share_ab == pytest.approx(1 / 6)
    assert found.share_ba == 1


def test_one_usable_frame_is_not_a_clip() -> None:
    """A title card that two clips share makes no copies of them."""
    a, b = made(random_hashes(10), quality=20), made(random_hashes(10, seed=1))
    a.hashes[0], a.qualities[0] = b.hashes[0], 100
    assert compare(a, b).share_ab is None
    assert compare(a, b).kind is Kind.NONE


def test_the_index_finds_what_a_flat_search_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    clips = {f"{index:03}": made(random_hashes(6, seed=index)) for index in range(200)}
    clips |= {
        f"{index:03}/copy": made(flipped(clips[f"{index:03}"].hashes, 20, index)) for index in range(0, 200, 10)
    }
    flat = copies.candidate_pairs(clips, {})
    monkeypatch.setattr(copies, "FLAT_HASHES", 0)
    assert copies.candidate_pairs(clips, {}) == flat
    assert flat == [(f"{index:03}", f"{index:03}/copy") for index in range(0, 200, 10)]


def test_many_pictures_are_searched_in_cells(
    monkeypatch: pytest.MonkeyPatch, drawn: Clips, pairs: list[Pair]
) -> None:
    monkeypatch.setattr(copies, "FLAT_VECTORS", 0)
    found = set(copies.candidate_pairs(drawn, {}))
    wanted = {(pair.a, pair.b) for pair in pairs}
    assert len(wanted & found) >= 0.95 * len(wanted)


# --- groups ---


def copy(a: str, b: str, share: float = 1.0, kind: Kind = Kind.COPY) -> Pair:
    return Pair(a, b, Comparison(kind, share, share))


def test_groups_do_not_chain() -> None:
    """b is like a and like c; c is not like a."""
    assert copy_groups([copy("a", "b"), copy("b", "c")], "abc") == {"a": "a", "b": "a", "c": "c"}


def test_the_best_copy_represents() -> None:
    assert copy_groups([copy("a", "b"), copy("b", "c")], "bca") == {"b": "b", "c": "b", "a": "b"}


def test_a_clip_joins_its_surest_group_and_the_better_of_equals() -> None:
    assert copy_groups([copy("a", "c", 0.9), copy("b", "c", 0.95)], "abc")["c"] == "b"
    assert copy_groups([copy("a", "c", 0.9), copy("b", "c", 0.9)], "abc")["c"] == "a"


def test_likely_copies_and_strangers_to_the_order_are_not_grouped() -> None:
    assert copy_groups([copy("a", "b", kind=Kind.LIKELY), copy("a", "x")], "ab") == {"a": "a", "b": "b"}


@settings(max_examples=50, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 8), st.integers(0, 8))), st.permutations(range(9)))
def test_members_match_their_head_whatever_the_order_of_pairs(edges: set[tuple[int, int]], order: list[int]) -> None:
    linked = {(str(min(e)), str(max(e))) for e in edges if e[0] != e[1]}
    found = [copy(a, b) for a, b in linked]
    keys = [str(key) for key in order]
    groups = copy_groups(found, keys)
    for key, head in groups.items():
        assert key == head or (min(key, head), max(key, head)) in linked
        assert groups[head] == head
        assert keys.index(head) <= keys.index(key)
    assert copy_groups(found[::-1], keys) == groups


# --- the shared clips ---

ORIGINAL, LARGE_LOGO = "chair-orig-22-sd-bar", "chair-22-with-large-logo-bar"
COPIES = {
    "chair-orig-22-copy",
    "chair-22-sd-grey-bar",
    "chair-22-sd-sepia-bar",
    "chair-22-with-small-logo-bar",
    "chair-20-sd-bar",
    "chair-19-sd-bar",
}


@pytest.fixture(scope="module")
def shared() -> Clips:
    return {path.stem: fingerprint(path) for path in sorted(SHARED.glob("*.m*"))}


@needs_shared
def test_truth_about_the_shared_clips(shared: Clips) -> None:
    assert len(shared) == 13
    found = find_pairs(shared)
    groups = copy_groups(found, [ORIGINAL, *sorted(shared.keys() - {ORIGINAL})])
    assert {key for key, head in groups.items() if head == ORIGINAL} == COPIES | {ORIGINAL}
    assert all(head == key for key, head in groups.items() if key not in COPIES)
    flagged = [pair for pair in found if pair.comparison.kind is Kind.LIKELY]
    chairs = COPIES | {ORIGINAL, LARGE_LOGO}
    assert all(LARGE_LOGO in (pair.a, pair.b) and {pair.a, pair.b} <= chairs for pair in flagged)
    (scores,) = [pair.comparison for pair in flagged if ORIGINAL in (pair.a, pair.b)]
    assert scores.tile_correlation == pytest.approx(0.86, abs=0.02)
    assert scores.most_agreement > 0.99
