"""The map as its page reads it: points on the wire, the videos behind them by row, and what a search lights up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.urls import reverse
from numpy.typing import NDArray

from annotation.services.browse import with_details
from annotation.services.cards import card
from annotation.services.colours import Colouring, colouring, find_option
from clustering.models import Projection
from clustering.services.projection import map_points, videos_at
from clustering.services.runs import find_run, in_use
from clustering.services.search import Hit, more_like, nearest_to_text
from config.errors import UserError
from datasets.batches import batches
from datasets.models import Run, Video

ROWS_AT_ONCE = 200
ASKED_AT_ONCE = 10_000  # of the database
HITS = 50
ANEW = "The map was made anew since this page was loaded; load it again."


@dataclass(frozen=True)
class Map:
    """The map of one run as far as it had grown when a page was loaded: its first `size` rows, told by a digest.

    Rows are only ever appended, so a page that was loaded earlier goes on naming the same videos; a map that was
    made anew has another digest, and its rows are refused.
    """

    run: Run
    size: int
    digest: str

    def __str__(self) -> str:
        return f"{self.run.pk}-{self.size}-{self.digest}"


def mapped_run() -> Run | None:
    """The run in use, if it has a map."""
    run = in_use()
    return run if run and Projection.objects.filter(run=run).exists() else None


def _map(run: Run, raw: bytes) -> Map:
    """The whole of a run's map; `raw` holds its videos, 32 bytes each."""
    return Map(run, len(raw) // 32, _digest(raw))


def find_map(name: str) -> Map:
    """The map that a page was loaded with. Raises `UserError` when it is there no more."""
    parts = name.split("-")
    if len(parts) != 3 or not (parts[0].isdecimal() and parts[1].isdecimal()) or len(name) > 80:
        raise UserError(f"There is no map {name[:80]!r}; load the page again.")
    run, size = find_run(int(parts[0])), int(parts[1])
    raw = _videos(run)
    if len(raw) < 32 * size or _digest(raw[: 32 * size]) != parts[2]:
        raise UserError(ANEW)
    return Map(run, size, parts[2])


def _videos(run: Run) -> bytes:
    raw = Projection.objects.filter(run=run).values_list("videos", flat=True).first()
    if raw is None:
        raise UserError(ANEW)
    return bytes(raw)


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:16]


# --- the points ---


def points_body(run: Run, colour: str) -> bytes:
    """The points of the videos kept now, little-endian.

    uint32 length of the head; the head as JSON, padded with blanks to a multiple of 4; then, for N points, uint32
    rows, each less the one before it (which compresses to nothing); uint16 x; uint16 y, 0 for -1 to 65,535 for 1;
    uint16 group. Raises `UserError` for an unknown colour.
    """
    option = find_option(colour)
    points = map_points(run)
    raw = _videos(run)
    coloured = colouring(option, run, points, lambda: _names(raw, points.row))
    columns = (
        np.diff(points.row, prepend=0).astype("<u4"),
        _short(points.x),
        _short(points.y),
        coloured.of.astype("<u2"),
    )
    return _head(_map(run, raw), coloured) + b"".join(column.tobytes() for column in columns)


def _names(raw: bytes, rows: NDArray[np.int32]) -> list[str]:
    names = raw.hex()
    return [names[64 * row : 64 * row + 64] for row in rows.tolist()]


def _short(coordinate: NDArray[np.float32]) -> NDArray[np.uint16]:
    return np.rint((np.clip(coordinate, -1, 1) + 1) / 2 * 65_535).astype("<u2")


def _head(own: Map, coloured: Colouring) -> bytes:
    told = {
        "map": str(own),
        "count": len(coloured.of),
        "label": coloured.label,
        "groups": coloured.groups,
        "ordered": coloured.ordered,
        "rest": coloured.rest,
    }
    raw = json.dumps(told).encode()
    raw += b" " * (-len(raw) % 4)
    return len(raw).to_bytes(4, "little") + raw


# --- the videos behind them ---


def parse_rows(text: str, most: int | None = None) -> list[int]:
    """Row numbers as `1,2,3`. Raises `UserError` for anything else, and for more than `most`."""
    parts = [part for part in text.split(",") if part]
    if not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise UserError("Rows are whole numbers with commas between them; load the page again.")
    if most is not None and len(parts) > most:
        raise UserError(f"{len(parts)} rows were asked for; ask for {most} at most.")
    return [int(part) for part in parts]


def row_cards(own: Map, rows: Sequence[int]) -> list[dict[str, object]]:
    """What the page shows of each row, in their order; rows of videos that left the funnel are left out."""
    named = sha256s(own, rows)
    found = with_details(Video.objects.kept()).in_bulk(list(named.values()))
    return [_told(row, found[named[row]]) for row in rows if row in named and named[row] in found]


def sha256s(own: Map, rows: Sequence[int]) -> dict[int, str]:
    """The kept videos in these rows, by row."""
    wanted = [row for row in dict.fromkeys(rows) if row < own.size]
    found: dict[int, str] = {}
    for block in batches(wanted, ASKED_AT_ONCE):
        found |= videos_at(own.run, block)
    return found


def _told(row: int, video: Video) -> dict[str, object]:
    shown = card("", video)
    return {
        "row": row,
        "sha256": video.pk,
        "title": shown.title,
        "prompt": video.prompt[:240],
        "state": shown.state,
        "page": reverse("video", args=[video.pk]),
        "filmstrip": reverse("filmstrip", args=[video.pk]),
    }


# --- search ---


@dataclass(frozen=True)
class Lit:
    """What a search found: rows of the map with their cosines, nearest first; `elsewhere` are not on the map."""

    rows: list[int]
    cosines: list[float]
    elsewhere: int


def search(own: Map, *, text: str = "", like: str = "") -> Lit:
    """The points nearest to a text, or to a video by its SHA-256. Raises `UserError` as the search itself does."""
    return _lit(own, _like(like) if like else nearest_to_text(text, HITS))


def _like(sha256: str) -> list[Hit]:
    video = Video.objects.kept().filter(pk=sha256).first()
    if video is None:
        raise UserError(f"There is no kept video {sha256[:12]!r}.")
    return more_like(video, HITS)


def _lit(own: Map, hits: Sequence[Hit]) -> Lit:
    raw = _videos(own.run)[: 32 * own.size].hex()
    place = {raw[at : at + 64]: at // 64 for at in range(0, len(raw), 64)}
    found = [(place[hit.sha256], hit.cosine) for hit in hits if hit.sha256 in place]
    cosines = [round(float(cosine), 4) for _, cosine in found]
    return Lit([row for row, _ in found], cosines, len(hits) - len(found))
