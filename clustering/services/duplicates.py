"""The dedup stage: exact copies by content, other copies by their frames, and what only looks alike flagged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from clustering.copies import Pair, copy_groups
from clustering.duplicates import near_groups
from clustering.models import DuplicateGroup, DuplicateMember
from clustering.services.pairs import copy_pairs
from clustering.services.vectors import key_in_use, load_vectors
from config.errors import UserError
from config.report import Report, counted
from datasets.copies import DEFAULTS, Kind, Thresholds
from datasets.models import Effect, Run, Sighting, Video, quality_order
from datasets.services.findings import Found, reconcile
from datasets.services.runs import digest, latest, same_as_before, stage_run

PERCEPTUAL = "perceptual"


@dataclass(frozen=True)
class Wanted:
    """How to look for duplicates. `semantic` is a cosine of embeddings above which videos are flagged as alike.

    It is off by default and flags only, unless `semantic_removes`: two clips of one prompt are alike and not
    copies.
    """

    thresholds: Thresholds = DEFAULTS
    semantic: float | None = None
    semantic_removes: bool = False


def dedup(wanted: Wanted | None = None) -> Report:
    """Group copies, keep the best of each group and take the others out of the funnel.

    The best copy has the highest resolution, then the greatest length, then the lowest SHA-256. Raises
    `UserError` for a cosine outside 0 to 1.
    """
    wanted = wanted or Wanted()
    if wanted.semantic is not None and not 0 < wanted.semantic <= 1:
        raise UserError(f"--semantic is {wanted.semantic}; a cosine lies above 0 and at most at 1.")
    order = list(Video.objects.kept_before("dedup").order_by(*quality_order()).values_list("sha256", flat=True))
    pairs = copy_pairs(wanted.thresholds)
    parameters = _parameters(wanted)
    inputs = digest(order, [asdict(pair) for pair in pairs], _generations())
    run = same_as_before("dedup", parameters, inputs) or _keep(order, pairs, wanted, parameters, inputs)
    return _report(run)


def _parameters(wanted: Wanted) -> dict[str, Any]:
    key = key_in_use() if wanted.semantic is not None else ""
    return asdict(wanted) | {"encoder_key": key}


@transaction.atomic
def _keep(
    order: Sequence[str], pairs: Sequence[Pair], wanted: Wanted, parameters: dict[str, Any], inputs: str
) -> Run:
    heads = copy_groups(pairs, order)
    evidence = {frozenset((pair.a, pair.b)): pair for pair in pairs}
    members = _members(heads, evidence)
    with stage_run("dedup", parameters, inputs=inputs) as run:
        _store_groups(run, members)
        findings = [*_removals(members, evidence, wanted.thresholds), *_flags(order, heads, pairs, wanted)]
        reconcile("dedup", findings, run)
        run.result = {
            "videos": len(order),
            "copies": sum(map(len, members.values())),
            "likely": sum(found.reason == "likely copy" for found in findings),
            "flagged": len({found.video for found in findings if found.effect == Effect.FLAG}),
        }
    return run


Members = dict[str, list[tuple[str, float]]]
Evidence = Mapping[frozenset[str], Pair]


def _members(heads: Mapping[str, str], evidence: Evidence) -> Members:
    """The members of each group but its representative, with their scores, by representative."""
    members: Members = defaultdict(list)
    for video, head in heads.items():
        if head != video:
            score = evidence[frozenset((video, head))].comparison.strength
            members[head].append((video, round(score, 6)))
    return members


def _store_groups(run: Run, members: Members) -> None:
    for representative in sorted(members):
        group = DuplicateGroup.objects.create(run=run, representative_id=representative)
        DuplicateMember.objects.bulk_create(
            DuplicateMember(group=group, video_id=video, kind=PERCEPTUAL, score=score)
            for video, score in members[representative]
        )


def _removals(members: Members, evidence: Evidence, thresholds: Thresholds) -> Iterator[Found]:
    for head, copies in members.items():
        for video, score in copies:
            found = evidence[frozenset((video, head))].comparison
            by_frames = max(found.share_ab or 0, found.share_ba or 0) >= thresholds.share
            limit = thresholds.share if by_frames else thresholds.agreement
            yield Found(video, "duplicate", Effect.REMOVE, score, limit, f"copy of {head}")


# --- what is only flagged ---


def _flags(order: Sequence[str], heads: Mapping[str, str], pairs: Sequence[Pair], wanted: Wanted) -> Iterator[Found]:
    place = {video: index for index, video in enumerate(order)}
    yield from _likely(place, heads, pairs, wanted.thresholds)
    yield from _same_generation(place, heads)
    if wanted.semantic is not None:
        yield from _alike(order, heads, wanted)


def _likely(
    place: Mapping[str, int], heads: Mapping[str, str], pairs: Sequence[Pair], thresholds: Thresholds
) -> Iterator[Found]:
    """The worse one of two kept videos that are likely copies, once, with its strongest evidence."""
    best: dict[str, Found] = {}
    for pair in pairs:
        if pair.comparison.kind is not Kind.LIKELY or pair.a not in heads or pair.b not in heads:
            continue
        better, worse = sorted((heads[pair.a], heads[pair.b]), key=place.__getitem__)
        score = round(pair.comparison.tile_correlation, 6)
        if better != worse and (worse not in best or score > (best[worse].value or 0)):
            limit = thresholds.tile_correlation
            best[worse] = Found(worse, "likely copy", Effect.FLAG, score, limit, f"likely a copy of {better}")
    yield from best.values()


def _generations() -> list[tuple[str, ...]]:
    """Prompt, generator, seed and video of every sighting that has all of them."""
    told = Sighting.objects.exclude(prompt="").exclude(generator="").exclude(seed="")
    rows = told.order_by("prompt", "generator", "seed", "video").distinct()
    return list(rows.values_list("prompt", "generator", "seed", "video_id"))


def _same_generation(place: Mapping[str, int], heads: Mapping[str, str]) -> Iterator[Found]:
    """Kept videos that claim one prompt, generator and seed: all but the best are flagged."""
    claims: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for *claim, video in _generations():
        if video in heads:
            claims[tuple(claim)].add(heads[video])
    flagged = set()
    for videos in claims.values():
        better, *others = sorted(videos, key=place.__getitem__)
        for video in others:
            if video not in flagged:
                flagged.add(video)
                yield Found(
                    video, "same generation", Effect.FLAG, note=f"same prompt, generator and seed as {better}"
                )


def _alike(order: Sequence[str], heads: Mapping[str, str], wanted: Wanted) -> Iterator[Found]:
    """Kept videos whose embeddings come as near as `wanted.semantic` to a better one's."""
    kept = [video for video in order if heads[video] == video]
    vectors = load_vectors(Video.objects.filter(pk__in=kept).order_by(*quality_order()), key_in_use())
    groups = near_groups(vectors.matrix, float(wanted.semantic or 1))
    effect = Effect.REMOVE if wanted.semantic_removes else Effect.FLAG
    for row, head in enumerate(groups.head):
        if head != row:
            score = round(float(groups.score[row]), 6)
            note = f"alike to {vectors.sha256[head]}"
            yield Found(vectors.sha256[row], "alike", effect, score, wanted.semantic, note)


# --- what others ask ---


def representatives() -> dict[str, str]:
    """For each member of a duplicate group of the newest run, its representative."""
    run = latest("dedup")
    members = DuplicateMember.objects.filter(group__run=run).values_list("video_id", "group__representative_id")
    return dict(members) if run else {}


def _report(run: Run) -> Report:
    groups = list(_listed_groups(run))
    exact = sum(member["kind"] == "exact" for group in groups for member in group["members"])
    result = run.result
    line = (
        f"Compared {counted(result['videos'], 'video')}: {counted(exact, 'exact copy')} seen, "
        f"{counted(result['copies'], 'other copy')} removed, in {counted(len(groups), 'group')}; "
        f"{counted(result['flagged'], 'video')} flagged as a likely copy or alike."
    )
    return Report(line, result | {"exact": exact, "groups": groups, "parameters": run.parameters})


def _listed_groups(run: Run) -> Iterator[dict[str, Any]]:
    """Every group with all its files: the representative, its exact copies, and other copies with theirs."""
    others: Members = defaultdict(list)
    rows = DuplicateMember.objects.filter(group__run=run, video__in=Video.objects.visible())
    for representative, video, score in rows.values_list("group__representative_id", "video_id", "score"):
        others[representative].append((video, score))
    files = _files_by_video()
    copies = {video for members in others.values() for video, _ in members}
    heads = others.keys() | {video for video, names in files.items() if len(names) > 1} - copies
    for head in sorted(heads):
        if head in files:
            yield {"representative": head, "members": list(_listed_members(head, others[head], files))}


def _files_by_video() -> dict[str, list[str]]:
    files: dict[str, list[str]] = defaultdict(list)
    visible = Sighting.objects.filter(video__in=Video.objects.visible())
    for video, file_name in visible.order_by("root", "file_name").values_list("video_id", "file_name"):
        files[video].append(file_name)
    return files


def _listed_members(
    head: str, others: Sequence[tuple[str, float]], files: Mapping[str, list[str]]
) -> Iterator[dict[str, Any]]:
    for video, kind, score in [(head, "representative", 1.0), *((video, PERCEPTUAL, s) for video, s in others)]:
        first, *again = files[video]
        yield {"sha256": video, "file_name": first, "kind": kind, "score": score}
        for name in again:
            yield {"sha256": video, "file_name": name, "kind": "exact", "score": 1.0}
