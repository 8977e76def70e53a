"""The dedup stage: exact copies by content, near copies by the cosine of their embeddings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction

from clustering.duplicates import Groups, near_groups
from clustering.models import DuplicateGroup, DuplicateMember
from clustering.services.vectors import key_in_use, load_vectors
from config.errors import UserError
from config.report import Report, counted
from datasets.models import Effect, Run, Sighting, Video, quality_order
from datasets.services.findings import Found, reconcile
from datasets.services.runs import digest, latest, same_as_before, stage_run

# Cosine of 8-frame vectors of the demo encoder; clustering/demo_clip/README.md gives the margins.
NEAR = 0.97


def dedup(*, near: float = NEAR, encoder_key: str | None = None) -> Report:
    """Group copies, keep the best of each group and take the others out of the funnel.

    The best copy has the highest resolution, then the greatest length, then the lowest SHA-256. Raises
    `UserError` for a threshold outside 0 to 1 and for videos without an embedding.
    """
    if not 0 < near <= 1:
        raise UserError(f"--near is {near}; a cosine threshold lies above 0 and at most at 1.")
    candidates = Video.objects.kept_before("dedup").order_by(*quality_order())
    vectors = load_vectors(candidates, encoder_key or key_in_use()) if candidates.exists() else None
    parameters = {"near": near, "encoder_key": vectors.encoder_key if vectors else ""}
    order = list(vectors.sha256) if vectors else []
    if not (run := same_as_before("dedup", parameters, digest(order))):
        groups = near_groups(vectors.matrix, near) if vectors else None
        run = _keep(order, groups, parameters)
    return _report(run)


@transaction.atomic
def _keep(order: Sequence[str], groups: Groups | None, parameters: dict[str, Any]) -> Run:
    with stage_run("dedup", parameters, inputs=digest(list(order))) as run:
        members = _members(order, groups) if groups else {}
        _store_groups(run, members)
        reconcile("dedup", _findings(members, parameters["near"]), run)
        run.result = {"videos": len(order), "groups": len(members), "near": sum(map(len, members.values()))}
    return run


def _members(order: Sequence[str], groups: Groups) -> dict[str, list[tuple[str, float]]]:
    """The members of each group but its representative, with their scores, by representative."""
    members: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for row, head in enumerate(groups.head):
        if head != row:
            members[order[head]].append((order[row], round(float(groups.score[row]), 6)))
    return members


def _store_groups(run: Run, members: dict[str, list[tuple[str, float]]]) -> None:
    for representative in sorted(members):
        group = DuplicateGroup.objects.create(run=run, representative_id=representative)
        DuplicateMember.objects.bulk_create(
            DuplicateMember(group=group, video_id=video, kind="near", score=score)
            for video, score in members[representative]
        )


def _findings(members: dict[str, list[tuple[str, float]]], threshold: float) -> Iterator[Found]:
    for representative, copies in members.items():
        for video, score in copies:
            note = f"copy of {representative}"
            yield Found(video, "near duplicate", Effect.REMOVE, score, threshold, note)


def representatives() -> dict[str, str]:
    """For each member of a duplicate group of the newest run, its representative."""
    run = latest("dedup")
    members = DuplicateMember.objects.filter(group__run=run).values_list("video_id", "group__representative_id")
    return dict(members) if run else {}


def _report(run: Run) -> Report:
    groups = list(_listed_groups(run))
    exact = sum(member["kind"] == "exact" for group in groups for member in group["members"])
    line = (
        f"Compared {counted(run.result['videos'], 'video')}: {counted(exact, 'exact copy')} seen, "
        f"{counted(run.result['near'], 'near copy')} removed, in {counted(len(groups), 'group')} "
        f"(cosine >= {run.parameters['near']})."
    )
    return Report(line, {**run.result, "exact": exact, "groups": groups, "near_threshold": run.parameters["near"]})


def _listed_groups(run: Run) -> Iterator[dict[str, Any]]:
    """Every group with all its files: the representative, its exact copies, and near copies with theirs."""
    near: dict[str, list[tuple[str, float]]] = defaultdict(list)
    rows = DuplicateMember.objects.filter(group__run=run, video__in=Video.objects.visible())
    for representative, video, score in rows.values_list("group__representative_id", "video_id", "score"):
        near[representative].append((video, score))
    files = _files_by_video()
    heads = near.keys() | {video for video, names in files.items() if len(names) > 1} - _near_members(near)
    for head in sorted(heads):
        if head in files:
            yield {"representative": head, "members": list(_listed_members(head, near[head], files))}


def _near_members(near: dict[str, list[tuple[str, float]]]) -> set[str]:
    return {video for copies in near.values() for video, _ in copies}


def _files_by_video() -> dict[str, list[str]]:
    files: dict[str, list[str]] = defaultdict(list)
    visible = Sighting.objects.filter(video__in=Video.objects.visible())
    for video, file_name in visible.order_by("root", "file_name").values_list("video_id", "file_name"):
        files[video].append(file_name)
    return files


def _listed_members(
    head: str, near: Sequence[tuple[str, float]], files: dict[str, list[str]]
) -> Iterator[dict[str, Any]]:
    first, *copies = files[head]
    yield {"sha256": head, "file_name": first, "kind": "representative", "score": 1.0}
    for name in copies:
        yield {"sha256": head, "file_name": name, "kind": "exact", "score": 1.0}
    for video, score in near:
        for name in files[video]:
            yield {"sha256": video, "file_name": name, "kind": "near", "score": score}
