"""Performance: figures by hand, their errors by simulation, and NaN for what has none."""

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zoo.metrics import (
    Estimate,
    Performance,
    annualised_mean,
    annualised_volatility,
    break_even_bps,
    cvar,
    max_drawdown,
    performance_of,
    sharpe_ratio,
)

NAN = np.nan
returns_of_any_kind = hnp.arrays(np.float64, st.integers(2, 60), elements=st.floats(-0.3, 0.3))


def test_mean_and_volatility_by_hand():
    mean, spread = annualised_mean([0.01, 0.03], 10), annualised_volatility([0.01, 0.03], 100)
    assert mean == pytest.approx((0.2, 10 * 0.01 / math.sqrt(2)))
    assert spread.value == pytest.approx(10 * math.sqrt(2) * 0.01)


def test_a_drawdown_starts_at_the_first_value_and_compounds():
    assert max_drawdown([-0.5, 0.5]) == pytest.approx(0.5)  # from 1, before the first return
    assert max_drawdown([1.0, -0.5, -0.5, 3.0]) == pytest.approx(0.75)
    assert max_drawdown([0.1, 0.0, 0.2]) == 0
    assert max_drawdown([0.0, -1.5, 0.2]) == pytest.approx(1.5)  # more than everything, once
    assert max_drawdown([0.0, -1.0, 5.0]) == 1


def test_cvar_is_the_mean_of_the_worst():
    losses = np.arange(100) / 100 - 0.5
    assert cvar(losses).value == pytest.approx(np.mean([0.5, 0.49, 0.48, 0.47, 0.46]))
    assert cvar([-0.1, -0.04, 0.2, 0.3], 0.375).value == pytest.approx((0.1 + 0.5 * 0.04) / 1.5)
    assert cvar([-0.1, 0.2, 0.3]).value == pytest.approx(0.1)  # a tail within one bar
    assert cvar([-0.1, 0.4], 1.0).value == pytest.approx(-0.15)


def test_break_even_is_the_cost_that_eats_the_gross_return():
    # 0.3 earned on 2 × 1.5 = 3.0 traded: 0.1 per unit, 1,000 bps.
    found = break_even_bps([0.1, 0.2, 0.0], [1.0, 0.0, 0.5])
    assert found.value == pytest.approx(1000)
    assert found.se == pytest.approx(0.1 / math.sqrt(3) / 1.0 * 1e4)
    assert break_even_bps([-0.1, -0.2], [1.0, 0.0]).value < 0


@pytest.mark.parametrize("series", [[], [NAN, 0.1], [0.1, 0.2, math.inf], [0.1, NAN, 0.2]], ids=str)
def test_an_empty_or_holed_series_has_no_figure(series):
    half = np.ones(len(series))
    found = [
        *annualised_mean(series),
        *annualised_volatility(series),
        *cvar(series),
        *break_even_bps(series, half),
        max_drawdown(series),
    ]
    assert np.isnan(found).all()
    whole = performance_of(series, series, half)
    for field in fields(Performance):
        if field.name not in ("periods", "annual_turnover"):
            assert np.isnan(getattr(whole, field.name)).all(), field.name


def test_one_return_has_no_error_and_no_figure_but_a_drawdown():
    assert np.isnan([*annualised_mean([0.1]), *annualised_volatility([0.1]), *cvar([0.1])]).all()
    assert max_drawdown([-0.1]) == pytest.approx(0.1)


def test_what_was_never_traded_has_no_break_even():
    for half in ([0.0, 0.0, 0.0], [NAN, 1.0, 1.0]):
        assert np.isnan(break_even_bps([0.1, 0.2, 0.1], half)).all()


def test_constant_returns_have_a_mean_and_no_sharpe_ratio():
    found = performance_of([0.01] * 9, [0.02] * 9, [0.5] * 9, bars_per_year=12)
    assert found.annual_mean.value == pytest.approx(0.12)
    assert found.annual_gross_mean.value == pytest.approx(0.24)
    assert found.annual_turnover.value == pytest.approx(6)
    assert found.break_even_bps.value == pytest.approx(200)
    assert np.isnan([*found.sharpe, *found.annual_sharpe]).all()


@given(returns_of_any_kind)
def test_a_track_s_figures_are_the_single_ones(net):
    half = np.abs(net) + 0.1
    found = performance_of(net, net + 0.001, half, bars_per_year=50)
    assert found.periods == len(net)
    for name, expected in {
        "annual_mean": annualised_mean(net, 50),
        "annual_gross_mean": annualised_mean(net + 0.001, 50),
        "annual_volatility": annualised_volatility(net, 50),
        "sharpe": sharpe_ratio(net),
        "annual_sharpe": tuple(math.sqrt(50) * x for x in sharpe_ratio(net)),
        "max_drawdown": Estimate(max_drawdown(net), NAN),
        "cvar": cvar(net),
        "break_even_bps": break_even_bps(net + 0.001, half),
    }.items():
        assert getattr(found, name) == pytest.approx(expected, rel=1e-12, nan_ok=True)


@given(returns_of_any_kind, st.floats(0.01, 1.0))
def test_the_tail_is_at_least_the_mean_loss_and_at_most_the_worst(returns, tail):
    found = cvar(returns, tail).value
    assert -returns.mean() - 1e-12 <= found <= -returns.min() + 1e-12
    assert cvar(2 * returns, tail).value == pytest.approx(2 * found, abs=1e-12)
    assert cvar(returns + 1, tail).value == pytest.approx(found - 1, abs=1e-9)


@given(returns_of_any_kind)
def test_a_drawdown_is_a_share_that_losses_only_deepen(returns):
    found = max_drawdown(returns)
    assert 0 <= found < 1
    assert max_drawdown([*returns, -0.1]) >= found
    assert max_drawdown(returns) >= 1 - np.prod(1 + returns) - 1e-12


def test_the_errors_are_the_spread_over_samples():
    rng = np.random.default_rng(1)
    samples = 0.01 * rng.standard_t(6, (1500, 400)) + 0.001
    for figure in (annualised_mean, annualised_volatility, cvar, lambda x: break_even_bps(x, np.ones(400))):
        estimates = np.array([figure(row) for row in samples])
        assert estimates[:, 1].mean() == pytest.approx(estimates[:, 0].std(), rel=0.12)


def test_lags_count_what_is_left_over_from_the_bar_before():
    shock = np.random.default_rng(2).normal(size=1001)
    assert (
        annualised_mean(shock[1:] + shock[:-1], lags=5).se > 1.2 * annualised_mean(shock[1:] + shock[:-1]).se
    )


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="net, gross and turnover have 2, 3 and 2 bars"):
        performance_of([0.1, 0.2], [0.1, 0.2, 0.3], [1, 1])
    with pytest.raises(ValueError, match="gross returns of 2 bars and turnover of 1"):
        break_even_bps([0.1, 0.2], [1])
    for tail in (0, -0.1, 1.1, NAN):
        with pytest.raises(ValueError, match="tail is"):
            cvar([0.1, 0.2], tail)
    with pytest.raises(ValueError, match="bars_per_year is 0"):
        annualised_mean([0.1, 0.2], 0)
    with pytest.raises(ValueError, match="one dimension"):
        max_drawdown([[0.1]])
