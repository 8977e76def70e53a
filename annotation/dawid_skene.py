"""Dawid & Skene (1979): raters' error rates and the items' true categories, each learnt from the other by EM.

Maximum likelihood estimation of observer error-rates using the EM algorithm, Applied Statistics 28(1), 20-28.
Everything is deterministic: EM starts from the shares of votes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from annotation.consensus import ModelConsensus, decide
from annotation.ratings import Floats, Ratings

ErrorRates = Callable[[Floats], Floats]
"""(R, Q said, Q true) expected counts -> (R, Q true, Q said) probabilities."""


@dataclass(frozen=True)
class Settings:
    """When to stop, and how much to trust little data.

    Attributes:
        max_steps: EM steps at most.
        tolerance: stop when a step gains less than this per rating.
        smoothing: pseudo-count on every cell of every rater's error rates. 0 is Dawid & Skene's own maximum
            likelihood; a little keeps a rater with ten answers from being thought infallible.
    """

    max_steps: int = 1000
    tolerance: float = 1e-8
    smoothing: float = 0.0


def dawid_skene(ratings: Ratings, settings: Settings | None = None) -> ModelConsensus:
    """Each rater has a full table of error rates.

    Takes raters who rated an item repeatedly (`Ratings.from_long(..., repeats=True)`).
    """
    used = settings or Settings()
    return _Fit(ratings, used, lambda counts: _table(counts, used.smoothing)).run()


def one_coin(ratings: Ratings, settings: Settings | None = None) -> ModelConsensus:
    """Each rater has one chance of being right, and errs to all other categories alike.

    Fewer numbers to learn than `dawid_skene`, so better where raters answered little (Zhang et al. 2014).
    """
    used = settings or Settings()
    return _Fit(ratings, used, lambda counts: _coin(counts, used.smoothing)).run()


class _Fit:
    """EM over a sparse (N, R x Q said) table of who said what, a few passes over the ratings per step."""

    def __init__(self, ratings: Ratings, settings: Settings, error_rates: ErrorRates) -> None:
        self.ratings, self.settings, self.error_rates = ratings, settings, error_rates
        said = ratings.raters * ratings.n_categories + ratings.values
        shape = (ratings.n_items, ratings.n_raters * ratings.n_categories)
        self.said = sparse.csr_array((np.ones(len(said)), (ratings.items, said)), shape=shape)
        self.heard = self.said.T.tocsr()
        self.rated = ratings.item_totals > 0

    def run(self) -> ModelConsensus:
        posteriors = self._shares()
        trace: list[float] = []
        converged = False
        enough = self.settings.tolerance * max(len(self.ratings.values), 1)
        while not trace or not (converged or len(trace) >= self.settings.max_steps):
            marginals, errors = self._m_step(posteriors)
            posteriors, log_likelihood = self._e_step(marginals, errors)
            trace.append(log_likelihood + self._prior(errors))
            converged = len(trace) > 1 and trace[-1] - trace[-2] < enough
        labels = decide(posteriors, self.ratings)
        return ModelConsensus(labels, posteriors, marginals, errors, log_likelihood, tuple(trace), converged)

    def _shares(self) -> Floats:
        counts = self.ratings.counts
        shares: Floats = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        return shares

    def _m_step(self, posteriors: Floats) -> tuple[Floats, Floats]:
        """(Q,) marginals and (R, Q, Q) error rates that fit the posteriors best."""
        q = self.ratings.n_categories
        marginals = _normalised(posteriors.sum(axis=0))
        counts = np.asarray(self.heard @ posteriors).reshape(self.ratings.n_raters, q, q)
        return marginals, self.error_rates(counts)

    def _e_step(self, marginals: Floats, errors: Floats) -> tuple[Floats, float]:
        """(N, Q) posteriors, and the log-likelihood of the parameters they come from."""
        q = self.ratings.n_categories
        by_said = np.swapaxes(_log(errors), 1, 2).reshape(self.ratings.n_raters * q, q)
        joint = self.said @ by_said + _log(marginals)
        # Along so short an axis max() takes ten times as long as this copy, and sum() four times as einsum.
        highest = np.ascontiguousarray(joint.T).max(axis=0, initial=-np.inf)[:, None]
        scaled = np.exp(joint - highest)
        evidence = np.einsum("iq->i", scaled)[:, None]
        likelihood = (np.log(evidence) + highest)[self.rated].sum()
        return scaled / evidence * self.rated[:, None], float(likelihood)

    def _prior(self, errors: Floats) -> float:
        return self.settings.smoothing * float(np.log(errors).sum()) if self.settings.smoothing else 0.0


def _table(counts: Floats, smoothing: float) -> Floats:
    return _normalised(np.swapaxes(counts, 1, 2) + smoothing)


def _coin(counts: Floats, smoothing: float) -> Floats:
    """The prior is one of right and wrong cells alike, as many of each as a full table has."""
    q = counts.shape[1]
    right = np.einsum("rjj->r", counts) + smoothing * q
    total = counts.sum(axis=(1, 2)) + smoothing * q * q
    accuracy = np.divide(right, total, out=np.full_like(right, 1 / max(q, 1)), where=total > 0)
    wrong = (1 - accuracy) / max(q - 1, 1)
    same = np.eye(q, dtype=bool)
    return np.asarray(np.where(same, accuracy[:, None, None], wrong[:, None, None]))


def _normalised(weights: Floats) -> Floats:
    """Rows that add up to 1; equal shares where a row is empty."""
    total = weights.sum(axis=-1, keepdims=True)
    equal = np.full_like(weights, 1 / max(weights.shape[-1], 1))
    return np.asarray(np.divide(weights, total, out=equal, where=total > 0))


def _log(probabilities: Floats) -> Floats:
    never = np.full_like(probabilities, -np.inf)
    return np.asarray(np.log(probabilities, out=never, where=probabilities > 0))
