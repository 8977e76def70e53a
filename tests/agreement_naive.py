"""Every coefficient of agreement straight from its definition, slow and plain: the oracle of the tests."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np

from tests.agreement_tables import Matrix


def naive(ratings: Matrix, weights: np.ndarray, alpha_distance: np.ndarray) -> dict[str, float | None]:
    """Every coefficient from its definition, pair by pair."""
    given = [[int(x) for x in column if x >= 0] for column in ratings.T]
    by_rater = [[int(x) for x in row if x >= 0] for row in ratings]
    by_rater = [row for row in by_rater if row]
    rated, paired = [x for x in given if x], [x for x in given if len(x) > 1]
    q = len(weights)

    def distance(a: list[int], b: list[int]) -> float:
        return float(np.mean([1 - weights[x, y] for x, y in product(a, b)]))

    def within(x: list[int], delta: np.ndarray) -> float:
        return float(np.mean([delta[a, b] for a, b in permutations(x, 2)]))

    if not paired:
        return {}
    observed = float(np.mean([within(x, 1 - weights) for x in paired]))
    share = [float(np.mean([x.count(k) / len(x) for x in rated])) for k in range(q)]
    mixed = sum(p * (1 - p) for p in share)
    expected = {
        "percent": 1.0,
        "brennan_prediger": float(np.mean(1 - weights)),
        "fleiss_kappa": float(np.mean([distance(a, b) for a, b in product(rated, repeat=2)])),
        "gwet_ac2": 1 - weights.sum() / (q * (q - 1)) * mixed,
        "gwet_ac1": 1 - mixed / (q - 1),
        "conger_kappa": float(np.mean([distance(a, b) for a, b in permutations(by_rater, 2)])),
    }
    if len(by_rater) == 2:
        expected["cohen_kappa"] = distance(*by_rater)
        expected["scott_pi"] = float(np.mean([distance(a, b) for a, b in product(by_rater, repeat=2)]))
    found = {name: _corrected(observed, chance) for name, chance in expected.items()}
    identity = float(np.mean([within(x, 1 - np.eye(q)) for x in paired]))
    found["gwet_ac1"] = _corrected(identity, expected["gwet_ac1"])
    pooled = [x for item in paired for x in item]
    observed = sum(len(x) * within(x, alpha_distance) for x in paired) / len(pooled)
    found["krippendorff_alpha"] = _corrected(observed, within(pooled, alpha_distance))
    return found


def _corrected(observed: float, expected: float) -> float | None:
    return 1 - observed / expected if expected > 1e-12 else None


def naive_ordinal(ratings: Matrix, q: int) -> np.ndarray:
    """Krippendorff (2011), section D: (sum of n_g from c to k - (n_c + n_k) / 2)^2."""
    columns = [ratings[:, item][ratings[:, item] >= 0] for item in range(ratings.shape[1])]
    used = np.bincount(np.concatenate([c for c in columns if len(c) > 1] or [np.zeros(0, int)]), minlength=q)
    delta = np.zeros((q, q))
    for c, k in product(range(q), repeat=2):
        low, high = min(c, k), max(c, k)
        delta[c, k] = (used[low : high + 1].sum() - (used[c] + used[k]) / 2) ** 2
    return delta
