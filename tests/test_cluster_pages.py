"""The pages of clusters: one explained, the noise with suggestions, and which run is in use."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clustering.models import ChosenRun, Cluster, Membership
from clustering.services.runs import in_use
from config.models import User
from datasets.models import Run, Video
from tests.commands import run
from tests.conftest import MakeVideo, client_of, quarantine, remove
from tests.groups import group_of, the_run, three_groups


@pytest.fixture
def videos(make_video: MakeVideo) -> list[Video]:
    made = three_groups(make_video)
    run("cluster")
    return made


@pytest.fixture
def client(alice: User) -> Client:
    return client_of(alice)


def page(client: Client, name: str, *arguments: object) -> str:
    response = client.get(reverse(name, args=arguments))
    assert response.status_code == 200
    return response.content.decode()


def cluster_of(video: Video) -> Cluster:
    cluster = Membership.objects.get(run=the_run(), video=video).cluster
    assert cluster is not None
    return cluster


def strips(text: str) -> set[str]:
    return set(re.findall(r'<img class="filmstrip" src="/media/([0-9a-f]{64})/filmstrip/"', text))


def test_a_cluster_shows_its_members_from_the_middle_to_the_edge(client: Client, videos: list[Video]) -> None:
    cluster = cluster_of(videos[0])
    text = page(client, "cluster", cluster.number)
    assert strips(text) == {video.pk for video in group_of(videos, 0)}
    assert [kind in text for kind in ("Medoid", "Core", "Boundary")] == [True] * 3
    assert text.index("Medoid") < text.index(cluster.medoid_id) < text.index("Core")
    assert text.count('data-veil="on"') == 9
    assert 'data-veil="off"' not in text


def test_a_cluster_tells_words_generators_and_neighbours(client: Client, videos: list[Video]) -> None:
    text = page(client, "cluster", cluster_of(videos[0]).number)
    assert re.search(r"<td>red</td><td class=\"number\">9</td>", text)
    assert re.search(r">g0</td><td class=\"number\"><a [^>]*generator=g0\">9</a>", text)
    for other in (cluster_of(group_of(videos, 1)[0]), cluster_of(group_of(videos, 2)[0])):
        assert f'<a href="/clusters/{other.number}/">{other.number}</a>' in text


def test_scores_need_the_encoder_of_the_vectors_and_say_so(client: Client, videos: list[Video]) -> None:
    assert "The videos were embedded with test/8-frames" in page(client, "cluster", cluster_of(videos[0]).number)


@pytest.mark.parametrize("leave", [remove, quarantine])
def test_what_left_the_funnel_is_on_no_page(client: Client, videos: list[Video], leave: Any) -> None:
    cluster, stray = cluster_of(videos[0]), videos[-1]
    for gone in (cluster.medoid, stray):
        gone.sightings.update(prompt="the hidden one")
        leave(gone)
    for text in (page(client, "cluster", cluster.number), page(client, "noise")):
        assert "the hidden one" not in text
        assert not {cluster.medoid_id, stray.pk} & strips(text)
    assert len(strips(page(client, "cluster", cluster.number))) == 8


def test_a_cluster_that_nobody_is_left_of_says_so(client: Client, videos: list[Video]) -> None:
    number = cluster_of(videos[0]).number
    for video in group_of(videos, 0):
        remove(video)
    assert "No member of this cluster is in the funnel any more." in page(client, "cluster", number)


def test_a_cluster_that_is_not_there(client: Client, videos: list[Video]) -> None:
    assert client.get(reverse("cluster", args=[99])).status_code == 404


def test_without_any_run_there_is_no_cluster_and_no_noise(client: Client, videos: list[Video]) -> None:
    Run.objects.filter(stage="cluster").delete()
    assert client.get(reverse("cluster", args=[0])).status_code == 404
    assert "Every kept video of the run in use is in a cluster" in page(client, "noise")


def test_noise_says_which_cluster_it_comes_nearest_to(client: Client, videos: list[Video]) -> None:
    text = page(client, "noise")
    member = Membership.objects.get(run=the_run(), video=videos[-1])
    assert strips(text) == {videos[-1].pk}
    assert member.nearest is not None
    assert f'nearest to <a href="/clusters/{member.nearest.number}/">' in text


# --- which run is in use ---


def test_another_run_is_put_to_use_with_a_reason(client: Client, alice: User, videos: list[Video]) -> None:
    first = the_run()
    run("cluster", "--min-cluster-size", "8")
    second = the_run()
    assert second != first
    response = client.post(reverse("use-run"), {"run": first.pk, "why": "finer"}, follow=True)
    assert in_use() == first
    assert ChosenRun.objects.values_list("run", "by", "why").first() == (first.pk, alice.pk, "finer")
    assert f"Cluster run {first.pk} is in use" in response.content.decode()


def test_a_run_is_not_put_to_use_without_a_reason(client: Client, videos: list[Video]) -> None:
    first = the_run()
    run("cluster", "--min-cluster-size", "8")
    response = client.post(reverse("use-run"), {"run": first.pk, "why": ""})
    assert response.status_code == 400
    assert "This field is required." in response.content.decode()
    assert in_use() != first


def test_a_run_that_is_not_there_is_refused(client: Client, videos: list[Video]) -> None:
    response = client.post(reverse("use-run"), {"run": 9999, "why": "it sounds good"})
    assert response.status_code == 400
    assert "There is no finished cluster run 9999" in response.content.decode()
