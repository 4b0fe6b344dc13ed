from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import mean_squared_error as sklearn_mse
from sklearn.metrics import r2_score

from zoo.metrics import mean_squared_error, r2, r2_against_zero

pairs = hnp.arrays(
    np.float64, st.tuples(st.just(2), st.integers(2, 20)), elements=st.floats(-100, 100, width=16)
)


@given(pairs)
def test_they_are_those_of_scikit_learn(pair):
    y, predicted = pair
    assert mean_squared_error(y, predicted) == pytest.approx(sklearn_mse(y, predicted))
    if np.ptp(y) > 1e-3:
        assert r2(y, predicted) == pytest.approx(r2_score(y, predicted), rel=1e-9, abs=1e-9)


def test_the_forecast_to_beat_is_zero_and_not_the_mean():
    y = np.array([1.0, 2.0, 3.0])
    assert r2_against_zero(y, np.zeros(3)) == 0.0
    assert r2_against_zero(y, y) == 1.0
    assert r2_against_zero(y, [2.0, 2.0, 2.0]) == pytest.approx(1 - 2 / 14)
    assert r2(y, [2.0, 2.0, 2.0]) == 0.0


@pytest.mark.parametrize("metric", [mean_squared_error, r2, r2_against_zero])
def test_only_pairs_that_are_finite_count(metric):
    y, predicted = np.array([1.0, 2.0, 4.0, np.nan, 5.0]), np.array([1.5, 2.0, 3.0, 9.0, np.nan])
    assert metric(y, predicted) == metric(y[:3], predicted[:3])
    assert metric(y.reshape(1, 5), predicted.reshape(1, 5)) == metric(y, predicted)


@pytest.mark.parametrize("metric", [mean_squared_error, r2, r2_against_zero])
def test_nothing_to_measure_is_NaN_without_a_warning(metric):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(metric([], []))
        assert np.isnan(metric([np.nan], [1.0]))


def test_what_does_not_vary_has_no_r2():
    assert np.isnan(r2([2.0, 2.0], [1.0, 3.0]))
    assert np.isnan(r2_against_zero([0.0, 0.0], [1.0, 3.0]))


@pytest.mark.parametrize("metric", [mean_squared_error, r2, r2_against_zero])
def test_different_shapes_are_refused_and_never_broadcast(metric):
    with pytest.raises(ValueError, match=r"y of shape \(3,\) and predictions of shape \(3, 1\)"):
        metric(np.zeros(3), np.zeros((3, 1)))
