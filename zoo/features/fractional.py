"""Fractional differencing: as stationary as needed, with as much memory as possible."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import ManifestError
from zoo.features.fields import positive
from zoo.features.inputs import bars, framed, panel
from zoo.features.rolling import chunks


def fractional_difference(prices: pd.DataFrame, *, order: float, window: int) -> pd.DataFrame:
    """Return log prices differenced `order` times over a window of fixed width.

    López de Prado 2018, Advances in Financial Machine Learning, chapter 5: the sum over k from 0 to
    window - 1 of w_k · log price k bars ago, with w_0 = 1 and w_k = -w_(k-1) · (order - k + 1) / k.

    Args:
        prices: dates × assets.
        order: how often to difference, a positive number: 1 gives log returns, below 1 keeps memory of the
            level.
        window: prices that a value uses, at least 2.

    Returns:
        Differences of dates × assets; NaN before a full window and where one of its prices is missing or not
        positive.

    Raises:
        ManifestError: `order` is no positive number, or `window` no whole number of at least 2.
        DataError: no frame of numbers.
    """
    length = bars("window", window, least=2)
    weights = _weights(_order(order), length)
    values = positive(panel(prices))
    differences = np.full_like(values, np.nan)
    rows = len(values) - length + 1
    if rows > 0:
        for some in chunks(values.shape[1]):
            logs = np.log(np.ascontiguousarray(values[:, some]))
            total = np.zeros((rows, logs.shape[1]))
            for ago in range(length - 1, -1, -1):  # the small weights first
                total += weights[ago] * logs[length - 1 - ago : len(logs) - ago]
            differences[length - 1 :, some] = total
    return framed(differences, prices)


def _order(order: Any) -> float:
    real = isinstance(order, int | float | np.integer | np.floating) and not isinstance(order, bool)
    if not real or not math.isfinite(order) or not order > 0:
        raise ManifestError(
            f"order is {order!r}, a {type(order).__name__}", expected="a positive number, such as 0.4"
        )
    return float(order)


def _weights(order: float, length: int) -> NDArray[np.float64]:
    steps = np.arange(1.0, length)
    return np.cumprod(np.append(1.0, -(order - steps + 1.0) / steps))


__all__ = ["fractional_difference"]
