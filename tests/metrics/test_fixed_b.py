"""Fixed-b tests of a mean: the published critical values, their size by simulation, and NaN."""

import math

import numpy as np
import pytest

from zoo.metrics import fixed_b_critical_value, mean_test, mean_with_error, overlap_lags, rank_ic_by_date


@pytest.mark.parametrize(
    ("horizon", "every", "lags"),
    [(21, 21, 0), (60, 21, 2), (63, 21, 2), (64, 21, 3), (5, 21, 0), (21, 1, 20)],
)
def test_lags_count_rows(horizon, every, lags):
    assert overlap_lags(horizon, every) == lags


@pytest.mark.parametrize(
    ("size", "b", "printed"),
    [
        (0.2, 0.1, 1.2816 + 0.13040 + 0.005135 - 0.0003386),
        (0.1, 0.5, 1.6449 + 1.09295 + 0.07855 - 0.0428375),
        (0.05, 1.0, 1.9600 + 2.9694 + 0.4160 - 0.5324),
        (0.02, 0.2, 2.3263 + 0.83236 + 0.021472 - 0.007248),
    ],
)
def test_the_values_are_kiefer_and_vogelsang_s(size, b, printed):
    assert fixed_b_critical_value(b, size=size) == pytest.approx(printed, abs=1e-12)


@pytest.mark.parametrize(("b", "tolerance"), [(0.05, 0.08), (0.3, 0.12), (1.0, 0.25)])
def test_the_values_are_quantiles_of_simulated_statistics(b, tolerance):
    series = np.random.default_rng(1).normal(size=(8000, 200))
    n, deviation = 200, series - series.mean(axis=1, keepdims=True)
    partial = np.cumsum(deviation, axis=1)
    width = int(b * n)  # Bartlett's variance by partial sums: 2/(nM) (Σ S² - Σ S S[+M]), S_n = 0
    variance = (
        2
        / (n * width)
        * ((partial**2).sum(axis=1) - (partial[:, width:] * partial[:, : n - width]).sum(axis=1))
    )
    t = np.abs(series.mean(axis=1) / np.sqrt(variance / n))
    for size in (0.2, 0.1, 0.05):
        assert fixed_b_critical_value(b, size=size) == pytest.approx(np.quantile(t, 1 - size), abs=tolerance)
    lone = mean_with_error(series[0], width - 1)
    assert abs(lone.t) == pytest.approx(t[0])  # the statistic that mean_test takes


def test_overlapping_labels_pass_no_more_often_than_the_size():
    rng = np.random.default_rng(2)
    shocks = rng.normal(size=(2000, 62))
    overlapping = shocks[:, 2:] + shocks[:, 1:-1] + shocks[:, :-2]  # 60 rows, two neighbours overlap
    ours = np.mean([mean_test(row, 2).significant for row in overlapping])
    naive = np.mean([abs(mean_with_error(row, 0).t) > 1.96 for row in overlapping])
    normal = np.mean([abs(mean_with_error(row, 2).t) > 1.96 for row in overlapping])
    assert ours < normal < naive
    assert ours < 0.13
    assert naive > 0.2


def test_the_interval_is_the_mean_and_the_critical_value_times_the_error():
    series = np.random.default_rng(3).normal(0.2, 1, 80)
    found = mean_test(series, 2, size=0.1)
    mean, error, t = mean_with_error(series, 2)
    assert (found.mean, found.se, found.t, found.values) == (mean, error, t, 80)
    assert found.critical == fixed_b_critical_value(3 / 80, size=0.1)
    assert (found.low, found.high) == (mean - found.critical * error, mean + found.critical * error)
    assert found.significant == (found.low > 0 or found.high < 0)


def test_a_real_effect_is_found_in_either_direction():
    series = np.random.default_rng(4).normal(1.0, 1, 60)
    assert mean_test(series, 0).significant
    assert mean_test(-series, 0).significant


def test_a_rank_ic_of_nothing_is_not_significant():
    rng = np.random.default_rng(5)
    by_date = rank_ic_by_date(rng.normal(size=(400, 20)), rng.normal(size=(400, 20)))
    found = mean_test(by_date, overlap_lags(21, 21))
    assert by_date.std() == pytest.approx(1 / math.sqrt(19), rel=0.1)  # 0.2294
    assert not found.significant


def test_a_missing_value_is_not_counted():
    assert mean_test([0.1, math.nan, 0.3, 0.2], 0).values == 3
    assert mean_test([0.1, math.nan, 0.3, 0.2], 0).critical == fixed_b_critical_value(1 / 3)


@pytest.mark.parametrize("series", [[], [0.5], [math.nan] * 3, [0.5, 0.6], [0.5, 0.5, 0.5]], ids=str)
def test_what_cannot_be_tested_is_not_significant(series):
    found = mean_test(series, 2)
    assert not found.significant
    assert math.isnan(found.t) or math.isnan(found.critical)


def test_bad_input_is_named():
    assert math.isnan(fixed_b_critical_value(0.0))
    assert math.isnan(fixed_b_critical_value(1.01))
    assert math.isnan(fixed_b_critical_value(math.nan))
    with pytest.raises(ValueError, match=r"size is 0\.3; expected one of 0\.2, 0\.1, 0\.05, 0\.02"):
        fixed_b_critical_value(0.1, size=0.3)
    for horizon, every in ((0, 1), (1, 0), (1.5, 1), (True, 1)):
        with pytest.raises(ValueError, match="expected a whole number"):
            overlap_lags(horizon, every)
