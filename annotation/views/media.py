"""The one way to a clip's bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from annotation.ranges import Span, UnsatisfiableError, parse_range
from annotation.services.media import clip_for, content_type, log_serving
from datasets.models import Video
from datasets.storage import CHUNK


@require_safe
def media(request: HttpRequest, sha256: str) -> HttpResponseBase:
    """The clip to those who may watch it, 404 to all others who are signed in, 403 to nobody.

    There is no way to the sign-in page from here: a `<video>` would be sent a page of HTML.
    """
    if not request.user.is_authenticated:
        return HttpResponse("Sign in first.", status=403, content_type="text/plain")
    video = clip_for(request.user, sha256)
    if video is None:
        raise Http404
    try:
        span = _wanted(request, video)
    except UnsatisfiableError:
        return _with_headers(HttpResponse(status=416), video, {"Content-Range": f"bytes */{video.size}"})
    if request.method != "HEAD":
        log_serving(video, request.user, span.first if span else 0)
    return _with_headers(_body(request, video, span), video, {})


def _wanted(request: HttpRequest, video: Video) -> Span | None:
    """A range counts for GET alone, and only while the file is the one that the client began with."""
    if request.method != "GET" or request.headers.get("If-Range", _etag(video)) != _etag(video):
        return None
    return parse_range(request.headers.get("Range", ""), video.size)


def _body(request: HttpRequest, video: Video, span: Span | None) -> HttpResponseBase:
    if settings.WINNOW_ACCEL_PREFIX:
        location = f"{settings.WINNOW_ACCEL_PREFIX.rstrip('/')}/{video.media_name}"
        return HttpResponse(headers={"X-Accel-Redirect": location})
    sent = span or Span(0, video.size - 1)
    headers = {"Content-Length": str(sent.length)}
    if span:
        headers["Content-Range"] = f"bytes {span.first}-{span.last}/{video.size}"
    status = 206 if span else 200
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    return StreamingHttpResponse(_chunks(video.media_name, sent), status=status, headers=headers)


def _chunks(name: str, span: Span) -> Iterator[bytes]:
    with default_storage.open(name) as file:
        file.seek(span.first)
        left = span.length
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


def _etag(video: Video) -> str:
    return f'"{video.sha256}"'


def _with_headers(response: Any, video: Video, more: dict[str, str]) -> HttpResponseBase:
    common = {
        "Content-Type": content_type(video),
        "Content-Disposition": f'inline; filename="{video.media_name.rpartition("/")[2]}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Accept-Ranges": "bytes",
        "ETag": _etag(video),
    }
    for name, value in (common | more).items():
        response[name] = value
    return response
