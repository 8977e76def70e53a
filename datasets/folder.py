"""What lies in a folder that somebody wants taken in."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.errors import UserError
from datasets.containers import VIDEO_SUFFIXES

_LINK = "is a symbolic link, which is not followed; put what it points to there instead"


@dataclass(frozen=True)
class Entry:
    """A file with a video's suffix: `file_name` is its path relative to `root`, with `/` and as UTF-8 can hold it."""

    root: str
    file_name: str
    path: Path


@dataclass
class Listing:
    """Videos in the order of their names, the number of other files, and what is not followed with the reason."""

    videos: list[Entry] = field(default_factory=list)
    ignored: int = 0
    refused: list[tuple[Entry, str]] = field(default_factory=list)


def list_videos(paths: Sequence[Path], leave_out: Path | None = None) -> Listing:
    """List the videos in folders (recursively) and among files; `leave_out` (the manifest) is not counted.

    Links are refused, not followed: what they point to may lie outside the folder. So are pipes, devices and
    folders that may not be listed. Raises `UserError` for a path that is not there.
    """
    listing = Listing()
    left_out = os.path.realpath(leave_out) if leave_out else None  # of links that go round, too; `resolve` raises
    for path in paths:
        if not path.exists():
            raise UserError(f"There is nothing at {path}; check the path.")
        root = path if path.is_dir() else path.parent
        refused = list[tuple[Path, str]]()
        for file in sorted(_files(path, refused)):
            if left_out is None or os.path.realpath(file) != left_out:
                _add(listing, _entry(root, file))
        listing.refused += [(_entry(root, folder), reason) for folder, reason in refused]
    return listing


def _files(path: Path, refused: list[tuple[Path, str]]) -> Iterator[Path]:
    """The files below `path`; folders that are not entered go to `refused`, with the reason."""
    if not path.is_dir():
        yield path
        return

    def closed(error: OSError) -> None:
        refused.append((Path(error.filename), f"is a folder that cannot be listed: {error.strerror}"))

    for folder, below, names in os.walk(path, onerror=closed):
        yield from (Path(folder, name) for name in names)
        refused += [(Path(folder, name), _LINK) for name in below if stat.S_ISLNK(_mode(Path(folder, name)))]


def _entry(root: Path, file: Path) -> Entry:
    return Entry(storable(str(root.resolve())), storable(file.relative_to(root).as_posix()), file)


def storable(name: str) -> str:
    """Bytes of a name that are not UTF-8 are shown as escapes, since no database keeps them."""
    return name.encode("utf-8", "backslashreplace").decode()


def _add(listing: Listing, entry: Entry) -> None:
    if entry.path.suffix.lower() not in VIDEO_SUFFIXES:
        listing.ignored += 1
    elif stat.S_ISLNK(mode := _mode(entry.path)):
        listing.refused.append((entry, _LINK))
    elif mode and not stat.S_ISREG(mode):
        listing.refused.append((entry, "is not a regular file"))
    else:
        listing.videos.append(entry)


def _mode(path: Path) -> int:
    """What lies there, links not followed; 0 where the system does not tell, as whoever opens it will."""
    try:
        return path.lstat().st_mode
    except OSError:
        return 0
