"""Every stage leaves a `Run` behind: its parameters, seed, code version and result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from config.version import code_version
from datasets.models import Run


@contextmanager
def stage_run(stage: str, parameters: dict[str, Any], *, seed: int | None = None, inputs: str = "") -> Iterator[Run]:
    """A `Run` that counts as finished once the block ends well; set its `result` inside the block."""
    run = Run.objects.create(
        stage=stage, parameters=parameters, seed=seed, input_digest=inputs, code_version=code_version()
    )
    yield run
    run.finished_at = timezone.now()
    run.save(update_fields=["finished_at", "result"])


def latest(stage: str) -> Run | None:
    """The newest finished run of a stage."""
    return Run.objects.filter(stage=stage, finished_at__isnull=False).first()


def same_as_before(stage: str, parameters: dict[str, Any], inputs: str, *, seed: int | None = None) -> Run | None:
    """The newest finished run of the stage, if it had these parameters and inputs: then there is nothing to do."""
    last = latest(stage)
    asked = (parameters, inputs, seed)
    return last if last and (last.parameters, last.input_digest, last.seed) == asked else None


def digest(*parts: Any) -> str:
    """SHA-256 of the canonical JSON of `parts`."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
