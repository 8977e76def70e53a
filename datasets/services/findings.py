"""What takes videos out of the funnel and puts them back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from config.errors import UserError
from config.models import User
from datasets.models import Effect, Finding, Run, Video

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
    standing = {(f.video_id, f.reason): f for f in Finding.objects.filter(stage=stage, by=None, lifted_at=None)}
    overruled = _overruled(stage) & target.keys()
    stale = [finding for key, finding in standing.items() if not _same(finding, target.get(key))]
    Finding.objects.filter(pk__in=[f.pk for f in stale]).update(
        lifted_at=timezone.now(), lifted_why=f"{stage} ran again"
    )
    unchanged = standing.keys() - {(f.video_id, f.reason) for f in stale}
    new = [found for key, found in sorted(target.items()) if key not in unchanged | overruled]
    Finding.objects.bulk_create([_row(stage, found, run) for found in new], batch_size=1000)
    return Reconciled(raised=len(new), lifted=len(stale), overruled=len(overruled))


def _overruled(stage: str) -> set[tuple[str, str]]:
    lifted = Finding.objects.filter(stage=stage, by=None).exclude(lifted_by=None)
    return set(lifted.values_list("video_id", "reason"))


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


@transaction.atomic
def raise_finding(video: Video, *, reason: str, effect: Effect, by: User, note: str = "") -> Finding:
    """A person's own finding. Raises `UserError` when the same one stands already."""
    if Finding.objects.filter(video=video, stage=REVIEW, reason=reason, lifted_at=None).exists():
        raise UserError(f"This video is already marked {reason!r}; lift that first.")
    return Finding.objects.create(video=video, stage=REVIEW, reason=reason, effect=effect, by=by, note=note)


@transaction.atomic
def lift_finding(finding: Finding, *, by: User, why: str) -> Finding:
    """Put a video back as far as this finding goes. The row stays as history."""
    if not why.strip():
        raise UserError("Say why the finding is lifted; the reason is kept with it.")
    if finding.effect == Effect.QUARANTINE:
        raise UserError("A quarantine is released by two people through its incident (`manage.py incidents`).")
    lifted = Finding.objects.filter(pk=finding.pk, lifted_at=None).update(
        lifted_at=timezone.now(), lifted_by=by, lifted_why=why.strip()
    )
    if not lifted:
        raise UserError("This finding was lifted already.")
    finding.refresh_from_db()
    return finding
