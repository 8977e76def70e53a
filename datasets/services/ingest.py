"""The ingest stage: files in, videos, sightings and rejects out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from config.errors import UserError
from config.report import Progress, Report, counted, silent
from datasets.batches import ahead, batches
from datasets.folder import Entry, list_videos
from datasets.intake import TASK, Intake, as_intake
from datasets.manifest import Manifest, Problem, Row, match, read_manifest
from datasets.models import Digest, Fingerprint, Measures, Reject, Sighting, Video
from datasets.sandbox import DecodePool
from datasets.services.known import active_matcher, lists_line, require_lists
from datasets.services.quarantine import active_gate, gate_prompts, hold_unseen, in_quarantine, quarantine_match
from datasets.services.runs import stage_run
from datasets.sources import Unreadable
from datasets.storage import Received, SourceUnreadableError, keep_bytes, receive, sweep_spool
from datasets.strips import filmstrip, pack

BATCH = 32  # files between two looks at the database


@dataclass
class Tally:
    """What a run of `ingest` met: files whose content is new, seen before, no video, or refused.

    `held` counts files whose content is in quarantine; nothing more is said of them.
    """

    stored: int = 0
    seen: int = 0
    ignored: int = 0
    held: int = 0
    rejected: list[dict[str, str]] = field(default_factory=list)
    manifest: list[dict[str, Any]] = field(default_factory=list)


def ingest(paths: Sequence[Path], manifest_path: Path | None = None, progress: Progress = silent) -> Report:
    """Take in all videos below `paths` and what the manifest says of them.

    A bad file or row is recorded with its reason and stops nothing. Running it again finishes what a killed
    run left and changes nothing else. Raises `UserError` when a path, the manifest as a whole or the media
    store is at fault.
    """
    require_lists()
    active_gate()
    manifest = read_manifest(manifest_path) if manifest_path else None
    listing = list_videos(paths, leave_out=manifest_path)
    tally = Tally(ignored=listing.ignored, manifest=_manifest_problems(manifest, listing.videos))
    sweep_spool()
    parameters = {"paths": [str(path) for path in paths], "manifest": str(manifest_path or "")}
    with stage_run("ingest", parameters) as run:
        for entry, reason in listing.refused:
            _reject(tally, entry, reason)
        shown = progress(listing.videos, total=len(listing.videos), label="ingest")
        with decode_pool() as pool:
            for batch in batches(shown, BATCH):
                _take_in(batch, manifest, tally, pool)
        run.result = asdict(tally)
    return Report(f"{_line(tally)} {lists_line()}", asdict(tally), _complaints(tally))


def decode_pool() -> DecodePool:
    """Locked-up children that decode; see `datasets.sandbox`."""
    return DecodePool(
        settings.WINNOW_WORKERS,
        task=TASK,
        memory=settings.WINNOW_DECODE_MEMORY,
        cpu_seconds=settings.WINNOW_DECODE_SECONDS,
    )


def _manifest_problems(manifest: Manifest | None, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    if manifest is None:
        return []
    problems: list[Problem] = [*manifest.problems, *match(manifest, [entry.file_name for entry in entries])]
    return [asdict(problem) for problem in problems]


def _take_in(batch: Sequence[Entry], manifest: Manifest | None, tally: Tally, pool: DecodePool) -> None:
    """Copy and hash the files, decode those with content not met before, write down what came of each."""
    copies = list(zip(batch, _received(batch), strict=True))
    received = [(entry, copy) for entry, copy in copies if isinstance(copy, Received)]
    held = hold_known(received)
    clips = _decoded(pool, _unknown([copy for _, copy in received if copy.sha256 not in held]))
    for entry, copy in copies:
        if isinstance(copy, SourceUnreadableError):
            _reject(tally, entry, str(copy))
            continue
        outcome = clips.get(copy.sha256)
        if copy.sha256 in held:
            _set_aside(tally, copy)
        elif isinstance(outcome, Unreadable):
            _reject(tally, entry, str(outcome))
        else:
            _store(tally, entry, copy, outcome, manifest.row_for(entry.file_name) if manifest else None)
        copy.drop()


def _received(batch: Sequence[Entry]) -> Iterator[Received | SourceUnreadableError]:
    try:
        yield from ahead(_receive, batch, settings.WINNOW_WORKERS)
    except OSError as error:
        raise _store_fault(error) from error


def _receive(entry: Entry) -> Received | SourceUnreadableError:
    try:
        return receive(entry.path)
    except SourceUnreadableError as error:
        return error


def _store_fault(error: OSError) -> UserError:
    return UserError(
        f"The media store {settings.MEDIA_ROOT} cannot be written: {error.strerror}. "
        "Mend that and run the command again; it goes on where it stopped."
    )


def _unknown(copies: Sequence[Received]) -> list[Received]:
    """One copy of each content that no video has yet."""
    by_content = {copy.sha256: copy for copy in copies}
    known = set(Video.objects.filter(pk__in=by_content).values_list("pk", flat=True))
    return [copy for sha256, copy in by_content.items() if sha256 not in known]


def _decoded(pool: DecodePool, copies: Sequence[Received]) -> dict[str, Intake | Unreadable]:
    told = pool.map(copy.path for copy in copies)
    return {copy.sha256: as_intake(result) for copy, result in zip(copies, told, strict=True)}


def hold_known(received: Sequence[tuple[Entry, Received]]) -> set[str]:
    """The contents that are in quarantine, or go there now for their digests, before anything is decoded."""
    matcher = active_matcher()
    for entry, copy in received:
        if found := matcher.match_digest(copy.md5, copy.sha1, copy.sha256):
            place = {"root": entry.root, "file_name": entry.file_name}
            hold_unseen(copy.sha256, matches=found, sightings=[place])
    return in_quarantine(copy.sha256 for _, copy in received)


def _set_aside(tally: Tally, copy: Received) -> None:
    """Keep the file for whoever must judge it, where nothing serves it."""
    try:
        copy.keep(f".quarantine/{copy.sha256}")
    except OSError as error:
        raise _store_fault(error) from error
    tally.held += 1


def _store(tally: Tally, entry: Entry, copy: Received, clip: Intake | None, row: Row | None) -> None:
    """Media first, rows after: a kill between the two leaves a file that the next run finds and uses."""
    video = Video.objects.filter(pk=copy.sha256).first()
    if video is None:
        assert clip is not None, "content without a video row has been decoded"
        video = _new_video(copy, clip)
        _keep_files(copy, video, clip)
        tally.stored += 1
    else:
        tally.seen += 1
    _write_rows(copy, video, clip, entry, row)


def _new_video(copy: Received, clip: Intake) -> Video:
    return Video(sha256=copy.sha256, size=copy.size, **asdict(clip.probe))


def _keep_files(copy: Received, video: Video, clip: Intake) -> None:
    try:
        keep_bytes(video.frames_name, pack(clip.frames))
        keep_bytes(video.filmstrip_name, filmstrip(clip.frames))
        copy.keep(video.media_name)
    except OSError as error:
        raise _store_fault(error) from error


@transaction.atomic
def _write_rows(copy: Received, video: Video, clip: Intake | None, entry: Entry, row: Row | None) -> None:
    if video._state.adding and clip:
        video.save(force_insert=True)
        Measures.objects.create(video=video, flicker=clip.flicker, **asdict(clip.measures))
        Fingerprint.objects.create(video=video, content=clip.fingerprint.to_bytes())
        Digest.objects.create(video=video, md5=copy.md5, sha1=copy.sha1)
    Sighting.objects.update_or_create(video=video, root=entry.root, file_name=entry.file_name, defaults=_told(row))
    Reject.objects.filter(root=entry.root, file_name=entry.file_name).delete()
    _quarantine_if_known(video, clip, row)


def _quarantine_if_known(video: Video, clip: Intake | None, row: Row | None) -> None:
    """By its frames or its prompt, in the transaction that stores it: it is never there to be shown."""
    if clip and (found := active_matcher().match_frames(clip.fingerprint.hashes, clip.fingerprint.qualities)):
        quarantine_match(video, matches=found)
    if row and row.prompt:
        gate_prompts(video, [row.prompt])


def _told(row: Row | None) -> dict[str, Any]:
    """What the manifest says of a file, as columns of `Sighting`; nothing where it says nothing."""
    if row is None:
        return {}
    told = asdict(row)
    del told["line"], told["file_name"]
    return told | {"seed": "" if row.seed is None else str(row.seed)}


def _reject(tally: Tally, entry: Entry, reason: str) -> None:
    Reject.objects.update_or_create(root=entry.root, file_name=entry.file_name, defaults={"reason": reason})
    tally.rejected.append({"path": entry.file_name, "reason": reason})


def _line(tally: Tally) -> str:
    return (
        f"Stored {counted(tally.stored, 'new video')}; {counted(tally.seen, 'file')} held content seen before, "
        f"{len(tally.rejected)} rejected, {counted(tally.ignored, 'other file')} ignored."
    )


def _complaints(tally: Tally) -> str:
    rejects = [f"rejected {item['path']}: {item['reason']}" for item in tally.rejected]
    return "\n".join([*(f"manifest {Problem(**item)}" for item in tally.manifest), *rejects])
