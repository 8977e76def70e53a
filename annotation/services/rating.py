"""The clips of a rater as the rating page needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from annotation.models import Answer, Rater, Slot, Study
from annotation.services.labels import Progress, open_slots, progress, slots_of, submit_answer


@dataclass(frozen=True)
class Clip:
    """An assigned clip and its place, from 1, in the rater's own order."""

    slot: Slot
    position: int


@dataclass(frozen=True)
class Queue:
    clips: list[Clip]
    progress: Progress


def queue(rater: Rater, study: Study, limit: int) -> Queue:
    """The next clips without an answer."""
    clips = [_clip(rater, study, slot) for slot in open_slots(rater, study, limit)]
    return Queue(clips, progress(rater, study))


def _clip(rater: Rater, study: Study, slot: Slot) -> Clip:
    return Clip(slot, slots_of(rater, study).filter(order__lte=slot.order).count())


def last_answered(rater: Rater, study: Study) -> tuple[Clip, Answer] | None:
    """The clip that was answered last, with its newest answer."""
    answers = Answer.objects.filter(slot__in=slots_of(rater, study)).select_related("slot__video")
    last = answers.order_by("-answered_at", "-version").first()
    return (_clip(rater, study, last.slot), last) if last else None


def keep_answer(rater: Rater, study: Study, sent: dict[str, Any]) -> tuple[Answer, bool]:
    """The answer as kept, and whether it is new: the same one sent again is kept once."""
    known = Answer.objects.filter(pk=sent["id"]).exists()
    answer = submit_answer(
        rater=rater,
        study=study,
        sha256=sent["sha256"],
        answer_id=sent["id"],
        outcome=sent["outcome"],
        labels=sent["labels"],
        seconds=sent["seconds"],
    )
    return answer, not known
