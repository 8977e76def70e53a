"""Codebooks: the list, the board of one, its codes and themes, and its frozen versions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation import forms
from annotation.models import Code, Codebook, CodebookVersion, Theme
from annotation.services import board, codebooks, codes
from annotation.views.replies import acted, me, numbers
from config.errors import UserError
from config.permissions import researcher_required
from config.report import counted

KINDS = {"md": ("text/markdown", codebooks.as_markdown), "json": ("application/json", codebooks.as_json)}
require_form = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@researcher_required
def all_codebooks(request: HttpRequest) -> HttpResponse:
    return _all(request, forms.CodebookForm())


def _all(request: HttpRequest, form: forms.CodebookForm, status: int = 200) -> HttpResponse:
    lines = board.codebook_lines(me(request))
    has_paper = any(line.codebook.name == codebooks.PAPER for line in lines)
    context = {"lines": lines, "form": form, "has_paper": has_paper}
    return render(request, "annotation/coding/codebooks.html", context, status=status)


@require_POST
@researcher_required
def new(request: HttpRequest) -> HttpResponse:
    """A new codebook: an empty one, or with `paper` the five themes of the paper."""
    form = forms.CodebookForm(request.POST or None)
    try:
        if "paper" in request.POST:
            return redirect("codebook", codebooks.from_paper(by=me(request)).pk)
        if form.is_valid():
            return redirect("codebook", codebooks.make_codebook(form.cleaned_data["name"], by=me(request)).pk)
    except UserError as error:
        form = forms.CodebookForm({"name": request.POST.get("name", codebooks.PAPER)})
        form.add_error("name", str(error))
    return _all(request, form, status=400)


# --- the board ---


@require_safe
@researcher_required
def codebook(request: HttpRequest, codebook_id: int) -> HttpResponse:
    """Codes and themes, rounds and versions."""
    return _board(request, get_object_or_404(Codebook, pk=codebook_id))


def _board(request: HttpRequest, book: Codebook, error: str = "") -> HttpResponse:
    context = {
        "board": board.board(book, user=me(request)),
        "typed": request.POST,
        "ticked": numbers(request, "codes"),
        "error": error,
    }
    return render(request, "annotation/coding/codebook.html", context, status=400 if error else 200)


def _changed(request: HttpRequest, book: Codebook, change: Any) -> HttpResponse:
    """Do `change`, which gives a sentence, and come back to the board."""
    there = reverse("codebook", args=[book.pk])
    return acted(request, lambda: (change(), there), lambda error: _board(request, book, error))


@require_POST
@researcher_required
def code_new(request: HttpRequest, codebook_id: int) -> HttpResponse:
    book = get_object_or_404(Codebook, pk=codebook_id)

    def made() -> str:
        name = forms.NewCodeForm(request.POST).told()["code_name"]
        return f"The code “{codes.make_code(book, name=name, by=me(request))}” is on the board."

    return _changed(request, book, made)


@require_POST
@researcher_required
def gather(request: HttpRequest, codebook_id: int) -> HttpResponse:
    """Put the ticked codes into a theme, or into none."""
    book = get_object_or_404(Codebook, pk=codebook_id)

    def gathered() -> str:
        told = forms.CodesForm(book, request.POST).told()
        moved = codes.to_theme(list(told["codes"]), theme=told["theme"], by=me(request))
        where = f"in “{told['theme']}”" if told["theme"] else "in no theme"
        return f"{counted(len(moved), 'code')} now {where}."

    return _changed(request, book, gathered)


@require_POST
@researcher_required
def merge(request: HttpRequest, codebook_id: int) -> HttpResponse:
    """Let one code stand for all that were ticked."""
    book = get_object_or_404(Codebook, pk=codebook_id)

    def merged() -> str:
        told = forms.CodesForm(book, request.POST).told()
        if told["into"] is None:
            raise UserError("Say which code the ticked ones are merged into.")
        gone = [code for code in told["codes"] if code != told["into"]]
        kept = codes.merge(gone, into=told["into"], by=me(request))
        return f"{counted(len(gone), 'code')} merged into “{kept}”; its page can take that back."

    return _changed(request, book, merged)


@require_POST
@researcher_required
def theme_new(request: HttpRequest, codebook_id: int) -> HttpResponse:
    book = get_object_or_404(Codebook, pk=codebook_id)

    def made() -> str:
        told = forms.NewThemeForm(request.POST).told()
        theme = codes.make_theme(book, name=told["theme_name"], definition=told["theme_definition"])
        return f"The theme “{theme}” is on the board."

    return _changed(request, book, made)


@require_POST
@researcher_required
def theme_move(request: HttpRequest, theme_id: int) -> HttpResponse:
    """Move a theme one place up, or down."""
    theme = get_object_or_404(Theme.objects.select_related("codebook"), pk=theme_id)

    def moved() -> str:
        in_order = list(theme.codebook.themes.all())
        at = in_order.index(theme)
        to = min(max(at + (1 if "down" in request.POST else -1), 0), len(in_order) - 1)
        in_order.insert(to, in_order.pop(at))
        codes.order_themes(theme.codebook, themes=in_order)
        return f"The theme “{theme}” is number {to + 1} now."

    return _changed(request, theme.codebook, moved)


@require_POST
@researcher_required
def freeze(request: HttpRequest, codebook_id: int) -> HttpResponse:
    """Make the next version."""
    book = get_object_or_404(Codebook, pk=codebook_id)

    def frozen() -> tuple[str, str]:
        version = codebooks.freeze(book, by=me(request), why=forms.FreezeForm(request.POST).told()["why"])
        return f"Frozen as version {version.number}.", _address(version)

    return acted(request, frozen, lambda error: _board(request, book, error))


# --- one code, one theme ---


def _code(request: HttpRequest, code_id: int) -> Code:
    code = board.find_code(code_id, user=me(request))
    if code is None:
        raise Http404
    return code


@require_form
@researcher_required
def code(request: HttpRequest, code_id: int) -> HttpResponse:
    """All that a code says, its history, and where it was given; a form to change it."""
    shown = _code(request, code_id)
    first = {name: getattr(shown, name) for name in codes.CODE_FIELDS}
    form = forms.CodeForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            codes.reword(shown, by=me(request), **form.cleaned_data)
        except UserError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, "Kept.")
            return redirect("code", shown.pk)
    context = {"page": board.code_page(shown, user=me(request)), "form": form}
    return render(request, "annotation/coding/code.html", context, status=400 if form.errors else 200)


@require_POST
@researcher_required
def rename(request: HttpRequest, code_id: int) -> HttpResponse:
    """Give a code another name, for the board."""
    shown = _code(request, code_id)

    def renamed() -> str:
        return (
            f"Renamed to “{codes.reword(shown, by=me(request), name=forms.NameForm(request.POST).told()['name'])}”."
        )

    return _changed(request, shown.codebook, renamed)


@require_POST
@researcher_required
def unmerge(request: HttpRequest, code_id: int) -> HttpResponse:
    """Let a merged code stand for itself again."""
    shown = _code(request, code_id)

    def apart() -> str:
        return f"The code “{codes.unmerge(shown, by=me(request))}” stands for itself again."

    return _changed(request, shown.codebook, apart)


@require_form
@researcher_required
def theme(request: HttpRequest, theme_id: int) -> HttpResponse:
    """The editor of a theme."""
    shown = get_object_or_404(Theme.objects.select_related("codebook"), pk=theme_id)
    first = {name: getattr(shown, name) for name in codes.THEME_FIELDS}
    form = forms.ThemeForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            codes.reword_theme(shown, **form.cleaned_data)
        except UserError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"The theme “{form.cleaned_data['name']}” is kept.")
            return redirect("codebook", shown.codebook_id)
    status = 400 if form.errors else 200
    return render(request, "annotation/coding/theme.html", {"theme": shown, "form": form}, status=status)


@require_POST
@researcher_required
def theme_drop(request: HttpRequest, theme_id: int) -> HttpResponse:
    """Take a theme away; its codes stay."""
    shown = get_object_or_404(Theme.objects.select_related("codebook"), pk=theme_id)

    def dropped() -> str:
        codes.drop_theme(shown, by=me(request))
        return f"The theme “{shown.name}” is gone; its codes are in no theme."

    return _changed(request, shown.codebook, dropped)


# --- versions ---


def _address(version: CodebookVersion) -> str:
    return reverse("version", args=[version.codebook_id, version.number])


def _version(codebook_id: int, number: int) -> CodebookVersion:
    versions = CodebookVersion.objects.select_related("codebook", "frozen_by")
    return get_object_or_404(versions, codebook_id=codebook_id, number=number)


@require_safe
@researcher_required
def version(request: HttpRequest, codebook_id: int, number: int) -> HttpResponse:
    """A frozen version; with `?against=` what changed from another one to it."""
    return _shown_version(request, _version(codebook_id, number), forms.VersionStudyForm())


def _shown_version(request: HttpRequest, shown: CodebookVersion, form: forms.VersionStudyForm) -> HttpResponse:
    others = shown.codebook.versions.exclude(pk=shown.pk)
    against = others.filter(number__in=[n for n in request.GET.getlist("against") if n.isdecimal()][:1]).first()
    context = {
        "version": shown,
        "others": others,
        "against": against,
        "changes": codebooks.diff(against, shown) if against else [],
        "studies": shown.studies.order_by("name"),
        "form": form,
    }
    return render(request, "annotation/coding/version.html", context, status=400 if form.errors else 200)


@require_safe
@researcher_required
def version_file(request: HttpRequest, codebook_id: int, number: int, kind: str) -> HttpResponse:
    """The version as a file, Markdown or JSON."""
    if kind not in KINDS:
        raise Http404
    media_type, written = KINDS[kind]
    headers = {"Content-Disposition": f'attachment; filename="codebook-{codebook_id}-v{number}.{kind}"'}
    text = written(_version(codebook_id, number))
    return HttpResponse(text, content_type=f"{media_type}; charset=utf-8", headers=headers)


@require_POST
@researcher_required
def version_study(request: HttpRequest, codebook_id: int, number: int) -> HttpResponse:
    """A study that asks about the themes of this version."""
    shown, form = _version(codebook_id, number), forms.VersionStudyForm(request.POST)
    if form.is_valid():
        try:
            with transaction.atomic():
                study = codebooks.make_study(shown, by=me(request), **form.cleaned_data)
        except UserError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"The study “{study}” asks about the themes of {shown}.")
            return redirect("study", study.pk)
    return _shown_version(request, shown, form)
