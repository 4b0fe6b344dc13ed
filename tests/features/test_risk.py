from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zoo.errors import DataError, ManifestError
from zoo.features import beta, realised_volatility


@pytest.mark.parametrize("window", [2, 21, 63, 252])
def test_volatility_is_the_deviation_of_log_returns(prices, window):
    wanted = np.log(prices / prices.shift(1)).rolling(window).std(ddof=1)
    found = realised_volatility(prices, window=window)
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-9, atol=1e-12)


def test_a_steady_climb_has_no_volatility_to_speak_of():
    prices = pd.DataFrame({"A": 1.01 ** np.arange(300)})
    assert realised_volatility(prices, window=63)["A"].iloc[63:].max() < 1e-14


@pytest.mark.parametrize("window", [2, 21, 252])
def test_beta_is_the_slope_of_the_regression(prices, factors, window):
    returns = prices.pct_change(fill_method=None)
    found = beta(prices, factors["SP500"], window=window).to_numpy()
    for end in range(window, len(prices), 17):
        rows = slice(end - window + 1, end + 1)
        design = np.column_stack([np.ones(window), factors["SP500"].to_numpy()[rows]])
        slope = np.linalg.lstsq(design, returns.to_numpy()[rows], rcond=None)[0][1]
        np.testing.assert_allclose(found[end], slope, rtol=1e-9, atol=1e-9)


def test_a_portfolio_of_the_factor_and_cash_has_its_weight_as_beta(factors):
    level = pd.DataFrame({"half": (1 + 0.5 * factors["SP500"].fillna(0)).cumprod()})
    np.testing.assert_allclose(beta(level, factors["SP500"], window=63).iloc[63:], 0.5, rtol=1e-10)


def test_a_factor_that_does_not_vary_has_no_beta(prices):
    assert beta(prices, pd.Series(0.1, prices.index), window=21).isna().all(axis=None)


def test_one_of_several_factors_is_named(prices, factors):
    named = beta(prices, factors, window=63, factor="tech")
    assert named.equals(beta(prices, factors["tech"], window=63))
    assert beta(prices, factors[["tech"]], window=63).equals(named)
    with pytest.raises(DataError, match=r"beta to which factor\?; expected factor: one of SP500, tech, oil"):
        beta(prices, factors, window=63)
    with pytest.raises(
        DataError, match=r"no factor 'teck'; expected one of SP500, tech, oil; did you mean 'tech'\?"
    ):
        beta(prices, factors, window=63, factor="teck")


@pytest.mark.parametrize("window", [1, 0, -1, True, 21.0, None])
def test_wrong_windows_are_refused(prices, factors, window):
    with pytest.raises(ManifestError, match="window is "):
        realised_volatility(prices, window=window)
    with pytest.raises(ManifestError, match="window is "):
        beta(prices, factors["SP500"], window=window)


def test_a_window_longer_than_the_data_gives_nothing(prices, factors):
    assert realised_volatility(prices, window=300).isna().all(axis=None)
    assert beta(prices, factors["SP500"], window=300).isna().all(axis=None)
