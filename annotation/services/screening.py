"""The screening page: one rule, the measure of every video, and what another threshold would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from annotation import histogram
from annotation.services.browse import with_details
from annotation.services.cards import Card, Tab, cards
from clustering.services import thresholds
from config.report import counted
from datasets.models import Video
from datasets.screening import Change, Histogram, Rule

PER_PAGE = 24  # whole rows at two, three and four cards a row


@dataclass(frozen=True)
class Count:
    """A number of videos in words, and where they are listed."""

    text: str
    url: str


@dataclass(frozen=True)
class Board:
    """One rule, with its threshold or the one that is tried; `n` videos have its measure."""

    rule: Rule
    tabs: Sequence[Tab]
    chart: histogram.Chart | None
    n: int
    threshold: float
    counts: Sequence[Count]

    @property
    def measure(self) -> str:
        """Its name as words."""
        return self.rule.measure.replace("_", " ")

    @property
    def written(self) -> str:
        """The threshold as it is typed."""
        return f"{self.threshold:.12g}"


@dataclass(frozen=True)
class Screening:
    board: Board
    page: Page[Any]
    cards: Sequence[Card]


def screening_page(reason: str, threshold: float | None, show: str, number: str | None) -> Screening:
    """The rule `reason`, or the first one, and one page of its clips, the worst first.

    `show` is empty for what the rule has found as it stands, or else found, newly or no_longer: what it would find
    with `threshold`. Raises `UserError` for an unknown rule.
    """
    rule = _rule(reason)
    tried = rule.threshold if threshold is None else threshold
    change = thresholds.change(rule, tried)
    page = Paginator(_behind(rule, change, show), PER_PAGE).get_page(number)
    return Screening(_board(rule, tried, change), page, _cards(page, rule))


def threshold_counts(reason: str, threshold: float | None) -> list[Count]:
    """What a threshold would change, each number with its list."""
    rule = _rule(reason)
    tried = rule.threshold if threshold is None else threshold
    return _counts(rule, tried, thresholds.change(rule, tried))


def _rule(reason: str) -> Rule:
    return thresholds.rule(reason) if reason else thresholds.rules()[0]


def _board(rule: Rule, tried: float, change: Change) -> Board:
    tabs = [Tab(each.reason, each.reason, thresholds.found_videos(each).count()) for each in thresholds.rules()]
    measured = thresholds.histogram(rule)
    return Board(rule, tabs, _chart(rule, measured, tried), measured.n, tried, _counts(rule, tried, change))


def _cards(page: Page[Any], rule: Rule) -> list[Card]:
    listed = [video if isinstance(video, str) else video.pk for video in page]
    found = with_details(Video.objects.visible()).in_bulk(listed)
    shown = [found[sha256] for sha256 in listed if sha256 in found]
    return cards(shown, thresholds.measured(listed, rule))


def _chart(rule: Rule, measured: Histogram, threshold: float) -> histogram.Chart | None:
    if not measured.n:
        return None
    edges, counts = [float(edge) for edge in measured.edges], [int(count) for count in measured.counts]
    return histogram.chart(edges, counts, log=measured.log, threshold=threshold, above=rule.above)


def _counts(rule: Rule, threshold: float, change: Change) -> list[Count]:
    removes = rule.effect == "remove"

    def behind(show: str) -> str:
        query = urlencode({"rule": rule.reason, "threshold": f"{threshold:.12g}", "show": show})
        return f"{reverse('screening')}?{query}#clips"

    does = "removed" if removes else "flagged"
    if not change.newly and not change.no_longer:
        return [Count(f"{counted(change.found, 'video')} {does}, as now", behind(""))]
    counts = [Count(f"{counted(change.found, 'video')} would be {does}", behind("found"))]
    if change.newly:
        counts.append(Count(f"{len(change.newly):,} more than now", behind("newly")))
    if change.no_longer:
        back = "would come back" if removes else "would not be flagged any more"
        counts.append(Count(f"{len(change.no_longer):,} {back}", behind("no_longer")))
    return counts


def _behind(rule: Rule, change: Change, show: str) -> QuerySet[Video] | Sequence[str]:
    """The videos of one of the counts, or those that the rule has found as it stands."""
    if not show:
        return thresholds.found_videos(rule)
    if show == "newly":
        return change.newly
    if show == "no_longer":
        return change.no_longer
    standing = thresholds.found_videos(rule).values_list("pk", flat=True)
    gone = set(change.no_longer)
    return [*change.newly, *(sha256 for sha256 in standing if sha256 not in gone)]
