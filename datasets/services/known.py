"""Lists of known material: loaded, withdrawn, and compared with everything that is stored.

It fails closed: a list that is configured in WINNOW_KNOWN_LISTS and is not in force stops whoever asks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from numpy.typing import NDArray

from config.errors import UserError
from config.models import User
from config.report import Progress, Report, counted, silent, text_table
from datasets.fingerprints import Fingerprint as Prints
from datasets.known import Entry, ListFile, read_list
from datasets.known_match import Match, Matcher
from datasets.models import Fingerprint, HashEntry, HashList, Video
from datasets.services.quarantine import quarantine_match
from datasets.services.runs import stage_run

STAGE = "known"
# (SHA-256, PDQ hashes (F, 32) as the bytes of their hexadecimal form, qualities (F,)) of a stored video, or several
# of these in a row for one that can be seen in several ways
Frames = Iterable[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]]

_cached: tuple[object, Matcher] = ((), Matcher([]))


# --- the lists ---


def load_list(
    path: Path,
    *,
    name: str,
    algorithm: str | None = None,
    by: User | None = None,
    frames: Frames = (),
    progress: Progress = silent,
) -> Report:
    """Put the list into force in place of an older one of that name, and sweep what is stored with it.

    The list stands before the sweep begins, so a killed sweep is made up for by `sweep`.
    """
    name = _list_name(name)
    file = read_list(path, algorithm)
    standing = lists().filter(name=name).first()
    if standing and standing.digest == file.digest:
        return Report(f"List {standing.name} is loaded already, from the same file.", {"list": standing.name})
    with stage_run(STAGE, {"load": str(path), "list": name}, inputs=file.digest) as run:
        row = _replace(file, standing, name=name, by=by)
        run.result = _told(row, file)
    swept = sweep(names=[row.name], frames=frames, progress=progress)
    line = f"Loaded {counted(len(file.entries), 'entry')} as list {row.name}. {swept.line}"
    return Report(line, _told(row, file) | {"sweep": swept.data}, "\n".join(file.complaints()))


def _list_name(name: str) -> str:
    longest = HashList._meta.get_field("name").max_length or 0
    if not 1 <= len(name.strip()) <= longest:
        raise UserError(f"Give the list a name of 1 to {longest} characters.")
    return name.strip()


@transaction.atomic
def _replace(file: ListFile, standing: HashList | None, *, name: str, by: User | None) -> HashList:
    if standing:
        _withdraw(standing, by)
    row = HashList.objects.create(name=name, source=str(file.path), digest=file.digest, loaded_by=by)
    HashEntry.objects.bulk_create((_row(row, entry) for entry in file.entries), batch_size=2000)
    return row


def _row(hash_list: HashList, entry: Entry) -> HashEntry:
    return HashEntry(
        hash_list=hash_list,
        algorithm=entry.algorithm,
        value=entry.value,
        quality=entry.quality,
        note=entry.note,
        line=entry.line,
    )


def _told(row: HashList, file: ListFile) -> dict[str, Any]:
    return {
        "list": row.name,
        "digest": file.digest,
        "entries": len(file.entries),
        "problems": file.problems,
        "unknown_types": dict(file.unknown),
        "disowned": file.disowned,
    }


@transaction.atomic
def withdraw_list(name: str, *, by: User | None = None) -> Report:
    """Take the list out of force and delete its hashes. What it put into quarantine stays there."""
    row = lists().filter(name=name).select_for_update().first()
    if row is None:
        raise UserError(f"No list {name!r} is loaded; `known_content list` shows those that are.")
    _withdraw(row, by)
    return Report(
        f"Withdrew list {name}; what it put into quarantine stays until two people release it.", {"list": name}
    )


def _withdraw(row: HashList, by: User | None) -> None:
    row.withdrawn_at, row.withdrawn_by = timezone.now(), by
    row.save(update_fields=["withdrawn_at", "withdrawn_by"])
    row.entries.all().delete()


def lists() -> QuerySet[HashList]:
    """The lists in force."""
    return HashList.objects.filter(withdrawn_at=None)


def lists_report() -> Report:
    counts = HashEntry.objects.order_by().values_list("hash_list__name", "algorithm").annotate(n=Count("pk"))
    by_list: dict[str, dict[str, int]] = {}
    for name, algorithm, n in counts:
        by_list.setdefault(name, {})[algorithm] = n
    rows = [(row.name, f"{row.loaded_at:%F %R}", _in_words(by_list.get(row.name, {})), row.source) for row in lists()]
    data = {"lists": [_as_data(row, by_list.get(row.name, {})) for row in lists()]}
    return Report(lists_line(), data, text_table(rows, head=("list", "loaded", "hashes", "file")) if rows else "")


def _in_words(counts: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {algorithm}" for algorithm, n in sorted(counts.items()))


def _as_data(row: HashList, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "list": row.name,
        "digest": row.digest,
        "source": row.source,
        "loaded_at": row.loaded_at.isoformat(),
        "entries": counts,
    }


def lists_line() -> str:
    """What a run of `ingest` says of the lists, in one line."""
    names = [row.name for row in lists()]
    if not names:
        return "No list of known material is loaded: nothing is compared with known hashes."
    return f"Compared with {counted(len(names), 'list')} of known material: {', '.join(names)}."


def require_lists() -> None:
    """See that every file of WINNOW_KNOWN_LISTS is in force, loading those that are new or have changed.

    Raises `UserError` when one cannot be read, or a person has withdrawn it.
    """
    for path in map(Path, getattr(settings, "WINNOW_KNOWN_LISTS", ())):
        digest = _digest_of(path)
        if lists().filter(digest=digest).exists():
            continue
        if HashList.objects.filter(digest=digest).exists():
            raise UserError(
                f"The list {path} is configured in WINNOW_KNOWN_LISTS but was withdrawn or replaced; load it again "
                "with `known_content load`, or take it out of the setting."
            )
        _refuse_namesake(path)
        load_list(path, name=path.stem, frames=stored_frames())


def _refuse_namesake(path: Path) -> None:
    """Of two configured files of one name each would put the other out of force."""
    other = lists().filter(name=path.stem).exclude(source=str(path)).first()
    if other:
        raise UserError(
            f"The list {path}, configured in WINNOW_KNOWN_LISTS, has the name of the one from {other.source}; "
            "rename the file, or load it with `known_content load` under another name."
        )


def _digest_of(path: Path) -> str:
    try:
        with path.open("rb") as reader:
            return hashlib.file_digest(reader, "sha256").hexdigest()
    except OSError as error:
        raise UserError(
            f"The list {path}, configured in WINNOW_KNOWN_LISTS, cannot be read ({error.strerror}); nothing is taken "
            "in without it. Mend that or take it out of the setting."
        ) from error


# --- the comparison ---


def active_matcher() -> Matcher:
    """All lists in force, in memory; built anew in this process once they change. Cheap to ask for each batch."""
    global _cached
    version = tuple(lists().values_list("pk", "digest", "loaded_at"))
    if _cached[0] != version:
        _cached = (version, _matcher(lists()))
    return _cached[1]


def _matcher(wanted: QuerySet[HashList]) -> Matcher:
    rows = HashEntry.objects.filter(hash_list__in=wanted).order_by("pk")
    columns = rows.values_list("algorithm", "value", "quality", "note", "line", "hash_list__name")
    return Matcher(Entry(*row) for row in columns.iterator(chunk_size=10_000))


def sweep(*, names: Sequence[str] = (), frames: Frames = (), progress: Progress = silent) -> Report:
    """Compare all that is stored with the lists in force (`names`: these alone) and quarantine what matches.

    Digests are the database's; frame hashes are the caller's to give. Running it again changes nothing.
    """
    matcher = _matcher(lists().filter(name__in=names)) if names else active_matcher()
    with stage_run(STAGE, {"sweep": list(names)}) as run:
        shown = progress(_digests(), total=Video.objects.count(), label="sweep")
        digests = _quarantine_all((sha256, matcher.match_digest(md5, sha1, sha256)) for sha256, md5, sha1 in shown)
        counter = _Counted(frames)
        seen = _quarantine_all(matcher.match_videos(counter))
        run.result = _swept(digests, seen, counter.count)
    return Report(_sweep_line(run.result, matcher), run.result)


def _digests() -> Iterator[tuple[str, str, str]]:
    """SHA-256, MD5 and SHA-1 of every stored video, "" where one was not taken."""
    rows = list(Video.objects.order_by("pk").values_list("pk", "digest__md5", "digest__sha1"))
    for sha256, md5, sha1 in rows:  # all read before the first is written: SQLite has one writer
        yield sha256, md5 or "", sha1 or ""


def stored_frames() -> Frames:
    """The frame hashes of everything stored, read as they are asked for."""
    rows = Fingerprint.objects.order_by("pk").values_list("pk", "content")
    for sha256, content in rows.iterator(chunk_size=500):
        for hashes, qualities in Prints.from_bytes(bytes(content)).views():
            yield sha256, hashes, qualities


class _Counted:
    """Counts the videos that pass."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self.count = 0

    def __iter__(self) -> Iterator[tuple[str, NDArray[np.uint8], NDArray[np.uint8]]]:
        last = ""
        for item in self._frames:
            self.count += item[0] != last
            last = item[0]
            yield item


def _quarantine_all(found: Iterable[tuple[str, Sequence[Match]]]) -> dict[str, list[int]]:
    """The incidents of each video that matches; none for those that people have released."""
    matched = {sha256: matches for sha256, matches in found if matches}
    videos = Video.objects.in_bulk(list(matched))
    return {
        sha256: [incident.pk for incident in quarantine_match(videos[sha256], matches=matches)]
        for sha256, matches in matched.items()
        if sha256 in videos
    }


def _swept(digests: dict[str, list[int]], seen: dict[str, list[int]], framed: int) -> dict[str, Any]:
    """Counts and numbers of incidents. No content is named: this is printed and kept."""
    return {
        "videos": Video.objects.count(),
        "framed": framed,
        "matched": len(digests.keys() | seen.keys()),
        "incidents": sorted({pk for found in (digests, seen) for pks in found.values() for pk in pks}),
    }


def _sweep_line(result: dict[str, Any], matcher: Matcher) -> str:
    line = (
        f"Swept {counted(result['videos'], 'stored video')}: {result['matched']:,} match, "
        f"{counted(len(result['incidents']), 'incident')} stand."
    )
    if matcher.compares_frames and result["framed"] < result["videos"]:
        line += f" Frame hashes were compared of {result['framed']:,} alone."
    return line
