"""What lies in a folder that somebody wants taken in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.errors import UserError
from datasets.containers import VIDEO_SUFFIXES


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

    Links are refused, not followed: what they point to may lie outside the folder. Raises `UserError` for a
    path that is not there.
    """
    listing = Listing()
    for path in paths:
        if not path.exists():
            raise UserError(f"There is nothing at {path}; check the path.")
        root = path if path.is_dir() else path.parent
        for file in sorted(_files(path)):
            if leave_out is None or file.resolve() != leave_out.resolve():
                _add(listing, _entry(root, file))
    return listing


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, _, names in os.walk(path):
        yield from (Path(folder, name) for name in names)


def _entry(root: Path, file: Path) -> Entry:
    return Entry(_storable(str(root.resolve())), _storable(file.relative_to(root).as_posix()), file)


def _storable(name: str) -> str:
    """Bytes of a name that are not UTF-8 are shown as escapes, since no database keeps them."""
    return name.encode("utf-8", "backslashreplace").decode()


def _add(listing: Listing, entry: Entry) -> None:
    if entry.path.suffix.lower() not in VIDEO_SUFFIXES:
        listing.ignored += 1
    elif entry.path.is_symlink():
        listing.refused.append((entry, "is a symbolic link; put the file itself into the folder"))
    else:
        listing.videos.append(entry)
