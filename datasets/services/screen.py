"""The screen stage: findings from stored measures, without decoding anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict

from config.report import Report, counted, text_table
from datasets.models import Effect, Measures, Video
from datasets.screening import Rule, screen
from datasets.services.findings import Found, Reconciled, reconcile
from datasets.services.runs import stage_run


@transaction.atomic
def screen_videos(rules: tuple[Rule, ...]) -> Report:
    """Decide on every stored video anew; a changed threshold takes effect on all of them."""
    with stage_run("screen", {"rules": [asdict(rule) for rule in rules]}) as run:
        found = list(_findings(rules))
        done = reconcile("screen", found, run)
        run.result = _result(found, done)
    return Report(_line(run.result), run.result)


def preview(rules: tuple[Rule, ...]) -> Report:
    """What `screen_videos` would find with these thresholds; nothing is written."""
    found = list(_findings(rules))
    counts = {rule.reason: sum(item.reason == rule.reason for item in found) for rule in rules}
    rows = (
        (
            rule.reason,
            rule.measure,
            "above" if rule.above else "below",
            rule.threshold,
            rule.effect,
            counts[rule.reason],
        )
        for rule in rules
    )
    table = text_table(rows, head=("Reason", "measure", "", "threshold", "effect", "videos"))
    return Report("Nothing was changed; without --dry-run this is what screen would find.", {"would": counts}, table)


def _findings(rules: tuple[Rule, ...]) -> Iterator[Found]:
    stored = Measures.objects.filter(video__in=Video.objects.visible()).select_related("video")
    for measures in stored.iterator():
        values = model_to_dict(measures) | {"damaged": float(measures.video.damaged)}
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
