"""Decisions of people: keep, remove, undo in any order, the log, and two people at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connections

from config.errors import UserError
from config.models import Role, User
from datasets.models import Action, Decision, Effect, Finding, Measures, Video
from datasets.screening import BLANK, FROZEN
from datasets.services.findings import lift_finding, raise_finding
from datasets.services.review import find_videos, keep, last_of, log, remove, undo
from datasets.services.screen import screen_videos
from tests.conftest import MakeVideo, flag, quarantine
from tests.conftest import remove as failed

pytestmark = pytest.mark.django_db
RULES = (BLANK, FROZEN)


@pytest.fixture
def video(make_video: MakeVideo) -> Video:
    return make_video()


@pytest.fixture
def blank(video: Video) -> Video:
    """A clip whose stored measures say that it is blank, and screened."""
    Measures.objects.filter(video=video).update(luminance_spread=0.2)
    screen_videos(RULES)
    assert not kept(video)
    return video


def kept(video: Video) -> bool:
    return Video.objects.kept().filter(pk=video.pk).exists()


def standing(video: Video) -> set[str]:
    return set(video.findings.filter(lifted_at=None).values_list("reason", flat=True))


# --- keep ---


def test_keep_lifts_all_that_stands_and_screening_does_not_raise_it_again(blank: Video, alice: User) -> None:
    flag(blank)
    raise_finding(blank, reason="odd", effect=Effect.FLAG, by=alice)
    decision = keep([blank], by=alice, why="a white wall, on purpose")
    assert (decision.action, list(decision.videos.all()), decision.by) == (Action.KEEP, [blank], alice)
    assert standing(blank) == set()
    assert {finding.lifted_why for finding in decision.lifted.all()} == {"a white wall, on purpose"}
    screen_videos((*RULES[:1], FROZEN))
    assert kept(blank)


def test_one_video_needs_no_reason_and_many_do(make_video: MakeVideo, alice: User) -> None:
    videos = [make_video(), make_video()]
    for video in videos:
        failed(video)
    with pytest.raises(UserError, match="Say why"):
        keep(videos, by=alice, why="  ")
    assert not Decision.objects.exists()
    keep(videos[:1], by=alice)
    assert (kept(videos[0]), kept(videos[1])) == (True, False)


def test_keeping_what_is_kept_is_refused(video: Video, alice: User) -> None:
    with pytest.raises(UserError, match="kept already"):
        keep([video], by=alice)
    assert not Decision.objects.exists()


def test_a_video_chosen_twice_is_one(video: Video, alice: User) -> None:
    failed(video)
    assert keep([video, video], by=alice).videos.count() == 1


@pytest.mark.parametrize("decide", [keep, remove])
def test_nothing_chosen_is_refused(decide: Callable[..., Decision], alice: User) -> None:
    with pytest.raises(UserError, match="No video is chosen"):
        decide([], by=alice, why="because")


@pytest.mark.parametrize("decide", [keep, remove])
def test_a_quarantined_video_is_as_good_as_unknown(
    decide: Callable[..., Decision], make_video: MakeVideo, alice: User
) -> None:
    hidden, unknown = make_video(), Video(sha256="0" * 64)
    hiding = quarantine(hidden)
    failed(hidden)
    told = []
    for video in (hidden, unknown):
        with pytest.raises(UserError) as error:
            decide([video], by=alice, why="because")
        told.append(str(error.value).replace(video.pk, "…"))
    assert told[0] == told[1]
    hiding.refresh_from_db()
    assert hiding.stands
    assert standing(hidden) == {"illegal", "blank"}


# --- remove ---


def test_removed_videos_leave_the_funnel_and_say_why(make_video: MakeVideo, alice: User, bob: User) -> None:
    first, second = make_video(), make_video()
    remove([first], by=bob, why="watermark of another site")
    decision = remove([first, second], by=alice, why="all of that site")
    assert not Video.objects.kept().exists()
    assert set(decision.videos.all()) == {first, second}
    assert [finding.video for finding in decision.raised.all()] == [second], "the first was removed before"
    finding = second.findings.get()
    assert (finding.stage, finding.reason, finding.note, finding.by) == (
        "review", "removed", "all of that site", alice,
    )  # fmt: skip


def test_removal_needs_a_reason_and_happens_once(video: Video, alice: User, bob: User) -> None:
    with pytest.raises(UserError, match="Say why"):
        remove([video], by=alice, why=" ")
    remove([video], by=alice, why="broken")
    with pytest.raises(UserError, match="removed already"):
        remove([video], by=bob, why="broken")


# --- undo ---


def test_undoing_a_removal_puts_the_video_back(video: Video, alice: User, bob: User) -> None:
    decision = remove([video], by=alice, why="broken")
    undone = undo(decision, by=bob)
    assert kept(video)
    assert (undone.stands, undone.undone_by) == (False, bob)
    finding = video.findings.get()
    assert (finding.lifted_by, finding.lifted_why) == (bob, f"decision {decision.pk} undone")
    with pytest.raises(UserError, match="undone already"):
        undo(decision, by=alice)


def test_undoing_a_keep_lets_all_stand_again_as_it_was(blank: Video, alice: User) -> None:
    raise_finding(blank, reason="odd", effect=Effect.FLAG, by=alice)
    before = list(blank.findings.values())
    undo(keep([blank], by=alice), by=alice)
    assert list(blank.findings.values()) == before
    assert not kept(blank)


def test_after_an_undone_keep_screening_decides_again(blank: Video, alice: User) -> None:
    undo(keep([blank], by=alice), by=alice)
    Measures.objects.update(luminance_spread=40)
    screen_videos(RULES)
    assert kept(blank)
    Measures.objects.update(luminance_spread=0.2)
    screen_videos(RULES)
    assert not kept(blank), "a keep that was undone overrules nothing"


def test_a_lift_is_a_decision_and_is_undone(blank: Video, alice: User) -> None:
    finding = lift_finding(blank.findings.get(), by=alice, why="fine")
    decision = Decision.objects.get()
    assert (decision.action, decision.why, finding.lifted_in) == (Action.LIFT, "fine", decision)
    undo(decision, by=alice)
    assert standing(blank) == {"blank"}


@pytest.mark.parametrize(("effect", "action"), [(Effect.FLAG, Action.FLAG), (Effect.REMOVE, Action.REMOVE)])
def test_a_mark_is_a_decision_and_is_undone(video: Video, alice: User, effect: Effect, action: Action) -> None:
    finding = raise_finding(video, reason="odd", effect=effect, by=alice, note="a hand too many")
    decision = Decision.objects.get()
    assert (decision.action, decision.why, list(decision.videos.all())) == (action, "a hand too many", [video])
    assert finding.decision == decision
    undo(decision, by=alice)
    assert standing(video) == set()


def test_a_quarantine_has_its_incident_and_no_decision(video: Video, alice: User) -> None:
    raise_finding(video, reason="may be illegal", effect=Effect.QUARANTINE, by=alice)
    assert not Decision.objects.exists()


def test_what_others_built_on_is_undone_from_the_top(video: Video, alice: User, bob: User) -> None:
    first = remove([video], by=alice, why="broken")
    second = keep([video], by=bob)
    third = remove([video], by=alice, why="broken all the same")
    for decision, told in ((first, third), (second, third)):
        with pytest.raises(UserError, match=f"Undo decision {told.pk} first"):
            undo(decision, by=alice)
        decision.refresh_from_db()
        assert decision.stands, "a refused undo changes nothing"
    states = []
    for decision in (third, second, first):
        undo(decision, by=alice)
        states.append(kept(video))
    assert states == [True, False, True]


def test_decisions_on_different_findings_are_undone_in_any_order(blank: Video, alice: User) -> None:
    kept_it = keep([blank], by=alice)
    removed_it = remove([blank], by=alice, why="no use")
    undo(kept_it, by=alice)
    assert standing(blank) == {"blank", "removed"}
    undo(removed_it, by=alice)
    assert standing(blank) == {"blank"}


def test_undo_of_a_bulk_decision_leaves_the_removals_of_others(make_video: MakeVideo, alice: User, bob: User) -> None:
    first, second = make_video(), make_video()
    remove([first], by=bob, why="broken")
    undo(remove([first, second], by=alice, why="both"), by=alice)
    assert (kept(first), kept(second)) == (False, True)


def test_a_stage_that_found_it_anew_is_not_doubled(blank: Video, alice: User) -> None:
    """The stage finds again what an older release lifted without a decision; one of the two stands."""
    decision = keep([blank], by=alice)
    failed(blank, value=0.3)
    undo(decision, by=alice)
    assert list(blank.findings.filter(lifted_at=None).values_list("value", flat=True)) == [0.3]


def test_undo_does_not_care_for_quarantine_and_does_not_end_it(video: Video, alice: User) -> None:
    decision = remove([video], by=alice, why="broken")
    quarantine(video)
    undo(decision, by=alice)
    assert standing(video) == {"illegal"}


# --- the log ---


def test_the_last_of_a_person_is_their_newest_that_stands(make_video: MakeVideo, alice: User, bob: User) -> None:
    assert last_of(alice) is None
    first = remove([make_video()], by=alice, why="one")
    second = remove([make_video()], by=alice, why="two")
    remove([make_video()], by=bob, why="three")
    assert last_of(alice) == second
    undo(second, by=bob)
    assert last_of(alice) == first


def test_the_log_tells_all_newest_first(
    make_video: MakeVideo, alice: User, bob: User, django_assert_num_queries: Any
) -> None:
    video, other = make_video(), make_video()
    removed = remove([video, other], by=alice, why="both")
    kept_it = keep([video], by=bob)
    undo(kept_it, by=alice)
    with django_assert_num_queries(2):  # the decisions with their people, and the videos
        told = [(row.action, row.by.username, row.undone_by and row.undone_by.username) for row in log()]
    assert told == [("keep", "bob", "alice"), ("remove", "alice", None)]
    assert list(log(Action.REMOVE)) == list(log(by=alice)) == [removed]
    assert not log(Action.REMOVE, by=bob).exists()


def test_the_log_never_tells_of_a_quarantined_video(make_video: MakeVideo, alice: User) -> None:
    video, hidden = make_video(), make_video()
    remove([video, hidden], by=alice, why="both")
    quarantine(hidden)
    (row,) = log()
    assert row.shown_videos == [video]  # type: ignore[attr-defined]


# --- finding them ---


def test_videos_are_found_in_the_order_asked_for(make_video: MakeVideo) -> None:
    videos = [make_video() for _ in range(3)]
    wanted = [videos[2], videos[0], videos[1]]
    assert find_videos([video.pk for video in [*wanted, videos[2]]]) == wanted
    assert find_videos([]) == []


@pytest.mark.parametrize("unknown", ["", "0" * 64, "\0", "🎈" * 99, "A" * 64])
def test_the_first_unknown_video_is_named(video: Video, unknown: str) -> None:
    with pytest.raises(UserError, match="There is no video") as error:
        find_videos([video.pk, unknown, "1" * 64])
    assert repr(unknown[:64]) in str(error.value)


# --- two people at once ---


def at_once(*acts: Callable[[], object]) -> list[str]:
    """What each act answered when all start together: "done", or the sentence of its `UserError`."""
    start = threading.Barrier(len(acts))

    def answer(act: Callable[[], object]) -> str:
        try:
            start.wait(10)
            act()
        except UserError as error:
            return str(error)
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(answer, acts))


@pytest.fixture
def people(transactional_db: None) -> list[User]:
    return [User.objects.create_user(name, role=Role.RESEARCHER) for name in ("alice", "bob", "carla", "dan")]


@pytest.fixture
def lone(transactional_db: None) -> Video:
    """A video without a file."""
    return Video.objects.create(
        sha256="a" * 64, size=1, container="mp4", codec="h264", width=64, height=64, duration=2,
        frame_count=16, frame_rate=8, has_audio=False,
    )  # fmt: skip


ROUNDS = 6


def test_two_people_who_remove_or_undo_the_same_are_one_and_a_sentence(people: list[User], lone: Video) -> None:
    for _ in range(ROUNDS):
        told = at_once(*[partial(remove, [lone], by=by, why="broken") for by in people])
        assert sorted(told) == ["The chosen videos are removed already."] * 3 + ["done"]
        decision = Decision.objects.get(undone_at=None)
        told = at_once(*[partial(undo, decision, by=by) for by in people])
        assert sorted(told) == [f"Decision {decision.pk} was undone already."] * 3 + ["done"]
        assert kept(lone)


def test_two_people_who_keep_and_lift_the_same_are_one_and_a_sentence(people: list[User], lone: Video) -> None:
    finding = failed(lone)
    for _ in range(ROUNDS):
        told = at_once(
            partial(keep, [lone], by=people[0]),
            partial(lift_finding, finding, by=people[1], why="fine"),
            partial(keep, [lone], by=people[2]),
        )
        assert told.count("done") == 1, told
        assert kept(lone)
        undo(Decision.objects.get(undone_at=None), by=people[3])
        assert standing(lone) == {"blank"}


def test_a_person_and_a_stage_at_once_leave_one_finding(people: list[User], lone: Video) -> None:
    names = [field.name for field in Measures._meta.concrete_fields if not field.is_relation]
    Measures.objects.create(video=lone, **dict.fromkeys(names, 0.5))
    screen_videos(RULES)
    screening = partial(screen_videos, RULES)
    for _ in range(ROUNDS):
        assert at_once(screening, partial(keep, [lone], by=people[0])) == ["done", "done"]
        assert kept(lone)
        decision = Decision.objects.get(undone_at=None)
        assert at_once(partial(undo, decision, by=people[0]), screening) == ["done", "done"]
        assert standing(lone) == {"blank"}
    assert Finding.objects.count() == 1
