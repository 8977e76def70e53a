"""Where people land after signing in, and the pages of a rater."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from annotation.models import Rater, Study
from annotation.services.labels import Progress, progress
from annotation.services.results import Assignment, assignments, study_of


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Researchers go to the videos, raters to their one open study or to the list of their studies."""
    if request.user.is_researcher:  # type: ignore[union-attr]
        return redirect("videos")
    mine = _mine(request)
    still_open = [assignment for assignment in mine if assignment.open]
    if len(still_open) == 1:
        return redirect("rate", still_open[0].study.pk)
    return render(request, "annotation/my_studies.html", {"assignments": mine})


@login_required
def my_studies(request: HttpRequest) -> HttpResponse:
    return render(request, "annotation/my_studies.html", {"assignments": _mine(request)})


@login_required
def rate(request: HttpRequest, study_id: int) -> HttpResponse:
    """One clip at a time; a calm end once every clip has its answer. `?again` opens the last one once more."""
    rater = _rater(request)
    study = study_of(rater, study_id)
    if study is None:
        raise Http404
    done = progress(rater, study)
    again = "again" in request.GET
    if done.done == done.total and not again:
        return render(request, "annotation/rate_done.html", {"study": study, "progress": done})
    return render(request, "annotation/rate.html", _rating(study, done, again))


def _rating(study: Study, done: Progress, again: bool) -> dict[str, object]:
    return {"study": study, "choices": list(study.choices.all()), "progress": done, "again": again}


def _mine(request: HttpRequest) -> list[Assignment]:
    """The studies of whoever is signed in; none before clips are assigned to them."""
    account = getattr(request.user, "rater_account", None)
    return assignments(account.rater) if account else []


def _rater(request: HttpRequest) -> Rater:
    account = getattr(request.user, "rater_account", None)
    if account is None:
        raise PermissionDenied("This page is for raters.")
    return account.rater
