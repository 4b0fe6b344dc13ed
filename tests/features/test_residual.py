"""Residual momentum against the regression of the definition, one window and one asset at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.data import sp500
from zoo.errors import DataError, ManifestError
from zoo.features import residual_momentum

ALLOWED = 1e-9


def by_definition(prices, factors, *, window, lookback, skip):
    """Blitz, Huij and Martens (2011), word for word; NaN where a return is missing."""
    returns = prices.to_numpy()[1:] / prices.to_numpy()[:-1] - 1
    returns = np.vstack([np.full(prices.shape[1], np.nan), returns])
    market = np.asarray(factors, dtype=float).reshape(len(prices), -1)
    scores = np.full(prices.shape, np.nan)
    for end in range(window - 1, len(prices)):
        rows = slice(end - window + 1, end + 1)
        design = np.column_stack([np.ones(window), market[rows]])
        for asset in range(prices.shape[1]):
            y = returns[rows, asset]
            if not (np.isfinite(y).all() and np.isfinite(design).all()):
                continue
            residuals = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
            scored = residuals[window - lookback : window - skip]
            with np.errstate(all="ignore"):  # nothing may be left to divide by
                scores[end, asset] = scored.sum() / scored.std(ddof=1)
    return scores


def assert_equal_scores(found, wanted, allowed=ALLOWED):
    found = found.to_numpy()
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    error = np.abs(found - wanted) / np.maximum(1.0, np.abs(wanted))
    assert np.nanmax(error) <= allowed


@pytest.mark.parametrize(
    ("window", "lookback", "skip"),
    [(252, 252, 21), (252, 126, 0), (63, 42, 21), (63, 3, 1), (21, 21, 19), (10, 5, 2)],
)
def test_real_daily_prices_give_what_the_definition_gives(window, lookback, skip):
    data = sp500(start="1998-01-01", end="1999-04-30")
    parameters = {"window": window, "lookback": lookback, "skip": skip}
    found = residual_momentum(data.close, data.factors, **parameters)
    assert_equal_scores(found, by_definition(data.close, data.factors, **parameters))
    assert np.isfinite(found.to_numpy()[window:]).all()


def test_real_monthly_prices_with_the_parameters_of_the_paper():
    data = sp500(end="2000-12-29", freq="ME")
    parameters = {"window": 36, "lookback": 12, "skip": 1}
    found = residual_momentum(data.close, data.factors, **parameters)
    assert_equal_scores(found, by_definition(data.close, data.factors, **parameters))
    assert found.iloc[:36].isna().all(axis=None)
    assert found.iloc[36:].notna().all(axis=None)


def test_several_factors_are_regressed_on_together(prices, factors):
    parameters = {"window": 63, "lookback": 42, "skip": 5}
    found = residual_momentum(prices, factors, **parameters)
    assert_equal_scores(found, by_definition(prices, factors, **parameters))
    alone = residual_momentum(prices, factors["SP500"], **parameters)
    assert np.nanmax(np.abs(found.to_numpy() - alone.to_numpy())) > 0.1


def test_a_series_and_a_frame_of_one_factor_are_the_same(prices, factors):
    parameters = {"window": 63, "lookback": 42, "skip": 5}
    series = residual_momentum(prices, factors["SP500"], **parameters)
    assert series.equals(residual_momentum(prices, factors[["SP500"]], **parameters))


def test_the_order_and_the_scale_of_factors_do_not_matter(prices, factors):
    parameters = {"window": 63, "lookback": 42, "skip": 5}
    other = (factors * [100.0, 0.01, -3.0] + [0.0, 0.5, 1.0])[["oil", "tech", "SP500"]]
    found = residual_momentum(prices, other, **parameters)
    assert_equal_scores(found, residual_momentum(prices, factors, **parameters).to_numpy())


def test_factors_that_repeat_each_other_count_once(prices, factors):
    parameters = {"window": 63, "lookback": 42, "skip": 5}
    wanted = residual_momentum(prices, factors["SP500"], **parameters).to_numpy()
    repeated = pd.DataFrame({"a": factors["SP500"], "b": 2 * factors["SP500"] + 0.01, "still": 0.003})
    assert_equal_scores(residual_momentum(prices, repeated, **parameters), wanted)
    assert_equal_scores(
        residual_momentum(prices, repeated, **parameters), by_definition(prices, repeated, **parameters)
    )


def test_a_factor_that_does_not_vary_leaves_the_demeaned_returns(prices):
    parameters = {"window": 63, "lookback": 42, "skip": 5}
    still = pd.Series(0.001, prices.index)
    assert_equal_scores(
        residual_momentum(prices, still, **parameters), by_definition(prices, still, **parameters)
    )


@pytest.mark.parametrize("apart", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
def test_nearly_collinear_factors_keep_their_digits(prices, factors, apart):
    parameters = {"window": 63, "lookback": 42, "skip": 5}
    near = pd.DataFrame({"a": factors["SP500"], "b": factors["SP500"] + apart * factors["tech"]})
    found = residual_momentum(prices, near, **parameters)
    # By the definition itself, scores carry the rounding of the factors over their distance.
    assert_equal_scores(found, by_definition(prices, near, **parameters), max(ALLOWED, 5e-14 / apart))


def synthetic(returns, factors):
    prices = pd.DataFrame(50 * np.cumprod(1 + np.asarray(returns), axis=0))
    return prices, pd.DataFrame(np.asarray(factors))


@pytest.mark.parametrize("left", [1e-1, 1e-2, 1e-3, 1e-4])
def test_an_asset_that_factors_nearly_explain_keeps_its_digits(left):
    rng = np.random.default_rng(3)
    market = rng.normal(0, 0.01, (200, 1))
    prices, factors = synthetic(1.3 * market + left * rng.normal(0, 0.01, (200, 4)), market)
    parameters = {"window": 63, "lookback": 42, "skip": 5}
    assert_equal_scores(
        residual_momentum(prices, factors, **parameters), by_definition(prices, factors, **parameters)
    )


def test_an_asset_that_factors_explain_wholly_has_no_score(prices, factors):
    levels = pd.DataFrame(
        {"tracker": 100 * (1 + factors["SP500"].fillna(0)).cumprod(), "AAPL": prices["AAPL"]}
    )
    found = residual_momentum(levels, factors["SP500"], window=63, lookback=42, skip=5).iloc[63:]
    assert found["tracker"].isna().all()
    assert found["AAPL"].notna().all()


def test_values_far_from_zero_keep_their_digits():
    rng = np.random.default_rng(4)
    market = rng.normal([1.0, -30.0], 0.01, (400, 2))
    prices, factors = synthetic(rng.normal(0.2, 0.02, (400, 3)), market)
    parameters = {"window": 252, "lookback": 126, "skip": 21}
    assert_equal_scores(
        residual_momentum(prices, factors, **parameters), by_definition(prices, factors, **parameters)
    )


def test_an_outlier_inside_the_window_keeps_the_digits_and_afterwards_leaves_no_trace():
    rng = np.random.default_rng(5)
    market = rng.normal(0, 0.01, (300, 1))
    returns = market + rng.normal(0, 0.02, (300, 3))
    clean = synthetic(returns, market)
    returns[100, 0], returns[101, 0] = 1e6, 1 / (1 + 1e6) - 1  # a price a million times too high
    market[150] = 40.0
    broken = synthetic(returns, market)
    parameters = {"window": 63, "lookback": 42, "skip": 5}
    assert_equal_scores(residual_momentum(*broken, **parameters), by_definition(*broken, **parameters))
    after = slice(150 + 63, None)
    np.testing.assert_allclose(
        residual_momentum(*broken, **parameters).iloc[after, 1:],
        residual_momentum(*clean, **parameters).iloc[after, 1:],
        rtol=1e-12,
    )


def test_rounding_does_not_grow_along_eight_thousand_dates():
    rng = np.random.default_rng(6)
    market = rng.standard_t(3, (8000, 1)) * 0.007
    prices, factors = synthetic(np.clip(market + rng.standard_t(3, (8000, 40)) * 0.012, -0.9, None), market)
    prices /= prices.max()  # none underflows or overflows
    parameters = {"window": 252, "lookback": 252, "skip": 21}
    found = residual_momentum(prices, factors, **parameters)
    late = slice(8000 - 253, 8000)
    wanted = by_definition(prices.iloc[late], factors.iloc[late], **parameters)
    assert_equal_scores(found.iloc[[-1]], wanted[[-1]])


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    window=st.integers(4, 30),
    count=st.integers(1, 2),
    seed=st.integers(0, 2**32 - 1),
    scale=st.sampled_from([1e-6, 1e-3, 1e-2, 0.1]),
)
def test_any_panel_gives_what_the_definition_gives(data, window, count, seed, scale):
    lookback = data.draw(st.integers(2, window))
    skip = data.draw(st.integers(0, lookback - 2))
    rng = np.random.default_rng(seed)
    factors = rng.normal(0.1 * scale, scale, (window * 3, count))
    returns = factors @ rng.normal(1, 1, (count, 3)) + rng.normal(0, scale, (window * 3, 3))
    prices, factors = synthetic(np.clip(returns, -0.9, None), factors)
    prices = prices.mask(rng.random(prices.shape) < 0.02)
    parameters = {"window": window, "lookback": lookback, "skip": skip}
    wanted = by_definition(prices, factors, **parameters)
    found = residual_momentum(prices, factors, **parameters).to_numpy()
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    error = np.abs(found - wanted) / np.maximum(1.0, np.abs(wanted))
    # The definition carries rounding of its own, which counts where nearly nothing is left of the returns.
    assert np.nanmax(error, initial=0.0) <= (ALLOWED if window > count + 4 else 1e-6)


def test_a_window_longer_than_the_data_gives_nothing(prices, factors):
    found = residual_momentum(prices.iloc[:62], factors.iloc[:62], window=63, lookback=42, skip=5)
    assert found.shape == (62, 19)
    assert found.isna().all(axis=None)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"window": True}, "window is True, a bool"),
        ({"window": 63.0}, "window is 63.0, a float"),
        ({"window": "63"}, "window is '63', a str"),
        ({"window": None}, "window is None"),
        ({"window": 0}, "window is 0; expected a whole number of bars, at least 3"),
        ({"window": 2, "lookback": 2, "skip": 0}, "window is 2; expected a whole number of bars, at least"),
        ({"lookback": 64}, "lookback is 64 and window 63; expected lookback at most window"),
        ({"lookback": 0}, "lookback is 0"),
        ({"lookback": 42.5}, "lookback is 42.5, a float"),
        ({"lookback": True}, "lookback is True, a bool"),
        ({"skip": -1}, "skip is -1; expected a whole number of bars, at least 0"),
        ({"skip": False}, "skip is False, a bool"),
        ({"skip": 1.0}, "skip is 1.0, a float"),
        ({"skip": 42}, "skip is 42 and lookback 42; expected skip at most lookback - 2"),
        ({"skip": 41}, "skip is 41 and lookback 42"),
    ],
)
def test_wrong_parameters_are_refused_by_name(prices, factors, change, problem):
    with pytest.raises(ManifestError) as caught:
        residual_momentum(prices, factors["SP500"], **({"window": 63, "lookback": 42, "skip": 5} | change))
    assert problem in str(caught.value)


def test_a_window_must_exceed_the_coefficients(prices, factors):
    with pytest.raises(ManifestError, match="window is 4; expected a whole number of bars, at least 5"):
        residual_momentum(prices, factors, window=4, lookback=3, skip=0)


def test_whole_numbers_of_numpy_are_whole_numbers(prices, factors):
    counts = {"window": np.int64(63), "lookback": np.int32(42), "skip": np.int8(5)}
    plain = residual_momentum(prices, factors, window=63, lookback=42, skip=5)
    assert residual_momentum(prices, factors, **counts).equals(plain)


def test_factors_are_on_the_dates_of_the_prices(prices, factors):
    parameters = {"window": 63, "lookback": 42, "skip": 5}
    for wrong, problem in (
        (factors.iloc[1:], "factors have 1990-01-03 00:00:00 where prices have 1990-01-02 00:00:00"),
        (factors.iloc[:-1], "factors have 259 dates and prices 260"),
        (None, "no factor returns"),
        (factors.iloc[:, :0], "factors are a DataFrame without columns"),
        (factors.to_numpy(), "factors are a ndarray"),
    ):
        with pytest.raises(DataError, match=problem):
            residual_momentum(prices, wrong, **parameters)
