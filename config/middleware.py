"""The one handler of `UserError` on the web: status 400 and its sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework.response import Response
from rest_framework.views import exception_handler

from config.errors import UserError


class user_errors:  # noqa: N801  (a middleware is named as a function in the settings)
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, UserError):
            return None
        return render(request, "400.html", {"message": str(error)}, status=400)


def api_errors(error: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(error, UserError):
        return Response({"detail": str(error)}, status=400)
    return exception_handler(error, context)
