"""Sharpe ratios: Lo's published errors and factors, and no figure for what has none."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from zoo.metrics import (
    annualisation,
    annualised_sharpe,
    ar1_autocorrelations,
    autocorrelations,
    moments,
    sharpe_ratio,
    sharpe_standard_error,
)

NAN = np.nan
UNUSABLE = [[], [0.1], [0.1, NAN, 0.2], [0.1, np.inf, 0.2], [0.1] * 50, [0.0] * 9]


@pytest.mark.parametrize(("sharpe", "periods", "printed"), [(0.5, 12, 0.3062), (1.5, 60, 0.1882)])
def test_lo_s_printed_errors(sharpe, periods, printed):
    assert round(sharpe_standard_error(sharpe, periods), 4) == printed


@pytest.mark.parametrize(("rho", "printed"), [(0.2, 2.8788), (0.0, 3.4641)])
def test_lo_s_printed_annualisation(rho, printed):
    assert round(annualisation(12, ar1_autocorrelations(rho, 12)), 4) == printed


@given(st.floats(-0.95, 0.95), st.integers(1, 300))
def test_the_ar1_factor_is_lo_s_closed_form(rho, q):
    inner = 1 + 2 * rho / (1 - rho) * (1 - (1 - rho**q) / (q * (1 - rho)))
    assert annualisation(q, ar1_autocorrelations(rho, q)) == pytest.approx(math.sqrt(q / inner), rel=1e-9)


def test_without_autocorrelation_the_factor_is_the_square_root():
    assert annualisation(252) == pytest.approx(math.sqrt(252), rel=1e-15)
    assert annualisation(1, [0.9]) == 1
    assert annualisation(3, [0.5]) == pytest.approx(3 / math.sqrt(3 + 2 * 2 * 0.5))  # ρ2 taken as 0
    assert math.isnan(annualisation(2, [-1.0]))  # the sum never moves
    assert math.isnan(annualisation(5, [NAN]))


def test_moments_are_those_of_scipy_and_not_in_excess():
    returns = np.random.default_rng(1).standard_t(5, 400) * 0.01 + 0.001
    found = moments(returns)
    assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1), rel=1e-12)
    assert found.skew == pytest.approx(stats.skew(returns), rel=1e-10)
    assert found.kurtosis == pytest.approx(stats.kurtosis(returns, fisher=False), rel=1e-10)
    assert found.periods == 400


@pytest.mark.parametrize("returns", UNUSABLE, ids=str)
def test_a_series_without_a_spread_or_with_a_hole_has_no_sharpe_ratio(returns):
    for estimate in (
        sharpe_ratio(returns),
        sharpe_ratio(returns, lags=3),
        annualised_sharpe(returns),
        annualised_sharpe(returns, serial="ar1"),
    ):
        assert math.isnan(estimate.value)
        assert math.isnan(estimate.se)
    assert np.isnan(moments(returns)[0])
    assert np.isnan(autocorrelations(returns, 2)).all()


def test_rounding_is_no_spread():
    returns = np.full(300, 0.1) + np.random.default_rng(2).normal(size=300) * 1e-16
    assert returns.std() > 0
    assert math.isnan(sharpe_ratio(returns).value)


def test_the_smallest_numbers_have_one_too():
    assert sharpe_ratio([1e-200, 3e-200]).value == pytest.approx(math.sqrt(2))


@given(
    hnp.arrays(np.float64, st.integers(3, 40), elements=st.floats(-0.2, 0.2).map(lambda x: round(x, 6))),
    st.sampled_from([0.5, 2.0, 1024.0]),
)
def test_the_unit_of_returns_does_not_matter(returns, scale):
    one, other = sharpe_ratio(returns, lags=2), sharpe_ratio(scale * returns, lags=2)
    assert other == pytest.approx(one, rel=1e-9, nan_ok=True)
    assert sharpe_ratio(-returns).value == pytest.approx(-sharpe_ratio(returns).value, nan_ok=True)


def test_the_plain_error_is_lo_s_of_the_ratio():
    returns = np.random.default_rng(3).normal(0.02, 0.1, 90)
    found = sharpe_ratio(returns)
    assert found.se == sharpe_standard_error(found.value, 90)


def test_the_error_with_moments_is_the_one_without_assumptions_at_no_lag():
    returns = np.random.default_rng(4).standard_t(6, 3000) * 0.01 + 0.004
    found = moments(returns)
    general = sharpe_ratio(returns, lags=0).se
    assert general == pytest.approx(
        sharpe_standard_error(found.sharpe, 3000, skew=found.skew, kurtosis=found.kurtosis), rel=1e-3
    )


def test_the_errors_are_the_spread_of_sharpe_ratios():
    rng = np.random.default_rng(5)
    shock = rng.normal(size=(2000, 501))
    independent = 0.1 + shock[:, 1:]
    moving = 0.1 + shock[:, 1:] + 0.8 * shock[:, :-1]  # an MA(1): one lag of true autocorrelation
    for returns, lags in ((independent, None), (moving, 6)):
        estimates = [sharpe_ratio(row, lags=lags) for row in returns]
        spread = np.std([e.value for e in estimates])
        assert np.mean([e.se for e in estimates]) == pytest.approx(spread, rel=0.08)
    plain = np.mean([sharpe_ratio(row).se for row in moving])
    assert plain < 0.8 * spread


def test_annualising_by_the_square_root_flatters_trending_returns():
    rng = np.random.default_rng(6)
    shock, returns = rng.normal(0.05, 1, 20_000), np.zeros(20_000)
    for t in range(1, len(shock)):
        returns[t] = 0.3 * returns[t - 1] + shock[t]
    plain, serial = annualised_sharpe(returns, 12), annualised_sharpe(returns, 12, serial="ar1")
    years = returns[: 12 * (len(returns) // 12)].reshape(-1, 12).sum(axis=1)
    assert serial.value == pytest.approx(years.mean() / years.std(), rel=0.05)
    assert plain.value > 1.2 * serial.value
    assert plain.value == pytest.approx(math.sqrt(12) * sharpe_ratio(returns).value)


def test_autocorrelations_are_over_the_whole_series():
    assert autocorrelations([1.0, -1.0, 1.0, -1.0], 5) == pytest.approx(
        [-0.75, 0.5, -0.25, NAN, NAN], nan_ok=True
    )


@pytest.mark.parametrize("periods", [0, -1, 1.5, True, None])
def test_periods_are_counted(periods):
    with pytest.raises(ValueError, match="periods is"):
        annualisation(periods)


def test_other_bad_input_is_named():
    with pytest.raises(ValueError, match="serial is 'ar2'"):
        annualised_sharpe([0.1, 0.2], serial="ar2")
    for bars in (0, -5, NAN, math.inf):
        with pytest.raises(ValueError, match="bars_per_year is"):
            annualised_sharpe([0.1, 0.2], bars)
    with pytest.raises(ValueError, match="one dimension"):
        sharpe_ratio(np.zeros((2, 2)))
    assert math.isnan(sharpe_standard_error(0.5, 0))
    assert math.isnan(sharpe_standard_error(NAN, 12))
    assert math.isnan(sharpe_standard_error(2.0, 12, skew=3.0, kurtosis=1.0))
