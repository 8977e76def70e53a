"""Duplicate groups, decisions and their log, as the review pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.urls import reverse

from annotation.services import evidence
from annotation.services.browse import with_details
from annotation.services.cards import Card, Tab, card
from clustering.services import groups as duplicates
from clustering.services import thresholds
from clustering.services.groups import Kind, Member
from clustering.services.verdicts import merge, split
from config.errors import UserError
from config.models import User
from config.report import counted
from datasets.models import Action, Decision, Video
from datasets.services import review
from datasets.services.review import find_videos

GROUPS_PER_PAGE = 10
LINES_PER_PAGE = 50
KINDS: Mapping[Kind, str] = {
    "copies": "Copies",
    "likely": "Likely copies",
    "same generation": "Same generation",
    "alike": "Alike",
}
DONE = {
    Action.KEEP: "Kept",
    Action.REMOVE: "Removed",
    Action.FLAG: "Flagged",
    Action.LIFT: "Lifted a finding on",
    Action.SPLIT: "Split off",
    Action.MERGE: "Merged",
}


# --- duplicates ---


@dataclass(frozen=True)
class Shelf:
    """A group as it is drawn: the best copy first."""

    number: int
    cards: Sequence[Card]


@dataclass(frozen=True)
class Duplicates:
    kinds: Sequence[Tab]
    page: Page[Any]
    shelves: Sequence[Shelf]


def duplicates_page(kind: Kind, number: str | None) -> Duplicates:
    found = {each: duplicates.groups(each) for each in KINDS}
    page = Paginator(found[kind], GROUPS_PER_PAGE).get_page(number)
    chosen = list(page)
    keys = {video.pk for group in chosen for video in (group.representative, *(m.video for m in group.members))}
    details = with_details(Video.objects.visible()).in_bulk(list(keys))
    shelves = [_shelf(page.start_index() + at, group, details, kind) for at, group in enumerate(chosen)]
    return Duplicates([Tab(each, KINDS[each], len(groups)) for each, groups in found.items()], page, shelves)


def _shelf(number: int, group: duplicates.Group, details: Mapping[str, Video], kind: Kind) -> Shelf:
    best = card(f"g{number}c0", details[group.representative.pk], best=True)
    others = [
        _member(f"g{number}c{at}", details[member.video.pk], member, kind)
        for at, member in enumerate(group.members, 1)
    ]
    return Shelf(number, [best, *others])


def _member(key: str, video: Video, member: Member, kind: Kind) -> Card:
    return card(key, video, offset=member.offset, evidence=evidence.in_words(member, kind))


# --- decisions ---


@dataclass(frozen=True)
class Outcome:
    """What a decision or its undoing has come to: a sentence, and the videos it touched as they are now."""

    decision: Decision
    said: str
    videos: Sequence[Video]


def decide(action: str, sha256s: Sequence[str], *, by: User, why: str) -> Outcome:
    """Keep, remove, flag, split or merge. Raises `UserError` in a sentence for what cannot be done."""
    videos = find_videos(sha256s)
    if action == Action.KEEP:
        decision = review.keep(videos, by=by, why=why)
    elif action == Action.REMOVE:
        decision = review.remove(videos, by=by, why=why)
    elif action == Action.FLAG:
        decision = review.flag(videos, by=by, why=why)
    elif action == Action.SPLIT:
        decision = split(videos, by=by, why=why)
    else:
        decision = merge(videos, by=by, why=why)
    return Outcome(decision, f"{in_words(decision, len(videos))}.", _now(_touched(decision)))


def undo(decision: Decision | None, *, by: User) -> Outcome:
    """Undo a decision, or the last one of `by` that stands. Raises `UserError` where there is none."""
    decision = decision or review.last_of(by)
    if decision is None:
        raise UserError("There is no decision of yours to undo.")
    touched = _touched(decision)  # before what it lifted forgets it
    shown = decision.videos.filter(pk__in=Video.objects.visible()).count()
    undone = thresholds.undo_decision(decision, by=by)
    said = in_words(undone, shown)
    return Outcome(undone, f"Undone: {said[0].lower()}{said[1:]}.", _now(touched))


def _touched(decision: Decision) -> list[str]:
    about = Q(decisions=decision) | Q(findings__decision=decision) | Q(findings__lifted_in=decision)
    return list(Video.objects.filter(about).distinct().values_list("pk", flat=True))


def _now(sha256s: Iterable[str]) -> list[Video]:
    return list(with_details(Video.objects.visible().filter(pk__in=list(sha256s))))


def in_words(decision: Decision, videos: int) -> str:
    """For example `Removed 3 videos`."""
    return what(decision) if decision.action == Action.THRESHOLD else f"{what(decision)} {counted(videos, 'video')}"


def what(decision: Decision) -> str:
    """For example `Removed`."""
    if decision.action == Action.THRESHOLD:
        change = decision.threshold_change
        return f"Set the threshold of {change.reason} to {change.threshold:g}"
    return DONE[Action(decision.action)]


# --- the log ---


@dataclass(frozen=True)
class Line:
    """A decision in the log: `what` was done to so many `videos`, which `url` lists."""

    decision: Decision
    what: str
    videos: int
    url: str


def log_page(action: str, by: User | None, number: str | None) -> tuple[Page[Any], list[Line]]:
    decisions = review.log(action, by).select_related("threshold_change")
    page = Paginator(decisions, LINES_PER_PAGE).get_page(number)
    return page, [_line(decision) for decision in page]


def _line(decision: Decision) -> Line:
    videos = len(decision.shown_videos)  # type: ignore[attr-defined]
    return Line(decision, what(decision), videos, f"{reverse('videos')}?decision={decision.pk}")


def people() -> QuerySet[User]:
    """Those who have decided anything."""
    return User.objects.filter(pk__in=Decision.objects.values("by"))
