"""Clips over HTTP: byte ranges, and that they reach only those who may watch."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.http import HttpResponseBase

from annotation.models import Study
from annotation.ranges import Span, UnsatisfiableError, parse_range
from annotation.services.media import MEDIA_TYPES
from config.models import User
from datasets.containers import Container
from datasets.models import Serving, Video
from tests.conftest import MakeVideo, client_of, quarantine, remove


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-", Span(0, 99)),
        ("bytes=0-0", Span(0, 0)),
        ("bytes=10-19", Span(10, 19)),
        ("bytes=90-1000", Span(90, 99)),
        ("bytes=-1", Span(99, 99)),
        ("bytes=-30", Span(70, 99)),
        ("bytes=-1000", Span(0, 99)),
        ("Bytes = 5 - 6", Span(5, 6)),
        ("", None),
        ("bytes", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=9-3", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=\u0661-", None),
    ],
)
def test_ranges_as_the_standard_reads_them(header: str, span: Span | None) -> None:
    assert parse_range(header, 100) == span


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_ranges_outside_of_the_file(header: str) -> None:
    with pytest.raises(UnsatisfiableError):
        parse_range(header, 100)


def test_ranges_of_an_empty_file() -> None:
    for header in ("bytes=0-", "bytes=-1"):
        with pytest.raises(UnsatisfiableError):
            parse_range(header, 0)


def test_every_container_has_a_media_type() -> None:
    assert set(MEDIA_TYPES) == {container.label for container in Container}


def get(user: User | None, video: Video, **headers: Any) -> HttpResponseBase:
    return client_of(user).get(f"/media/{video.sha256}/", headers=headers)


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def stored(video: Video) -> bytes:
    with default_storage.open(video.media_name) as file:
        return bytes(file.read())


def test_the_whole_clip(alice: User, make_video: MakeVideo) -> None:
    video = make_video()
    response = get(alice, video)
    assert response.status_code == 200
    assert body(response) == stored(video)
    assert response["Content-Type"] == "video/mp4"
    assert response["Content-Length"] == str(video.size)
    assert response["Content-Disposition"] == f'inline; filename="{video.sha256}.mp4"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Accept-Ranges"] == "bytes"
    assert response["ETag"] == f'"{video.sha256}"'


@pytest.mark.parametrize(
    ("header", "first", "last"), [("bytes=3-9", 3, 9), ("bytes=100-", 100, None), ("bytes=-5", -5, None)]
)
def test_a_part_of_the_clip(alice: User, make_video: MakeVideo, header: str, first: int, last: int | None) -> None:
    video = make_video()
    response = get(alice, video, range=header)
    expected = stored(video)[first : None if last is None else last + 1]
    start = first % video.size
    assert response.status_code == 206
    assert body(response) == expected
    assert response["Content-Length"] == str(len(expected))
    assert response["Content-Range"] == f"bytes {start}-{start + len(expected) - 1}/{video.size}"


def test_parts_put_together_are_the_clip(alice: User, make_video: MakeVideo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotation.views.media.CHUNK", 7)
    video = make_video()
    parts = [get(alice, video, range=f"bytes={at}-{at + 99}") for at in range(0, video.size, 100)]
    assert b"".join(body(part) for part in parts) == stored(video)


def test_a_range_behind_the_end(alice: User, make_video: MakeVideo) -> None:
    video = make_video()
    response = get(alice, video, range=f"bytes={video.size}-")
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{video.size}"
    assert not Serving.objects.exists()


def test_a_range_of_another_file_is_the_whole_of_this_one(alice: User, make_video: MakeVideo) -> None:
    video = make_video()
    same = get(alice, video, range="bytes=0-1", **{"if-range": f'"{video.sha256}"'})
    other = get(alice, video, range="bytes=0-1", **{"if-range": '"something else"'})
    weak = get(alice, video, range="bytes=0-1", **{"if-range": f'W/"{video.sha256}"'})
    assert [same.status_code, other.status_code, weak.status_code] == [206, 200, 200]


def test_head_tells_and_sends_nothing(alice: User, make_video: MakeVideo) -> None:
    video = make_video()
    response = client_of(alice).head(f"/media/{video.sha256}/", headers={"range": "bytes=0-1"})
    assert response.status_code == 200
    assert response["Content-Length"] == str(video.size)
    assert response.content == b""
    assert not Serving.objects.exists()


def test_the_proxy_sends_when_there_is_one(alice: User, make_video: MakeVideo, settings: Any) -> None:
    settings.WINNOW_ACCEL_PREFIX = "/protected/"
    video = make_video()
    response = get(alice, video)
    assert response["X-Accel-Redirect"] == f"/protected/{video.media_name}"
    assert response["Content-Type"] == "video/mp4"
    assert body(response) == b""
    assert Serving.objects.count() == 1


def test_each_serving_is_on_record(alice: User, make_video: MakeVideo) -> None:
    video = make_video()
    get(alice, video)
    get(alice, video, range="bytes=10-")
    rows = Serving.objects.order_by("id").values_list("video", "user", "first_byte")
    assert list(rows) == [(video.pk, alice.pk, 0), (video.pk, alice.pk, 10)]


def test_a_rater_watches_their_own_clips_alone(rita: User, sam: User, study: Study, clips: list[Video]) -> None:
    assert get(rita, clips[0]).status_code == 200
    assert get(rita, clips[3]).status_code == 404
    assert get(sam, clips[0]).status_code == 404
    assert get(None, clips[0]).status_code == 403


def test_a_removed_clip_is_for_researchers_alone(rita: User, alice: User, study: Study, clips: list[Video]) -> None:
    remove(clips[0])
    assert get(rita, clips[0]).status_code == 404
    assert get(alice, clips[0]).status_code == 200


def test_a_quarantined_clip_is_for_nobody(
    rita: User, alice: User, admin: User, study: Study, clips: list[Video]
) -> None:
    quarantine(clips[0])
    for user in (rita, alice, admin):
        for method in ("get", "head"):
            assert getattr(client_of(user), method)(f"/media/{clips[0].sha256}/").status_code == 404
    assert not Serving.objects.exists()


def test_someone_switched_off_watches_nothing(rita: User, study: Study, clips: list[Video]) -> None:
    browser = client_of(rita)
    User.objects.filter(pk=rita.pk).update(is_active=False)
    assert browser.get(f"/media/{clips[0].sha256}/").status_code == 403


@pytest.mark.parametrize("name", ["0" * 64, "A" * 64, "0" * 63, "..%2f..%2fsecret_key"])
def test_names_that_are_no_clip(alice: User, name: str) -> None:
    assert client_of(alice).get(f"/media/{name}/").status_code == 404


def test_only_reading(alice: User, make_video: MakeVideo) -> None:
    assert client_of(alice).post(f"/media/{make_video().sha256}/").status_code == 405
