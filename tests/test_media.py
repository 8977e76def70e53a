"""Clips over HTTP: byte ranges, and that they reach only those who may watch."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpResponseBase

from annotation.models import Study
from annotation.ranges import Span, UnsatisfiableError, parse_range
from annotation.services.media import MEDIA_TYPES, content_type
from config.models import User
from datasets.containers import Container
from datasets.models import Part, Serving, Video
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


# --- filmstrips ---

SIX_FRAMES = b"six frames, as far as the view can tell"


def with_filmstrip(video: Video) -> Video:
    default_storage.save(video.filmstrip_name, ContentFile(SIX_FRAMES))
    return video


def strip_of(user: User | None, video: Video, **headers: Any) -> HttpResponseBase:
    return client_of(user).get(f"/media/{video.sha256}/filmstrip/", headers=headers)


def test_the_filmstrip_as_it_is_stored(alice: User, make_video: MakeVideo) -> None:
    video = with_filmstrip(make_video())
    response = strip_of(alice, video)
    assert response.status_code == 200
    assert body(response) == SIX_FRAMES
    assert response["Content-Type"] == "image/jpeg"
    assert response["Content-Length"] == str(len(SIX_FRAMES))
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert response["ETag"] == f'"{video.sha256}-filmstrip"'
    assert Serving.objects.values_list("video", "user", "part").get() == (video.pk, alice.pk, Part.FILMSTRIP)


def test_the_filmstrip_goes_where_the_clip_goes(rita: User, sam: User, study: Study, clips: list[Video]) -> None:
    with_filmstrip(clips[0])
    assert [strip_of(user, clips[0]).status_code for user in (rita, sam, None)] == [200, 404, 403]
    remove(clips[0])
    assert strip_of(rita, clips[0]).status_code == 404


def test_no_answer_tells_a_quarantined_filmstrip_from_one_that_is_not_there(
    alice: User, make_video: MakeVideo
) -> None:
    hidden, lost = with_filmstrip(make_video()), make_video()
    quarantine(hidden)
    answers = [strip_of(alice, video) for video in (hidden, lost, Video(sha256="0" * 64))]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({body(answer) for answer in answers}) == 1
    assert not Serving.objects.exists()


# --- proxies ---

PROXY = b"an h264 copy, as far as the view can tell"


def with_proxy(video: Video) -> Video:
    default_storage.save(video.proxy_name, ContentFile(PROXY))
    Video.objects.filter(pk=video.pk).update(proxy_size=len(PROXY))
    return Video.objects.get(pk=video.pk)


def test_browsers_are_sent_the_proxy_where_there_is_one(rita: User, study: Study, clips: list[Video]) -> None:
    video = with_proxy(clips[0])
    whole, part = get(rita, video), get(rita, video, range="bytes=3-")
    assert body(whole) == PROXY
    assert whole["Content-Length"] == str(len(PROXY))
    assert whole["Content-Type"] == content_type(video) == "video/mp4"
    assert whole["ETag"] == f'"{video.sha256}-proxy"'
    assert (part.status_code, body(part)) == (206, PROXY[3:])
    assert part["Content-Range"] == f"bytes 3-{len(PROXY) - 1}/{len(PROXY)}"
    assert list(Serving.objects.values_list("part", "first_byte")) == [(Part.PROXY, 3), (Part.PROXY, 0)]


def test_a_range_of_the_original_is_none_of_the_proxy(alice: User, make_video: MakeVideo) -> None:
    video = with_proxy(make_video())
    assert get(alice, video, range="bytes=0-1", **{"if-range": f'"{video.sha256}"'}).status_code == 200
    assert get(alice, video, range="bytes=0-1", **{"if-range": f'"{video.sha256}-proxy"'}).status_code == 206


def test_the_web_server_in_front_sends_the_proxy_too(alice: User, make_video: MakeVideo, settings: Any) -> None:
    settings.WINNOW_ACCEL_PREFIX = "/protected/"
    video = with_proxy(make_video())
    assert get(alice, video)["X-Accel-Redirect"] == f"/protected/{video.proxy_name}"


def test_only_researchers_get_the_original_of_a_proxy(
    alice: User, rita: User, study: Study, clips: list[Video]
) -> None:
    video = with_proxy(clips[0])
    for_alice, for_rita = (client_of(user).get(f"/media/{video.sha256}/?original") for user in (alice, rita))
    assert body(for_alice) == stored(video)
    assert for_alice["ETag"] == f'"{video.sha256}"'
    assert body(for_rita) == PROXY
    assert list(Serving.objects.values_list("user", "part")) == [(rita.pk, Part.PROXY), (alice.pk, Part.ORIGINAL)]
