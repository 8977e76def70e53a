"""Whether one clip is a copy of another, by their fingerprints.

Two clips are copies by frames (vPDQ, Meta's rule) or, where that sees nothing, by tiles: their pictures, aligned
in time, agree but for light, for one small mark and for a strip cut off all round.

Measured on the demo corpus with seeds 7 and 11, each with 36 copies of 10 kinds (exact, re-encoded, rescaled,
logo, 5 % crop, 20 % brighter and darker, letterbox, trimmed, half rate), and on `../shared/videos`: 719 of 720
copies found, no false one. By frames alone it is 553, mainly for want of the crops and logos.

| measure | copies | nearest unrelated | threshold |
| --- | --- | --- | --- |
| share of matching frames | 1.00 mostly, .93 a small logo | .19 | .8 |
| agreement, where colours differ by 9 levels or less | .955 (one), .972 and more; .96 a large logo | .923 | .97 |
| colour difference, where agreement is .955 or more | 6.7 and less | 17.2 | 9 |
| most_agreement | 1.00 a large logo | .978 | .99 |
| tile_correlation | .85 to .87 a large logo | .2 to .5 (.93 for drawings of one scene) | .7 |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datasets.fingerprints import Fingerprint
from datasets.pdq import hamming

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]


class Kind(StrEnum):
    """What two clips are to each other. COPY merges; LIKELY only flags them for a person."""

    NONE = "none"
    LIKELY = "likely"
    COPY = "copy"


@dataclass(frozen=True)
class Thresholds:
    """When two clips are copies; the table above shows the margins.

    distance: bits that matching hashes may differ in (Meta's value). quality: under it a hash is dropped (Meta's).
    share: of one clip's hashes that must match in the other (vPDQ's). usable: share of a clip's frames that must have
    a hash for `share` to count: one title card is no clip.
    agreement: correlation of pictures without their worst 5 % of tiles, for a copy.
    colour: greatest difference of their colours then, in levels, light evened out.
    tile_correlation and most_agreement (without the worst 25 % of tiles), both for a likely copy.
    """

    distance: int = 31
    quality: int = 50
    share: float = 0.8
    usable: float = 0.5
    agreement: float = 0.97
    colour: float = 9.0
    tile_correlation: float = 0.7
    most_agreement: float = 0.99


DEFAULTS = Thresholds()


@dataclass(frozen=True)
class Comparison:
    """The evidence on two clips.

    share_ab: share of a's usable frames that b shows, share_ba the other way; None where too few have a usable hash.
    tile_correlation: of 8 x 8 luma tiles of time-aligned frames, -1 to 1, and 0 where the clips cannot be aligned.
    agreement, most_agreement: of 16 x 16 tiles, crop allowed for, less the worst 5 and 25 % of tiles.
    colour: difference of colours, levels. crop: share cut off each side of the greater one. offset: seconds from
    the start of the longer clip to that of the shorter.
    """

    kind: Kind
    share_ab: float | None
    share_ba: float | None
    tile_correlation: float = 0.0
    agreement: float = 0.0
    most_agreement: float = 0.0
    colour: float = 0.0
    crop: float = 0.0
    offset: float = 0.0

    @property
    def strength(self) -> float:
        """How sure it is, 0 to 1, to choose between the groups that a copy could join."""
        return max(self.share_ab or 0.0, self.share_ba or 0.0, self.agreement)


def compare(a: Fingerprint, b: Fingerprint, thresholds: Thresholds = DEFAULTS) -> Comparison:
    """Compare two clips, exactly and symmetrically in all but the order of the shares."""
    share_ab, share_ba = matching_shares(a, b, thresholds)
    short, long = (a, b) if _span(a) <= _span(b) else (b, a)
    correlation, offset = _tile_correlation(short, long)
    if max(share_ab or 0.0, share_ba or 0.0) >= thresholds.share:
        return Comparison(Kind.COPY, share_ab, share_ba, correlation, offset=offset)
    found = _agree(short, long)
    return Comparison(
        _kind(correlation, found, thresholds),
        share_ab,
        share_ba,
        correlation,
        found.agreement,
        found.most_agreement,
        found.colour,
        found.crop,
        found.offset,
    )


def _kind(correlation: float, found: _Agreement, thresholds: Thresholds) -> Kind:
    same_colour = found.colour <= thresholds.colour
    if found.agreement >= thresholds.agreement and same_colour:
        return Kind.COPY
    alike = max(correlation, found.agreement) >= thresholds.tile_correlation
    if alike and found.most_agreement >= thresholds.most_agreement and (same_colour or found.greyed):
        return Kind.LIKELY
    return Kind.NONE


# --- frames ---

MOST_QUERIES = 256  # hashes of one clip looked up in all of another


def matching_shares(
    a: Fingerprint, b: Fingerprint, thresholds: Thresholds = DEFAULTS
) -> tuple[float | None, float | None]:
    """Share of a's usable frames with a matching one in b, and of b's in a.

    One side is dense, the other thinned, evenly, to at most 256 frames. None where fewer than `usable` of a
    clip's frames have a usable hash, or none of the other's has.
    """
    return _share(a, b, thresholds), _share(b, a, thresholds)


def _share(a: Fingerprint, b: Fingerprint, thresholds: Thresholds) -> float | None:
    rows = usable_rows(a, thresholds)
    dense = b.hashes[usable_rows(b, thresholds)]
    if not len(rows) or not len(dense) or len(rows) < thresholds.usable * len(a):
        return None
    nearest = hamming(a.hashes[thinned(rows, MOST_QUERIES)], dense).min(axis=1)
    return float((nearest <= thresholds.distance).mean())


def usable_rows(clip: Fingerprint, thresholds: Thresholds = DEFAULTS) -> Rows:
    """The rows of a clip's frames whose hash says something."""
    return np.flatnonzero(clip.qualities >= thresholds.quality)


def thinned(rows: Rows, most: int) -> Rows:
    """At most so many of the rows, evenly chosen."""
    if len(rows) <= most:
        return rows
    return rows[(2 * np.arange(most) + 1) * len(rows) // (2 * most)]


# --- tiles ---

CROPS = (0.0, 0.025, 0.05, 0.075, 0.1)  # shares cut off each side that are tried
SIDE = 16  # tiles a side that pictures are compared on: coarser than the pictures, so that a crop can be undone
SMALL, LARGE = 0.05, 0.25  # shares of tiles that a small mark, and a large one, may cover
OVERLAP = 0.75  # of the shorter clip that must lie within the longer one
MOST_OFFSETS = 512
HOPELESS = 0.3  # correlation under which no mark explains what differs; least of copies: .39
LEAST_SPREAD = 3.0  # levels: under it pictures show nothing that could agree
GREY_LEVELS = 3.0  # levels of colour under which a clip is grey
COLOUR_GAINS = 0.7, 1.4  # by how much colours may be paler or stronger


class _Agreement(NamedTuple):
    agreement: float = 0.0
    most_agreement: float = 0.0
    colour: float = 0.0
    crop: float = 0.0
    offset: float = 0.0
    greyed: bool = False


class _Alignments(NamedTuple):
    """Ways to lay the shorter clip's n frames beside the longer one's: (K, n) rows of it, and whether any is near."""

    offsets: Floats
    rows: Rows
    near: npt.NDArray[np.bool_]


def _span(clip: Fingerprint) -> tuple[float, int, bytes]:
    """What decides which of two clips is the shorter, whatever their order."""
    return (float(clip.times[-1]) if len(clip) else 0.0, len(clip), clip.tiles.tobytes()[:4096])


def _alignments(short: Floats, long: Floats) -> _Alignments:
    """All offsets in time at which enough of the shorter clip has frames of the longer one beside it."""
    step = float(np.median(np.diff(long))) if len(long) > 1 else 1.0
    slack = (1 - OVERLAP) * float(short[-1]) + step
    count = min(MOST_OFFSETS, 1 + 2 * int((float(long[-1] - short[-1]) + 2 * slack) / max(step, 1e-3)))
    offsets = np.append(np.float32(0), np.linspace(-slack, long[-1] - short[-1] + slack, count, dtype=np.float32))
    wanted = short[None] + offsets[:, None]
    after = np.clip(np.searchsorted(long, wanted), 1, max(1, len(long) - 1))
    before = after - 1
    after = np.minimum(after, len(long) - 1)
    rows = np.where(wanted - long[before] <= long[after] - wanted, before, after)
    near = np.abs(long[rows] - wanted) <= max(0.05, 0.75 * step)
    enough = near.mean(axis=1) >= OVERLAP
    return _Alignments(offsets[enough], rows[enough], near[enough])


def _best(short: Floats, long: Floats, ways: _Alignments) -> tuple[float, int]:
    """The greatest correlation of vectors (n, D) and (m, D), each of mean 0, over the alignments, and which it is."""
    if not len(ways.offsets):
        return 0.0, -1
    products, rows = short @ long.T, np.arange(len(short))
    squares_short, squares_long = np.square(short).sum(axis=1), np.square(long).sum(axis=1)
    both = (products[rows, ways.rows] * ways.near).sum(axis=1)
    sizes = (squares_short * ways.near).sum(axis=1) * (squares_long[ways.rows] * ways.near).sum(axis=1)
    scores = both / np.sqrt(np.maximum(sizes, 1e-6))
    best = int(scores.argmax())
    return float(scores[best]), best


def _tile_correlation(short: Fingerprint, long: Fingerprint) -> tuple[float, float]:
    """The greatest correlation of tiles over the alignments, and the offset that gives it."""
    if not len(short) or not len(long):
        return 0.0, 0.0
    rows = thinned(np.arange(len(short)), 64)
    vectors = [centred(clip.tiles.reshape(len(clip), -1)) for clip in (short, long)]
    ways = _alignments(short.times[rows], long.times)
    correlation, best = _best(vectors[0][rows], vectors[1], ways)
    return correlation, float(ways.offsets[best]) if best >= 0 else 0.0


def _agree(short: Fingerprint, long: Fingerprint) -> _Agreement:
    """The best agreement of pictures over alignments and crops of one or the other."""
    if not len(short.pictures) or not len(long.pictures):
        return _Agreement()
    ways = _alignments(short.times[short.picture_rows], long.times[long.picture_rows])
    if not len(ways.offsets):
        return _Agreement()
    mine, other = _tilings(short), _tilings(long)
    tried = [(0, 0), *((crop, 0) for crop in range(1, len(CROPS))), *((0, crop) for crop in range(1, len(CROPS)))]
    scores = [_best(mine.centred[i], other.centred[j], ways) for i, j in tried]
    chosen = {0, *sorted(range(len(tried)), key=lambda index: -scores[index][0])[:2]}
    judged = [
        _judge(short, long, ways, scores[index][1], *tried[index]) for index in chosen if scores[index][0] >= HOPELESS
    ]
    return max(judged, key=lambda found: found.agreement, default=_Agreement())


def _judge(short: Fingerprint, long: Fingerprint, ways: _Alignments, way: int, i: int, j: int) -> _Agreement:
    """Weigh one alignment of pictures, the shorter clip's cut by `CROPS[i]` and the longer one's by `CROPS[j]`."""
    near, rows = ways.near[way], ways.rows[way]
    pairs = _tilings(short).tiles[i][near], _tilings(long).tiles[j][rows[near]]
    colour, greyed = _colour_difference(short.colours[near], long.colours[rows[near]])
    agreement = _robust(*pairs, SMALL)
    most = _robust(*pairs, LARGE) if agreement >= HOPELESS else 0.0
    return _Agreement(agreement, most, colour, CROPS[i] + CROPS[j], float(ways.offsets[way]), greyed)


def _robust(one: Floats, other: Floats, dropped: float) -> float:
    """Correlation of aligned tiles (n, 256) without the share of places that agree least; 0 where they are blank."""
    places = np.arange(one.shape[1])
    for _ in range(2):
        a, b = centred(one, places), centred(other, places)
        gain = float((a[:, places] * b[:, places]).sum() / max(1e-6, np.square(a[:, places]).sum()))
        misses = np.square(b - gain * a).sum(axis=0)
        places = np.argsort(misses, kind="stable")[: round(len(misses) * (1 - dropped))]
    a, b = centred(one[:, places]), centred(other[:, places])
    if min(a.std(), b.std()) < LEAST_SPREAD:
        return 0.0
    return float((a * b).sum() / np.sqrt(np.square(a).sum() * np.square(b).sum()))


def _colour_difference(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> tuple[float, bool]:
    """Root mean square difference of mean colours, light evened out, in levels; and whether only one is grey."""
    a, b = (colours.mean(axis=0, dtype=np.float32) - 128 for colours in (one, other))
    gain = float(np.clip((a * b).sum() / max(1e-6, float(np.square(a).sum())), *COLOUR_GAINS))
    strengths = [float(np.sqrt(np.square(colours).mean())) for colours in (a, b)]
    return float(np.sqrt(np.square(gain * a - b).mean())), min(strengths) < GREY_LEVELS <= max(strengths)


def centred(vectors: npt.NDArray[np.generic], places: Rows | slice = slice(None)) -> Floats:
    """Rows less their mean, or that of some places: float32."""
    rows = np.asarray(vectors, dtype=np.float32)
    return np.asarray(rows - rows[:, places].mean(axis=1, keepdims=True), dtype=np.float32)


class _Tilings(NamedTuple):
    """A clip's tiles for each of `CROPS`: (crops, P, 256), as they are and each picture less its mean."""

    tiles: Floats
    centred: Floats


@lru_cache(maxsize=128)
def _tilings(clip: Fingerprint) -> _Tilings:
    tiles = np.stack([tiled(clip.pictures, crop) for crop in CROPS])
    return _Tilings(tiles, tiles - tiles.mean(axis=2, keepdims=True))


def tiled(pictures: Bytes, crop: float = 0.0, side: int = SIDE) -> Floats:
    """Mean luma of side x side tiles of pictures, uint8 (P, p, p), less `crop` at each side: float32 (P, side²)."""
    weights = _cut(pictures.shape[1], crop, side)
    return (weights @ pictures.astype(np.float32) @ weights.T).reshape(len(pictures), side * side)


@lru_cache(maxsize=32)
def _cut(points: int, crop: float, side: int) -> Floats:
    """Weights that average `points` points, less a share at each end, to `side` tiles: float32 (side, points)."""
    edges = np.linspace(crop, 1 - crop, side + 1) * points
    places = np.arange(points)
    covered = np.minimum(places + 1, edges[1:, None]) - np.maximum(places, edges[:-1, None])
    covered = np.maximum(covered, 0)
    return np.asarray(covered / covered.sum(axis=1, keepdims=True), dtype=np.float32)
