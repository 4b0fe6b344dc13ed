"""Distributions that moved, and predictions that died."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import DataError
from zoo.evaluation import (
    feature_drift,
    kolmogorov_smirnov,
    population_stability_index,
    prediction_health,
)


def sample(rows, seed=0, shift=0.0, features=1):
    return np.random.default_rng(seed).normal(loc=shift, size=(rows, features))


def test_the_index_by_hand():
    before, after = np.r_[np.zeros(50), np.ones(50)], np.r_[np.zeros(25), np.ones(75)]
    by_hand = (0.25 - 0.5) * math.log(0.25 / 0.5) + (0.75 - 0.5) * math.log(0.75 / 0.5)
    assert population_stability_index(before, after, bins=2) == pytest.approx(by_hand)
    assert population_stability_index(before, before, bins=2) == 0.0


def test_a_bin_that_nothing_falls_into_is_no_infinite_shift():
    found = population_stability_index(sample(1_000), sample(1_000, 1, shift=20.0))
    assert 2.0 < found < math.inf


@given(shift=st.floats(-3, 3), scale=st.floats(0.1, 10), rows=st.integers(5, 300))
@settings(max_examples=60, deadline=None)
def test_the_distance_is_that_of_scipy(shift, scale, rows):
    from scipy.stats import ks_2samp

    before, after = sample(200)[:, 0].round(1), (scale * sample(rows, 1)[:, 0] + shift).round(1)
    found = kolmogorov_smirnov(before, after)
    assert found == pytest.approx(ks_2samp(before, after, method="asymp").statistic)


def test_what_is_not_finite_is_left_out_of_both():
    before, after = sample(300), sample(300, 1)
    holed = np.r_[after[:, 0], np.nan, np.inf]
    assert kolmogorov_smirnov(before, holed) == kolmogorov_smirnov(before, after)
    assert population_stability_index(before, holed) == population_stability_index(before, after)


def test_nothing_to_compare_has_no_figure():
    assert math.isnan(population_stability_index([], [1.0]))
    assert math.isnan(population_stability_index([1.0, 2.0], [math.nan]))
    assert math.isnan(population_stability_index([1.0, 1.0], [2.0]))
    assert math.isnan(kolmogorov_smirnov([1.0], []))


def test_samples_of_one_population_hardly_ever_drift_even_when_small():
    calls = 0
    for seed in range(100):
        before, after = sample(200, seed, features=5), sample(12, 1_000 + seed, features=5)
        calls += sum(f.drifted for f in feature_drift(before, after, list("abcde")))
    assert calls <= 5  # of 500: both figures at once exceed what one in a hundred does


def test_a_shift_is_found_in_the_feature_that_shifted():
    before, after = sample(2_000, features=3), sample(300, 1, features=3)
    after[:, 1] += 1.0
    found = feature_drift(before, after, ["a", "b", "c"])
    assert [f.drifted for f in found] == [False, True, False]
    assert found[1].feature == "b"
    assert found[1].psi > found[1].psi_bar == 0.25
    assert found[1].ks > found[1].ks_bar


def test_rows_of_few_dates_do_not_make_certain():
    before, after = sample(2_000), sample(200, 1, shift=0.7)
    by_rows, by_dates = (
        feature_drift(before, after, ["a"], independent=counts)[0] for counts in (None, (100, 10))
    )
    assert by_rows.drifted
    assert not by_dates.drifted
    assert by_dates.psi == by_rows.psi


def test_values_that_go_missing_are_a_drift():
    before, after = sample(500), sample(500, 1)
    after[:50] = np.nan
    found = feature_drift(before, after, ["a"])[0]
    assert (found.missing, found.missing_before) == (pytest.approx(0.1), 0.0)
    assert found.drifted


@pytest.mark.parametrize("after", [np.full((50, 1), np.nan), np.empty((0, 1))])
def test_what_cannot_be_told_is_not_healthy(after):
    assert feature_drift(sample(500), after, ["a"])[0].drifted


def test_a_feature_that_was_constant_may_stay_so():
    constant = np.ones((100, 1))
    assert not feature_drift(constant, constant[:60], ["a"])[0].drifted
    assert feature_drift(constant, constant[:60] + 1, ["a"])[0].drifted


def test_tables_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="expected rows × 2 features"):
        feature_drift(sample(10), sample(10), ["a", "b"])
    with pytest.raises(DataError, match="independent observations"):
        feature_drift(sample(10), sample(10), ["a"], independent=(10, -1))
    with pytest.raises(DataError, match="1 bins"):
        population_stability_index([1.0], [1.0], bins=1)
    with pytest.raises(DataError, match="expected dates × assets"):
        prediction_health(np.zeros(3), np.zeros((3, 2)))


def predictions(dates=60, assets=20, seed=0):
    return 0.01 * np.random.default_rng(seed).normal(size=(dates, assets))


def test_predictions_like_those_of_training_are_healthy():
    found = prediction_health(predictions(), predictions(12, 25, 1))
    assert found.healthy
    assert found.dispersion == pytest.approx(1.0, abs=0.2)
    assert found.positive == pytest.approx(0.5, abs=0.1)
    assert (found.missing, found.flat) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda p: 0.1 * p, "dispersion"),
        (lambda p: 3.0 * p, "dispersion"),
        (lambda p: np.abs(p), "share of positive"),
        (lambda p: np.where(p > 0.012, np.nan, p), "missing"),
        (lambda p: np.where(np.arange(12)[:, None] == 3, 0.0, p), "dates without an opinion"),
        (lambda p: np.zeros_like(p), "dispersion"),
        (lambda p: np.full_like(p, np.nan), "missing"),
        (lambda p: p[:0], "missing"),
        (lambda p: p[:, :1], "dates without an opinion"),
    ],
)
def test_each_ailment_is_named(change, problem):
    found = prediction_health(predictions(), change(predictions(12, seed=1)))
    assert not found.healthy
    assert any(text.startswith(problem) for text in found.problems)


def test_predictions_cannot_be_healthy_against_training_that_said_nothing():
    assert not prediction_health(np.zeros((30, 5)), predictions()).healthy
    assert not prediction_health(np.empty((0, 5)), predictions()).healthy
