from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zoo.errors import ManifestError
from zoo.features import momentum, reversal


def test_momentum_is_the_log_return_between_its_two_prices(prices):
    found = momentum(prices, lookback=252, skip=21)
    wanted = np.log(prices.shift(21) / prices.shift(252))
    pd.testing.assert_frame_equal(found, wanted, rtol=1e-14)
    assert found.notna().any(axis=None)


def test_momentum_without_a_skip_ends_today():
    prices = pd.DataFrame({"A": [1.0, 2.0, 4.0, 8.0]})
    assert momentum(prices, lookback=2, skip=0)["A"].tolist()[2:] == [np.log(4.0), np.log(4.0)]
    assert momentum(prices, lookback=2, skip=1)["A"].tolist()[2:] == [np.log(2.0), np.log(2.0)]


def test_prices_between_the_two_play_no_part():
    prices = pd.DataFrame({"A": [1.0, np.nan, np.nan, 8.0]})
    assert momentum(prices, lookback=3, skip=0)["A"].iloc[-1] == np.log(8.0)


def test_reversal_is_what_was_lost_lately(prices):
    pd.testing.assert_frame_equal(
        reversal(prices, lookback=21), -np.log(prices / prices.shift(21)), rtol=1e-14
    )


def test_prices_that_are_not_positive_have_no_log_return():
    prices = pd.DataFrame({"A": [-1.0, -2.0], "B": [0.0, 1.0], "C": [1.0, 0.0], "D": [1.0, 2.0]})
    assert reversal(prices, lookback=1).iloc[1].isna().tolist() == [True, True, True, False]


def test_a_lookback_longer_than_the_data_gives_nothing():
    prices = pd.DataFrame({"A": [1.0, 2.0]})
    assert momentum(prices, lookback=5, skip=0).isna().all(axis=None)
    assert momentum(prices, lookback=2, skip=1).isna().all(axis=None)
    assert reversal(prices, lookback=2).isna().all(axis=None)


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"lookback": 21, "skip": 21}, "skip is 21 and lookback 21; expected skip at most lookback - 1"),
        ({"lookback": 21, "skip": 22}, "skip is 22 and lookback 21"),
        ({"lookback": 21, "skip": -1}, "skip is -1"),
        ({"lookback": True, "skip": 0}, "lookback is True, a bool"),
        ({"lookback": 21.0, "skip": 0}, "lookback is 21.0, a float"),
    ],
)
def test_wrong_parameters_of_momentum_are_refused_by_name(prices, parameters, problem):
    with pytest.raises(ManifestError) as caught:
        momentum(prices, **parameters)
    assert problem in str(caught.value)


@pytest.mark.parametrize("lookback", [0, -1, True, 1.0, None, "5"])
def test_wrong_lookbacks_of_reversal_are_refused(prices, lookback):
    with pytest.raises(ManifestError, match="lookback is "):
        reversal(prices, lookback=lookback)
