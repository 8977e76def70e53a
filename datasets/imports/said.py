"""What a source of labels says, in the one form that all formats are read into."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import NoReturn

from config.errors import UserError

LABELS, NONE, SKIPPED, UNLISTED = "labels", "none", "skipped", "unlisted"
SHOWN_PROBLEMS = 20
LONGEST_NAME = 80  # characters of a choice's name

_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
_EARLIEST = datetime.min.replace(tzinfo=UTC)


class RefusedError(ValueError):
    """Why one cell, annotation or file cannot be used; the message fits behind its place."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one rater says of one file.

    `outcome` is "labels", "none" (none of these), "skipped", or "unlisted": the source has the video and no word on
    it, and whether that means none is for the person to say. `file` is relative to the folder of videos, as a
    manifest spells it. `rater` is the source's own id, empty where the source names nobody. `where` is the place in
    the source, for messages. `seconds` is the time it took, `at` the time it was said.
    """

    file: str
    outcome: str
    labels: frozenset[str] = frozenset()
    rater: str = ""
    where: str = ""
    seconds: float | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """The prompt of one file."""

    file: str
    text: str
    source: str
    where: str


@dataclass
class Labelled:
    """All that a source says, and what is wrong with it.

    `versions`: what a rater says of a video again replaces what they said before; otherwise it adds up.
    `by_content`: `file` is a SHA-256, not a name. `left_aside` counts what has no meaning here, by kind.
    """

    said: list[Said] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    versions: bool = False
    by_content: bool = False
    left_aside: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The key of each of the source's words (a column, a choice, a folder), and its words for "none of these"."""

    keys: Mapping[str, str]
    none: frozenset[str] = frozenset()

    @property
    def words(self) -> set[str]:
        return set(self.keys) | self.none

    def names(self) -> dict[str, str]:
        """A name for each key in the order given: the source's word, or the key where that is a bare number."""
        names: dict[str, str] = {}
        for word, key in self.keys.items():
            names.setdefault(key, key if word.isdigit() else word)
        return names

    def outcome(self, words: Iterable[str]) -> tuple[str, frozenset[str]]:
        """The outcome and the keys for what was ticked. Raises `RefusedError` for a word that nobody explained."""
        words = set(words)
        if unknown := sorted(words - self.words):
            raise RefusedError(f"{shown(unknown[0])} is named by no --choice and no --none")
        labels = frozenset(self.keys[word] for word in words - self.none)
        if labels and words & self.none:
            raise RefusedError(f"says both none of these and {', '.join(sorted(labels))}")
        return (LABELS if labels else NONE if words else UNLISTED), labels


def vocabulary(choices: Sequence[str], none: Sequence[str] = ()) -> Vocabulary:
    """The vocabulary of options `KEY=WORD`. Raises `UserError` for one that is not so, or a word given twice."""
    keys: dict[str, str] = {}
    for option in choices:
        key, _, word = option.partition("=")
        if not _KEY.fullmatch(key) or not word.strip():
            raise UserError(
                f"--choice {option!r} is not KEY=WORD: the key is up to 40 letters, digits, _ and -, "
                "the word is what the source calls it."
            )
        if word in keys or word in none:
            raise UserError(f"{word!r} is given twice; name each of the source's words once.")
        if len(word) > LONGEST_NAME:
            raise UserError(f"The word of --choice {key} has more than {LONGEST_NAME} characters; shorten it.")
        keys[word] = key
    if not keys:
        raise UserError("Name the choices with --choice KEY=WORD, one for each.")
    return Vocabulary(keys, frozenset(none))


# --- by content ---


def united(said: Iterable[tuple[str, Said]]) -> tuple[dict[tuple[str, str], Said], list[str]]:
    """One answer per content and rater, all labels together, and the contradictions among them.

    `said` pairs each with its content's SHA-256. A label goes before "unlisted"; beside "none" it is a problem.
    """
    answers: dict[tuple[str, str], Said] = {}
    problems = []
    for content, one in said:
        key = content, one.rater
        before = answers.get(key)
        if before and {before.outcome, one.outcome} == {LABELS, NONE}:
            problems.append(f"{one.where}: is none of these here, and has labels at {before.where}")
        answers[key] = _sum(before, one) if before else one
    return answers, problems


def _sum(before: Said, one: Said) -> Said:
    strongest = min(before, one, key=lambda said: (LABELS, NONE, SKIPPED, UNLISTED).index(said.outcome))
    return replace(strongest, labels=before.labels | one.labels)


def newest(said: Iterable[tuple[str, Said]]) -> dict[tuple[str, str], Said]:
    """The answer that counts per content and rater: the latest by its time; of equal times the last in the file."""
    answers: dict[tuple[str, str], Said] = {}
    for content, one in sorted(said, key=lambda pair: pair[1].at or _EARLIEST):
        answers[content, one.rater] = one
    return answers


def refuse_problems(source: str, problems: Sequence[str]) -> None:
    """Raise `UserError` with the first problems, if there are any."""
    if not problems:
        return
    more = len(problems) - SHOWN_PROBLEMS
    lines = [*problems[:SHOWN_PROBLEMS], *([f"and {more:,} more"] if more > 0 else [])]
    raise UserError(f"Nothing was imported from {source}; mend these:\n" + "\n".join(f"  {line}" for line in lines))


def shown(text: str) -> str:
    """The text quoted for a message: on one line, printable, at most 100 characters."""
    text = text if len(text) <= 100 else text[:97] + "..."
    return repr(text) if text.isprintable() else ascii(text)


def refuse(reason: str) -> NoReturn:
    raise RefusedError(reason)
