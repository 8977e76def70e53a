"""The dataset card of a release: what a reader should know, every number computed from the records."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from datasets.records import OUTCOMES, VERDICTS, Release, VideoRecord

_SPACES = re.compile("[\\s\x00-\x1f\x7f-\x9f]+")
_WARNING = """> **Content warning.** This dataset was made to study unsafe generated video. Its prompts and videos
> may be violent, sexual, terrifying or hateful. Show it to nobody who has not agreed to see such material."""
_READING = """## Loading

`load_dataset("{loader}", data_files="{data_file}")`, or any reader of Parquet, JSONL or CSV. A video is named by the
SHA-256 of its content. `answers` are those of each rater under a pseudonym of this release alone: "none" means
that the rater saw the video and no label applies, "skipped" that they gave no answer. In CSV files a text that
starts with `=`, `+`, `-`, `@`, a tab or a carriage return has an apostrophe before it, so that no spreadsheet runs
it. `sha256sum -c SHA256SUMS` checks every file."""
_LOADERS = {"parquet": "parquet", "jsonl": "json", "csv": "csv"}  # Hugging Face's names
_BLANKS = (
    ("Why", "what the dataset was made for, by whom, and who paid"),
    ("Raters", "who they were, what they were paid, how they consented and were looked after"),
    ("Ethics", "the review board's decision, with its number"),
    ("Use", "what it is meant for, and what it must not be used for"),
    ("Limits", "what it does not show: the generators, languages and views that are missing"),
    ("Licence", "the terms for the videos, the prompts and the labels"),
    ("Contact", "whom to write to about errors and takedown"),
    ("Citation", "how to cite it"),
)


def card(release: Release, data_file: str, with_media: int) -> str:
    """Return the dataset card: front matter for Hugging Face's hub, then figures counted from the records.

    `data_file` is what the hub loads; `with_media` counts the videos whose file lies in the release. What only
    people can know is marked `[TO BE FILLED IN: ...]`.
    """
    videos = release.records
    answers = Counter(answer.outcome for video in videos for answer in video.answers)
    raters = len({answer.rater for video in videos for answer in video.answers})
    facts = [("videos", len(videos)), ("videos with their file", with_media), ("raters", raters)]
    facts += [(f"answers: {outcome}", answers[outcome]) for outcome in OUTCOMES]
    facts += [(f"majority says {said}", count) for said, count in _unsafe_counts(videos)]
    sections = [
        _front_matter(release, data_file),
        f"# {_inline(release.name)}\n\n{_WARNING}\n\nFrozen on {release.created.isoformat()}.",
        "## Contents\n\n" + _table(["what", "count"], facts),
        "## Question and labels\n\n" + f"> {_inline(release.question)}\n\n" + _table(*_label_rows(release)),
        "## From what was found to what is here\n\n" + _table(["stage", "videos"], release.funnel.items()),
        "## Agreement\n\n" + _table(*_agreement_rows(release)),
        "## Generators\n\n" + _table(["generator", "videos"], _counts(video.generator for video in videos)),
        "## Prompts\n\n" + _table(["source", "videos"], _counts(video.prompt_source for video in videos)),
        _READING.format(data_file=data_file, loader=_LOADERS[data_file.rpartition(".")[2]]),
        "## For people to fill in\n\n" + "\n".join(f"- **{what}**: {_blank(ask)}" for what, ask in _BLANKS),
        "## Software\n\n" + _table(["name", "version"], sorted(release.software.items())),
    ]
    return "\n\n".join(sections) + "\n"


def _front_matter(release: Release, data_file: str) -> str:
    # The hub refuses a licence that is null or unknown to it, so the blank is a comment.
    return f"""---
pretty_name: {json.dumps(" ".join(_SPACES.split(release.name)), ensure_ascii=False)}
# license: {_blank("the licence, as one of the hub's identifiers")}
task_categories:
- video-classification
tags:
- video
- safety
- generated-video
- not-for-all-audiences
size_categories:
- {_size_category(len(release.records))}
configs:
- config_name: default
  data_files: {data_file}
---"""


def _size_category(count: int) -> str:
    steps = ("1K", "10K", "100K", "1M", "10M", "100M")
    at = next((at for at in range(len(steps)) if count < 1000 * 10**at), len(steps))
    if at == 0:
        return "n<1K"
    return f"{steps[at - 1]}<n<{steps[at]}" if at < len(steps) else "100M<n<1B"


def _unsafe_counts(videos: Sequence[VideoRecord]) -> list[tuple[str, int]]:
    said = Counter(video.unsafe for video in videos)
    return [("unsafe", said[True]), ("not unsafe", said[False]), ("nothing yet, or a tie", said[None])]


def _label_rows(release: Release) -> tuple[list[str], list[list[object]]]:
    counts = Counter((key, vote.verdict) for one in release.records for key, vote in one.consensus.items())
    rows = [
        [choice.key, choice.name, choice.definition, *(counts[choice.key, verdict] for verdict in VERDICTS)]
        for choice in release.choices
    ]
    return ["key", "label", "definition", *VERDICTS], rows


def _agreement_rows(release: Release) -> tuple[list[str], list[list[object]]]:
    rows = sorted(release.agreement, key=lambda row: (row.choice, row.statistic))
    cells: list[list[object]] = [
        [row.choice, row.statistic, "undefined" if row.value is None else f"{row.value:.4f}", row.items, row.raters]
        for row in rows
    ]
    return ["choice", "statistic", "value", "items", "raters"], cells


def _counts(values: Iterable[str]) -> list[tuple[str, int]]:
    counts = Counter(value or "(not said)" for value in values)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(map(_inline, row)) + " |" for row in rows]
    head = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join(head + lines) if lines else "None."


def _inline(value: object) -> str:
    """Return text that stays in its table cell and is no markup, whoever wrote it."""
    text = html.escape(" ".join(_SPACES.split(str(value))), quote=False)
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", text)


def _blank(ask: str) -> str:
    return f"[TO BE FILLED IN: {ask}]"
