import math

import numpy as np
import pytest

from zoo.experiment.analysis.bootstrap import FEWEST, batch_of, percentile_interval


def mean_of_x(x, y, axis=-1):
    return x.mean(axis=axis)


def test_the_interval_of_a_mean_is_about_two_errors_wide():
    x = np.random.default_rng(1).normal(size=400)
    low, high = percentile_interval(mean_of_x, x, x, seed=7)
    assert (low + high) / 2 == pytest.approx(x.mean(), abs=0.01)
    assert high - low == pytest.approx(2 * 1.96 * x.std() / 20, rel=0.1)


def test_below_the_fewest_rounds_there_is_none():
    x = np.arange(FEWEST - 1, dtype=float)
    assert all(math.isnan(end) for end in percentile_interval(mean_of_x, x, x, seed=7))


def test_resamples_without_a_statistic_are_left_out_unless_they_are_most():
    x = np.arange(10, dtype=float)

    def often(x, y, axis=-1):
        return np.where(x[..., 0] < 3, np.nan, x.mean(axis=axis))

    def rarely(x, y, axis=-1):
        return np.where(x[..., 0] < 8, np.nan, x.mean(axis=axis))

    assert all(math.isfinite(end) for end in percentile_interval(often, x, x, seed=7))
    assert all(math.isnan(end) for end in percentile_interval(rarely, x, x, seed=7))


def test_a_long_experiment_is_resampled_in_parts():
    assert batch_of(10_000) == 200
    assert batch_of(0) > 0
