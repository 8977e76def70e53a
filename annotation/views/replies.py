"""How a change is answered: to a page's script as JSON, to a plain form by the way on or by its page again."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from config.errors import UserError
from config.models import User

Again = Callable[[str], HttpResponse]


def me(request: HttpRequest) -> User:
    """Whoever asks; `researcher_required` lets nobody else in."""
    return cast(User, request.user)


def by_script(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def numbers(request: HttpRequest, name: str) -> set[int]:
    """The numbers among the values of `name` in a form that was sent, to tick its boxes again."""
    return {int(value) for value in request.POST.getlist(name) if value.isdecimal()}


def acted(request: HttpRequest, act: Callable[[], tuple[str, str]], again: Again) -> HttpResponse:
    """Do `act`, which gives a sentence ("" for none) and the address to go on to.

    What it raises as `UserError` goes to the script as `detail`, or on the page that `again` shows.
    """
    script = by_script(request)
    try:
        said, to = act()
    except UserError as error:
        return JsonResponse({"detail": str(error)}, status=400) if script else again(str(error))
    if script:
        return JsonResponse({"said": said, "to": to})
    if said:
        messages.success(request, said)
    return redirect(to)
