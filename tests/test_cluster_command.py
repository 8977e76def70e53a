"""`cluster` and what is made of its runs: which is in use, newcomers, maps, samples and search."""

from __future__ import annotations

import numpy as np
import pytest
from django.core.management.base import CommandError

from annotation.services.browse import memberships
from annotation.services.results import clustering
from clustering.engines import versions
from clustering.models import ChosenRun, Embedding, Membership, Projection
from clustering.services.explain import sample
from clustering.services.projection import map_points, videos_at
from clustering.services.runs import in_use
from config.errors import UserError
from datasets.models import Run, Video
from datasets.services.runs import stage_run
from tests.commands import run
from tests.conftest import MakeVideo, quarantine, remove
from tests.groups import KEY, SIZES, said, spoil, store, the_run, three_groups
from tests.test_clusters import blobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def embedded(make_video: MakeVideo) -> list[Video]:
    return three_groups(make_video)


def places() -> dict[str, tuple[int | None, float, bool]]:
    rows = Membership.objects.values_list("video_id", "cluster__number", "strength", "joined")
    return {video: tuple(place) for video, *place in rows}  # type: ignore[misc]


# --- one run ---


def test_a_run_keeps_what_made_it(embedded: list[Video]) -> None:
    answer = run("cluster", "--seed", 3)
    assert (answer["videos"], answer["clusters"], answer["noise"]) == (23, 3, 1)
    assert answer["parameters"]["encoder_key"] == KEY
    assert (answer["engine"], answer["dimensions"], answer["seed"]) == ("hdbscan", 50, 3)
    assert Run.objects.get(pk=answer["run"]).result["versions"] == versions("hdbscan")
    assert len(answer["assigned"]) == 23


def test_noise_has_its_nearest_cluster_as_a_suggestion_and_members_have_none(embedded: list[Video]) -> None:
    run("cluster")
    outside = Membership.objects.get(video=embedded[-1])
    assert outside.cluster is None
    assert outside.nearest is not None
    assert not Membership.objects.exclude(cluster=None).exclude(nearest=None).exists()


def test_any_equal_earlier_run_is_found(embedded: list[Video]) -> None:
    first = run("cluster")["run"]
    other = run("cluster", "--seed", 1)["run"]
    assert run("cluster")["run"] == first
    assert run("cluster", "--engine", "hdbscan")["run"] not in (first, other)
    assert f"Run {the_run().pk} stays in use" in said()


def test_vectors_that_are_no_number_are_left_out_and_named(embedded: list[Video]) -> None:
    spoil(embedded[0])
    answer = run("cluster")
    assert answer["left_out"] == [embedded[0].sha256]
    assert answer["videos"] == 22
    assert not Membership.objects.filter(video=embedded[0]).exists()
    assert embedded[0].sha256 in said()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_videos_are_all_noise(make_video: MakeVideo, count: int) -> None:
    for vector in blobs([3])[0][:count]:
        store(make_video(), vector)
    with stage_run("embed", {"encoder_key": KEY}):
        pass
    answer = run("cluster")
    assert (answer["videos"], answer["clusters"], answer["noise"]) == (count, 0, count)
    assert len(map_points(the_run()).row) == count
    assert sample(the_run(), core=1, boundary=1, random=1, noise=5, seed=0) == sample(
        the_run(), core=1, boundary=1, random=1, noise=5, seed=0
    )


def test_two_encoders_are_never_mixed(embedded: list[Video]) -> None:
    Embedding.objects.filter(video=embedded[3]).update(encoder_key="other/8-frames")
    with pytest.raises(CommandError, match=r"1 of 23 videos have no embedding of test/8-frames .* other/8-frames"):
        run("cluster")


def test_a_vector_of_another_length_is_refused_by_name(embedded: list[Video]) -> None:
    Embedding.objects.filter(video=embedded[3]).update(vector=b"\0" * 16)
    with pytest.raises(CommandError, match="another length"):
        run("cluster")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--min-cluster-size", 1), "a cluster has at least 2"),
        (("--min-samples", 0), "at least 1"),
        (("--dimensions", 0), "at least 1"),
        (("--engine", "fast_hdbscan", "--dimensions", 31), "exact up to 30"),
        (("--use", 99), "no finished cluster run 99"),
        (("--join",), "Nothing has been clustered"),
        (("--map", "--run", 5), "no finished cluster run 5"),
        (("--list", "--join"), "not both"),
        (("--compare", "--sizes", 1), "a cluster has at least 2"),
    ],
)
def test_mistakes_are_one_sentence(embedded: list[Video], arguments: tuple[object, ...], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run("cluster", *arguments)


# --- runs side by side ---


def test_the_run_in_use_is_the_chosen_one_or_the_newest(embedded: list[Video]) -> None:
    assert in_use() is None
    first, second = run("cluster")["run"], run("cluster", "--min-cluster-size", 8)["run"]
    assert the_run().pk == second
    said("--use", first, "--why", "three groups, as we see them")
    assert the_run().pk == first
    assert ChosenRun.objects.get().why == "three groups, as we see them"
    run("cluster", "--seed", 5)
    assert the_run().pk == first, "a choice holds until the next one"
    listed = {line["run"]: line["in use"] for line in run("cluster", "--list")["runs"]}
    assert [number for number, used in listed.items() if used] == [first]
    assert len(listed) == 3


def test_choosing_the_same_run_twice_is_one_choice(embedded: list[Video]) -> None:
    first = run("cluster")["run"]
    for _ in range(2):
        said("--use", first)
    assert ChosenRun.objects.count() == 1


def test_pages_follow_the_run_in_use(embedded: list[Video]) -> None:
    first, second = run("cluster")["run"], run("cluster", "--min-cluster-size", 20)["run"]
    video = embedded[0].sha256
    assert memberships([video])[video].run_id == second
    said("--use", first)
    assert memberships([video])[video].run_id == first
    shown = clustering()
    assert shown is not None
    assert [line.size for line in shown.clusters] == SIZES


def test_compare_prints_a_table_and_stores_nothing(embedded: list[Video]) -> None:
    arguments = ("--compare", "--sizes", 5, 20, "--samples", 2, "--engines", "hdbscan", "kmeans")
    ways = run("cluster", *arguments)["ways"]
    assert [(way["engine"], way["size"], way["clusters"]) for way in ways[:2]] == [
        ("hdbscan", 5, 3),
        ("hdbscan", 20, 0),
    ]
    assert (ways[0]["noise"], ways[1]["noise"]) == (round(1 / 23, 4), 1)
    assert ways[1]["silhouette"] is None
    assert ways[2]["engine"] == "kmeans"
    assert not Run.objects.filter(stage="cluster").exists()
    head, *lines = said(*arguments).splitlines()
    assert head.split() == [
        "engine",
        "size",
        "samples",
        "clusters",
        "noise",
        "dbcv",
        "silhouette",
        "stability",
        "seconds",
    ]
    assert len(lines) == 4


def test_compare_keeps_each_way_as_a_run_once(embedded: list[Video]) -> None:
    arguments = ("--compare", "--keep", "--sizes", 5, 8, "--samples", 2, "--engines", "auto")
    first, again = run("cluster", *arguments), run("cluster", *arguments)
    assert [way["run"] for way in first["ways"]] == [way["run"] for way in again["ways"]]
    assert Run.objects.filter(stage="cluster").count() == 2
    assert run("cluster")["run"] == first["ways"][0]["run"]


def test_compare_needs_two_videos(make_video: MakeVideo) -> None:
    store(make_video(), np.ones(4))
    with stage_run("embed", {"encoder_key": KEY}):
        pass
    with pytest.raises(CommandError, match="2 are needed"):
        run("cluster", "--compare")


# --- newcomers ---


def newcomers(make_video: MakeVideo, count: int = 3) -> list[Video]:
    """`count` more videos of the first group, and one that is like nothing else."""
    vectors, _ = blobs([9 + count])
    strange = np.random.default_rng(9).normal(size=64)
    own = [store(make_video(), vectors[:9].mean(axis=0) + 0.01 * vector) for vector in vectors[9:]]
    return [*own, store(make_video(), strange)]


def test_newcomers_join_without_clustering_anew(embedded: list[Video], make_video: MakeVideo) -> None:
    run("cluster")
    before = places()
    new = newcomers(make_video)
    answer = run("cluster", "--join")
    assert (answer["newcomers"], answer["joined"], answer["unfitting"], answer["drift"]) == (4, 3, 1, 0.25)
    after = places()
    assert {video: after[video] for video in before} == before
    own = before[embedded[0].sha256][0]
    assert [after[video.sha256][0] for video in new] == [own, own, own, None]
    assert all(after[video.sha256][2] for video in new)
    assert Membership.objects.get(video=new[-1]).nearest is not None
    assert Run.objects.filter(stage="cluster").count() == 1


def test_joining_again_changes_nothing_and_one_by_one_is_as_good(
    embedded: list[Video], make_video: MakeVideo
) -> None:
    run("cluster")
    new = newcomers(make_video)
    hidden = [remove(video) for video in new[1:]]
    assert run("cluster", "--join")["newcomers"] == 1
    for finding in hidden:
        finding.delete()
    assert run("cluster", "--join")["newcomers"] == 3
    step_by_step = places()
    assert run("cluster", "--join")["newcomers"] == 0
    assert places() == step_by_step
    Membership.objects.filter(joined=True).delete()
    run("cluster", "--join")
    assert places() == step_by_step


def test_drift_counts_kept_newcomers_only(embedded: list[Video], make_video: MakeVideo) -> None:
    run("cluster")
    assert run("cluster", "--join")["drift"] is None
    new = newcomers(make_video, 1)
    assert run("cluster", "--join")["drift"] == 0.5
    quarantine(new[-1])
    assert run("cluster", "--join")["drift"] == 0


# --- the map ---


def test_the_map_comes_with_the_run_and_shows_kept_videos_only(embedded: list[Video]) -> None:
    run("cluster")
    points = map_points(the_run())
    assert len(points.row) == 23
    assert max(np.abs(points.x).max(), np.abs(points.y).max()) == pytest.approx(1)
    named = videos_at(the_run(), points.row.tolist())
    assert {named[row]: number for row, number in zip(points.row.tolist(), points.cluster.tolist(), strict=True)} == {
        video: -1 if place[0] is None else place[0] for video, place in places().items()
    }
    quarantine(embedded[0])
    remove(embedded[1])
    left = map_points(the_run())
    assert len(left.row) == 21
    assert set(videos_at(the_run(), points.row.tolist()).values()) == {video.sha256 for video in embedded[2:]}
    assert videos_at(the_run(), [-1, 99]) == {}


def test_newcomers_get_a_place_and_nobody_moves(embedded: list[Video], make_video: MakeVideo) -> None:
    run("cluster")
    before = map_points(the_run())
    new = newcomers(make_video)
    run("cluster", "--join")
    after = map_points(the_run())
    assert (after.x[: len(before.x)] == before.x).all()
    assert set(videos_at(the_run(), after.row.tolist()[-4:]).values()) == {video.sha256 for video in new}
    assert run("cluster", "--map")["placed"] == 0


def test_a_video_put_back_after_the_map_was_made_gets_a_place(embedded: list[Video], make_video: MakeVideo) -> None:
    run("cluster")
    Projection.objects.all().delete()
    finding = remove(embedded[0])
    assert run("cluster", "--map")["points"] == 22
    finding.delete()
    assert len(map_points(the_run()).row) == 22
    newcomers(make_video)
    run("cluster", "--join")
    points = map_points(the_run())
    assert embedded[0].sha256 in videos_at(the_run(), points.row.tolist()).values()
    assert len(points.row) == 27


def test_a_map_can_be_made_later_and_is_the_same(embedded: list[Video]) -> None:
    run("cluster")
    first = bytes(Projection.objects.get().points)
    Projection.objects.all().delete()
    with pytest.raises(UserError, match="cluster --map"):
        map_points(the_run())
    assert run("cluster", "--map")["points"] == 23
    assert bytes(Projection.objects.get().points) == first
    assert "as before" in said("--map")
