"""The screen stage: findings from stored measures, without decoding anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, FloatField, QuerySet, Value, When
from django.forms.models import model_to_dict

from config.report import Report, counted, text_table
from datasets.models import Effect, Measures, Run, ThresholdChange, Video
from datasets.screening import BLANK, DAMAGED, RULES, Rule, screen, with_thresholds
from datasets.services.findings import Found, Reconciled, reconcile
from datasets.services.runs import stage_run

STAGE = "screen"


def rules_in_use() -> tuple[Rule, ...]:
    """The rules of this stage: the defaults, then WINNOW_THRESHOLDS, then what people have set since."""
    return with_thresholds(RULES, settings.WINNOW_THRESHOLDS | set_by_people())


def set_by_people() -> dict[str, float]:
    """The newest threshold of each rule that a person has set and nobody has undone."""
    changes = ThresholdChange.objects.filter(decision__undone_at=None).order_by("decision_id")
    return dict(changes.values_list("reason", "threshold"))


@transaction.atomic
def screen_videos(rules: tuple[Rule, ...] | None = None) -> Report:
    """Decide on every stored video anew, by the rules in use where none are given."""
    one_at_a_time(STAGE)
    rules = rules_in_use() if rules is None else rules
    with stage_run(STAGE, {"rules": told(rules)}) as run:
        found = list(_findings(rules))
        done = reconcile(STAGE, found, run)
        run.result = _result(found, done)
    return Report(_line(run.result), run.result)


def preview(rules: tuple[Rule, ...]) -> Report:
    """What `screen_videos` would find with these thresholds; nothing is written."""
    return would_find(STAGE, rules, list(_findings(rules)))


def would_find(stage: str, rules: Sequence[Rule], found: Sequence[Found]) -> Report:
    """A table of the rules and how many videos each finds."""
    counts = {rule.reason: sum(item.reason == rule.reason for item in found) for rule in rules}
    rows = [
        (rule.reason, rule.measure, rule.side, f"{rule.threshold:g}", rule.effect, counts[rule.reason])
        for rule in rules
    ]
    table = text_table(rows, head=("Reason", "measure", "", "threshold", "effect", "videos"))
    line = f"Nothing was changed; without --dry-run this is what {stage} would find."
    return Report(line, {"would": counts}, table)


def told(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """The rules as a run keeps them: all that decides."""
    names = ("reason", "measure", "above", "threshold", "effect")
    return [{name: getattr(rule, name) for name in names} for rule in rules]


def one_at_a_time(stage: str) -> None:
    """Until the transaction ends, whoever else decides for `stage` waits: the first run of a stage is its lock.

    Without it two people who move two thresholds at once would each decide by the other's old one.
    """
    Run.objects.filter(stage=stage).order_by("pk").select_for_update().first()


# --- one rule by itself ---


def measured(rule: Rule) -> QuerySet[Measures]:
    """The measures of every visible video, with that of `rule` as `value`."""
    damaged = Case(When(video__damaged=True, then=Value(1.0)), default=Value(0.0), output_field=FloatField())
    value = damaged if rule.measure == DAMAGED.measure else F(rule.measure)
    return Measures.objects.filter(video__in=Video.objects.visible()).annotate(value=value)


def found_by(rule: Rule) -> QuerySet[Measures]:
    """Those of `measured` that break `rule`, but for the blank ones, which are blank only."""
    rows = measured(rule).filter(**{f"value__{'gt' if rule.above else 'lt'}": rule.threshold})
    if rule.reason == BLANK.reason:
        return rows
    (blank,) = (each for each in rules_in_use() if each.reason == BLANK.reason)
    return rows.filter(luminance_spread__gte=blank.threshold)


# --- all of them ---


def _findings(rules: tuple[Rule, ...]) -> Iterator[Found]:
    stored = Measures.objects.filter(video__in=Video.objects.visible()).select_related("video")
    for measures in stored.iterator():
        values: Mapping[str, float] = model_to_dict(measures) | {"damaged": float(measures.video.damaged)}
        for rule, value in screen(values, rules):
            yield Found(measures.video_id, rule.reason, Effect(rule.effect), value, rule.threshold)


def _result(found: list[Found], done: Reconciled) -> dict[str, Any]:
    reasons = sorted({item.reason for item in found})
    return {
        "videos": Video.objects.count(),
        "removed": len({item.video for item in found if item.effect == Effect.REMOVE}),
        "flagged": len({item.video for item in found if item.effect == Effect.FLAG}),
        "reasons": {reason: sum(item.reason == reason for item in found) for reason in reasons},
        "put_back_by_people": done.overruled,
    }


def _line(result: dict[str, Any]) -> str:
    return (
        f"Screened {counted(result['videos'], 'video')}: {counted(result['removed'], 'failed generation')} removed, "
        f"{result['flagged']} flagged for a person."
    )
