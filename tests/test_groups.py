"""Duplicate groups as the pages read them: evidence told from the member's side, and a page at a fixed price."""

from __future__ import annotations

from typing import Any

import pytest

from clustering.models import CopyPair, DuplicateGroup, DuplicateMember
from clustering.services.groups import Kind, groups
from datasets.models import Sighting, Video
from datasets.services.runs import digest, stage_run
from tests.conftest import MakeVideo

pytestmark = pytest.mark.django_db


def test_shares_and_offset_are_told_from_the_member(make_video: MakeVideo) -> None:
    """The representative is the longer one, whichever of the two comes first by SHA-256."""
    first, second = sorted((make_video(), make_video()), key=lambda video: video.pk)
    parameters = {"thresholds": {"share": 0.8}}
    comparison = {
        "kind": "copy",
        "agreement": 0,
        "most_agreement": 0,
        "colour": 0,
        "crop": 0,
        "tile_correlation": 0.9,
    }
    CopyPair.objects.create(
        a=first, b=second, thresholds=digest(parameters["thresholds"]), share_ab=1.0, share_ba=0.6, offset=1.5,
        **comparison,
    )  # fmt: skip
    for longer, shorter in ((first, second), (second, first)):
        Video.objects.filter(pk=longer.pk).update(duration=4.0)
        Video.objects.filter(pk=shorter.pk).update(duration=2.0)
        for head, member in ((longer, shorter), (shorter, longer)):
            with stage_run("dedup", parameters) as dedup_run:
                group = DuplicateGroup.objects.create(run=dedup_run, representative=head)
                DuplicateMember.objects.create(group=group, video=member, kind="perceptual", score=1)
            (told,) = groups("copies")[0].members
            assert told.offset == (1.5 if head == longer else -1.5)
            assert told.evidence is not None
            assert told.evidence.share_of_member == (1.0 if member == first else 0.6)


@pytest.mark.parametrize("kind", ["copies", "likely", "same generation", "alike"])
def test_nothing_found_is_no_group(db: None, kind: Kind) -> None:
    assert len(groups(kind)) == 0
    assert groups(kind)[:10] == []


def test_a_page_costs_the_same_however_many_groups_there_are(db: None, django_assert_max_num_queries: Any) -> None:
    _many(300)
    with django_assert_max_num_queries(11):
        page = groups("copies")[20:30]
        members = [member.video.sightings.all() for group in page for member in group.members]
    assert len(members) == 30
    with django_assert_max_num_queries(11):
        assert len(groups("copies")[:200]) == 200


def _many(count: int) -> None:
    """So many groups of a representative and three members, without files."""
    shape = {"size": 1, "container": "mp4", "codec": "h264", "width": 64, "height": 64, "duration": 2,
             "frame_count": 16, "frame_rate": 8, "has_audio": False}  # fmt: skip
    Video.objects.bulk_create(Video(sha256=f"{number:064x}", **shape) for number in range(4 * count))
    Sighting.objects.bulk_create(
        Sighting(video=video, root="/clips", file_name=f"{video.pk[-8:]}.mp4") for video in Video.objects.all()
    )
    with stage_run("dedup", {"thresholds": {}}) as dedup_run:
        for number in range(count):
            head, *others = (f"{4 * number + place:064x}" for place in range(4))
            group = DuplicateGroup.objects.create(run=dedup_run, representative_id=head)
            DuplicateMember.objects.bulk_create(
                DuplicateMember(group=group, video_id=other, kind="perceptual", score=0.9) for other in others
            )
