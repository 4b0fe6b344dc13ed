"""RSI, PPO and ROC against their definitions, one asset and one date at a time."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from zoo.errors import DataError, ManifestError
from zoo.features import ppo, roc, rsi

# The worked example that StockCharts' ChartSchool publishes: closes, and the RSI of 14 days from the 15th on.
CLOSES = [
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931,
    46.0328, 45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122, 46.2521,
    45.7137, 46.4515, 45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672, 43.4205, 42.6628, 43.1314,
]  # fmt: skip
INDICES = [
    70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99, 41.46, 41.87,
    45.46, 37.30, 33.08, 37.77,
]  # fmt: skip


def wilder_by_hand(closes, window):
    """Wilder's RSI in plain Python: 100 - 100 / (1 + RS), average · (n - 1) + new over n."""
    found = [float("nan")] * len(closes)
    gains = [max(b - a, 0) for a, b in itertools.pairwise(closes)]
    losses = [max(a - b, 0) for a, b in itertools.pairwise(closes)]
    gain, loss = sum(gains[:window]) / window, sum(losses[:window]) / window
    for day in range(window, len(closes)):
        if day > window:
            gain = (gain * (window - 1) + gains[day - 1]) / window
            loss = (loss * (window - 1) + losses[day - 1]) / window
        found[day] = 100 - 100 / (1 + gain / loss) if loss else 100.0
    return found


def ema_by_hand(values, span):
    found = [float("nan")] * len(values)
    found[span - 1] = sum(values[:span]) / span
    for day in range(span, len(values)):
        found[day] = (values[day] * 2 + found[day - 1] * (span - 1)) / (span + 1)
    return np.array(found)


def test_rsi_is_that_of_the_published_example():
    found = rsi(pd.DataFrame({"QQQQ": CLOSES}), window=14)["QQQQ"]
    assert found.iloc[14:].round(2).tolist() == INDICES
    assert found.iloc[:14].isna().all()


@pytest.mark.parametrize("window", [1, 2, 14, 50])
def test_rsi_is_what_wilder_computes_by_hand(prices, window):
    found = rsi(prices, window=window)
    for asset in prices.columns[:5]:
        wanted = np.array(wilder_by_hand(prices[asset].tolist(), window))
        moves = found[asset].notna().to_numpy()  # with one change, a day without one has no index
        np.testing.assert_allclose(found[asset][moves], wanted[moves], rtol=1e-11)
        assert moves[window:].all() or window < 3


def test_rsi_of_a_price_that_only_rises_is_100_and_of_one_that_only_falls_0():
    days = np.arange(1.0, 40.0)
    found = rsi(pd.DataFrame({"up": days, "down": days[::-1]}), window=5).iloc[5:]
    assert found["up"].eq(100).all()
    assert found["down"].eq(0).all()


@pytest.mark.parametrize(("fast", "slow"), [(12, 26), (1, 2), (3, 40)])
def test_ppo_is_the_distance_of_two_averages(prices, fast, slow):
    found = ppo(prices, fast=fast, slow=slow)
    for asset in prices.columns[:5]:
        closes = prices[asset].tolist()
        base = ema_by_hand(closes, slow)
        wanted = 100 * (ema_by_hand(closes, fast) - base) / base
        np.testing.assert_allclose(found[asset], wanted, rtol=1e-9, atol=1e-11)


def test_roc_is_the_return_in_percent(prices):
    pd.testing.assert_frame_equal(roc(prices, lookback=12), 100 * prices.pct_change(12, fill_method=None))
    still = roc(pd.DataFrame({"A": [1.0, 0.0, 2.0, -1.0, 3.0]}), lookback=1)["A"]
    assert still.isna().all()
    assert roc(prices, lookback=300).isna().all(axis=None)


@pytest.mark.parametrize("value", [0, -1, True, 14.0, "14", None])
def test_wrong_windows_are_refused_by_name(prices, value):
    for call, name in ((rsi, "window"), (ppo, "fast"), (ppo, "slow"), (roc, "lookback")):
        with pytest.raises(ManifestError, match=f"{name} is "):
            call(prices, **{name: value})


def test_the_fast_average_is_the_faster_one(prices):
    with pytest.raises(ManifestError, match="fast is 26 and slow 26; expected fast below slow"):
        ppo(prices, fast=26, slow=26)


def test_what_is_no_frame_is_refused():
    for call in (rsi, ppo, lambda prices: roc(prices, lookback=1)):
        with pytest.raises(DataError, match="prices are a list"):
            call([1.0, 2.0])
