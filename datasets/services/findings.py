"""What takes videos out of the funnel and puts them back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from config.errors import UserError
from config.models import User
from datasets.models import Action, Decision, Effect, Finding, Run, Video

REVIEW = "review"  # the stage of people's own findings


@dataclass(frozen=True)
class Found:
    """A finding that a stage wants to stand."""

    video: str
    reason: str
    effect: Effect
    value: float | None = None
    threshold: float | None = None
    note: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.video, self.reason


@dataclass(frozen=True)
class Reconciled:
    raised: int
    lifted: int
    overruled: int  # wanted by the stage, but a person has lifted it before


@transaction.atomic
def reconcile(stage: str, wanted: Iterable[Found], run: Run) -> Reconciled:
    """Make the stage's standing findings those that are wanted.

    Findings that no longer hold are lifted, missing ones raised, unchanged ones left as they are. What a person
    has lifted is not raised again.
    """
    target = {found.key: found for found in wanted}
    # One locking read of both: a person who lifts or undoes meanwhile waits, so no finding falls between.
    rows = list(_standing_or_overruled(stage).select_for_update(of=("self",)).order_by("pk"))
    standing = {_key(finding): finding for finding in rows if finding.stands}
    put_back = {_key(finding) for finding in rows if not finding.stands} & target.keys()
    stale = [finding for key, finding in standing.items() if not _same(finding, target.get(key))]
    Finding.objects.filter(pk__in=[f.pk for f in stale]).update(
        lifted_at=timezone.now(), lifted_why=f"{stage} ran again"
    )
    unchanged = standing.keys() - {_key(finding) for finding in stale}
    new = [found for key, found in sorted(target.items()) if key not in unchanged | put_back]
    Finding.objects.bulk_create([_row(stage, found, run) for found in new], batch_size=1000)
    return Reconciled(raised=len(new), lifted=len(stale), overruled=len(put_back))


def overruled(stage: str) -> set[tuple[str, str]]:
    """Video and reason of each finding of the stage that a person has lifted for good.

    A decision that was undone does not count, and neither do split and merge: they speak of a pair, and the stage
    may still find the video a copy of another one.
    """
    return {_key(finding) for finding in _standing_or_overruled(stage).exclude(lifted_at=None)}


def _standing_or_overruled(stage: str) -> QuerySet[Finding]:
    of_a_pair = Q(lifted_in__isnull=False, lifted_in__action__in=(Action.SPLIT, Action.MERGE))
    by_a_person = Q(lifted_by__isnull=False, lifted_in__undone_at=None) & ~of_a_pair
    return Finding.objects.filter(Q(lifted_at=None) | by_a_person, stage=stage, by=None)


def _key(finding: Finding) -> tuple[str, str]:
    return finding.video_id, finding.reason


def _same(finding: Finding, found: Found | None) -> bool:
    return found is not None and (finding.effect, finding.value, finding.threshold, finding.note) == (
        found.effect,
        found.value,
        found.threshold,
        found.note,
    )


def _row(stage: str, found: Found, run: Run) -> Finding:
    return Finding(
        stage=stage,
        video_id=found.video,
        reason=found.reason,
        effect=found.effect,
        value=found.value,
        threshold=found.threshold,
        note=found.note,
        run=run,
    )


# --- what people do ---


@transaction.atomic
def raise_finding(video: Video, *, reason: str, effect: Effect, by: User, note: str = "") -> Finding:
    """A person's own finding, with its decision; a quarantine has its incident instead.

    Raises `UserError` when the same one stands already.
    """
    lock([video.pk])
    if Finding.objects.filter(video=video, stage=REVIEW, reason=reason, lifted_at=None).exists():
        raise UserError(f"This video is already marked {reason!r}; lift that first.")
    if effect == Effect.QUARANTINE:
        return Finding.objects.create(video=video, stage=REVIEW, reason=reason, effect=effect, by=by, note=note)
    action = Action.REMOVE if effect == Effect.REMOVE else Action.FLAG
    decision = record(action, [video], by=by, why=note or reason)
    (finding,) = raise_in(decision, {video.pk: note}, reason=reason, effect=effect)
    return finding


@transaction.atomic
def lift_finding(finding: Finding, *, by: User, why: str) -> Finding:
    """Put a video back as far as this finding goes. The row stays as history."""
    if not why.strip():
        raise UserError("Say why the finding is lifted; the reason is kept with it.")
    if finding.effect == Effect.QUARANTINE:
        raise UserError("A quarantine is released by two people through its incident (`manage.py incidents`).")
    lock([finding.video_id])
    decision = record(Action.LIFT, [finding.video], by=by, why=why)
    if not lift_in(decision, Finding.objects.filter(pk=finding.pk), why=why):
        raise UserError("This finding was lifted already.")
    finding.refresh_from_db()
    return finding


# --- the parts of a decision, for services that hold a transaction ---


def lock(sha256s: Collection[str]) -> None:
    """Hold these videos until the transaction ends: two people who decide on one of them do so in turn.

    Always in the order of SHA-256, so that nobody waits in a circle; stages may go on adding findings.
    """
    rows = Video.objects.filter(pk__in=sha256s).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list("pk", flat=True))


def record(action: Action, videos: Iterable[Video], *, by: User, why: str) -> Decision:
    """A new row of the decision log."""
    decision = Decision.objects.create(action=action, by=by, why=why.strip())
    decision.videos.add(*videos)
    return decision


def raise_in(decision: Decision, notes: Mapping[str, str], *, reason: str, effect: Effect) -> list[Finding]:
    """People's findings on the videos of `notes`, by SHA-256, raised by `decision`.

    Raises `UserError` when an equal one has come to stand since the caller looked.
    """
    rows = [
        Finding(
            video_id=video,
            stage=REVIEW,
            reason=reason,
            effect=effect,
            note=note,
            by_id=decision.by_id,
            decision=decision,
        )
        for video, note in sorted(notes.items())
    ]
    try:
        with transaction.atomic():
            return Finding.objects.bulk_create(rows, batch_size=1000)
    except IntegrityError as error:
        raise UserError(
            "Somebody else has just decided on one of these videos; look at it again, then decide."
        ) from error


def lift_in(decision: Decision, findings: QuerySet[Finding], *, why: str) -> int:
    """Lift those of `findings` that stand and are no quarantine; how many that were."""
    standing = findings.filter(lifted_at=None).exclude(effect=Effect.QUARANTINE)
    return standing.update(
        lifted_at=timezone.now(), lifted_by=decision.by_id, lifted_why=why.strip(), lifted_in=decision
    )
