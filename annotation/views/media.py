"""The one way to a clip's bytes: the clip and its filmstrip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from annotation.ranges import Span, UnsatisfiableError, parse_range
from annotation.services import media as files
from annotation.services.media import Stored, clip_for, log_serving
from datasets.models import Video
from datasets.storage import CHUNK


@require_safe
def media(request: HttpRequest, sha256: str) -> HttpResponseBase:
    """The clip as browsers play it; `?original` gives a researcher the file that was taken in."""

    def asked(video: Video) -> Stored:
        wants_original = "original" in request.GET and request.user.is_researcher  # type: ignore[union-attr]
        return files.original(video) if wants_original else files.played(video)

    return _send(request, sha256, asked)


@require_safe
def filmstrip(request: HttpRequest, sha256: str) -> HttpResponseBase:
    """Six small frames of the clip, side by side, as a JPEG."""
    return _send(request, sha256, files.filmstrip)


def _send(request: HttpRequest, sha256: str, choose: Callable[[Video], Stored | None]) -> HttpResponseBase:
    """A file of the clip to those who may watch it, 404 to all others who are signed in, 403 to nobody.

    There is no way to the sign-in page from here: a `<video>` would be sent a page of HTML.
    """
    if not request.user.is_authenticated:
        return HttpResponse("Sign in first.", status=403, content_type="text/plain")
    video = clip_for(request.user, sha256)
    file = choose(video) if video else None
    if file is None:
        raise Http404
    try:
        span = _wanted(request, file)
    except UnsatisfiableError:
        return _with_headers(HttpResponse(status=416), file, {"Content-Range": f"bytes */{file.size}"})
    if request.method != "HEAD":
        log_serving(file, request.user, span.first if span else 0)
    return _with_headers(_body(request, file, span), file, {})


def _wanted(request: HttpRequest, file: Stored) -> Span | None:
    """A range counts for GET alone, and only while the file is the one that the client began with."""
    if request.method != "GET" or request.headers.get("If-Range", file.etag) != file.etag:
        return None
    return parse_range(request.headers.get("Range", ""), file.size)


def _body(request: HttpRequest, file: Stored, span: Span | None) -> HttpResponseBase:
    if settings.WINNOW_ACCEL_PREFIX:
        location = f"{settings.WINNOW_ACCEL_PREFIX.rstrip('/')}/{file.name}"
        return HttpResponse(headers={"X-Accel-Redirect": location})
    sent = span or Span(0, file.size - 1)
    headers = {"Content-Length": str(sent.length)}
    if span:
        headers["Content-Range"] = f"bytes {span.first}-{span.last}/{file.size}"
    status = 206 if span else 200
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    return StreamingHttpResponse(_chunks(file.name, sent), status=status, headers=headers)


def _chunks(name: str, span: Span) -> Iterator[bytes]:
    with default_storage.open(name) as file:
        file.seek(span.first)
        left = span.length
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


def _with_headers(response: Any, file: Stored, more: dict[str, str]) -> HttpResponseBase:
    common = {
        "Content-Type": file.media_type,
        "Content-Disposition": f'inline; filename="{file.name.rpartition("/")[2]}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Accept-Ranges": "bytes",
        "ETag": file.etag,
    }
    for name, value in (common | more).items():
        response[name] = value
    return response
