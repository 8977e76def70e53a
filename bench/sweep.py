"""A new list of known material against all that is stored: `python -m bench.sweep --stored 100000 --entries 50000`.

Fingerprints of random numbers, hashes of nothing real, as large as those of 16-frame clips, written straight into
the database of an empty installation; each clip's hashes drift by a few bits from frame to frame. The list holds
as many MD5 and as many PDQ hashes as asked for, and a few of those that are stored. Measured is `known_content
load`: reading the list, writing it down, and sweeping what is stored, with an incident for each match.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.machine import peak_gb, spent
from bench.matching import Hashes, changed
from bench.results import Outcome, Target
from bench.site import installation
from datasets.fingerprints import COLOURS, POINTS, TILES, Fingerprint
from datasets.pdq import HASH_BYTES

FRAMES = 16
BATCH = 2000  # rows written at once
PLANTED = 50  # stored clips that the list names by a digest, and as many by a frame
SECONDS = 300


def measured(stored: int, entries: int, seed: int) -> Outcome:
    rng = np.random.default_rng(seed)
    with installation() as data:
        known = _store(stored, rng)
        path = _write_list(data / "list.csv", entries, known, rng)
        matched, taken = spent(lambda: _load(path))
        row = {
            "stored": stored,
            "MD5 hashes": entries + PLANTED,
            "PDQ hashes": entries + PLANTED,
            "matched": matched,
            "wall s": taken.wall,
            "CPU s": taken.cpu,
            "database GB": (data / "winnow.sqlite3").stat().st_size / 2**30,
            "peak GB": peak_gb(),
        }
    return Outcome(
        "sweep",
        "known_content load: a new list against all that is stored, hashes of nothing real.",
        {"stored": stored, "entries": entries, "seed": seed},
        [row],
        [
            Target("seconds of the load and its sweep", taken.wall, SECONDS, at_most=True),
            Target("share of the planted matches that were found", matched / (2 * PLANTED), 1),
        ],
    )


def _store(count: int, rng: np.random.Generator) -> Hashes:
    """Write `count` videos; frame hashes of those that the list will name, (100, 32)."""
    from datasets.models import Digest, Measures, Video
    from datasets.models import Fingerprint as Stored

    planted: list[Hashes] = []
    for start in range(0, count, BATCH):
        names = [_sha256(index) for index in range(start, min(count, start + BATCH))]
        videos = [Video(sha256=name, **_CLIP) for name in names]
        prints = list(_prints(len(names), rng))
        planted += [one.hashes[FRAMES // 2] for one in prints]
        Video.objects.bulk_create(videos)
        Digest.objects.bulk_create(Digest(video=video, md5=video.pk[:32], sha1=video.pk[:40]) for video in videos)
        Measures.objects.bulk_create(Measures(video=video, **_MEASURED) for video in videos)
        Stored.objects.bulk_create(
            Stored(video=video, content=one.to_bytes()) for video, one in zip(videos, prints, strict=True)
        )
    return np.stack(planted[PLANTED : 2 * PLANTED])


_CLIP = {
    "size": 200_000, "container": "mp4", "codec": "h264", "width": 256, "height": 256,
    "duration": 2.0, "frame_count": FRAMES, "frame_rate": 8.0, "has_audio": False,
}  # fmt: skip
_MEASURED = dict.fromkeys(
    ("luminance_spread", "spatial_autocorrelation", "unchanged_share", "sharpness", "flicker"), 0.5
)


def _sha256(index: int) -> str:
    return hashlib.sha256(str(index).encode()).hexdigest()


def _prints(count: int, rng: np.random.Generator) -> Iterator[Fingerprint]:
    hashes = np.empty((count, FRAMES, HASH_BYTES), np.uint8)
    hashes[:, 0] = rng.integers(0, 256, hashes[:, 0].shape, dtype=np.uint8)
    for frame in range(1, FRAMES):
        hashes[:, frame] = changed(hashes[:, frame - 1], 3, rng)
    layers = [(TILES, TILES), (POINTS, POINTS), (2, COLOURS, COLOURS)]
    tiles, pictures, colours = (rng.integers(0, 256, (FRAMES, *shape), dtype=np.uint8) for shape in layers)
    times, rows = np.arange(FRAMES, dtype=np.float32) / np.float32(8), np.arange(FRAMES, dtype=np.uint32)
    for own in hashes:
        yield Fingerprint(own, np.full(FRAMES, 90, np.uint8), times, tiles, rows, pictures, colours)


def _write_list(path: Path, entries: int, known: Hashes, rng: np.random.Generator) -> Path:
    """A list as `threatexchange` writes it: random hashes, and some of what is stored."""
    digests = [_sha256(index)[:32] for index in range(PLANTED)]
    digests += [hashlib.md5(b"not stored %d" % index).hexdigest() for index in range(entries)]
    frames = [row.tobytes().hex() for row in changed(known, 31, rng)]
    frames += [row.tobytes().hex() for row in rng.integers(0, 256, (entries, HASH_BYTES), dtype=np.uint8)]
    lines = ["signal_type,signal_str,collab,category,tags"]
    lines += [f"video_md5,{digest},bench,," for digest in digests]
    lines += [f"pdq,{frame},bench,," for frame in frames]
    path.write_text("\n".join(lines) + "\n")
    return path


def _load(path: Path) -> int:
    """How many stored videos match."""
    from datasets.services.known import load_list, stored_frames

    return int(load_list(path, name="bench", frames=stored_frames()).data["sweep"]["matched"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stored", type=int, default=100_000, help="stored videos")
    parser.add_argument("--entries", type=int, default=50_000, help="random hashes of each of two kinds on the list")
    parser.add_argument("--seed", type=int, default=7)
    chosen = parser.parse_args()
    measured(chosen.stored, chosen.entries, chosen.seed).finish()


if __name__ == "__main__":
    main()
