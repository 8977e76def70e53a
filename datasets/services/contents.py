"""From files to contents: which video each file of a folder is, as ingest met it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from config.errors import UserError
from datasets.batches import batches
from datasets.folder import Entry
from datasets.manifest import normalised
from datasets.models import Reject, Sighting, Video
from datasets.services.quarantine import in_quarantine

BATCH = 500  # contents asked for at a time; SQLite takes only so many parameters

T = TypeVar("T", bound=Model)


@dataclass
class Contents:
    """The SHA-256 of each file by its name, and the names of those that ingest rejected or never met.

    Names are relative to the folder and as a manifest spells them (`normalised`).

    `held` are names whose content is in quarantine; they are counted and never said.
    """

    sha256: dict[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    rejected: set[str] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)


def contents_of(entries: Sequence[Entry]) -> Contents:
    """Tell what was ingested of these files, all of one root.

    A file is known by the path under which ingest met it, whichever folder above or below was given then. One that
    it did not meet there, or met with two contents, is hashed. Raises `UserError` when it cannot be read.
    """
    paths = {f"{entry.root}/{entry.file_name}": entry for entry in entries}
    sightings, rejects = _met(Sighting.objects.all(), paths), _met(Reject.objects.all(), paths)
    contents = Contents()
    for path, entry in paths.items():
        seen = {sighting.video_id for sighting in sightings[path]}
        if not seen and path in rejects:
            contents.rejected.add(normalised(entry.file_name))
        else:
            contents.sha256[normalised(entry.file_name)] = seen.pop() if len(seen) == 1 else _digest(entry)
    _set_apart(contents)
    return contents


def contents_named(sha256s: Iterable[str]) -> Contents:
    """The same for contents that are named by their SHA-256 itself."""
    contents = Contents({sha256: sha256 for sha256 in sha256s})
    _set_apart(contents)
    return contents


def sightings_of(entries: Sequence[Entry]) -> dict[str, list[Sighting]]:
    """The sightings of each file by its name, where ingest met it."""
    paths = {f"{entry.root}/{entry.file_name}": entry for entry in entries}
    return {normalised(paths[path].file_name): rows for path, rows in _met(Sighting.objects.all(), paths).items()}


def _met(rows: QuerySet[T], paths: Mapping[str, Entry]) -> dict[str, list[T]]:
    """The rows by the path of their file, for these paths alone."""
    found: dict[str, list[T]] = defaultdict(list)
    below = _below(next(iter(paths.values())).root) if paths else Q(pk=None)
    for row in rows.filter(below).iterator():
        path = f"{row.root}/{row.file_name}"  # type: ignore[attr-defined]
        if path in paths:
            found[path].append(row)
    return found


def _below(root: str) -> Q:
    """The condition that a file lies below `root`, when that folder, one above or one below was ingested."""
    condition = Q(root=root) | Q(root__startswith=f"{root.rstrip('/')}/")
    for parent in PurePosixPath(root).parents:
        inside = PurePosixPath(root).relative_to(parent).as_posix()
        condition |= Q(root=str(parent), file_name__startswith=f"{inside}/")
    return condition


def _digest(entry: Entry) -> str:
    try:
        with entry.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{entry.path} cannot be read ({error.strerror}); check your rights.") from error


def _set_apart(contents: Contents) -> None:
    """Move to `held` and `unknown` what has no video that may be shown."""
    visible, held = set[str](), set[str]()
    for some in batches(sorted(set(contents.sha256.values())), BATCH):
        visible.update(Video.objects.visible().filter(pk__in=some).values_list("pk", flat=True))
        held |= in_quarantine(some) | set(Video.objects.filter(pk__in=some).values_list("pk", flat=True)) - visible
    for name, sha256 in list(contents.sha256.items()):
        if sha256 in held:
            contents.held.add(name)
        elif sha256 not in visible:
            contents.unknown.append(name)
        else:
            continue
        del contents.sha256[name]
