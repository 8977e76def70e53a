"""The map's data: points of kept videos alone, rows that can name no other video, colours, search, and lists."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from numpy.typing import NDArray

from annotation.models import (
    Code,
    Codebook,
    Coding,
    Consensus,
    Resolution,
    Round,
    RoundCoder,
    RoundItem,
    Theme,
)
from annotation.services.studies import create_study
from clustering.models import Embedding, Projection
from clustering.services.projection import map_points
from config.models import User
from datasets.models import Finding, Video
from datasets.services.runs import stage_run
from tests.commands import run
from tests.conftest import MakeVideo, client_of, flag, quarantine, remove
from tests.groups import group_of, the_run, three_groups


@dataclass
class Points:
    head: dict[str, Any]
    rows: NDArray[Any]
    x: NDArray[Any]
    y: NDArray[Any]
    group: NDArray[Any]

    @property
    def told(self) -> list[str]:
        """The name of each point's group."""
        return [self.head["groups"][group] for group in self.group]


def read(body: bytes) -> Points:
    """As the page's script reads it, by another hand."""
    start = 4 + int.from_bytes(body[:4], "little")
    head = json.loads(body[4:start])
    n = head["count"]
    assert len(body) == start + 10 * n
    assert start % 4 == 0
    rows = np.cumsum(np.frombuffer(body, "<u4", n, start))
    x, y, group = (np.frombuffer(body, "<u2", n, start + 4 * n + 2 * n * column) for column in range(3))
    return Points(head, rows, x / 65_535 * 2 - 1, y / 65_535 * 2 - 1, group)


@pytest.fixture
def videos(make_video: MakeVideo) -> list[Video]:
    """Three groups and a video alone, clustered and mapped."""
    made = three_groups(make_video)
    run("cluster")
    return made


@pytest.fixture
def client(alice: User) -> Client:
    return client_of(alice)


def points(client: Client, colour: str = "cluster") -> Points:
    response = client.get(reverse("map-points"), {"colour": colour})
    assert response.status_code == 200, response.content
    return read(response.content)


def rows(client: Client, name: str, numbers: Sequence[int]) -> Any:
    return client.get(reverse("map-rows"), {"map": name, "rows": ",".join(map(str, numbers))})


def listed(client: Client, name: str, numbers: Sequence[int]) -> list[str]:
    fields = {"map": name, "rows": ",".join(map(str, numbers))}
    return client.post(reverse("map-list"), fields).content.decode().splitlines()  # type: ignore[no-any-return]


def named(client: Client, seen: Points) -> list[str]:
    """The SHA-256 of each point."""
    return [row["sha256"] for row in rows(client, seen.head["map"], list(seen.rows)).json()["videos"]]


# --- points ---


def test_every_kept_video_is_a_point_where_the_run_put_it(client: Client, videos: list[Video]) -> None:
    seen, own = points(client), map_points(the_run())
    assert seen.head["count"] == len(videos)
    assert seen.rows.tolist() == own.row.tolist()
    assert np.abs(seen.x - own.x).max() < 1 / 65_535 + 1e-6
    assert np.abs(seen.y - own.y).max() < 1 / 65_535 + 1e-6
    assert named(client, seen) == sorted(video.pk for video in videos)


def test_points_come_compressed_and_only_once(client: Client, videos: list[Video]) -> None:
    where = reverse("map-points")
    sent = client.get(where, headers={"accept-encoding": "gzip"})
    assert sent["Content-Encoding"] == "gzip"
    assert gzip.decompress(sent.content) == client.get(where).content
    again = client.get(where, headers={"accept-encoding": "gzip", "if-none-match": sent["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    remove(videos[0])
    changed = client.get(where, headers={"if-none-match": sent["ETag"]})
    assert changed.status_code == 200
    assert read(changed.content).head["count"] == len(videos) - 1


@pytest.mark.parametrize("leave", [remove, quarantine])
def test_what_left_the_funnel_is_no_point_and_told_by_no_row(client: Client, videos: list[Video], leave: Any) -> None:
    before = points(client)
    gone = videos[3]
    row = named(client, before).index(gone.pk)
    leave(gone)
    assert row not in points(client).rows
    assert rows(client, before.head["map"], [row]).json() == {"videos": []}
    assert listed(client, before.head["map"], [row]) == []
    assert gone.pk not in listed(client, before.head["map"], list(before.rows))


def test_a_flagged_video_stays_and_says_so(client: Client, videos: list[Video]) -> None:
    flag(videos[0])
    seen = points(client)
    shown = rows(client, seen.head["map"], list(seen.rows)).json()["videos"]
    assert {row["state"] for row in shown if row["sha256"] == videos[0].pk} == {"flagged"}


def test_a_row_never_names_another_video_after_a_change(client: Client, videos: list[Video]) -> None:
    before = points(client)
    names = named(client, before)
    Projection.objects.all().delete()
    remove(min(videos, key=lambda video: video.pk))
    run("cluster", "--map")
    after = rows(client, before.head["map"], [0, 1])
    assert after.status_code == 400
    assert "made anew" in after.json()["detail"]
    assert named(client, points(client)) == names[1:]


def test_newcomers_leave_the_rows_of_an_open_page_alone(
    client: Client, videos: list[Video], make_video: MakeVideo
) -> None:
    before = points(client)
    names = named(client, before)
    vector = Embedding.objects.get(video=videos[0])
    comer = make_video()
    Embedding.objects.create(video=comer, encoder_key=vector.encoder_key, vector=vector.vector)
    run("cluster", "--join")
    assert rows(client, before.head["map"], [len(videos)]).json() == {"videos": []}
    assert named(client, before) == names
    assert comer.pk in named(client, points(client))


@pytest.mark.parametrize("name", ["", "1", "1-2", "x-1-a", "1-1-1-1", "999-1-abc", "-1-1-a"])
def test_a_map_that_is_not_there_is_refused_in_a_sentence(client: Client, videos: list[Video], name: str) -> None:
    response = rows(client, name, [0])
    assert response.status_code == 400
    assert response.json()["detail"].endswith(("again.", "them."))


@pytest.mark.parametrize("numbers", ["x", "-1", "1;2", "9" * 12, ",".join(["1"] * 201)])
def test_rows_that_make_no_sense_are_refused(client: Client, videos: list[Video], numbers: str) -> None:
    name = points(client).head["map"]
    assert client.get(reverse("map-rows"), {"map": name, "rows": numbers}).status_code == 400


def test_without_a_map_the_page_says_what_to_do(client: Client, make_video: MakeVideo) -> None:
    page = client.get(reverse("map"))
    assert b"python manage.py embed" in page.content
    assert client.get(reverse("map-points")).json()["detail"].endswith("first.")
    three_groups(make_video)
    run("cluster")
    Projection.objects.all().delete()
    assert b"python manage.py cluster --map" in client.get(reverse("map")).content


# --- colours ---


def test_clusters_come_largest_first_and_noise_last(client: Client, videos: list[Video]) -> None:
    seen = points(client)
    counts = np.bincount(seen.group).tolist()
    assert counts == [9, 7, 6, 1]
    assert seen.head["groups"][-1] == "noise"
    assert seen.head["rest"] == 3
    by_video = dict(zip(named(client, seen), seen.told, strict=True))
    assert {by_video[video.pk] for video in group_of(videos, 0)} == {seen.head["groups"][0]}
    assert "red" in seen.head["groups"][0]
    assert by_video[videos[-1].pk] == "noise"


def told_by(client: Client, colour: str) -> dict[str, str]:
    seen = points(client, colour)
    return dict(zip(named(client, seen), seen.told, strict=True))


def test_generators(client: Client, videos: list[Video]) -> None:
    told = told_by(client, "generator")
    assert {told[video.pk] for video in group_of(videos, 1)} == {"g1"}
    assert told[videos[-1].pk] == "not told"


def test_consensus(client: Client, videos: list[Video]) -> None:
    study = create_study(name="Pilot")
    first, second = study.choices.all()[:2]
    with stage_run("aggregate", {"study_id": study.pk}) as aggregate:
        for video, choice, verdict in [
            (videos[0], first, "yes"),
            (videos[1], first, "yes"),
            (videos[1], second, "yes"),
            (videos[2], first, "no"),
        ]:
            Consensus.objects.create(
                run=aggregate, study=study, video=video, choice=choice, votes=1, raters=1, verdict=verdict
            )
    told = told_by(client, f"consensus-{study.pk}")
    names = [told[video.pk] for video in videos[:4]]
    assert names == [first.name, "several", "none of these", "not labelled"]


def test_measures_come_in_bands_of_equally_many(client: Client, videos: list[Video]) -> None:
    for at, video in enumerate(sorted(videos, key=lambda video: video.pk)):
        video.measures.flicker = float(at)
        video.measures.save()
    videos[0].measures.delete()
    seen = points(client, "flicker")
    assert seen.head["ordered"]
    counts = np.bincount(seen.group, minlength=6).tolist()
    assert counts[-1] == 1
    assert max(counts[:5]) - min(counts[:5]) <= 1
    told = dict(zip(named(client, seen), seen.group, strict=True))
    measured = [told[pk] for pk in sorted(told) if pk != videos[0].pk]
    assert measured == sorted(measured)


def test_a_measure_that_is_the_same_everywhere_is_one_band(client: Client, videos: list[Video]) -> None:
    assert points(client, "sharpness").head["groups"] == ["0.5", "not measured"]


@pytest.fixture
def coded(videos: list[Video], alice: User, bob: User) -> Round:
    """A closed round: two coders on three videos. They agree on the first, not on the second, and the third is
    settled; one of the codes was merged into another."""
    book = Codebook.objects.create(name="Pilot codes", made_by=alice)
    theme = Theme.objects.create(codebook=book, key="moving", name="Moving", position=0)
    discs = Code.objects.create(codebook=book, name="discs", theme=theme, made_by=alice)
    blue = Code.objects.create(codebook=book, name="blue", made_by=alice)
    disks = Code.objects.create(codebook=book, name="disks", made_by=bob, merged_into=discs)
    made = Round.objects.create(codebook=book, number=1, run=the_run(), made_by=alice, closed_at=None)
    coders = [RoundCoder.objects.create(round=made, user=user) for user in (alice, bob)]
    codes = [(discs, disks), (discs, blue), (blue, discs)]
    for at, (own, other) in enumerate(codes):
        item = RoundItem.objects.create(round=made, kind="core", video=videos[at], order=at)
        for coder, code in zip(coders, (own, other), strict=True):
            Coding.objects.create(item=item, coder=coder, version=1).codes.add(code)
    settled = Resolution.objects.create(item=item, why="it is blue", by=alice)
    settled.codes.add(blue)
    return made


def test_codes_and_themes_of_closed_rounds(client: Client, videos: list[Video], coded: Round) -> None:
    colour = f"codes-{coded.codebook_id}"
    assert client.get(reverse("map-points"), {"colour": colour}).status_code == 400  # coders are still blind
    Round.objects.update(closed_at=coded.made_at)
    told = told_by(client, colour)
    assert [told[video.pk] for video in videos[:4]] == ["discs", "several", "blue", "not coded"]
    themes = told_by(client, f"themes-{coded.codebook_id}")
    assert [themes[video.pk] for video in videos[:4]] == ["Moving", "Moving", "in no theme", "in no theme"]


@pytest.mark.parametrize("colour", ["nothing", "codes-1", "consensus-9", "cluster-1", "sha256"])
def test_an_unknown_colour_is_refused(client: Client, videos: list[Video], colour: str) -> None:
    assert "cannot be coloured" in client.get(reverse("map-points"), {"colour": colour}).json()["detail"]
    assert client.get(reverse("map"), {"colour": colour}).status_code == 400


# --- search ---


def search(client: Client, **wanted: str) -> dict[str, Any]:
    return client.get(reverse("map-search"), {"map": points(client).head["map"], **wanted}).json()  # type: ignore[no-any-return]


def test_more_like_a_video_names_the_rows_of_its_neighbours(client: Client, videos: list[Video]) -> None:
    names = named(client, points(client))
    found = search(client, like=videos[0].pk)
    near = [names[row] for row in found["rows"][:8]]
    assert set(near) == {video.pk for video in group_of(videos, 0)[1:]}
    assert found["cosines"] == sorted(found["cosines"], reverse=True)
    assert found["elsewhere"] == 0


def test_search_finds_nothing_that_left(client: Client, videos: list[Video]) -> None:
    row = named(client, points(client)).index(videos[1].pk)
    quarantine(videos[1])
    assert row not in search(client, like=videos[0].pk)["rows"]
    assert "There is no kept video" in search(client, like=videos[1].pk)["detail"]


def test_a_video_beside_the_map_is_counted(client: Client, videos: list[Video], make_video: MakeVideo) -> None:
    vector = Embedding.objects.get(video=videos[0])
    Embedding.objects.create(video=make_video(), encoder_key=vector.encoder_key, vector=vector.vector)
    assert search(client, like=videos[0].pk)["elsewhere"] == 1


def test_empty_words_are_refused(client: Client, videos: list[Video]) -> None:
    assert search(client, text=" ")["detail"] == "There is nothing to search for; give a few words."


# --- lists and decisions ---


def test_the_list_names_any_number_of_rows(client: Client, videos: list[Video]) -> None:
    seen = points(client)
    assert listed(client, seen.head["map"], [5, 1, 5]) == [named(client, seen)[5], named(client, seen)[1]]
    assert len(listed(client, seen.head["map"], range(20_000))) == len(videos)


def test_chosen_videos_are_flagged_for_review(client: Client, videos: list[Video]) -> None:
    body = {"action": "flag", "videos": [video.pk for video in videos[:2]], "why": "look at the discs"}
    answer = client.post(reverse("review-decide"), body, headers={"accept": "application/json"}).json()
    assert answer["said"] == "Flagged 2 videos."
    assert {video["state"] for video in answer["videos"]} == {"flagged"}
    assert set(Finding.objects.values_list("reason", "note")) == {("to review", "look at the discs")}
    again = client.post(reverse("review-decide"), body, headers={"accept": "application/json"})
    assert again.json()["detail"] == "The chosen videos are flagged for review already."
    undone = client.post(
        reverse("review-undo"), {"decision": answer["decision"]}, headers={"accept": "application/json"}
    )
    assert {video["state"] for video in undone.json()["videos"]} == {"kept"}
