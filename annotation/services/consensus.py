"""The aggregate stage: one verdict per video and choice, ties reported."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from django.db import transaction

from annotation.aggregate import ChoiceVotes, majority
from annotation.aggregate import Verdict as Code
from annotation.models import Answer, Choice, Consensus, Outcome, Study, Verdict
from annotation.services.labels import newest_answers
from annotation.services.studies import latest_run
from config.report import Report, counted, text_table
from datasets.models import Run
from datasets.services.runs import digest, stage_run

VERDICTS = {Code.YES: Verdict.YES, Code.NO: Verdict.NO, Code.TIE: Verdict.TIE}


def aggregate(study: Study) -> Report:
    """Majority per choice: more than half of a video's raters. Exactly half is a tie and stays one."""
    answers = list(newest_answers(study).exclude(outcome=Outcome.SKIPPED))
    parameters = {"study": study.name, "study_id": study.pk, "method": "majority"}
    inputs = digest(sorted((str(answer.pk), answer.slot.video_id) for answer in answers))
    run = latest_run("aggregate", study)
    if run is None or (run.parameters, run.input_digest) != (parameters, inputs):
        run = _keep(study, answers, parameters, inputs)
    return _report(study, run)


@transaction.atomic
def _keep(study: Study, answers: list[Answer], parameters: dict[str, Any], inputs: str) -> Run:
    by_video = defaultdict(list)
    for answer in answers:
        by_video[answer.slot.video_id].append(answer)
    videos, choices = sorted(by_video), list(study.choices.all())
    votes = np.array([_votes(by_video[video], choices) for video in videos], dtype=np.int64)
    raters = np.array([len(by_video[video]) for video in videos], dtype=np.int64)
    outcome = majority(votes.reshape(len(videos), len(choices)), raters)
    with stage_run("aggregate", parameters, inputs=inputs) as run:
        rows = _rows(study, run, videos, choices, votes, raters, outcome)
        Consensus.objects.bulk_create(rows, batch_size=1000)
        run.result = _result(outcome, choices)
    return run


def _votes(answers: list[Answer], choices: list[Choice]) -> list[int]:
    ticked = Counter(label.pk for answer in answers for label in answer.labels.all())
    return [ticked[choice.pk] for choice in choices]


def _rows(
    study: Study,
    run: Run,
    videos: list[str],
    choices: list[Choice],
    votes: np.ndarray,
    raters: np.ndarray,
    outcome: ChoiceVotes,
) -> Iterator[Consensus]:
    for (row, column), code in np.ndenumerate(outcome.verdicts):
        yield Consensus(
            run=run,
            study=study,
            video_id=videos[row],
            choice=choices[column],
            votes=int(votes[row, column]),
            raters=int(raters[row]),
            verdict=VERDICTS[Code(int(code))],
        )


def _result(outcome: ChoiceVotes, choices: list[Choice]) -> dict[str, object]:
    unsafe = outcome.unsafe
    return {
        "videos": len(outcome.verdicts),
        "unsafe": int((unsafe == Code.YES).sum()),
        "tied": int(outcome.ties.any(axis=1).sum()),
        "choices": {
            choice.key: {VERDICTS[code]: int((outcome.verdicts[:, column] == code).sum()) for code in VERDICTS}
            for column, choice in enumerate(choices)
        },
    }


def _report(study: Study, run: Run) -> Report:
    result = run.result
    names = {choice.key: choice.name for choice in study.choices.all()}
    rows = ((names[key], counts["yes"], counts["no"], counts["tie"]) for key, counts in result["choices"].items())
    line = (
        f"Consensus of {counted(result['videos'], 'video')} by majority: {result['unsafe']} unsafe, "
        f"{result['tied']} with a tie on at least one choice."
    )
    table = text_table(rows, head=("Choice", "yes", "no", "tie"))
    return Report(line, result | {"study": study.name, "run": run.pk}, table)
