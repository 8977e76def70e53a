"""The decision log: who did what to how many videos and why, and the way back."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from clustering.services.thresholds import set_threshold
from config.models import User
from datasets.services.review import keep, remove
from tests.conftest import MakeVideo, client_of, quarantine

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def desk(alice: User) -> Client:
    return client_of(alice)


def log(desk: Client, query: str = "") -> str:
    response = desk.get(f"/log/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_the_log_says_who_did_what_to_how_many_and_why(
    desk: Client, alice: User, bob: User, make_video: MakeVideo
) -> None:
    videos = [make_video() for _ in range(3)]
    remove(videos, by=alice, why=HOSTILE)
    keep(videos[:1], by=bob)
    set_threshold("frozen", 0.9, by=bob, why="slow ones")
    content = log(desk)
    for words in ("alice", "bob", "&lt;script&gt;", "Set the threshold of frozen to 0.9", "slow ones"):
        assert words in content
    links = re.findall(r'<a href="(/videos/\?decision=\d+)">(\d+) videos?</a>', content)
    assert [int(number) for _, number in links] == [1, 3]
    for url, number in links:
        assert len(re.findall(r'class="sha" href', desk.get(url).content.decode())) == int(number)


def test_the_log_is_filtered_by_action_and_person(
    desk: Client, alice: User, bob: User, make_video: MakeVideo
) -> None:
    remove([make_video()], by=alice, why="dark")
    remove([make_video()], by=bob, why="bright")
    assert ("dark" in log(desk, "?by=bob"), "bright" in log(desk, "?by=bob")) == (False, True)
    assert "No decision meets these filters" in log(desk, "?action=split")
    assert "bright" in log(desk, "?action=remove")
    for query in ("?action=dance", "?by=nobody"):
        assert desk.get(f"/log/{query}").status_code == 400


def test_a_decision_is_undone_once_from_the_log(desk: Client, bob: User, make_video: MakeVideo) -> None:
    decision = remove([make_video()], by=bob, why="dark")
    fields = {"decision": decision.pk, "next": "/log/"}
    content = desk.post("/review/undo/", fields, follow=True).content
    assert b"Undone: removed 1 video." in content
    assert b"undone by alice" in content
    assert b'name="decision"' not in content
    assert desk.post("/review/undo/", fields).status_code == 400


def test_the_log_does_not_count_the_quarantined(desk: Client, alice: User, make_video: MakeVideo) -> None:
    videos = [make_video() for _ in range(2)]
    remove(videos, by=alice, why="dark")
    quarantine(videos[0])
    content = log(desk)
    assert "1 video</a>" in content
    assert "2 videos" not in content
