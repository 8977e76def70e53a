"""What the work has come to: clusters, studies, the funnel, releases."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from annotation.models import Study
from annotation.services import results
from annotation.services.agreement import study_agreement
from annotation.services.bars import funnel_bars, funnel_svg
from annotation.services.funnel import funnel
from annotation.services.studies import latest_run
from config.permissions import researcher_required


@require_safe
@researcher_required
def studies(request: HttpRequest) -> HttpResponse:
    return render(request, "annotation/studies.html", {"lines": results.study_lines()})


@require_safe
@researcher_required
def study(request: HttpRequest, study_id: int) -> HttpResponse:
    shown = get_object_or_404(Study, pk=study_id)
    context = {
        "study": shown,
        "agreement": study_agreement(shown),
        "raters": results.rater_progress(shown),
        "verdicts": results.verdicts(shown),
        "aggregate": latest_run("aggregate", shown),
        "funnel": funnel(shown).counts(),
    }
    return render(request, "annotation/study.html", context)


@require_safe
@researcher_required
def funnel_page(request: HttpRequest) -> HttpResponse:
    counted = funnel()
    context = {
        "bars": funnel_bars(counted),
        "flow": funnel_svg(counted, standalone=False),
        "total": counted.counts()["found"],
    }
    return render(request, "annotation/funnel.html", context)


@require_safe
@researcher_required
def funnel_drawing(request: HttpRequest) -> HttpResponse:
    """The flow alone, for a paper."""
    headers = {"Content-Disposition": 'attachment; filename="funnel.svg"'}
    return HttpResponse(funnel_svg(funnel(), standalone=True), content_type="image/svg+xml", headers=headers)


@require_safe
@researcher_required
def releases(request: HttpRequest) -> HttpResponse:
    context = {"releases": results.releases(), "folder": settings.WINNOW_RELEASES}
    return render(request, "annotation/releases.html", context)
