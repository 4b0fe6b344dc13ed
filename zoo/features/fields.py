"""What features of several fields accept: frames of one shape, on the same dates and assets."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from zoo.errors import DataError
from zoo.features.inputs import Panel, panel


def panels(**frames: pd.DataFrame) -> list[Panel]:
    """Return the values of several fields, by the names that messages call them, as floats.

    Raises:
        DataError: no frame of numbers, or other dates or assets than those of the first.
    """
    values = [
        panel(frame, f"{name} prices" if name != "volume" else "volumes") for name, frame in frames.items()
    ]
    first, *others = frames.items()
    for name, frame in others:
        for axis, kind in ((0, "dates"), (1, "assets")):
            if not frame.axes[axis].equals(first[1].axes[axis]):
                raise DataError(
                    f"{name} has other {kind} than {first[0]}", expected="fields on the same dates and assets"
                )
    return values


def positive(prices: Panel) -> Panel:
    """Return prices with NaN for whatever is no price: infinite, zero or negative."""
    with np.errstate(invalid="ignore"):
        return cast(Panel, np.where((prices > 0) & np.isfinite(prices), prices, np.nan))


__all__ = ["panels", "positive"]
