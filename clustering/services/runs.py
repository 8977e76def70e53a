"""Cluster runs side by side, and which one is in use."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from clustering.models import ChosenRun
from config.errors import UserError
from config.models import User
from config.report import Report, counted, text_table
from datasets.models import Run
from datasets.services.runs import latest

STAGE = "cluster"


def in_use() -> Run | None:
    """The run that the team chose last, or without a choice the newest finished one."""
    chosen = ChosenRun.objects.filter(run__stage=STAGE, run__finished_at__isnull=False).select_related("run").first()
    return chosen.run if chosen else latest(STAGE)


def needed() -> Run:
    """The run in use. Raises `UserError` when nothing has been clustered yet."""
    run = in_use()
    if run is None:
        raise UserError("Nothing has been clustered yet; run `python manage.py cluster` first.")
    return run


def find_run(number: int) -> Run:
    """A finished cluster run by its number. Raises `UserError` when there is none."""
    run = Run.objects.filter(stage=STAGE, finished_at__isnull=False, pk=number).first()
    if run is None:
        raise UserError(f"There is no finished cluster run {number}; `python manage.py cluster --list` lists them.")
    return run


@transaction.atomic
def use_run(number: int, *, by: User | None = None, why: str = "") -> Report:
    """Mark a run as the one in use. Choosing the run that was chosen last changes nothing."""
    run = find_run(number)
    last = ChosenRun.objects.filter(run__stage=STAGE).first()
    if last is None or last.run_id != run.pk:
        ChosenRun.objects.create(run=run, by=by, why=why)
    return Report(f"Cluster run {run.pk} is in use: {_told(run)}.", {"run": run.pk, **run.result})


def equal_run(parameters: dict[str, Any], inputs: str, seed: int) -> Run | None:
    """The newest finished run with these parameters, seed and inputs, however many others came after it."""
    same = Run.objects.filter(stage=STAGE, finished_at__isnull=False, input_digest=inputs, seed=seed)
    return next((run for run in same if run.parameters == parameters), None)


def runs_report() -> Report:
    """All finished runs, newest first."""
    runs, used = Run.objects.filter(stage=STAGE, finished_at__isnull=False), in_use()
    lines = [_line(run, used) for run in runs]
    head = ("run", "when", "engine", "size", "samples", "seed", "videos", "clusters", "noise", "in use")
    rows = [[line[name] for name in head] for line in lines]
    for row in rows:
        row[-1] = "*" if row[-1] else ""
    table = text_table(rows, head=head) if rows else ""
    return Report(f"{counted(len(lines), 'cluster run')}.", {"runs": lines}, table)


def _line(run: Run, used: Run | None) -> dict[str, Any]:
    parameters, result = run.parameters, run.result
    return {
        "run": run.pk,
        "when": f"{run.finished_at:%F %T}",
        "engine": result.get("engine", "hdbscan"),
        "size": parameters.get("min_cluster_size"),
        "samples": parameters.get("min_samples"),
        "seed": run.seed,
        "videos": result.get("videos"),
        "clusters": result.get("clusters"),
        "noise": result.get("noise"),
        "in use": used is not None and run.pk == used.pk,
    }


def _told(run: Run) -> str:
    result = run.result
    return f"{counted(result.get('clusters', 0), 'cluster')}, {counted(result.get('noise', 0), 'video')} in none"
