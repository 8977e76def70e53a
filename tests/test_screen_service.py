"""Screening rules in use, what another threshold would change, and what setting one does."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.core.management.base import CommandError
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from clustering.services import thresholds
from clustering.services.thresholds import change, found_videos, rule, rules, set_threshold, undo_decision, values
from config.errors import UserError
from config.models import Role, User
from datasets.models import Action, Decision, Effect, Finding, Measures, Run, ThresholdChange, Video
from datasets.screening import RULES
from datasets.services.review import keep
from datasets.services.screen import rules_in_use, screen_videos
from tests.commands import run
from tests.conftest import MakeVideo, quarantine

pytestmark = pytest.mark.django_db

GOOD = {
    "luminance_spread": 40.0,
    "spatial_autocorrelation": 0.9,
    "unchanged_share": 0.1,
    "sharpness": 600.0,
    "flicker": 0.1,
}
Heap = list[Video]


def measure(video: Video, **measures: float) -> Video:
    Measures.objects.filter(video=video).update(**GOOD | measures)
    return video


@pytest.fixture
def heap(make_video: MakeVideo) -> Heap:
    """Ten clips that flicker ever more, from 0 to 9 levels; the first is blank, the last but one damaged."""
    videos = [measure(make_video(), flicker=float(level)) for level in range(10)]
    measure(videos[0], luminance_spread=0.2, flicker=0.0, sharpness=0.0)
    Video.objects.filter(pk=videos[8].pk).update(damaged=True)
    screen_videos()
    return videos


def standing(reason: str) -> set[str]:
    return set(Finding.objects.filter(reason=reason, lifted_at=None).values_list("video", flat=True))


def all_standing() -> list[tuple[Any, ...]]:
    rows = Finding.objects.filter(lifted_at=None).order_by("video", "stage", "reason")
    return list(rows.values_list("video", "stage", "reason", "effect", "value", "threshold"))


def keys(videos: Heap) -> list[str]:
    return [video.pk for video in videos]


# --- the rules in use ---


def test_the_settings_know_every_rule_by_name(settings: Any) -> None:
    assert tuple(rule.reason for rule in rules()) == settings.WINNOW_RULES


def test_settings_go_before_defaults_and_people_before_both(heap: Heap, alice: User, settings: Any) -> None:
    assert rules_in_use() == RULES
    settings.WINNOW_THRESHOLDS = {"flicker": 7.0, "noise": 0.2}
    assert (rule("flicker").threshold, rule("noise").threshold, rule("blank").threshold) == (7.0, 0.2, 1.0)
    first = set_threshold("flicker", 6.0, by=alice, why="the lamps")
    second = set_threshold("flicker", 3.0, by=alice, why="more of them")
    assert (rule("flicker").threshold, rule("noise").threshold) == (3.0, 0.2)
    undo_decision(first, by=alice)
    assert rule("flicker").threshold == 3.0
    undo_decision(second, by=alice)
    assert rule("flicker").threshold == 7.0


def test_every_rule_says_what_it_is_about() -> None:
    for each in rules():
        assert each.about.endswith(".")
        assert each.unit
        assert each.low <= each.threshold <= each.high


def test_an_unknown_rule_is_one_sentence() -> None:
    with pytest.raises(UserError, match="There is no rule 'ugly'; the rules are blank, noise, frozen, damaged,"):
        rule("ugly")


# --- values ---


def test_values_are_those_of_the_videos_that_may_be_shown(heap: Heap) -> None:
    quarantine(heap[4])
    assert sorted(values(rule("flicker"))) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert sorted(values(rule("damaged"))) == [0] * 8 + [1]
    told = thresholds.measured(keys(heap[3:6]), rule("flicker"))
    assert told == {heap[3].pk: 3.0, heap[5].pk: 5.0}
    histogram = thresholds.histogram(rule("flicker"), 4)
    assert (histogram.n, histogram.log, histogram.counts.sum()) == (9, True, 9)


def test_what_a_rule_found_comes_worst_first(heap: Heap) -> None:
    quarantine(heap[9])
    assert list(found_videos(rule("flicker"))) == [heap[8], heap[7], heap[6]]
    measure(heap[2], sharpness=2.0)
    measure(heap[5], sharpness=1.0)
    screen_videos()
    assert list(found_videos(rule("blur"))) == [heap[5], heap[2]]


# --- what a threshold would change ---


def test_a_change_is_told_against_what_stands(heap: Heap) -> None:
    lower, higher, same = (change(rule("flicker"), threshold) for threshold in (3.5, 7.0, 5.0))
    assert (lower.found, lower.now) == (6, 4)
    assert (lower.newly, lower.no_longer) == (keys([heap[5], heap[4]]), [])
    assert (higher.found, higher.newly, higher.no_longer) == (2, [], keys([heap[7], heap[6]]))
    assert (same.found, same.now, same.newly, same.no_longer) == (4, 4, [], [])


def test_what_people_put_back_is_not_found_again(heap: Heap, alice: User) -> None:
    keep([heap[9]], by=alice)
    assert change(rule("flicker"), 0.5).found == 8
    set_threshold("flicker", 0.5, by=alice, why="all that moves")
    assert standing("flicker") == {video.pk for video in heap[1:9]}


def test_a_blank_clip_is_blank_only(heap: Heap, alice: User) -> None:
    assert change(rule("blur"), 1000.0).found == 9
    measure(heap[0], luminance_spread=0.2, sharpness=0.0)
    set_threshold("blank", 0.1, by=alice, why="faint ones show something")
    assert standing("blur") == {heap[0].pk}
    assert change(rule("blur"), 1000.0).found == 10


@pytest.mark.parametrize("seed", range(4))
def test_what_would_change_is_what_changes(heap: Heap, alice: User, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for video in heap:
        measure(video, **{name: value * rng.uniform(0, 2) for name, value in GOOD.items()})
    screen_videos()
    keep(list(found_videos(rule("flicker"))[:1]) or heap[:1], by=alice) if standing("flicker") else None
    for reason in ("blank", "noise", "frozen", "flicker", "blur"):
        of = rule(reason)
        middle = float(np.median(values(of)))
        before, told = standing(reason), change(of, min(middle, of.high))
        set_threshold(reason, min(middle, of.high), by=alice, why="half of them")
        after = standing(reason)
        assert (told.now, told.found) == (len(before), len(after))
        assert (set(told.newly), set(told.no_longer)) == (after - before, before - after)


def test_what_is_in_quarantine_is_told_nowhere(heap: Heap) -> None:
    quarantine(heap[9])
    told = change(rule("flicker"), 0.5)
    assert heap[9].pk not in {*told.newly, *told.no_longer, *keys(list(found_videos(rule("flicker"))))}
    assert (told.found, told.now) == (8, 3)


def queries(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as context:
        act()
    return len(context)


def test_more_videos_need_no_more_queries(heap: Heap, make_video: MakeVideo) -> None:
    page: list[Callable[[], object]] = [
        rules,
        partial(change, rule("flicker"), 2.0),
        partial(thresholds.histogram, rule("blur")),
        partial(thresholds.measured, keys(heap), rule("damaged")),
    ]
    few = [queries(act) for act in page]
    for _ in range(15):
        measure(make_video(), flicker=8.0)
    assert [queries(act) for act in page] == few
    assert max(few) <= 6


# --- setting one ---


def test_a_threshold_that_is_set_decides_at_once_and_without_decoding(heap: Heap, alice: User) -> None:
    for video in heap:
        default_storage.delete(video.media_name)
    decision = set_threshold("flicker", 7.5, by=alice, why="  lamps are part of it ")
    assert standing("flicker") == {heap[8].pk, heap[9].pk}
    assert (decision.action, decision.by, decision.why) == (Action.THRESHOLD, alice, "lamps are part of it")
    assert (decision.threshold_change.reason, decision.threshold_change.threshold) == ("flicker", 7.5)
    assert set(Finding.objects.filter(reason="flicker", lifted_at=None).values_list("threshold", flat=True)) == {7.5}


def test_undo_puts_everything_back_as_it_was(heap: Heap, alice: User, bob: User) -> None:
    before = all_standing()
    decisions = [
        set_threshold("blank", 50.0, by=alice, why="too strict"),
        set_threshold("flicker", 0.5, by=alice, why="too strict"),
    ]
    assert Video.objects.kept().count() == 0
    for decision in decisions:
        undo_decision(decision, by=bob)
    assert all_standing() == before
    with pytest.raises(UserError, match="undone already"):
        undo_decision(decisions[0], by=bob)


def test_any_decision_can_be_undone_there(heap: Heap, alice: User) -> None:
    decision = keep([heap[0]], by=alice)
    undone = undo_decision(decision, by=alice)
    assert (undone.stands, standing("blank")) == (False, {heap[0].pk})


@pytest.mark.parametrize(
    ("reason", "threshold", "why", "sentence"),
    [
        ("flicker", math.nan, "so", "The threshold of flicker is nan; flicker lies between 0 and 255"),
        ("flicker", math.inf, "so", "The threshold of flicker is inf"),
        ("noise", 1.5, "so", "spatial_autocorrelation lies between 0 and 1"),
        ("blank", 2.0, "  ", "Say why"),
        ("ugly", 2.0, "so", "There is no rule 'ugly'"),
        ("incoherent", 0.5, "so", "No video has an embedding yet"),
    ],
)
def test_what_cannot_be_set_is_one_sentence_and_changes_nothing(
    heap: Heap, alice: User, reason: str, threshold: float, why: str, sentence: str
) -> None:
    before, runs = all_standing(), Run.objects.count()
    with pytest.raises(UserError, match=sentence):
        set_threshold(reason, threshold, by=alice, why=why)
    assert (all_standing(), Run.objects.count()) == (before, runs)
    assert not Decision.objects.exists()
    assert not ThresholdChange.objects.exists()


# --- the command ---


def test_screen_takes_the_thresholds_in_use_and_others_for_one_run(heap: Heap, alice: User) -> None:
    set_threshold("flicker", 7.5, by=alice, why="lamps")
    assert run("screen")["reasons"]["flicker"] == 2
    assert run("screen", "--flicker", 2.5, "--blur", 1000)["reasons"] == {
        "blank": 1, "blur": 9, "damaged": 1, "flicker": 7,
    }  # fmt: skip
    assert run("screen")["reasons"] == {"blank": 1, "damaged": 1, "flicker": 2}


def test_a_dry_run_tells_what_the_run_does_and_writes_nothing(heap: Heap) -> None:
    options = ("--flicker", 2.5, "--blur", 1000, "--blank", 0.1)
    before = all_standing(), Run.objects.count()
    would = run("screen", "--dry-run", *options)["would"]
    assert (all_standing(), Run.objects.count()) == before
    done = run("screen", *options)["reasons"]
    assert would == dict.fromkeys(would, 0) | done
    assert set(would) == {rule.reason for rule in RULES}


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_an_option_that_is_no_number_is_one_sentence(heap: Heap, value: str) -> None:
    with pytest.raises(CommandError, match=f"The threshold of blur is {value}; give a finite number"):
        run("screen", "--blur", value)


# --- two people at once ---


def at_once(*acts: Callable[[], object]) -> None:
    barrier = threading.Barrier(len(acts))

    def one(act: Callable[[], object]) -> None:
        try:
            barrier.wait()
            act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(one, act) for act in acts]:
            done.result()


@pytest.mark.django_db(transaction=True)
def test_two_people_who_move_two_thresholds_at_once_are_both_heard(make_video: MakeVideo) -> None:
    heap = [measure(make_video(), flicker=float(level), sharpness=float(level)) for level in range(8)]
    people = [User.objects.create_user(name, role=Role.RESEARCHER) for name in ("ann", "ben")]
    screen_videos()
    for level in (1.5, 4.5, 2.5, 3.5):
        at_once(
            partial(set_threshold, "flicker", level, by=people[0], why="lamps"),
            partial(set_threshold, "blur", level, by=people[1], why="focus"),
            screen_videos,
        )
        above, below = math.floor(level) + 1, math.ceil(level)
        assert standing("flicker") == set(keys(heap[above:]))
        assert standing("blur") == set(keys(heap[:below]))
    assert Finding.objects.filter(effect=Effect.REMOVE).count() == 0
