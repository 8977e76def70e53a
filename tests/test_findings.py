"""Findings: raised, lifted, never deleted, and never raised against a person's word."""

from __future__ import annotations

import pytest

from config.errors import UserError
from config.models import User
from datasets.models import Effect, Finding, Run, Video
from datasets.services.findings import Found, lift_finding, raise_finding, reconcile

pytestmark = pytest.mark.django_db


@pytest.fixture
def video() -> Video:
    return Video.objects.create(
        sha256="a" * 64, size=1, container="mp4", codec="h264", width=64, height=64, duration=2,
        frame_count=16, frame_rate=8, has_audio=False,
    )  # fmt: skip


@pytest.fixture
def stage_run() -> Run:
    return Run.objects.create(stage="screen", code_version="test")


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", role="researcher")


def blank(video: Video, value: float = 1.0) -> Found:
    return Found(video.pk, "blank", Effect.REMOVE, value, 2.0)


def test_a_removed_video_leaves_the_funnel_and_comes_back(video: Video, stage_run: Run) -> None:
    reconcile("screen", [blank(video)], stage_run)
    assert not Video.objects.kept().exists()
    assert Video.objects.visible().exists()
    reconcile("screen", [], stage_run)
    assert Video.objects.kept().exists()
    assert Finding.objects.count() == 1, "the lifted finding stays as history"


def test_unchanged_findings_are_left_alone(video: Video, stage_run: Run) -> None:
    reconcile("screen", [blank(video)], stage_run)
    done = reconcile("screen", [blank(video)], stage_run)
    assert (done.raised, done.lifted) == (0, 0)
    assert Finding.objects.count() == 1


def test_a_new_value_makes_a_new_finding(video: Video, stage_run: Run) -> None:
    reconcile("screen", [blank(video)], stage_run)
    done = reconcile("screen", [blank(video, 1.5)], stage_run)
    assert (done.raised, done.lifted) == (1, 1)


def test_what_a_person_lifted_is_not_raised_again(video: Video, stage_run: Run, alice: User) -> None:
    reconcile("screen", [blank(video)], stage_run)
    lift_finding(Finding.objects.get(), by=alice, why="a white wall, on purpose")
    done = reconcile("screen", [blank(video)], stage_run)
    assert (done.raised, done.overruled) == (0, 1)
    assert Video.objects.kept().exists()


def test_a_stage_does_not_lift_what_a_person_found(video: Video, stage_run: Run, alice: User) -> None:
    raise_finding(video, reason="broken", effect=Effect.REMOVE, by=alice)
    reconcile("screen", [], stage_run)
    assert not Video.objects.kept().exists()


def test_quarantine_hides(video: Video, alice: User) -> None:
    raise_finding(video, reason="may be illegal", effect=Effect.QUARANTINE, by=alice)
    assert not Video.objects.visible().exists()
    assert not Video.objects.kept().exists()
    assert not Video.objects.kept_before("dedup").exists()


def test_a_stage_decides_again_on_what_it_removed_itself(video: Video, stage_run: Run) -> None:
    reconcile("dedup", [Found(video.pk, "near duplicate", Effect.REMOVE)], stage_run)
    assert Video.objects.kept_before("dedup").exists()
    assert not Video.objects.kept_before("screen").exists()


def test_people_say_why_and_lift_once(video: Video, alice: User) -> None:
    finding = raise_finding(video, reason="broken", effect=Effect.FLAG, by=alice)
    with pytest.raises(UserError, match="already marked"):
        raise_finding(video, reason="broken", effect=Effect.FLAG, by=alice)
    with pytest.raises(UserError, match="Say why"):
        lift_finding(finding, by=alice, why="  ")
    lift_finding(finding, by=alice, why="fine")
    with pytest.raises(UserError, match="lifted already"):
        lift_finding(finding, by=alice, why="fine")
