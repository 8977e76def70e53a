"""What a cluster says of itself, fair samples of a run, and search: over kept videos only."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from clustering.encoder import Encoder, load_encoder
from clustering.models import Embedding, Membership
from clustering.services.explain import Explanation, explain, sample
from clustering.services.search import more_like, nearest_to_text
from config.errors import UserError
from datasets.models import Video
from datasets.services.runs import stage_run
from tests.clips import moving_disc
from tests.commands import run
from tests.conftest import MakeVideo, quarantine, remove
from tests.groups import KEY, group_of, store, the_run, three_groups

pytestmark = pytest.mark.django_db


@pytest.fixture
def embedded(make_video: MakeVideo) -> list[Video]:
    return three_groups(make_video)


# --- what explains a cluster ---


def explained(videos: list[Video], **options: Any) -> Explanation:
    member = Membership.objects.get(run=the_run(), video=videos[0])
    assert member.cluster is not None
    return explain(member.cluster, **options)


def test_a_cluster_explains_itself(embedded: list[Video]) -> None:
    run("cluster")
    told = explained(group_of(embedded, 0))
    members = {video.sha256 for video in group_of(embedded, 0)}
    drawn = [told.medoid, *told.core, *told.boundary, *told.random]
    assert len(drawn) == len(set(drawn)) == 9
    assert set(drawn) == members
    assert told.size == 9
    assert 0 < told.strength <= 1
    assert ("red", 9) in [(word, count) for word, count, _ in told.words]
    assert told.generators == [("g0", 9)]
    assert len(told.nearest) == 2
    assert told.nearest[0][1] >= told.nearest[1][1]
    assert told.themes == []


def test_what_left_the_funnel_explains_nothing(embedded: list[Video]) -> None:
    run("cluster")
    group = group_of(embedded, 1)
    medoid = explained(group).medoid
    group[0].sightings.update(prompt="a secret disc")
    gone = {medoid, group[0].sha256}
    for video in Video.objects.filter(pk__in=gone):
        quarantine(video)
    told = explained(group)
    shown = {told.medoid, *told.core, *told.boundary, *told.random}
    assert not shown & gone
    assert told.size == len(shown) == len(group) - len(gone)
    assert told.generators == [("g1", told.size)]
    assert all(count <= told.size for _, count, _ in told.words)
    for video in group:
        remove(video)
    nobody = explained(group)
    assert (nobody.size, nobody.medoid, nobody.core, nobody.words) == (0, "", [], [])


def test_words_of_a_quarantined_prompt_are_not_told(embedded: list[Video]) -> None:
    group = group_of(embedded, 0)
    group[0].sightings.update(prompt="unspeakable disc")
    run("cluster")
    assert "unspeakable" in [word for word, *_ in explained(group[1:]).words]
    quarantine(group[0])
    assert "unspeakable" not in [word for word, *_ in explained(group[1:]).words]


def test_a_sample_has_every_kind_and_nobody_twice(embedded: list[Video]) -> None:
    run("cluster")
    asked = {"core": 2, "boundary": 1, "random": 1, "noise": 3, "seed": 4}
    drawn = sample(the_run(), **asked)
    assert len({each.video for each in drawn}) == len(drawn)
    kinds = [each.kind for each in drawn if each.cluster and each.cluster.number == 0]
    assert kinds == ["medoid", "core", "core", "boundary", "random"]
    assert [(each.video, each.cluster) for each in drawn if each.kind == "noise"] == [(embedded[-1].sha256, None)]
    assert sample(the_run(), **asked) == drawn
    assert any(sample(the_run(), **asked | {"seed": seed}) != drawn for seed in range(5, 9))
    quarantine(Video.objects.get(pk=drawn[0].video))
    assert drawn[0].video not in [each.video for each in sample(the_run(), **asked)]


# --- search ---


@pytest.fixture(scope="module")
def demo() -> Encoder:
    return load_encoder("demo")


@pytest.fixture
def discs(demo: Encoder, make_video: MakeVideo) -> list[Video]:
    """Six videos whose vectors are those of six texts."""
    texts = ["a red disc", "a blue square", "a green triangle", "rain on a lake", "a dark road", "a bright city"]
    videos = [make_video(prompt=text) for text in texts]
    for video, vector in zip(videos, demo.encode_texts(texts), strict=True):
        store(video, vector, f"{demo.key}/8-frames")
    with stage_run("embed", {"encoder_key": f"{demo.key}/8-frames"}):
        pass
    return videos


def test_text_finds_the_video_nearest_to_it(discs: list[Video]) -> None:
    found = nearest_to_text("a red disc", 3)
    assert found[0].sha256 == discs[0].sha256
    assert found[0].cosine == pytest.approx(1, abs=2e-3)
    assert [hit.cosine for hit in found] == sorted((hit.cosine for hit in found), reverse=True)
    assert len(nearest_to_text("a red disc", 99)) == 6


def test_more_like_is_exact_and_leaves_the_video_itself_out(embedded: list[Video]) -> None:
    rows = {row.video_id: np.frombuffer(bytes(row.vector), "<f4") for row in Embedding.objects.all()}
    own = rows.pop(embedded[0].sha256)
    expected = sorted(rows, key=lambda video: -float(rows[video] @ own))[:8]
    assert {hit.sha256 for hit in more_like(embedded[0], 8)} == set(expected)


def test_only_kept_videos_are_found_and_others_fill_up(embedded: list[Video]) -> None:
    first = more_like(embedded[0], 4)
    quarantine(Video.objects.get(pk=first[0].sha256))
    remove(Video.objects.get(pk=first[1].sha256))
    again = more_like(embedded[0], 4)
    assert [hit.sha256 for hit in again[:2]] == [hit.sha256 for hit in first[2:]]
    assert len(again) == 4


def test_new_and_deleted_embeddings_are_seen_at_once(embedded: list[Video], make_video: MakeVideo) -> None:
    assert len(more_like(embedded[0], 99)) == 22
    twin = make_video()
    raw = Embedding.objects.get(video=embedded[0]).vector
    Embedding.objects.create(video=twin, encoder_key=KEY, vector=raw)
    assert more_like(embedded[0], 1)[0].sha256 == twin.sha256
    Embedding.objects.filter(video=twin).delete()
    assert len(more_like(embedded[0], 99)) == 22


def test_search_says_what_is_missing(embedded: list[Video], make_video: MakeVideo) -> None:
    with pytest.raises(UserError, match="a few words"):
        nearest_to_text("  ")
    with pytest.raises(UserError, match=f"embedded with {KEY}"):
        nearest_to_text("a disc")
    run("cluster")
    with pytest.raises(UserError, match="no embedding yet"):
        more_like(make_video())
    with pytest.raises(UserError, match="WINNOW_ENCODER"):
        explained(embedded, themes=["a disc"])


def test_theme_names_are_scored_against_a_cluster(demo: Encoder, make_video: MakeVideo) -> None:
    """Vectors of drawn frames of discs: the demo's encoder knows a disc when it sees one."""
    frames = np.concatenate([np.stack(list(moving_disc(seed=seed)))[:1] for seed in range(6)])
    size = demo.size
    squares = np.stack([np.resize(frame, (size, size, 3)) for frame in frames]).astype(np.uint8)
    for vector in demo.encode_frames(squares):
        store(make_video(), vector, f"{demo.key}/1-frames")
    with stage_run("embed", {"encoder_key": f"{demo.key}/1-frames"}):
        pass
    run("cluster", "--min-cluster-size", 2, "--min-samples", 1, "--engine", "kmeans")
    names = ["a disc", "a city"]
    told = explained(list(Video.objects.all()), themes=names)
    assert sorted(name for name, _ in told.themes) == sorted(names)
    assert told.themes[0][1] >= told.themes[1][1]
    members = Embedding.objects.filter(video__memberships__cluster=told.cluster)
    mean = np.mean([np.frombuffer(bytes(row.vector), "<f4") for row in members], axis=0)
    expected = demo.encode_texts(names) @ (mean / np.linalg.norm(mean))
    assert dict(told.themes) == pytest.approx(dict(zip(names, expected, strict=True)), abs=1e-5)
