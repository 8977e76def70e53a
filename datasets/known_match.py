"""Which entries of the lists of known material a video is: by its digests, and by the PDQ hashes of its frames.

A match is a reason to hide a video until people have judged it, never a proof; no match proves nothing either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from datasets.known import DIGESTS, MIN_QUALITY, Entry, frames_of

MAX_DISTANCE = 31  # of 256 bits, Meta's
MIN_SHARE = 0.8  # of a vPDQ signal's frames, or of the video's
BATCH = 4096  # videos a search
EXACT_UP_TO = 250_000  # frame hashes

Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that a video matches. Digests match wholly or not at all, so they have no distance and no share."""

    entry: Entry
    distance: int | None = None  # bits, of the nearest pair of frames
    share: float | None = None  # 0 to 1, vPDQ alone: the larger of the two directions


class Matcher:
    """The entries of all lists in memory: digests in a dictionary, frame hashes in an index."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._digests: dict[tuple[str, str], list[Entry]] = {}
        self._owners: list[Entry] = []
        for entry in entries:
            if entry.algorithm in DIGESTS:
                self._digests.setdefault((entry.algorithm, entry.value), []).append(entry)
            else:
                self._owners.append(entry)
        frames = [_kept_frames(entry) for entry in self._owners]
        self._frames = np.array([len(hashes) for hashes in frames], np.int64)  # kept, by owner
        self._owner = np.repeat(np.arange(len(frames)), self._frames)  # of each row of the index
        self._is_pdq = np.array([entry.algorithm == "pdq" for entry in self._owners], bool)
        self._index: Any = _index(np.concatenate(frames)) if frames else None

    def __len__(self) -> int:
        return sum(map(len, self._digests.values())) + len(self._owners)

    @property
    def compares_frames(self) -> bool:
        return self._index is not None

    def match_digest(self, md5: str = "", sha1: str = "", sha256: str = "") -> list[Match]:
        """Entries that are this file, by any of its digests in lower-case hexadecimal; "" where one is not known."""
        keys = (("md5", md5), ("sha1", sha1), ("sha256", sha256))
        return [Match(entry) for key in keys for entry in self._digests.get(key, ())]

    def match_frames(self, hashes: Bytes, qualities: Bytes) -> list[Match]:
        """Entries that these frames show. One video of `match_videos`, which see."""
        return self.match_views([(hashes, qualities)])

    def match_views(self, views: Iterable[tuple[Bytes, Bytes]]) -> list[Match]:
        """Entries that one video shows, seen in each of these ways: (hashes, qualities) of its frames."""
        return next((matches for _, matches in self.match_videos(("", *view) for view in views)), [])

    def match_videos(self, videos: Iterable[tuple[str, Bytes, Bytes]]) -> Iterator[tuple[str, list[Match]]]:
        """(name, matches) of each video that matches.

        A video is its name, the PDQ hashes of F frames (F, 32) as the bytes of their hexadecimal form, and their
        qualities (F,), 0 to 100. Frames below `MIN_QUALITY` are dropped, equal ones count once. A PDQ entry matches
        when one frame is within `MAX_DISTANCE` bits; a vPDQ entry when `MIN_SHARE` of the video's kept frames, or of
        its own, have a partner so near. A video with no frame left matches nothing: it cannot be compared.
        Follows match_VPDQ_hash_brute of `threatexchange`, but takes either direction, so that a clip cut out of
        known material is found as well as one that holds it.
        One name several times in a row is one video seen in several ways (inside its bars, and whole): the shares
        are of each way alone, and of an entry found twice the better match counts.
        """
        if self._index is None:
            return
        found = chain.from_iterable(self._search(names, frames) for names, frames in _batches(videos))
        for name, ways in groupby(found, key=itemgetter(0)):
            yield name, _best([match for _, matches in ways for match in matches])

    def _search(self, names: list[str], frames: list[Bytes]) -> Iterator[tuple[str, list[Match]]]:
        counts = np.array([len(hashes) for hashes in frames], np.int64)
        video = np.repeat(np.arange(len(names)), counts)
        limits, distances, rows = self._index.range_search(np.concatenate(frames), MAX_DISTANCE + 1)
        query = np.repeat(np.arange(len(video)), np.diff(limits.astype(np.int64)))
        if not len(query):
            return
        hits = _Hits(video[query], query, self._owner[rows], rows, distances.astype(np.int64))
        for name_at, owner, distance, matched, own_matched in hits.pairs():
            share = np.maximum(matched / counts[name_at], own_matched / self._frames[owner])
            wanted = self._is_pdq[owner] | (share >= MIN_SHARE)
            found = zip(owner[wanted], distance[wanted], share[wanted], strict=True)
            if matches := [self._match(int(o), int(d), float(s)) for o, d, s in found]:
                yield names[name_at], matches

    def _match(self, owner: int, distance: int, share: float) -> Match:
        return Match(self._owners[owner], distance, None if self._is_pdq[owner] else share)


def _best(matches: Sequence[Match]) -> list[Match]:
    """Of each entry its best match."""
    chosen: dict[Entry, Match] = {}
    for match in sorted(matches, key=_goodness):
        chosen[match.entry] = match
    return [match for match in matches if chosen[match.entry] is match]


def _goodness(match: Match) -> tuple[float, int]:
    return match.share or 0.0, -(match.distance or 0)


@dataclass(frozen=True)
class _Hits:
    """H pairs of near frames, each array (H,): video and frame asked for, entry and frame found, bits between."""

    video: Ints
    query: Ints
    owner: Ints
    row: Ints
    distance: Ints

    def pairs(self) -> Iterator[tuple[int, Ints, Ints, Ints, Ints]]:
        """For each video its number, and by entry: nearest distance, frames matched of the video and of the entry."""
        for number in np.unique(self.video):
            mine = _span(self.video, number)
            owner, at = np.unique(self.owner[mine], return_inverse=True)
            nearest = np.full(len(owner), 256)
            np.minimum.at(nearest, at, self.distance[mine])
            yield int(number), owner, nearest, _distinct(at, self.query[mine]), _distinct(at, self.row[mine])


def _span(ascending: Ints, value: int) -> slice:
    return slice(*np.searchsorted(ascending, [value, value + 1]))


def _distinct(group: Ints, value: Ints) -> Ints:
    """How many different values each group has; groups count from 0."""
    pairs = np.unique(np.stack([group, value]), axis=1)
    return np.bincount(pairs[0], minlength=int(group.max()) + 1)


def _index(hashes: Bytes) -> Any:
    """Exact as far as that is affordable: 1.6 million frames against 100,000 hashes take 2 minutes on 2 cores.

    Above `EXACT_UP_TO` it tries hashes that agree in one of 12 bands of 20 bits but for one: recall .9995 a frame.
    """
    if len(hashes) <= EXACT_UP_TO:
        index: Any = faiss.IndexBinaryFlat(256)
    else:
        index = faiss.IndexBinaryMultiHash(256, 12, 20)
        index.nflip = 1
    index.add(hashes)
    return index


def _kept_frames(entry: Entry) -> Bytes:
    kept = {value for value, quality in frames_of(entry) if quality >= MIN_QUALITY}
    return np.frombuffer(bytes.fromhex("".join(sorted(kept))), np.uint8).reshape(-1, 32)


def _batches(videos: Iterable[tuple[str, Bytes, Bytes]]) -> Iterator[tuple[list[str], list[Bytes]]]:
    names, frames = list[str](), list[Bytes]()
    for name, hashes, qualities in videos:
        kept = np.unique(np.asarray(hashes, np.uint8)[np.asarray(qualities) >= MIN_QUALITY], axis=0)
        if len(kept):
            names.append(name)
            frames.append(kept)
        if len(names) == BATCH:
            yield names, frames
            names, frames = [], []
    if names:
        yield names, frames
