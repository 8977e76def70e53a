"""How far the raters of a study agree, per choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from annotation.agreement import Estimate, Ratings, krippendorff_alpha, percent_agreement
from annotation.models import Choice, Outcome, Study
from annotation.services.labels import newest_answers
from config.report import Report, counted, text_table


@dataclass(frozen=True)
class ChoiceAgreement:
    """One choice taken as a yes-no question that every answer settles; "none of these" says no to all.

    `prevalence` is the share of yes. `alpha` is None when it is undefined, for the reason in `undefined`.
    """

    key: str
    name: str
    n_items: int
    n_raters: int
    n_answers: int
    prevalence: float | None
    percent: float | None
    alpha: float | None
    undefined: str


def study_agreement(study: Study) -> list[ChoiceAgreement]:
    """Agreement per choice over the answers that count; skipped clips are no answers."""
    answers = list(newest_answers(study).exclude(outcome=Outcome.SKIPPED))
    items = _numbers([answer.slot.video_id for answer in answers])
    raters = _numbers([str(answer.slot.rater_id) for answer in answers])
    ticked = [{label.pk for label in answer.labels.all()} for answer in answers]
    rows = []
    for choice in study.choices.all():
        values = np.array([choice.pk in labels for labels in ticked], dtype=np.int64)
        rows.append(_agreement(choice, Ratings.from_long(items, raters, values, n_categories=2)))
    return rows


def _numbers(names: list[str]) -> np.ndarray:
    return np.unique(np.array(names, dtype=str), return_inverse=True)[1].astype(np.int64)


def _agreement(choice: Choice, ratings: Ratings) -> ChoiceAgreement:
    alpha, percent = krippendorff_alpha(ratings), percent_agreement(ratings)
    return ChoiceAgreement(
        key=choice.key,
        name=choice.name,
        n_items=alpha.n_items,
        n_raters=alpha.n_raters or 0,
        n_answers=alpha.n_ratings,
        prevalence=float(ratings.values.mean()) if len(ratings.values) else None,
        percent=percent.value,
        alpha=alpha.value,
        undefined=_reason(alpha),
    )


def _reason(estimate: Estimate) -> str:
    return str(estimate.undefined) if estimate.undefined else ""


def agreement_report(study: Study) -> Report:
    rows = study_agreement(study)
    data = {"study": study.name, "choices": [asdict(row) for row in rows]}
    head = ("Choice", "videos", "raters", "answers", "prevalence", "agreement", "alpha", "")
    answers = max((row.n_answers for row in rows), default=0)
    line = f"Study {study.name!r}: {counted(answers, 'answer')}, agreement and Krippendorff's alpha per choice above."
    return Report(line, data, text_table(_cells(rows), head=head))


def _cells(rows: list[ChoiceAgreement]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        shares = (_shown(value) for value in (row.prevalence, row.percent, row.alpha))
        yield row.name, row.n_items, row.n_raters, row.n_answers, *shares, row.undefined


def _shown(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
