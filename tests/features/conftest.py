"""Real prices, and one table of all features so that no feature escapes what holds for each."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import zoo.features as features
from zoo.data import sp500


def bars_of(prices):
    """Open to volume of bars around closes; what is no frame of numbers is passed on as it is."""
    names = ("high", "low", "close", "volume")
    if not isinstance(prices, pd.DataFrame) or any(dtype.kind == "O" for dtype in prices.dtypes):
        return dict.fromkeys(names, prices)
    rng = np.random.default_rng(0)
    up, down, busy = rng.random((3, 400))[:, : len(prices)]  # the same bar always gets the same ones
    with np.errstate(all="ignore"):
        return {
            "high": prices.mul(1 + 0.02 * up, axis=0),
            "low": prices.mul(1 - 0.03 * down, axis=0),
            "close": prices,
            "volume": prices.abs().mul(1000 + 9000 * busy, axis=0),
        }


def of_bars(function, *fields, **parameters):
    """A feature of fields as a function of prices."""

    def call(prices, factors):
        found = bars_of(prices)
        return function(*(found[field] for field in fields), **parameters)

    return call


CALLS = {
    "momentum": lambda prices, factors: features.momentum(prices, lookback=21, skip=5),
    "reversal": lambda prices, factors: features.reversal(prices, lookback=5),
    "realised_volatility": lambda prices, factors: features.realised_volatility(prices, window=21),
    "beta": lambda prices, factors: features.beta(prices, factors.iloc[:, 0], window=21),
    "residual_momentum": lambda prices, factors: features.residual_momentum(
        prices, factors.iloc[:, 0], window=42, lookback=21, skip=5
    ),
    "residual_momentum of several factors": lambda prices, factors: features.residual_momentum(
        prices, factors, window=42, lookback=30, skip=0
    ),
    "rsi": lambda prices, factors: features.rsi(prices, window=14),
    "ppo": lambda prices, factors: features.ppo(prices, fast=5, slow=12),
    "roc": lambda prices, factors: features.roc(prices, lookback=10),
    "fractional_difference": lambda prices, factors: features.fractional_difference(
        prices, order=0.4, window=30
    ),
    "atr": of_bars(features.atr, "high", "low", "close", window=14),
    "atr of the price": of_bars(features.atr, "high", "low", "close", window=14, relative=True),
    "vwap": of_bars(features.vwap, "close", "volume", "high", "low", window=15),
    "vwap of closes": of_bars(features.vwap, "close", "volume", window=15, relative=True),
    "volume_imbalance": of_bars(features.volume_imbalance, "close", "volume", window=15),
    "rolling_robust": lambda prices, factors: features.rolling_robust(prices, window=30),
}
RECURSIVE = {"rsi", "ppo", "atr"}  # these remember everything, and start anew after a missing price
REACH = {
    "momentum": 22,
    "reversal": 6,
    "realised_volatility": 22,
    "beta": 22,
    "rsi": 15,
    "ppo": 12,
    "roc": 11,
    "fractional_difference": 30,
    "atr": 15,
    "vwap": 15,
    "volume_imbalance": 30,
    "rolling_robust": 30,
}  # prices that the first value uses; else 43


@pytest.fixture
def feature_names():
    return {name.partition(" ")[0] for name in CALLS}


@pytest.fixture(params=CALLS)
def feature(request):
    """A feature as a function of prices and factor returns; `reach` is how many prices one value may use."""
    call = CALLS[request.param]

    def named(prices, factors):
        return call(prices, factors)

    named.name = request.param.partition(" ")[0]
    named.reach = REACH.get(named.name, 43)
    named.recursive = named.name in RECURSIVE
    return named


@pytest.fixture(scope="session")
def market():
    return sp500(end="1991-12-31")


@pytest.fixture(scope="session")
def prices(market):
    """A year of closes; without RRC, which did not move for weeks, so that nothing is left to score."""
    return market.close.iloc[:260].drop(columns=["RRC"])


@pytest.fixture(scope="session")
def factors(market, prices):
    """The index, and two portfolios of other stocks."""
    returns = market.close.pct_change(fill_method=None)
    table = {
        "SP500": market.factors["SP500"],
        "tech": returns[["AAPL", "MSFT"]].mean(axis=1),
        "oil": returns["RRC"],
    }
    return pd.DataFrame(table).loc[prices.index]
