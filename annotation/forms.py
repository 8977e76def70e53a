"""What researchers type: filters of lists, findings of their own, and decisions on many videos at once."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from annotation.models import Study, Verdict
from annotation.services.browse import SORTS, STATES
from clustering.services.groups import REASONS
from config.errors import UserError
from config.models import User
from datasets.models import Action, Decision, Effect


def _choices(values: Any) -> list[tuple[str, str]]:
    return [(value, value) for value in values]


class Filter(forms.Form):
    """The filters of a list, as they stand in its address."""

    def wanted(self) -> dict[str, Any]:
        """What was asked for. Raises `UserError` that names the filter which makes no sense."""
        if self.is_valid():
            return self.cleaned_data
        raise UserError(f"The filter {_first_error(self)}")


class VideoFilter(Filter):
    """The filters of the video list, in pages and in the API alike."""

    state = forms.ChoiceField(choices=_choices(STATES), required=False, help_text="all when left out")
    q = forms.CharField(max_length=200, required=False, help_text="text within the prompt")
    generator = forms.CharField(max_length=200, required=False)
    cluster = forms.CharField(max_length=10, required=False, help_text="number in the latest run, or noise")
    reason = forms.CharField(max_length=64, required=False, help_text="reason of a standing finding")
    copies = forms.ChoiceField(choices=_choices(("exact", "near")), required=False, help_text="has such copies")
    study = forms.ModelChoiceField(Study.objects.all(), required=False, help_text="id of a study it is in")
    choice = forms.SlugField(required=False, help_text="key of a choice, with verdict")
    verdict = forms.ChoiceField(choices=_choices(Verdict.values), required=False, help_text="consensus in the study")
    decision = forms.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, help_text="number of a decision in the log"
    )
    sort = forms.ChoiceField(
        choices=_choices([sign + key for key in SORTS for sign in ("", "-")]),
        required=False,
        help_text="- before the key for descending",
    )

    def clean_cluster(self) -> str:
        number: str = self.cleaned_data["cluster"]
        if number and number != "noise" and not re.fullmatch(r"[0-9]+", number):
            raise forms.ValidationError("Give the number of a cluster, or noise.")
        return number


class MarkForm(forms.Form):
    """A researcher's own finding."""

    EFFECTS = (
        (Effect.FLAG, "Flag: it stays in the funnel, with a mark"),
        (Effect.REMOVE, "Remove: it leaves the funnel, and can be put back here"),
        (Effect.QUARANTINE, "Quarantine: nobody sees it any more, you included"),
    )
    effect = forms.ChoiceField(choices=EFFECTS, widget=forms.RadioSelect, initial=Effect.FLAG, label="What to do")
    reason = forms.CharField(max_length=64, help_text="A few words. It is kept with your name.")
    note = forms.CharField(
        max_length=2000, required=False, label="Note (optional)", widget=forms.Textarea({"rows": 2})
    )
    confirm = forms.CharField(
        max_length=20, required=False, label="Confirm a quarantine", help_text="Only for quarantine: type quarantine."
    )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        sure = data.get("confirm", "").strip().lower() == "quarantine"
        if data.get("effect") == Effect.QUARANTINE and not sure:
            self.add_error("confirm", "To quarantine this video, type the word quarantine.")
        return data


class LiftForm(forms.Form):
    why = forms.CharField(max_length=500, label="Why it is put back")


# --- the review pages ---


class ScreeningFilter(Filter):
    """Which rule, which threshold is tried, and which of the videos that it would change are listed."""

    rule = forms.CharField(max_length=64, required=False)
    threshold = forms.FloatField(required=False)
    show = forms.ChoiceField(choices=_choices(("found", "newly", "no_longer")), required=False)


class ThresholdForm(forms.Form):
    rule = forms.CharField(max_length=64)
    threshold = forms.FloatField()
    why = forms.CharField(max_length=500)


class DuplicateFilter(Filter):
    kind = forms.ChoiceField(choices=_choices(REASONS), required=False)


class LogFilter(Filter):
    action = forms.ChoiceField(choices=_choices(Action.values), required=False)
    by = forms.ModelChoiceField(User.objects.all(), to_field_name="username", required=False)


class SentForm(forms.Form):
    """What a page sends with or without its script; `told` raises `UserError` for what it cannot have sent."""

    def told(self) -> dict[str, Any]:
        if self.is_valid():
            return self.cleaned_data
        raise UserError(f"The field {_first_error(self)}")


class DecisionForm(SentForm):
    """What to do with `videos`, a list of SHA-256s."""

    action = forms.ChoiceField(
        choices=_choices((Action.KEEP, Action.REMOVE, Action.FLAG, Action.SPLIT, Action.MERGE))
    )
    why = forms.CharField(max_length=500, required=False)


class UndoForm(SentForm):
    decision = forms.ModelChoiceField(Decision.objects.all(), required=False, help_text="my last one when left out")


def _first_error(form: forms.Form) -> str:
    name, errors = next(iter(form.errors.items()))
    return f"{name} makes no sense: {errors[0]}"
