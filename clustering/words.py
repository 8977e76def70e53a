"""The words that set each cluster's prompts apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

Word = tuple[str, int, float]  # the word, how many of the cluster's prompts hold it, its weight


def cluster_words(prompts: Sequence[str], labels: NDArray[np.int64], top: int = 8) -> dict[int, list[Word]]:
    """Class-based TF-IDF: for each label but noise, its `top` words, heaviest first.

    The weight of word w in cluster c is tf(w, c) * log(1 + A / f(w)), where tf is its share of the cluster's
    words, f its frequency over all clusters and A the mean number of words a cluster (Grootendorst 2022,
    BERTopic). A word that a prompt repeats counts once, so that a rambling prompt does not speak for its cluster.
    """
    names = [int(name) for name in np.unique(labels) if name >= 0]
    counts, words = _counts(prompts)
    if not names or not words:
        return {name: [] for name in names}
    per_cluster = np.stack([np.asarray(counts[labels == name].sum(axis=0)).ravel() for name in names])
    weights = class_tf_idf(per_cluster)
    return {name: _heaviest(words, per_cluster[row], weights[row], top) for row, name in enumerate(names)}


def class_tf_idf(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Weights (C, W) from counts (C clusters, W words); a cluster without words weighs nothing."""
    total = counts.sum(axis=1, keepdims=True)
    share = counts / np.maximum(total, 1)
    frequency = np.maximum(counts.sum(axis=0), 1)
    return np.asarray(share * np.log1p(total.mean() / frequency))


def _counts(prompts: Sequence[str]) -> tuple[NDArray[np.int64], list[str]]:
    vectorizer = CountVectorizer(binary=True, stop_words="english", token_pattern=r"(?u)\b\w[\w'-]+\b")
    try:
        counts = vectorizer.fit_transform(prompts)
    except ValueError:  # no prompt has a word in it
        return np.zeros((len(prompts), 0), dtype=np.int64), []
    return counts.tocsr(), list(vectorizer.get_feature_names_out())


def _heaviest(words: list[str], counts: NDArray[np.int64], weights: NDArray[np.float64], top: int) -> list[Word]:
    order = np.lexsort((np.array(words), -weights))[:top]
    return [(words[at], int(counts[at]), round(float(weights[at]), 6)) for at in order if counts[at]]


def recounted(words: Sequence[Word], prompts: Sequence[str]) -> list[Word]:
    """`words` with the number of `prompts` that hold each; those that none holds are left out."""
    counts, names = _counts(prompts)
    held = dict(zip(names, np.asarray(counts.sum(axis=0)).ravel().tolist(), strict=True))
    return [(word, held[word], weight) for word, _, weight in words if word in held]
