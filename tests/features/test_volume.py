from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from tests.features.conftest import bars_of
from zoo.errors import DataError, ManifestError
from zoo.features import volume_imbalance, vwap


@pytest.fixture
def bars(prices):
    return bars_of(prices)


@pytest.mark.parametrize("window", [1, 2, 15, 60])
def test_vwap_is_value_over_volume(bars, window):
    close, volume, high, low = (bars[name] for name in ("close", "volume", "high", "low"))
    typical = (high + low + close) / 3
    wanted = (typical * volume).rolling(window).sum() / volume.rolling(window).sum()
    found = vwap(close, volume, high, low, window=window)
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-11)
    of_closes = (close * volume).rolling(window).sum() / volume.rolling(window).sum()
    pd.testing.assert_frame_equal(vwap(close, volume, window=window), of_closes, rtol=1e-11)
    relative = vwap(close, volume, high, low, window=window, relative=True)
    pd.testing.assert_frame_equal(relative, close / wanted - 1, rtol=1e-9, atol=1e-13)


def test_bars_without_volume_do_not_count_and_windows_without_any_have_no_price():
    close = pd.DataFrame({"A": [1.0, 2.0, 3.0, 4.0, 5.0]})
    volume = pd.DataFrame({"A": [1.0, 0.0, 0.0, 0.0, 1.0]})
    np.testing.assert_array_equal(vwap(close, volume, window=2)["A"], [np.nan, 1.0, np.nan, np.nan, 5.0])


def test_a_missing_or_negative_volume_is_missing_while_it_is_in_the_window(bars):
    for value in (np.nan, -1.0):
        volume = bars["volume"].copy()
        volume.iloc[100, 3] = value
        found = vwap(bars["close"], volume, window=15).iloc[:, 3]
        assert np.flatnonzero(found.isna()).tolist() == [*range(14), *range(100, 115)]


@pytest.mark.parametrize("window", [2, 15, 60])
def test_imbalance_is_bulk_volume_classification(bars, window):
    close, volume = bars["close"], bars["volume"]
    returns = np.log(close / close.shift(1))
    share = norm.cdf(returns / returns.rolling(window).std(ddof=1))
    bought, sold = volume * share, volume * (1 - share)
    wanted = (bought - sold).rolling(window).sum() / volume.rolling(window).sum()
    found = volume_imbalance(close, volume, window=window)
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-6, atol=1e-9)
    assert found.abs().max(axis=None) <= 1


def test_who_is_in_a_hurry_has_the_sign(bars):
    rng = np.random.default_rng(0)
    steps = rng.normal(0, 0.01, 60)
    close = pd.DataFrame({"up": np.exp(np.abs(steps).cumsum()), "down": np.exp(-np.abs(steps).cumsum())})
    found = volume_imbalance(close, close * 0 + 100, window=10).iloc[20:]
    assert (found["up"] > 0.5).all()
    np.testing.assert_allclose(found["up"], -found["down"], rtol=1e-6)


def test_scales_of_price_and_volume_do_not_matter(bars):
    plain = volume_imbalance(bars["close"], bars["volume"], window=15)
    scaled = volume_imbalance(bars["close"] * 64, bars["volume"] * 1024, window=15)
    pd.testing.assert_frame_equal(scaled, plain, rtol=1e-9)


def test_wrong_parameters_and_fields_are_refused_by_name(bars):
    close, volume = bars["close"], bars["volume"]
    for window in (0, True, 1.5, None):
        with pytest.raises(ManifestError, match="window is "):
            vwap(close, volume, window=window)
        with pytest.raises(ManifestError, match="window is "):
            volume_imbalance(close, volume, window=window)
    with pytest.raises(ManifestError, match="window is 1; expected a whole number of bars, at least 2"):
        volume_imbalance(close, volume, window=1)
    with pytest.raises(ManifestError, match="relative is 'yes'"):
        vwap(close, volume, window=5, relative="yes")
    with pytest.raises(DataError, match="volume has other dates than close"):
        vwap(close, volume.iloc[1:], window=5)
    with pytest.raises(DataError, match="volumes are a NoneType"):
        volume_imbalance(close, None, window=5)


def test_a_window_longer_than_the_data_gives_nothing(bars):
    assert vwap(bars["close"], bars["volume"], window=300).isna().all(axis=None)
    assert volume_imbalance(bars["close"], bars["volume"], window=300).isna().all(axis=None)
