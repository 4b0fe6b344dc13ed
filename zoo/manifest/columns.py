"""What a function of a panel gave: values of the data's own dates × assets, finite or NaN."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import ManifestError

Panel = NDArray[np.float64]


def checked(found: Any, close: pd.DataFrame, name: str, where: str | None) -> Panel:
    """Return a frame's values.

    Args:
        found: what a feature, a target or a scaler gave.
        close: the data's closes, whose dates and assets it must have.
        name: of the function, for errors.
        where: the file to name in an error.

    Raises:
        ManifestError: no frame, other dates or assets, one of them twice, no numbers, or infinities.
    """
    if not isinstance(found, pd.DataFrame):
        raise ManifestError(
            f"{name} gave a {type(found).__name__}", where=where, expected="a frame of dates × assets"
        )
    for axis, kind in ((found.index, "date"), (found.columns, "asset")):
        wanted = close.index if kind == "date" else close.columns
        if not axis.equals(wanted):
            problem = _difference(axis, wanted, kind)
            raise ManifestError(
                f"{name} gave {found.shape}, not the data's dates × assets: {problem}",
                where=where,
                expected=f"a frame of {close.shape} on the same index and columns",
            )
    try:
        values = found.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise ManifestError(
            f"{name} gave something that is no number: {error}", where=where, expected="numbers and NaN"
        ) from error
    infinite = np.isinf(values)
    if infinite.any():
        date, asset = np.argwhere(infinite)[0]
        raise ManifestError(
            f"{name} is infinite at {_said(found.index[date])} for {found.columns[asset]}",
            where=where,
            expected="finite values, or NaN where there is none",
        )
    return values


def _difference(found: pd.Index[Any], wanted: pd.Index[Any], kind: str) -> str:
    if found.has_duplicates:
        return f"{kind} {_said(found[found.duplicated()][0])} occurs twice"
    missing, extra = wanted.difference(found, sort=False), found.difference(wanted, sort=False)
    if len(missing):
        return f"{kind} {_said(missing[0])} is missing"
    return f"{kind} {_said(extra[0])} is not in the data" if len(extra) else f"{kind}s in another order"


def _said(label: Any) -> str:
    midnight = isinstance(label, pd.Timestamp) and label == label.normalize()
    return f"{label:%Y-%m-%d}" if midnight else str(label)


__all__ = ["Panel", "checked"]
