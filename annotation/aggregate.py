"""From several raters' answers to one.

Two kinds of question. Multi-label ("tick what applies"): `majority` and `share_rule` decide each choice from its
votes. Single-label, or one choice taken as yes or no: `plurality`, `weighted_vote`, `dawid_skene` and `one_coin`
take `Ratings` and return a `Consensus`. Nothing here breaks a tie in silence: a tie is a result of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from annotation.answers import Ticks
from annotation.consensus import TIE, UNRATED, Consensus, ModelConsensus, decide, disagreements
from annotation.dawid_skene import Settings, dawid_skene, one_coin
from annotation.ratings import Floats, Ints, Ratings

__all__ = [
    "METHODS",
    "TIE",
    "UNRATED",
    "ChoiceVotes",
    "Consensus",
    "ModelConsensus",
    "Settings",
    "Verdict",
    "agreement_with_others",
    "consensus_per_choice",
    "dawid_skene",
    "disagreements",
    "majority",
    "one_coin",
    "plurality",
    "share_rule",
    "weighted_vote",
]


class Verdict(IntEnum):
    """What the raters together say to one choice on one item."""

    NO = 0
    YES = 1
    TIE = 2
    UNANSWERED = 3


@dataclass(frozen=True, eq=False)
class ChoiceVotes:
    """The outcome of a vote on every choice.

    Attributes:
        verdicts: (N, C) int8, a `Verdict` each.
        shares: (N, C) float, share of the item's raters who ticked the choice; 0 where nobody answered (the
            verdict is then `UNANSWERED`).
    """

    verdicts: NDArray[np.int8]
    shares: Floats

    @property
    def ties(self) -> NDArray[np.bool_]:
        """(N, C) bool."""
        return np.equal(self.verdicts, Verdict.TIE)

    @property
    def unsafe(self) -> NDArray[np.int8]:
        """(N,) int8, a `Verdict` on "any of the choices": yes beats a tie, and a tie beats no.

        An item of which all choices are no has "none of these" as its answer.
        """
        yes = (self.verdicts == Verdict.YES).any(axis=1)
        verdict = np.where(yes, Verdict.YES, np.where(self.ties.any(axis=1), Verdict.TIE, Verdict.NO))
        unanswered = (self.verdicts == Verdict.UNANSWERED).any(axis=1)
        return np.where(unanswered, Verdict.UNANSWERED, verdict).astype(np.int8)


def majority(votes: ArrayLike, raters: ArrayLike) -> ChoiceVotes:
    """Per choice, what more than half of an item's raters say; exactly half is a tie.

    Args:
        votes: (N items, C choices) int, raters who ticked the choice.
        raters: (N,) int, raters who answered, "none of these" included. 0 where nobody did.

    Raises:
        ValueError: shapes that do not fit, or more votes than raters.
    """
    ticked, answered = _checked(votes, raters)
    twice = 2 * ticked
    verdicts = np.select(
        [answered == 0, twice > answered, twice == answered],
        [Verdict.UNANSWERED, Verdict.YES, Verdict.TIE],
        default=Verdict.NO,
    )
    return ChoiceVotes(verdicts.astype(np.int8), _shares(ticked, answered))


def share_rule(votes: ArrayLike, raters: ArrayLike, at_least: float) -> ChoiceVotes:
    """Per choice, whether a share of `at_least` of an item's raters ticked it. It knows no ties.

    Takes and raises what `majority` does, and `ValueError` for a share outside 0 (excluded) to 1.
    """
    if not 0 < at_least <= 1:
        raise ValueError(f"the share must be above 0 and at most 1, not {at_least}")
    ticked, answered = _checked(votes, raters)
    shares = _shares(ticked, answered)
    # 2 of 3 raters reach a share given as 1 - 1/3, whichever way the last bit was rounded.
    enough = shares >= at_least - 1e-9
    verdicts = np.where(answered == 0, Verdict.UNANSWERED, np.where(enough, Verdict.YES, Verdict.NO))
    return ChoiceVotes(verdicts.astype(np.int8), shares)


def plurality(ratings: Ratings) -> Consensus:
    """The category with the most votes, `TIE` where two or more have as many."""
    return weighted_vote(ratings, np.ones(ratings.n_raters))


def weighted_vote(ratings: Ratings, weights: ArrayLike | None = None) -> Consensus:
    """Votes that count by the rater.

    Args:
        ratings: of N items by R raters.
        weights: (R,) float, 0 or more, such as accuracies on gold items; by default how often each rater
            agrees with the others (`agreement_with_others`), the mean rater's for whoever met nobody.

    Raises:
        ValueError: weights of the wrong shape, negative or not finite.
    """
    weight = _own_weights(ratings) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != (ratings.n_raters,) or not (np.isfinite(weight) & (weight >= 0)).all():
        raise ValueError(f"weights must be {ratings.n_raters} numbers of 0 or more")
    cells = ratings.items * ratings.n_categories + ratings.values
    size = ratings.n_items * ratings.n_categories
    votes = np.bincount(cells, weight[ratings.raters], minlength=size)
    votes = votes.reshape(ratings.n_items, ratings.n_categories)
    total = votes.sum(axis=1, keepdims=True)
    # Where only raters of weight 0 voted, each vote counts the same: nothing speaks for any of them.
    votes = np.where(total > 0, votes, ratings.counts)
    shares = votes / np.maximum(votes.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return Consensus(decide(shares, ratings), shares)


def agreement_with_others(ratings: Ratings) -> tuple[Floats, Ints]:
    """Each rater against all others, that rater left out.

    Returns:
        (R,) float, the mean share of an item's other raters who gave the same answer; nan for a rater who
        shared no item.
        (R,) int, the ratings it rests on.
    """
    others = ratings.item_totals[ratings.items] - 1
    met = others > 0
    agreeing = ratings.counts[ratings.items, ratings.values] - 1
    share = agreeing[met] / others[met]
    n_met = np.bincount(ratings.raters[met], minlength=ratings.n_raters)
    total = np.bincount(ratings.raters[met], share, minlength=ratings.n_raters)
    mean = np.divide(total, n_met, out=np.full(ratings.n_raters, np.nan), where=n_met > 0)
    return mean, n_met


METHODS: dict[str, Callable[[Ratings], Consensus]] = {
    "majority": plurality,
    "weighted": weighted_vote,
    "dawid-skene": dawid_skene,
    "one-coin": one_coin,
}
"""Single-label methods by the name that commands and stored runs use."""


def consensus_per_choice(answers: Ticks, method: str = "dawid-skene") -> list[Consensus]:
    """A method of `METHODS` on each choice as a question of its own: label 1 is yes, 0 is no."""
    return [METHODS[method](answers.choice(index)) for index in range(answers.ticked.shape[1])]


def _checked(votes: ArrayLike, raters: ArrayLike) -> tuple[Ints, Ints]:
    ticked = np.asarray(votes, dtype=np.int64)
    answered = np.asarray(raters, dtype=np.int64)
    if ticked.ndim != 2 or answered.shape != ticked.shape[:1]:
        raise ValueError(f"votes {ticked.shape} and raters {answered.shape} must be (N, C) and (N,)")
    if (ticked < 0).any() or (ticked > answered[:, None]).any():
        raise ValueError("votes must lie between 0 and the number of raters of the item")
    return ticked, answered[:, None]


def _shares(ticked: Ints, answered: Ints) -> Floats:
    return ticked / np.maximum(answered, 1)


def _own_weights(ratings: Ratings) -> Floats:
    agreement, n_met = agreement_with_others(ratings)
    met = n_met > 0
    mean = float(agreement[met].mean()) if met.any() else 1.0
    return np.where(met, agreement, mean)
