"""What the embed stage finds: clips that fall apart, and clips that are not what their prompt asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from numpy.typing import NDArray

from clustering.coherence import EMBED_RULES, default_thresholds
from clustering.models import Embedding
from config.report import Report
from datasets.models import Effect, Run, ThresholdChange, Video
from datasets.screening import Rule, with_thresholds
from datasets.services.findings import Found, reconcile
from datasets.services.runs import latest, stage_run
from datasets.services.screen import one_at_a_time, told, would_find

STAGE = "embed"


def rules_in_use() -> tuple[Rule, ...]:
    """The rules as the newest run left them, for its encoder; all off before the first."""
    run = latest(STAGE)
    return _rules(_key(run), run.result.get("defaults", {})) if run else EMBED_RULES


def measured(rule: Rule) -> QuerySet[Embedding]:
    """The embeddings in use of visible videos that have the measure of `rule`, with it as `value`."""
    run = latest(STAGE)
    return _measured(rule, _key(run) if run else "")


def found_by(rule: Rule) -> QuerySet[Embedding]:
    """Those of `measured` that break `rule`."""
    return _broken(rule, measured(rule))


def decide(run: Run, given: Mapping[str, float] | None = None) -> None:
    """Find anew, for the encoder of `run`, and add to its result. `given` thresholds go before those in use."""
    with transaction.atomic():
        one_at_a_time(STAGE)
        key = _key(run)
        defaults = default_thresholds(key, {rule.reason: _values(rule, key) for rule in EMBED_RULES})
        rules = with_thresholds(_rules(key, defaults), given or {})
        found = list(_findings(rules, key))
        done = reconcile(STAGE, found, run)
        run.result |= {
            "defaults": defaults,
            "rules": told(rules),
            "flagged": len({item.video for item in found}),
            "put_back_by_people": done.overruled,
        }


def preview(given: Mapping[str, float]) -> Report:
    """What `decide` would find among the embeddings in use with these thresholds; nothing is written."""
    run = latest(STAGE)
    rules = with_thresholds(rules_in_use(), given)
    return would_find(STAGE, rules, list(_findings(rules, _key(run))) if run else [])


@transaction.atomic
def redecide() -> None:
    """Decide again from what is stored, where anything is."""
    last = latest(STAGE)
    if last is None:
        return
    with stage_run(STAGE, last.parameters) as run:
        run.result = {"embedded": 0, "had": Embedding.objects.filter(encoder_key=_key(last)).count()}
        decide(run)


def _findings(rules: tuple[Rule, ...], key: str) -> Iterator[Found]:
    for rule in rules:
        for video, value in _broken(rule, _measured(rule, key)).values_list("video", rule.measure):
            yield Found(video, rule.reason, Effect(rule.effect), value, rule.threshold)


def _rules(key: str, defaults: Mapping[str, float]) -> tuple[Rule, ...]:
    return with_thresholds(EMBED_RULES, {**defaults, **settings.WINNOW_THRESHOLDS, **_set_by_people(key)})


def _set_by_people(key: str) -> dict[str, float]:
    """The newest thresholds that people set while the encoder in use was this one: a cosine is of its model."""
    before = Run.objects.filter(stage=STAGE, finished_at__lt=OuterRef("decision__made_at")).order_by("-pk")
    changes = ThresholdChange.objects.filter(
        decision__undone_at=None, reason__in=[rule.reason for rule in EMBED_RULES]
    ).annotate(run=Subquery(before.values("pk")[:1]))
    rows = list(changes.order_by("decision_id").values_list("reason", "threshold", "run"))
    runs = Run.objects.in_bulk({run for *_, run in rows if run})
    return {reason: threshold for reason, threshold, run in rows if run and _key(runs[run]) == key}


def _measured(rule: Rule, key: str) -> QuerySet[Embedding]:
    own = Embedding.objects.filter(encoder_key=key, video__in=Video.objects.visible().order_by())
    return own.exclude(**{rule.measure: None}).annotate(value=F(rule.measure))


def _broken(rule: Rule, rows: QuerySet[Embedding]) -> QuerySet[Embedding]:
    return rows.filter(**{f"{rule.measure}__lt": rule.threshold})


def _values(rule: Rule, key: str) -> NDArray[np.float64]:
    rows = _measured(rule, key).order_by().values_list(rule.measure, flat=True)
    return np.fromiter(rows.iterator(), np.float64)


def _key(run: Run) -> str:
    return str(run.parameters["encoder_key"])
