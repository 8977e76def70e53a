"""Every screening rule, of measures and of embeddings alike: what it finds, and what another threshold would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from numpy.typing import NDArray

from clustering.services import coherence
from clustering.services.vectors import key_in_use
from config.errors import UserError
from config.models import User
from config.report import Report
from datasets.models import Action, Decision, Finding, ThresholdChange, Video
from datasets.screening import Change, Histogram, Rule, checked
from datasets.screening import histogram as _histogram
from datasets.services import review, screen
from datasets.services.findings import overruled, record


def rules() -> tuple[Rule, ...]:
    """All rules, with the thresholds in use."""
    return screen.rules_in_use() + coherence.rules_in_use()


def rule(reason: str) -> Rule:
    """The rule of this name. Raises `UserError` for an unknown one."""
    known = rules()
    found = next((each for each in known if each.reason == reason), None)
    if found is None:
        names = ", ".join(each.reason for each in known)
        raise UserError(f"There is no rule {reason[:64]!r}; the rules are {names}.")
    return found


def values(rule: Rule) -> NDArray[np.float64]:
    """The measure of every visible video that has one, in no order."""
    found = _of(rule).measured(rule).order_by().values_list("value", flat=True)
    return np.fromiter(found.iterator(), np.float64)


def histogram(rule: Rule, bins: int = 48) -> Histogram:
    return _histogram(values(rule), bins, log=rule.log)


def measured(video_ids: Sequence[str], rule: Rule) -> dict[str, float]:
    """The measure of those of these videos that have one and may be shown."""
    return dict(_of(rule).measured(rule).filter(video__in=video_ids).values_list("video", "value"))


def found_videos(rule: Rule) -> QuerySet[Video]:
    """The visible videos against which a finding of this rule stands, the worst first."""
    own = Finding.objects.filter(stage=rule.stage, reason=rule.reason, by=None, lifted_at=None, video=OuterRef("pk"))
    videos = Video.objects.visible().filter(Exists(own)).annotate(value=Subquery(own.values("value")[:1]))
    value = F("value").desc(nulls_last=True) if rule.above else F("value").asc(nulls_last=True)
    return videos.order_by(value, "sha256")


def change(rule: Rule, threshold: float) -> Change:
    """What this rule would find with `threshold`, against what it has found as it stands.

    What people have put back is not found again. Raises `UserError` for a threshold that its measure cannot have.
    """
    tried = checked(rule, threshold)
    put_back = {video for video, reason in overruled(rule.stage) if reason == rule.reason}
    worst = f"{'-' if rule.above else ''}value"
    rows = _of(rule).found_by(tried).order_by(worst, "video_id").values_list("video", flat=True)
    wanted = [video for video in rows if video not in put_back]
    standing = list(found_videos(rule).values_list("pk", flat=True))
    return Change(
        found=len(wanted),
        now=len(standing),
        newly=_without(wanted, standing),
        no_longer=_without(standing, wanted),
    )


def _without(videos: Sequence[str], others: Sequence[str]) -> list[str]:
    gone = set(others)
    return [video for video in videos if video not in gone]


def _of(rule: Rule) -> Any:
    """The module that keeps the measures of this rule's stage."""
    return coherence if rule.stage == coherence.STAGE else screen


# --- what people do ---


@transaction.atomic
def set_threshold(reason: str, threshold: float, *, by: User, why: str) -> Decision:
    """Move a rule's threshold for good, and decide anew from the stored measures, without decoding.

    Raises `UserError` for an unknown rule, a threshold that its measure cannot have, where nobody says why, and
    for a cosine before the first `embed`.
    """
    why, moved = review.given(why), checked(rule(reason), threshold)
    if moved.stage == coherence.STAGE:
        key_in_use()  # before the first vectors there is no model that the threshold could be a cosine of
    screen.one_at_a_time(moved.stage)
    decision = record(Action.THRESHOLD, [], by=by, why=why)
    ThresholdChange.objects.create(decision=decision, reason=reason, threshold=threshold)
    _redecide(moved.stage)
    return decision


@transaction.atomic
def undo_decision(decision: Decision, *, by: User) -> Decision:
    """Undo any decision; where it moved a threshold, its stage decides anew. Raises as `review.undo` does."""
    undone = review.undo(decision, by=by)
    if undone.action == Action.THRESHOLD:
        _redecide(rule(undone.threshold_change.reason).stage)
    return undone


@transaction.atomic
def redecide() -> Report:
    """Decide by the rules in use on all that is stored: measures and embeddings."""
    report = screen.screen_videos()
    coherence.redecide()
    return report


def _redecide(stage: str) -> None:
    if stage == coherence.STAGE:
        coherence.redecide()
    else:
        screen.screen_videos()
