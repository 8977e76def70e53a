"""Matching with lists of known material, against a naive matcher. The hashes are of nothing: drawn by chance."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import numpy as np
import pytest

from datasets.known import Entry
from datasets.known_match import EXACT_UP_TO, Matcher

MD5, SHA1, SHA256 = (hashlib.new(name, b"harmless").hexdigest() for name in ("md5", "sha1", "sha256"))
PDQ = hashlib.sha256(b"a frame").hexdigest()  # 256 bits, as a PDQ hash has


def signal(hashes: np.ndarray, quality: int = 100) -> str:
    """A vPDQ signal as `vpdq_to_json` writes it."""
    return json.dumps([f"{row.tobytes().hex()},{quality},{float(at):.3}" for at, row in enumerate(hashes)])


def frames(seed: int, count: int = 10) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 32), np.uint8)


def flipped(hashes: np.ndarray, bits: int, seed: int = 0) -> np.ndarray:
    """Each hash with `bits` of its bits turned over."""
    rng = np.random.default_rng(seed)
    spread = np.unpackbits(hashes, axis=1)
    for row in spread:
        row[rng.permutation(256)[:bits]] ^= 1
    return np.packbits(spread, axis=1)


def good(hashes: np.ndarray) -> np.ndarray:
    return np.full(len(hashes), 100, np.uint8)


def naive(entry: Entry, hashes: np.ndarray, qualities: np.ndarray) -> tuple[int, float, float]:
    """Nearest distance, and the share of matching frames of the video and of the entry, one pair at a time."""
    pairs = [(entry.value, 100)] if entry.algorithm == "pdq" else [f.split(",")[:2] for f in json.loads(entry.value)]
    theirs = {value for value, quality in pairs if int(quality) >= 50}
    ours = {row.tobytes().hex() for row, quality in zip(hashes, qualities, strict=True) if quality >= 50}
    bits = {(a, b): (int(a, 16) ^ int(b, 16)).bit_count() for a in ours for b in theirs}
    of_ours = sum(any(bits[a, b] <= 31 for b in theirs) for a in ours)
    of_theirs = sum(any(bits[a, b] <= 31 for a in ours) for b in theirs)
    return min(bits.values()), of_ours / len(ours), of_theirs / len(theirs)


def test_frames_against_a_naive_matcher() -> None:
    known = frames(1, 12)
    entries = [Entry("vpdq", signal(known)), Entry("pdq", known[3].tobytes().hex()), Entry("vpdq", signal(frames(2)))]
    matcher = Matcher(entries)
    rng = np.random.default_rng(3)
    for share in range(13):
        mixed = np.concatenate([flipped(known[:share], int(rng.integers(20, 40))), frames(4 + share, 12 - share)])
        qualities = rng.integers(40, 100, 12).astype(np.uint8)
        qualities[0] = 100
        expected = []
        for entry in entries:
            distance, ours, theirs = naive(entry, mixed, qualities)
            if distance <= 31 and (entry.algorithm == "pdq" or max(ours, theirs) >= 0.8):
                expected.append((entry, distance, None if entry.algorithm == "pdq" else max(ours, theirs)))
        found = [(match.entry, match.distance, match.share) for match in matcher.match_frames(mixed, qualities)]
        assert found == expected


@pytest.mark.parametrize(("bits", "matches"), [(31, True), (32, False)])
def test_the_distance_is_31_bits(bits: int, matches: bool) -> None:
    known = frames(1, 1)
    matcher = Matcher([Entry("pdq", known[0].tobytes().hex())])
    assert bool(matcher.match_frames(flipped(known, bits), good(known))) is matches


@pytest.mark.parametrize(("shared", "matches"), [(8, True), (7, False)])
def test_four_fifths_of_the_frames(shared: int, matches: bool) -> None:
    known = frames(1, 10)
    matcher = Matcher([Entry("vpdq", signal(known))])
    video = np.concatenate([known[:shared], frames(2, 10 - shared)])
    assert bool(matcher.match_frames(video, good(video))) is matches


def test_a_clip_of_known_material_and_one_that_holds_it() -> None:
    known = frames(1, 10)
    matcher = Matcher([Entry("vpdq", signal(known))])
    longer = np.concatenate([known, frames(2, 90)])
    assert matcher.match_frames(known[:2], good(known[:2]))[0].share == 1
    assert matcher.match_frames(longer, good(longer))[0].share == 1


def test_a_video_seen_in_two_ways_is_one_video() -> None:
    """Each way counts by itself: by shares of both together, a clip cut out of known material would be missed."""
    known, other = frames(1, 10), frames(2, 10)
    matcher = Matcher([Entry("vpdq", signal(known)), Entry("pdq", other[3].tobytes().hex())])
    inside, whole = flipped(known[:2], 20), np.concatenate([flipped(known[:1], 30), other])
    found = matcher.match_views([(inside, good(inside)), (whole, good(whole))])
    assert [(m.entry.algorithm, m.distance, m.share) for m in found] == [("vpdq", 20, 1.0), ("pdq", 0, None)]
    rows = [(name, view, good(view)) for name in "ab" for view in (inside, whole)]
    assert list(matcher.match_videos(rows)) == [("a", found), ("b", found)]


def test_poor_frames_are_not_compared() -> None:
    known = frames(1, 10)
    matcher = Matcher([Entry("vpdq", signal(known)), Entry("pdq", known[0].tobytes().hex())])
    assert matcher.match_frames(known, np.full(10, 49, np.uint8)) == []
    assert matcher.match_frames(known[:0], good(known[:0])) == []
    assert Matcher([]).match_frames(known, good(known)) == []


def test_digests() -> None:
    matcher = Matcher([Entry("md5", MD5), Entry("sha1", SHA1), Entry("sha256", SHA256), Entry("pdq", PDQ)])
    assert len(matcher) == 4
    assert {match.entry.algorithm for match in matcher.match_digest(MD5, SHA1, SHA256)} == {"md5", "sha1", "sha256"}
    assert matcher.match_digest("", "", PDQ) == []
    assert Matcher([]).match_digest("", "", "") == []


def test_many_videos_in_batches() -> None:
    known = frames(1, 50)
    matcher = Matcher([Entry("pdq", row.tobytes().hex()) for row in known])

    def videos() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        for number in range(10_000):
            hashes = known[number % 50 : number % 50 + 1] if number % 500 == 0 else frames(number + 100, 1)
            yield str(number), hashes, good(hashes)

    assert [name for name, _ in matcher.match_videos(videos())] == [str(n) for n in range(0, 10_000, 500)]


def test_the_index_of_long_lists_finds_near_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.known_match.EXACT_UP_TO", 100)
    assert EXACT_UP_TO > 100
    known = frames(1, 2000)
    matcher = Matcher([Entry("pdq", row.tobytes().hex()) for row in known])
    near = flipped(known[:400], 25)
    found = sum(bool(matcher.match_frames(row[None], good(row[None]))) for row in near)
    assert found >= 399
    assert matcher.match_frames(frames(2, 100), good(frames(2, 100))) == []
