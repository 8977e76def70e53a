"""Standard errors and bootstrap intervals of coefficients of agreement."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from annotation.agreement import Bootstrap, Estimate, Ratings, Undefined, coefficients, krippendorff_alpha, per_choice
from annotation.chance import CONGER, FLEISS, GWET, KRIPPENDORFF, PERCENT, SCOTT, Model, corrected
from annotation.coefficient import estimate
from annotation.intervals import Bootstrap as Draw
from annotation.intervals import Statistic, bootstrap_values
from annotation.tally import moments, moments_of_draws, rates_of_draws, tally, tally_draws
from annotation.weights import disagreement
from tests import agreement_tables as tables
from tests.agreement_tables import Matrix


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def some_ratings(seed: int = 3, shape: tuple[int, int] = (4, 12), q: int = 3) -> Matrix:
    return rng(seed).integers(-1, q, shape)


@pytest.mark.parametrize("model", [PERCENT, FLEISS, GWET, CONGER, KRIPPENDORFF])
def test_a_round_over_items_is_the_coefficient_of_the_items_drawn(model: Model) -> None:
    matrix, delta = some_ratings(), disagreement("linear", 3)
    ratings = Ratings.from_matrix(matrix, 3)
    draws = [rng(seed).integers(12, size=12) for seed in range(20)]
    weights = np.stack([np.bincount(drawn, minlength=12) for drawn in draws], axis=1).astype(float)
    sums = moments_of_draws(tally(ratings), delta, weights, rates_of_draws(ratings, weights))
    for value, drawn in zip(corrected(model, sums, delta), draws, strict=True):
        again = estimate(Statistic(model, delta), Ratings.from_matrix(matrix[:, drawn], 3))
        assert again.value == pytest.approx(value, abs=1e-12)


def test_a_round_over_raters_leaves_out_pairs_of_one_rater() -> None:
    matrix, delta = some_ratings(), disagreement("quadratic", 3)
    drawn = np.array([0, 0, 1, 3])
    weights = np.bincount(drawn, minlength=4).astype(float)[:, None]
    sums = moments(tally_draws(Ratings.from_matrix(matrix, 3), weights), delta)
    assert corrected(PERCENT, sums, delta)[0] == pytest.approx(1 - mean_gap(matrix[drawn], drawn, delta))
    rates = [np.bincount(row[row >= 0], minlength=3) / (row >= 0).sum() for row in matrix]
    pairs = [(a, b) for a, b in permutations(drawn, 2) if a != b]
    chance = np.mean([rates[a] @ delta @ rates[b] for a, b in pairs])
    expected = 1 - mean_gap(matrix[drawn], drawn, delta) / chance
    assert corrected(CONGER, sums, delta)[0] == pytest.approx(expected)


def mean_gap(rows: Matrix, names: Matrix, delta: np.ndarray) -> float:
    by_item = []
    for column in rows.T:
        given = [(name, x) for name, x in zip(names, column, strict=True) if x >= 0]
        met = [delta[x, y] for (a, x), (b, y) in permutations(given, 2) if a != b]
        by_item += [np.mean(met)] if met else []
    return float(np.mean(by_item))


@pytest.mark.parametrize("over", ["items", "raters"])
def test_ordinal_alpha_remakes_its_metric_in_every_round(over: str) -> None:
    ratings = Ratings.from_matrix(some_ratings(shape=(6, 40)), 3)
    ordinal, nominal = Statistic(KRIPPENDORFF, None), Statistic(KRIPPENDORFF, disagreement("identity", 3))
    bootstrap = Draw(rng(5), n_rounds=50, over=over)  # type: ignore[arg-type]
    values = bootstrap_values({"ordinal": ordinal, "nominal": nominal}, ratings, bootstrap)
    assert not np.allclose(values["ordinal"], values["nominal"])
    binary = Ratings.from_matrix(np.minimum(some_ratings(shape=(6, 40)), 1), 2)
    two = {"ordinal": ordinal, "nominal": Statistic(KRIPPENDORFF, disagreement("identity", 2))}
    values = bootstrap_values(two, binary, Draw(rng(5), n_rounds=50, over=over))  # type: ignore[arg-type]
    assert np.allclose(values["ordinal"], values["nominal"], atol=1e-12)  # two categories have one metric


def test_the_seed_decides_the_bounds() -> None:
    found = [coefficients(tables.GWET_RAW, 5, bootstrap=Bootstrap(rng(seed)))["gwet_ac1"] for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]
    interval = found[0].interval
    assert interval is not None
    assert interval.low is not None
    assert interval.high is not None
    assert interval.low < (found[0].value or 0) < interval.high <= 1
    assert (interval.over, interval.level, interval.n_rounds, interval.n_undefined) == ("items", 0.95, 1000, 0)


def test_too_many_undefined_rounds_leave_no_interval() -> None:
    rare = np.zeros((2, 30), dtype=np.int64)
    rare[:, 0] = 1
    one = coefficients(rare, 2, bootstrap=Bootstrap(rng()))["krippendorff_alpha"]
    assert one.value == 1.0
    assert one.interval is not None
    assert one.interval.low is one.interval.high is None
    assert one.interval.n_undefined == pytest.approx(1000 / np.e, abs=60)  # no draw of the one item that varies


def test_two_raters_have_no_interval_over_raters() -> None:
    found = coefficients(tables.GWET_3X3, 3, bootstrap=Bootstrap(rng(), over="raters"))
    interval = found["cohen_kappa"].interval
    assert interval is not None
    assert interval.low is None


def test_no_interval_for_what_is_undefined_and_none_over_unknown_raters() -> None:
    same = coefficients(np.zeros((2, 5), dtype=int), 2, bootstrap=Bootstrap(rng()))
    assert same["krippendorff_alpha"].interval is None
    assert same["percent"].interval is not None
    with pytest.raises(ValueError, match="do not say who rated"):
        coefficients(Ratings.from_counts(tables.FLEISS), bootstrap=Bootstrap(rng(), over="raters"))


def test_choices_get_intervals() -> None:
    answers = [(item, rater, {"a"} if (item * 7 + rater) % 3 else set()) for item in range(40) for rater in range(3)]
    found = per_choice(answers, ["a", "b"], bootstrap=Bootstrap(rng(), n_rounds=100))
    assert found["a"].krippendorff_alpha.interval is not None
    assert found["b"].krippendorff_alpha.undefined is Undefined.NO_VARIATION


@pytest.mark.parametrize("model", [PERCENT, FLEISS, GWET, CONGER, SCOTT, KRIPPENDORFF])
def test_the_standard_error_is_that_of_leaving_out_items(model: Model) -> None:
    """On complete ratings Gwet's linearisation is the jackknife's limit."""
    truth = rng(1).integers(0, 3, 400)
    matrix = np.where(rng(2).random((2, 400)) < 0.7, truth, rng(3).integers(0, 3, (2, 400)))
    statistic = Statistic(model, disagreement("identity", 3))
    whole = estimate(statistic, Ratings.from_matrix(matrix, 3))
    without = [np.delete(matrix, item, axis=1) for item in range(400)]
    values = np.array([estimate(statistic, Ratings.from_matrix(one, 3)).value for one in without])
    jackknife = float(np.sqrt(399 / 400 * ((values - values.mean()) ** 2).sum()))
    assert whole.se == pytest.approx(jackknife, rel=0.01)


def test_the_standard_error_is_the_spread_of_the_bootstrap() -> None:
    ratings = Ratings.from_matrix(some_ratings(shape=(5, 600)), 3)
    for model in (FLEISS, GWET, CONGER, KRIPPENDORFF):
        statistic = Statistic(model, disagreement("identity", 3))
        values = bootstrap_values({"it": statistic}, ratings, Draw(rng(4), n_rounds=2000))["it"]
        assert estimate(statistic, ratings).se == pytest.approx(values.std(), rel=0.08)


@pytest.mark.parametrize("prevalence", [0.1, 0.5])
def test_intervals_cover_what_they_claim(prevalence: float) -> None:
    """3 raters of 1,000 items, right 9 times of 10: 95 % intervals hold the true alpha 93 to 97 % of the time."""
    right, n_items, n_studies = 0.9, 1000, 400
    yes = np.array([1 - right, right])
    mean = (1 - prevalence) * yes[0] + prevalence * yes[1]
    differ = (2 * yes * (1 - yes)) @ [1 - prevalence, prevalence]
    true_alpha = 1 - differ / (2 * mean * (1 - mean))
    chance = rng(42)
    held = {"bootstrap": 0, "standard error": 0}
    for _ in range(n_studies):
        truth = chance.random(n_items) < prevalence
        ratings = np.where(chance.random((3, n_items)) < right, truth, ~truth).astype(np.int64)
        data = Ratings.from_matrix(ratings, 2)
        one = estimate(Statistic(KRIPPENDORFF, disagreement("identity", 2)), data)
        held["standard error"] += abs((one.value or 0) - true_alpha) < 1.96 * (one.se or 0)
        held["bootstrap"] += _holds(data, true_alpha, chance)
    for covered in held.values():
        assert 0.93 <= covered / n_studies <= 0.97


def _holds(data: Ratings, true_alpha: float, chance: np.random.Generator) -> bool:
    statistic = {"alpha": Statistic(KRIPPENDORFF, disagreement("identity", 2))}
    values = bootstrap_values(statistic, data, Draw(chance, n_rounds=300))["alpha"]
    low, high = np.quantile(values, [0.025, 0.975])
    return bool(low <= true_alpha <= high)


def test_a_single_item_has_no_standard_error() -> None:
    one: Estimate = krippendorff_alpha(np.array([[0], [1]]), 2)
    assert (one.value, one.se) == (0.0, None)
