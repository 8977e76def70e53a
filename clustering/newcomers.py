"""Where vectors that came after a clustering belong, by their nearest neighbours in it."""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from clustering.clusters import NOISE

Matrix = NDArray[np.float32]
Labels = NDArray[np.int64]

NEIGHBOURS = 10
TYPICAL = 0.95  # share of a cluster's members that count as typical of it
ASKED = 2_000  # members of a cluster that its reach is measured on
ROUNDING = 1e-5  # of float32 cosines, let pass so that a copy of a member always fits


@dataclass(frozen=True)
class Places:
    """For each newcomer (N): its cluster or -1, the strength from 0 to 1, and the cluster it comes nearest to."""

    labels: Labels
    strengths: NDArray[np.float64]
    nearest: Labels


def join(members: Matrix, labels: Labels, newcomers: Matrix) -> Places:
    """Give unit vectors `newcomers` (N, D) to the clusters of `members` (M, D) with `labels` (M), -1 for noise.

    The 10 nearest clustered members vote, each with its cosine; the cluster with most is the nearest, ties going
    to the lower number, and the strength is its share of the vote. A newcomer fits there when its mean distance to
    the 10 nearest members is at most its `reach`; what fits nowhere is noise, of strength 0. Each newcomer is
    placed by itself, so in which order and company they come changes nothing.
    """
    clustered = np.flatnonzero(labels != NOISE)
    nearest, share = _vote(members[clustered], labels[clustered], newcomers)
    strengths = np.zeros(len(newcomers))
    found = np.full(len(newcomers), NOISE)
    for name in np.unique(nearest[nearest != NOISE]):
        own, coming = members[labels == name], np.flatnonzero(nearest == name)
        fits = coming[_distance(own, newcomers[coming]) <= reach(own)]
        found[fits], strengths[fits] = name, share[fits]
    return Places(found, strengths, nearest)


def nearest_clusters(members: Matrix, labels: Labels, rows: Matrix) -> Labels:
    """The cluster (N) that each of `rows` (N, D) comes nearest to, by the same vote; -1 where there is none."""
    clustered = np.flatnonzero(labels != NOISE)
    return _vote(members[clustered], labels[clustered], rows)[0]


def reach(own: Matrix) -> float:
    """The mean distance to their 10 nearest fellows that 95 in 100 members (M, D) of a cluster keep to.

    Distance is 1 - cosine. Of a large cluster, every so many-th member is asked.
    """
    if len(own) < 2:
        return ROUNDING
    cosines, _ = neighbours(own, own[:: -(-len(own) // ASKED)], NEIGHBOURS + 1)
    return float(np.quantile(1 - cosines[:, 1:].mean(axis=1), TYPICAL)) + ROUNDING


def _distance(own: Matrix, rows: Matrix) -> NDArray[np.float32]:
    """The mean distance (N) of `rows` to their nearest among `own`."""
    return np.asarray(1 - neighbours(own, rows, NEIGHBOURS)[0].mean(axis=1))


def _vote(members: Matrix, labels: Labels, rows: Matrix) -> tuple[Labels, NDArray[np.float64]]:
    """The cluster (N) with most of the vote of the nearest members, and its share (N) of it."""
    if not len(members) or not len(rows):
        return np.full(len(rows), NOISE), np.zeros(len(rows))
    cosines, places = neighbours(members, rows, NEIGHBOURS)
    order = labels[places].argsort(axis=1, kind="stable")  # so that the first of equal votes is the lowest number
    voted = np.take_along_axis(labels[places], order, axis=1)
    weights = np.maximum(np.take_along_axis(cosines, order, axis=1), 1e-6)
    votes = ((voted[:, :, None] == voted[:, None, :]) * weights[:, None, :]).sum(axis=2)
    most = votes.argmax(axis=1)[:, None]
    share = np.take_along_axis(votes, most, axis=1)[:, 0] / weights.sum(axis=1)
    return np.take_along_axis(voted, most, axis=1)[:, 0], np.minimum(share, 1).astype(np.float64)


def neighbours(members: Matrix, rows: Matrix, count: int) -> tuple[Matrix, Labels]:
    """Cosines (N, k) and places (N, k) of the k nearest members of each row, exact, k at most `count`."""
    index = faiss.IndexFlatIP(members.shape[1])
    index.add(np.ascontiguousarray(members, dtype=np.float32))
    cosines, places = index.search(np.ascontiguousarray(rows, dtype=np.float32), min(count, len(members)))
    return cosines, places
