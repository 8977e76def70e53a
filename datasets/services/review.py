"""What people decide about videos, one or many at once: keep, remove, undo, and the log of it all.

Each decision is one transaction that holds its videos (`findings.lock`), so two people who decide on the same video
do so in turn, and the second one builds on what the first has left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from config.errors import UserError
from config.models import User
from datasets.models import Action, Decision, Effect, Finding, Video
from datasets.services.findings import REVIEW, lift_in, lock, raise_in, record

REMOVED, TO_REVIEW = "removed", "to review"
_DONE = {Action.REMOVE: "removed", Action.FLAG: "flagged for review"}
SHA256 = re.compile(r"[0-9a-f]{64}")
_SAME = {field: OuterRef(field) for field in ("video", "stage", "reason")}


def find_videos(sha256s: Sequence[str]) -> list[Video]:
    """The videos of these SHA-256s in their order, each once.

    Raises `UserError` naming the first that is not there; a quarantined one is not there either.
    """
    wanted = list(dict.fromkeys(sha256s))
    found = Video.objects.visible().in_bulk([sha256 for sha256 in wanted if SHA256.fullmatch(sha256)])
    for sha256 in wanted:
        if sha256 not in found:
            raise UserError(f"There is no video {sha256[:64]!r}; load the page again.")
    return [found[sha256] for sha256 in wanted]


def choose(videos: Sequence[Video]) -> list[Video]:
    """The videos that a decision is about, each once and held until its transaction ends.

    Raises `UserError` for none, and for one that is not there or in quarantine.
    """
    if not videos:
        raise UserError("No video is chosen; choose at least one.")
    lock([video.pk for video in videos])
    return find_videos([video.pk for video in videos])


def given(why: str) -> str:
    """The reason without blanks around it. Raises `UserError` when there is none."""
    if not why.strip():
        raise UserError("Say why; the reason is kept in the log.")
    return why.strip()


@transaction.atomic
def keep(videos: Sequence[Video], *, by: User, why: str = "") -> Decision:
    """Put `videos` back for good: every finding that stands against them is lifted, and no stage raises it again.

    For more than one video a reason is needed. A quarantine stays. Raises `UserError` where nothing stands.
    """
    chosen = choose(videos)
    why = given(why) if len(chosen) > 1 else why.strip()
    decision = record(Action.KEEP, chosen, by=by, why=why)
    if not lift_in(decision, Finding.objects.filter(video__in=chosen), why=why or "kept by a person"):
        raise UserError("Nothing stands against the chosen videos; they are kept already.")
    return decision


@transaction.atomic
def remove(videos: Sequence[Video], *, by: User, why: str) -> Decision:
    """Take `videos` out of the funnel. Those that people have removed before are left as they are.

    Raises `UserError` where that is all of them.
    """
    return _raised(Action.REMOVE, videos, by=by, why=why, reason=REMOVED, effect=Effect.REMOVE)


@transaction.atomic
def flag(videos: Sequence[Video], *, by: User, why: str) -> Decision:
    """Mark `videos` for a person to look at; they stay in the funnel. Those marked before are left as they are.

    Raises `UserError` where that is all of them.
    """
    return _raised(Action.FLAG, videos, by=by, why=why, reason=TO_REVIEW, effect=Effect.FLAG)


def _raised(action: Action, videos: Sequence[Video], *, by: User, why: str, reason: str, effect: Effect) -> Decision:
    why, chosen = given(why), choose(videos)
    standing = Finding.objects.filter(video__in=chosen, stage=REVIEW, reason=reason, lifted_at=None)
    before = set(standing.values_list("video_id", flat=True))
    notes = {video.pk: why for video in chosen if video.pk not in before}
    if not notes:
        raise UserError(f"The chosen videos are {_DONE[action]} already.")
    decision = record(action, chosen, by=by, why=why)
    raise_in(decision, notes, reason=reason, effect=effect)
    return decision


# --- undo ---


@transaction.atomic
def undo(decision: Decision, *, by: User) -> Decision:
    """Take a decision back: what it raised is lifted, what it lifted stands again, its verdicts no longer count.

    Raises `UserError` when it was undone before, and when a later decision that stands builds on it.
    """
    lock(_touched(decision))
    now = timezone.now()
    undone = Decision.objects.filter(pk=decision.pk, undone_at=None).update(undone_at=now, undone_by=by)
    if not undone:
        raise UserError(f"Decision {decision.pk} was undone already.")
    _refuse_if_built_on(decision)
    Finding.objects.filter(decision=decision, lifted_at=None).update(
        lifted_at=now, lifted_by=by, lifted_why=f"decision {decision.pk} undone"
    )
    _let_stand_again(decision)
    decision.refresh_from_db()
    return decision


def _touched(decision: Decision) -> list[str]:
    touched = Q(pk__in=decision.videos.values("pk")) | Q(pk__in=_findings_of(decision).values("video"))
    return list(Video.objects.filter(touched).values_list("pk", flat=True))


def _refuse_if_built_on(decision: Decision) -> None:
    """A later decision builds on this one if it raised or lifted a finding of the same video, stage and reason."""
    ours = _findings_of(decision)
    same = Finding.objects.filter(Exists(ours.filter(**_SAME)), video__in=ours.values("video"))
    acts = {pk for pair in same.values_list("decision", "lifted_in") for pk in pair if pk}
    later = Decision.objects.filter(pk__in=acts, pk__gt=decision.pk, undone_at=None).first()
    if later:
        raise UserError(f"Decision {later.pk} builds on decision {decision.pk}. Undo decision {later.pk} first.")


def _let_stand_again(decision: Decision) -> None:
    """All that it lifted, but for what its stage has found anew since: of that, one stands already."""
    lifted = Finding.objects.filter(lifted_in=decision)
    list(lifted.order_by("pk").select_for_update())  # a stage that is at them ends first
    stands = Exists(Finding.objects.filter(**_SAME, lifted_at=None))
    lifted.exclude(stands).update(lifted_at=None, lifted_by=None, lifted_why="", lifted_in=None)


def _findings_of(decision: Decision) -> QuerySet[Finding]:
    return Finding.objects.filter(Q(decision=decision) | Q(lifted_in=decision))


# --- the log ---


def last_of(user: User) -> Decision | None:
    """The newest decision of this person that stands."""
    return Decision.objects.filter(by=user, undone_at=None).first()


def log(action: str = "", by: User | None = None) -> QuerySet[Decision]:
    """All decisions, newest first, or those of one kind or person.

    Each has its `shown_videos`: those of its videos that may be shown.
    """
    decisions = Decision.objects.select_related("by", "undone_by")
    if action:
        decisions = decisions.filter(action=action)
    if by is not None:
        decisions = decisions.filter(by=by)
    return decisions.prefetch_related(Prefetch("videos", Video.objects.visible(), to_attr="shown_videos"))
