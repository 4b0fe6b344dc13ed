"""Real prices, and one table of all features so that no feature escapes what holds for each."""

from __future__ import annotations

import pandas as pd
import pytest

import zoo.features as features
from zoo.data import sp500

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
}
REACH = {
    "momentum": 22,
    "reversal": 6,
    "realised_volatility": 22,
    "beta": 22,
}  # prices that a value uses; else 43


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
