"""Small panels with every field, made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zoo.data import Dataset


@pytest.fixture
def days():
    return pd.bdate_range("2024-01-02", periods=6)


@pytest.fixture
def close(days):
    values = np.array([[10.0, 20.0], [11.0, 19.0], [12.0, np.nan], [13.0, 17.0], [14.0, 16.0], [15.0, 15.0]])
    return pd.DataFrame(values, index=days, columns=["A", "B"])


@pytest.fixture
def panel(close):
    fields = {"close": close, "open": close - 0.5, "high": close + 1, "low": close - 1, "volume": close * 100}
    return Dataset(fields, close["A"].pct_change().rename("market"))
