"""The clusters of the run in use as pages show them: one cluster, the noise, and the runs side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator

from annotation.codebook import PAPER_THEMES
from annotation.models import Theme
from annotation.services.browse import with_details
from annotation.services.cards import Card, card
from clustering.explain import Quota
from clustering.models import Cluster, Membership
from clustering.services.explain import Explanation, explain
from clustering.services.runs import in_use
from config.errors import UserError
from datasets.models import Run, Video

QUOTA = Quota(core=4, boundary=4, random=4)
NOISE_PER_PAGE = 24


@dataclass(frozen=True)
class Shelf:
    """Members of one kind, and what makes them so."""

    title: str
    note: str
    cards: Sequence[Card]


@dataclass(frozen=True)
class ClusterPage:
    """One cluster explained. `unscored` says why there are no scores of theme names."""

    cluster: Cluster
    told: Explanation
    shelves: Sequence[Shelf]
    unscored: str


def cluster_page(number: int) -> ClusterPage | None:
    """The cluster of this number in the run in use."""
    cluster = Cluster.objects.filter(run=in_use(), number=number).select_related("run").first()
    if cluster is None:
        return None
    told, unscored = _explained(cluster)
    return ClusterPage(cluster, told, _shelves(told), unscored)


def _explained(cluster: Cluster) -> tuple[Explanation, str]:
    """With the scores of all theme names, or without them and why."""
    try:
        return explain(cluster, themes=_theme_names(), quota=QUOTA), ""
    except UserError as error:
        return explain(cluster, quota=QUOTA), str(error)


def _theme_names() -> list[str]:
    """Those of the team's codebooks, or before there is one the paper's."""
    names = list(Theme.objects.order_by("position").values_list("name", flat=True))
    return list(dict.fromkeys(names)) or [theme.name for theme in PAPER_THEMES]


def _shelves(told: Explanation) -> list[Shelf]:
    kinds = (
        ("Medoid", "the most typical one", [told.medoid] if told.medoid else []),
        ("Core", "the strongest members", told.core),
        ("Boundary", "the weakest members", told.boundary),
        ("Random", "a fair draw of the rest", told.random),
    )
    details = _details([video for *_, videos in kinds for video in videos])
    return [Shelf(title, note, _cards(title.lower(), videos, details)) for title, note, videos in kinds if videos]


def _cards(kind: str, videos: Iterable[str], details: Mapping[str, Video]) -> list[Card]:
    return [card(f"{kind}{at}", details[video]) for at, video in enumerate(videos) if video in details]


def _details(videos: list[str]) -> dict[str, Video]:
    return with_details(Video.objects.kept()).in_bulk(videos)


# --- noise ---


@dataclass(frozen=True)
class Stray:
    """A video in no cluster, and the one it comes nearest to."""

    card: Card
    nearest: Cluster | None


def noise_page(number: str | None) -> tuple[Page[Any], list[Stray]]:
    """The kept videos of the run in use that are in no cluster, those nearest to one and the same together."""
    kept = Membership.objects.filter(run=in_use(), cluster=None, video__in=Video.objects.kept())
    rows = kept.select_related("nearest").order_by("nearest__number", "video")
    page = Paginator(rows, NOISE_PER_PAGE).get_page(number)
    members = list(page)
    details = _details([member.video_id for member in members])
    return page, [
        Stray(card(f"noise{at}", details[member.video_id]), member.nearest)
        for at, member in enumerate(members)
        if member.video_id in details
    ]


# --- runs ---


@dataclass(frozen=True)
class RunLine:
    run: Run
    engine: str
    in_use: bool


def run_lines() -> list[RunLine]:
    """All finished cluster runs, newest first."""
    used = in_use()
    runs = Run.objects.filter(stage="cluster", finished_at__isnull=False)
    return [RunLine(run, run.result.get("engine", "hdbscan"), run == used) for run in runs]
