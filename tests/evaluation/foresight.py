"""Features and targets that look ahead, each in its own way, and some that do not."""

import numpy as np

from zoo.targets import forward_return

CALM = {"_target_": "tests.evaluation.small.trend", "window": 10}


def tomorrow(prices):
    """The next bar's price."""
    return prices.shift(-1) / prices - 1.0


def standardised(prices):
    """Scaled by what it varies over all time."""
    found = prices.pct_change()
    return found / found.std()


def filled(prices):
    """A gap is filled from behind."""
    wednesdays = prices.index[prices.index.day_of_week == 2]
    return prices.drop(wednesdays).reindex(prices.index).bfill() / prices - 1.0


def survivors(prices):
    """Only of names that are still there in the end."""
    return (prices / prices.shift(5)).where(prices.iloc[-1].notna() & (prices > 0), np.nan)


def counting(prices):
    """How much of the data is still to come."""
    found = prices * 0.0
    return found.add(np.arange(len(prices))[::-1], axis=0)


def monthly(prices):
    """The last price of the calendar month, on all of its days."""
    return prices.groupby(prices.index.to_period("M")).transform("last") / prices - 1.0


def calendar(prices):
    """The day of the week."""
    return (prices * 0.0).add(prices.index.day_of_week, axis=0)


def understated(prices, *, horizon):
    """A label that uses one bar more than it says."""
    return forward_return(prices, horizon=horizon + 1)


def past(prices, *, horizon):
    """A label of what has been."""
    return prices / prices.shift(horizon) - 1.0 + 0.0 * prices.shift(-1)
