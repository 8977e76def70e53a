"""Duplicates as people see them: the best copy, what counts as its copy or like it, and the evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, overload

from clustering.models import CopyPair
from clustering.services.verdicts import ALIKE, DUPLICATE, GENERATION, LIKELY, Tie, ties
from datasets.models import Effect, Finding, Video
from datasets.services.runs import digest, latest

Kind = Literal["copies", "likely", "same generation", "alike"]
State = Literal["kept", "flagged", "removed"]
REASONS: Mapping[Kind, str] = {"copies": DUPLICATE, "likely": LIKELY, "same generation": GENERATION, "alike": ALIKE}


@dataclass(frozen=True)
class Evidence:
    """What the frames of a member and of its representative say (`datasets.copies.Comparison`).

    share_of_member: of the member's frames that the representative shows, share_of_representative the other way;
    none where too few have a usable hash. tile_correlation: -1 to 1, agreement: 0 to 1.
    """

    share_of_member: float | None
    share_of_representative: float | None
    tile_correlation: float
    agreement: float


@dataclass(frozen=True)
class Member:
    """A video and what ties it to its group's representative.

    score: 0 to 1; none where people said so, or the same prompt, generator and seed. offset: seconds into the
    representative at which the member starts, negative where it starts before. evidence: none where the frames were
    not compared.
    """

    video: Video
    state: State
    score: float | None
    offset: float
    evidence: Evidence | None


@dataclass(frozen=True)
class Group:
    """The best copy and its members, the strongest first. The videos have their `sightings` at hand."""

    kind: Kind
    representative: Video
    state: State
    members: Sequence[Member]


class Groups(Sequence[Group]):
    """All groups of a kind, for a paginator: only those of a slice are read in full, in a fixed number of queries.

    Copies: the least sure group first. What is only flagged is in pairs, the most likely first.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._groups = _grouped(kind)

    def __len__(self) -> int:
        return len(self._groups)

    @overload
    def __getitem__(self, index: int) -> Group: ...
    @overload
    def __getitem__(self, index: slice) -> list[Group]: ...
    def __getitem__(self, index: int | slice) -> Group | list[Group]:
        if isinstance(index, slice):
            return _shown(self.kind, self._groups[index])
        return _shown(self.kind, [self._groups[index]])[0]


def groups(kind: Kind) -> Groups:
    """The groups of a kind as they stand now, after all verdicts. No quarantined video is in any."""
    return Groups(kind)


def _grouped(kind: Kind) -> list[list[Tie]]:
    """The ties of each group, the strongest first."""
    told = {tie.pair: tie for tie in sorted(ties((REASONS[kind],)), key=_strength)}
    by_group: dict[object, list[Tie]] = defaultdict(list)
    for tie in sorted(told.values(), key=lambda tie: (-_strength(tie), tie.worse)):
        by_group[tie.better if kind == "copies" else tie.pair].append(tie)
    sign = 1 if kind == "copies" else -1
    return sorted(by_group.values(), key=lambda group: (sign * _strength(group[-1]), group[0].better))


def _strength(tie: Tie) -> float:
    return 1.0 if tie.score is None else tie.score


# --- one page of them ---


def _shown(kind: Kind, chosen: Sequence[Sequence[Tie]]) -> list[Group]:
    keys = {key for group in chosen for tie in group for key in tie.pair}
    videos = Video.objects.visible().prefetch_related("sightings").in_bulk(list(keys))
    states, pairs = _states(keys), _pairs(keys)

    def member(tie: Tie) -> Member:
        pair = pairs.get(tie.pair)
        offset = _offset(pair, videos[tie.better], videos[tie.worse]) if pair else 0.0
        evidence = _evidence(pair, tie.worse) if pair else None
        return Member(videos[tie.worse], states.get(tie.worse, "kept"), tie.score, offset, evidence)

    return [
        Group(kind, videos[head], states.get(head, "kept"), [member(tie) for tie in group])
        for group in chosen
        for head in (group[0].better,)
    ]


def _states(keys: Collection[str]) -> dict[str, State]:
    standing = Finding.objects.filter(video__in=keys, lifted_at=None).values_list("video", "effect")
    removed = {video for video, effect in standing if effect == Effect.REMOVE}
    return {video: "removed" if video in removed else "flagged" for video, _ in standing}


def _pairs(keys: Collection[str]) -> dict[frozenset[str], CopyPair]:
    """The evidence by the thresholds of the newest run."""
    run = latest("dedup")
    name = digest(run.parameters.get("thresholds")) if run else ""
    rows: Iterable[CopyPair] = CopyPair.objects.filter(thresholds=name, a__in=keys, b__in=keys)
    return {frozenset((row.a_id, row.b_id)): row for row in rows}


def _evidence(pair: CopyPair, member: str) -> Evidence:
    shares = (pair.share_ab, pair.share_ba) if pair.a_id == member else (pair.share_ba, pair.share_ab)
    return Evidence(*shares, tile_correlation=pair.tile_correlation, agreement=pair.agreement)


def _offset(pair: CopyPair, head: Video, member: Video) -> float:
    """The stored offset counts from the start of the longer of the two."""
    longer = (member.duration, member.frame_count) > (head.duration, head.frame_count)
    return -pair.offset if longer else pair.offset
