"""What people say of pairs of videos: copies or not. It goes before any measure.

A tie is what there is to say it about: a finding or a group that calls one video a copy of a better one, or like it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db import transaction

from clustering.models import DuplicateMember, PairVerdict
from config.errors import UserError
from config.models import User
from datasets.models import Action, Decision, Effect, Finding, Video, quality_order
from datasets.services.findings import REVIEW, lift_in, lock, raise_in, record
from datasets.services.review import choose, given
from datasets.services.runs import latest

DUPLICATE, LIKELY, GENERATION, ALIKE = "duplicate", "likely copy", "same generation", "alike"
FLAGS = (LIKELY, GENERATION, ALIKE)
NAMED = re.compile(r"[0-9a-f]{64}$")  # the notes of these findings end with the better video


@dataclass(frozen=True)
class Tie:
    """`worse` counts as a copy of `better`, or like it, for `reason`; `score` is 0 to 1, none where people said so.

    `finding` is the one that says it. Without, the group of the newest run has a video that a person has kept.
    """

    better: str
    worse: str
    reason: str
    score: float | None
    finding: int | None = None

    @cached_property
    def pair(self) -> frozenset[str]:
        return frozenset((self.better, self.worse))


def verdicts() -> dict[frozenset[str], bool]:
    """Whether two videos are copies, by the newest verdict on them whose decision stands."""
    rows = PairVerdict.objects.filter(decision__undone_at=None).order_by("pk")
    return {frozenset((a, b)): copies for a, b, copies in rows.values_list("a", "b", "copies")}


def best_copies(pairs: Sequence[frozenset[str]]) -> dict[str, str]:
    """For each video that `pairs` of copies connect with a better one, the best of all it is connected with."""
    order = Video.objects.order_by(*quality_order()).values_list("pk", flat=True) if pairs else ()
    place = {video: index for index, video in enumerate(order)}
    better = {video: video for pair in pairs for video in pair}

    def best(video: str) -> str:
        while better[video] != video:
            video = better[video]
        return video

    for pair in pairs:
        one, other = sorted(map(best, pair), key=place.__getitem__)
        better[other] = one
    return {video: best(video) for video in better if best(video) != video}


def ties(reasons: Collection[str] = (DUPLICATE, *FLAGS)) -> list[Tie]:
    """All ties of visible videos that no verdict has cut; a group and a finding may say the same twice."""
    said = verdicts()
    visible = set(Video.objects.visible().values_list("pk", flat=True))
    found = [*_grouped(reasons), *_found(reasons)]
    return [tie for tie in found if said.get(tie.pair, True) and tie.pair <= visible]


def _grouped(reasons: Collection[str]) -> list[Tie]:
    run = latest("dedup")
    if run is None or DUPLICATE not in reasons:
        return []
    rows = DuplicateMember.objects.filter(group__run=run).values_list("group__representative", "video", "score")
    return [Tie(better, worse, DUPLICATE, score) for better, worse, score in rows]


def _found(reasons: Collection[str]) -> list[Tie]:
    rows = Finding.objects.filter(stage__in=("dedup", REVIEW), reason__in=reasons, lifted_at=None)
    told = rows.values_list("note", "video", "reason", "value", "pk")
    return [Tie(named[0], *row) for note, *row in told if (named := NAMED.search(note))]  # type: ignore[arg-type]


# --- split ---


@transaction.atomic
def split(videos: Sequence[Video], *, by: User, why: str) -> Decision:
    """Say that each of `videos` is no copy of what it is tied to; what took it out or flagged it for that is lifted.

    A representative is split from all of its members. Raises `UserError` for a video that is tied to none.
    """
    why, keys = given(why), {video.pk for video in videos}
    cut = [tie for tie in ties() if tie.pair & keys]
    lock(keys.union(*(tie.pair for tie in cut)))
    chosen = choose(videos)
    _refuse_untied(chosen, cut)
    decision = record(Action.SPLIT, chosen, by=by, why=why)
    _say(decision, {tie.pair for tie in cut}, copies=False)
    lift_in(decision, Finding.objects.filter(pk__in=[tie.finding for tie in cut if tie.finding]), why=why)
    return decision


def _refuse_untied(chosen: Iterable[Video], cut: Iterable[Tie]) -> None:
    tied = frozenset[str]().union(*(tie.pair for tie in cut))
    for video in chosen:
        if video.pk not in tied:
            raise UserError(
                f"Video {video} is in no duplicate group and flagged as no copy; there is nothing to split."
            )


def _say(decision: Decision, pairs: Iterable[frozenset[str]], *, copies: bool) -> None:
    ordered = sorted(tuple(sorted(pair)) for pair in pairs)
    PairVerdict.objects.bulk_create(
        (PairVerdict(decision=decision, a_id=a, b_id=b, copies=copies) for a, b in ordered), batch_size=1000
    )


# --- merge ---


@transaction.atomic
def merge(videos: Sequence[Video], *, by: User, why: str) -> Decision:
    """Say that `videos` are copies of each other: the best stays, the others leave the funnel as copies of it.

    Raises `UserError` for fewer than two, when it has been said before, and when the best is out of the funnel
    for another reason than being a copy itself: then nothing of them would be left.
    """
    why, chosen = given(why), choose(videos)
    if len(chosen) < 2:
        raise UserError("Choose at least two videos to merge.")
    keys = [video.pk for video in chosen]
    best, *others = Video.objects.filter(pk__in=keys).order_by(*quality_order())
    notes = {other.pk: f"copy of {best.pk}" for other in others}
    _refuse_lost(best)
    _refuse_merged(notes)
    decision = record(Action.MERGE, chosen, by=by, why=why)
    _say(decision, [frozenset((best.pk, other.pk)) for other in others], copies=True)
    about = Finding.objects.filter(video__in=others)
    lift_in(decision, about.filter(stage="dedup", reason__in=FLAGS), why=why)
    lift_in(decision, about.filter(stage=REVIEW, reason=DUPLICATE), why=why)  # of an earlier merge
    raise_in(decision, notes, reason=DUPLICATE, effect=Effect.REMOVE)
    return decision


def _refuse_lost(best: Video) -> None:
    out = best.findings.filter(effect=Effect.REMOVE, lifted_at=None).exclude(reason=DUPLICATE).first()
    if out:
        raise UserError(
            f"Video {best} is the best of these, but it is out of the funnel ({out.reason}); keep it first."
        )


def _refuse_merged(notes: dict[str, str]) -> None:
    rows = Finding.objects.filter(video__in=notes, stage=REVIEW, reason=DUPLICATE, lifted_at=None)
    if dict(rows.values_list("video_id", "note")) == notes:
        raise UserError("These videos are merged already.")
