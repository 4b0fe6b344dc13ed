from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.features.conftest import bars_of
from zoo.errors import DataError, ManifestError
from zoo.features import atr


def by_hand(high, low, close, window):
    """Wilder's average true range in plain Python."""
    ranges = [
        max(high[i] - low[i], abs(high[i] - close[i - 1]), abs(low[i] - close[i - 1]))
        for i in range(1, len(close))
    ]
    found = [float("nan")] * len(close)
    found[window] = sum(ranges[:window]) / window
    for day in range(window + 1, len(close)):
        found[day] = (found[day - 1] * (window - 1) + ranges[day - 1]) / window
    return found


@pytest.mark.parametrize("window", [1, 2, 14, 50])
def test_atr_is_what_wilder_computes_by_hand(prices, window):
    bars = bars_of(prices)
    found = atr(bars["high"], bars["low"], bars["close"], window=window)
    for asset in prices.columns[:5]:
        columns = (bars[field][asset].tolist() for field in ("high", "low", "close"))
        np.testing.assert_allclose(found[asset], by_hand(*columns, window), rtol=1e-11)


def test_a_gap_counts_as_range():
    close = pd.DataFrame({"A": [10.0, 20.0, 5.0]})
    found = atr(close, close, close, window=1)["A"].tolist()
    assert found[1:] == [10.0, 15.0]


def test_relative_ranges_are_shares_of_the_close(prices):
    bars = bars_of(prices)
    fields = (bars["high"], bars["low"], bars["close"])
    plain, share = atr(*fields, window=14), atr(*fields, window=14, relative=True)
    pd.testing.assert_frame_equal(share, plain / prices)
    scaled = atr(*(field * 8 for field in fields), window=14, relative=True)
    pd.testing.assert_frame_equal(scaled, share)


@pytest.mark.parametrize("field", ["high", "low", "close"])
def test_any_missing_price_ends_the_average(prices, field):
    bars = {name: frame.copy() for name, frame in bars_of(prices).items()}
    bars[field].iloc[100, 3] = np.nan
    found = atr(bars["high"], bars["low"], bars["close"], window=14).iloc[:, 3]
    first = 101 if field == "close" else 100  # a close is needed by the next bar
    assert np.flatnonzero(found.isna()).tolist() == [*range(14), *range(first, first + 14)]


def test_wrong_parameters_and_fields_are_refused_by_name(prices):
    for window in (0, True, 1.5):
        with pytest.raises(ManifestError, match="window is "):
            atr(prices, prices, prices, window=window)
    with pytest.raises(ManifestError, match="relative is 1, a int; expected true or false"):
        atr(prices, prices, prices, relative=1)
    with pytest.raises(DataError, match="low has other dates than high"):
        atr(prices, prices.iloc[1:], prices)
    with pytest.raises(DataError, match="close has other assets than high"):
        atr(prices, prices, prices.iloc[:, 1:])
    with pytest.raises(DataError, match="low prices are a NoneType"):
        atr(prices, None, prices)
