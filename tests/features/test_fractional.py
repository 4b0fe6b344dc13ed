from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zoo.errors import ManifestError
from zoo.features import fractional_difference


def test_weights_are_those_of_the_binomial_series():
    # one unit of log price on one date, and nothing before or after: the values are the weights themselves
    prices = pd.DataFrame({"A": np.exp([0.0, 0, 0, 0, 1, 0, 0, 0, 0])})
    found = fractional_difference(prices, order=0.5, window=5)["A"]
    np.testing.assert_allclose(found.iloc[4:], [1, -1 / 2, -1 / 8, -1 / 16, -5 / 128], rtol=1e-15)


def test_the_first_order_gives_log_returns_and_the_second_their_changes(prices):
    logs = np.log(prices)
    once = fractional_difference(prices, order=1, window=10)
    pd.testing.assert_frame_equal(once.iloc[9:], logs.diff().iloc[9:], rtol=1e-12, atol=1e-14)
    twice = fractional_difference(prices, order=2.0, window=10)
    pd.testing.assert_frame_equal(twice.iloc[9:], logs.diff().diff().iloc[9:], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("order", "window"), [(0.4, 2), (0.4, 30), (0.75, 100), (1.3, 50)])
def test_a_value_is_the_weighted_sum_of_its_window(prices, order, window):
    weights = [1.0]
    for k in range(1, window):
        weights.append(-weights[-1] * (order - k + 1) / k)
    found = fractional_difference(prices, order=order, window=window)
    logs = np.log(prices.to_numpy())
    for end in range(window - 1, len(prices), 11):
        wanted = sum(weight * logs[end - k] for k, weight in enumerate(weights))
        np.testing.assert_allclose(found.iloc[end], wanted, rtol=1e-11, atol=1e-13)


def test_half_an_order_twice_is_a_whole_one(prices):
    window = len(prices)
    half = [1.0]
    for k in range(1, window):
        half.append(half[-1] * (k - 1.5) / k)
    whole = np.convolve(half, half)[:window]
    np.testing.assert_allclose(whole, [1.0, -1.0, *[0.0] * (window - 2)], atol=1e-12)
    last = fractional_difference(prices, order=0.5, window=window).iloc[-1]
    np.testing.assert_allclose(last, np.log(prices.to_numpy()[::-1]).T @ half, rtol=1e-10)


@pytest.mark.parametrize("order", [0, -0.5, True, np.nan, np.inf, "0.4", None])
def test_wrong_orders_are_refused(prices, order):
    with pytest.raises(ManifestError, match=r"order is .*; expected a positive number"):
        fractional_difference(prices, order=order, window=10)


@pytest.mark.parametrize("window", [1, 0, True, 10.0, None])
def test_wrong_windows_are_refused(prices, window):
    with pytest.raises(ManifestError, match="window is "):
        fractional_difference(prices, order=0.4, window=window)


def test_a_window_longer_than_the_data_gives_nothing(prices):
    assert fractional_difference(prices, order=0.4, window=300).isna().all(axis=None)
    assert fractional_difference(prices, order=np.float64(0.4), window=260).notna().any(axis=None)
