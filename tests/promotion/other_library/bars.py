"""Prices of nothing in particular, the same ones every time."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl


def _columns(rows):
    draws = np.random.RandomState(3)
    close = 100 * np.exp(np.cumsum(draws.normal(0.0002, 0.01, rows)))
    start = dt.datetime(2020, 1, 1)
    return {
        "datetime": [start + dt.timedelta(hours=n) for n in range(rows)],
        "close": close,
        "volume": draws.lognormal(3, 0.5, rows),
    }


def polars_bars(rows=400):
    return pl.DataFrame(_columns(rows))


def pandas_bars(rows=400):
    return pd.DataFrame(_columns(rows)).set_index("datetime")
