"""What coders said, as the framework of agreement takes it: sets of codes, read through their merging."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from annotation.agreement import Bootstrap, Estimate, set_alpha
from annotation.answers import ticks
from annotation.chance import COHEN, CONGER
from annotation.coefficient import estimates
from annotation.intervals import Statistic
from annotation.weights import disagreement

Content = TypeVar("Content")


@dataclass(frozen=True)
class Said:
    """The codes, by number, that a coder gave an item."""

    item: int
    coder: int
    codes: frozenset[int]


@dataclass(frozen=True)
class CodeFigures:
    """One code against all others. `given` is how many items each coder gave it to, by the coder's number."""

    code: int
    coefficient: str
    kappa: Estimate
    given: dict[int, int]


@dataclass(frozen=True)
class Figures:
    alpha: Estimate
    codes: list[CodeFigures]


def roots(merged_into: Mapping[int, int | None]) -> dict[int, int]:
    """What became of each code: itself, or the code at the end of its chain of merging.

    Raises:
        ValueError: the chain is a ring.
    """
    return {code: _root(code, merged_into) for code in merged_into}


def _root(code: int, merged_into: Mapping[int, int | None]) -> int:
    seen = {code}
    while (into := merged_into[code]) is not None:
        if into in seen:
            raise ValueError(f"code {into} is merged into itself")
        seen.add(into)
        code = into
    return code


def figures(said: Sequence[Said], *, seed: int) -> Figures:
    """Krippendorff's alpha of whole sets by MASI distance, and a kappa for each code that was used.

    The kappa is Cohen's for two coders and Conger's for more. All have 95 % bootstrap intervals over items, each
    from the same draws. What cannot be computed is an `Estimate` that says why.
    """
    codes = sorted({code for one in said for code in one.codes})
    names = [str(code) for code in codes]
    answers = [(one.item, one.coder, [str(code) for code in one.codes]) for one in said]
    alpha = set_alpha(answers, names, "masi", bootstrap=Bootstrap(np.random.default_rng(seed)))
    given, two = ticks(answers, names), len({one.coder for one in said}) <= 2
    statistic = {"kappa": Statistic(COHEN if two else CONGER, disagreement("identity", 2))}
    return Figures(
        alpha,
        [
            CodeFigures(
                code=code,
                coefficient="Cohen's kappa" if two else "Conger's kappa",
                kappa=estimates(statistic, given.choice(column), Bootstrap(np.random.default_rng(seed)))["kappa"],
                given=dict(Counter(one.coder for one in said if code in one.codes)),
            )
            for column, code in enumerate(codes)
        ],
    )


def by_item(said: Iterable[Said]) -> dict[int, dict[int, frozenset[int]]]:
    """The codes of each coder, item by item, in the order of `said`."""
    found: dict[int, dict[int, frozenset[int]]] = defaultdict(dict)
    for one in said:
        found[one.item][one.coder] = one.codes
    return dict(found)


def agreed(sets: Collection[frozenset[int]]) -> bool:
    """Whether all who spoke gave the same codes; one voice alone is not contradicted."""
    return len(set(sets)) <= 1


def same_names(names: Mapping[int, str]) -> list[list[int]]:
    """The codes that share a name but for case and blanks, two or more together, the earliest number first."""
    groups: dict[str, list[int]] = defaultdict(list)
    for code in sorted(names):
        groups[folded(names[code])].append(code)
    return [codes for codes in groups.values() if len(codes) > 1]


def folded(name: str) -> str:
    """The name as it is compared: one blank between words, no case."""
    return " ".join(name.split()).casefold()


def last_act(history: Sequence[tuple[int, Content]], nothing: Content) -> tuple[int, Content] | None:
    """The item of a coder's newest act that was not taken back, and what stood there before it; None if none is left.

    `history` is (item, content), oldest first; `nothing` is the content of an item before its first act. Taking an
    act back is itself written down, as the content from before it. So an entry that brings back what stood before
    the newest act is read as that act undone, and undoing again reaches further back.
    """
    acts: list[tuple[int, Content]] = []
    current: dict[int, Content] = {}
    for item, content in history:
        if acts and acts[-1] == (item, content):
            acts.pop()
        else:
            acts.append((item, current.get(item, nothing)))
        current[item] = content
    return acts[-1] if acts else None
