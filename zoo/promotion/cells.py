"""The cells of another library's results.csv against the metrics of a second run.

Nobody declared what the columns are, so a cell is read as what the second run gives. A number may have been
rounded when it was written: it is compared within half a unit of its column's last decimal, but never of less
than the third, so that a column which happens to say `0.5` does not pass for 0.54.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import numpy as np

from zoo.promotion.comparison import ABSOLUTE, STOCHASTIC, Mismatch

#: what libraries round to at most; fewer decimals in a file are a chance or a very short column
COARSEST: Final = 3


@dataclass(frozen=True, slots=True)
class Cells:
    """What came of a row.

    Attributes:
        mismatches: every cell that differs.
        compared: the names of those that agree.
        not_checked: what only one of the two runs has, or what cannot be compared.
    """

    mismatches: tuple[Mismatch, ...]
    compared: tuple[str, ...]
    not_checked: tuple[str, ...]


def compare_cells(
    logged: Mapping[str, str],
    reproduced: Mapping[str, Any],
    decimals: Mapping[str, int],
    *,
    deterministic: bool,
) -> Cells:
    """Compare a row with what a second run gave.

    Args:
        logged: the row's metrics as they were written.
        reproduced: the metrics of the second run.
        decimals: how many decimals a column has; see `decimals_of`.
        deterministic: whether the model must give the same again.
    """
    mismatches: list[Mismatch] = []
    compared: list[str] = []
    silent = [f"column {name}" for name in logged if name not in reproduced]
    for name, again in reproduced.items():
        value = plain(again)
        if name not in logged:
            silent += [f"metric {name}"] if is_scalar(value) else []
        elif not is_scalar(value):
            silent.append(f"column {name}")
        else:
            half = 0.5 * 10.0 ** -max(decimals.get(name, COARSEST), COARSEST)
            tolerance = _tolerance(logged[name], value, deterministic, half)
            if _agrees(logged[name], value, tolerance):
                compared.append(name)
            else:
                mismatches.append(Mismatch(name, logged[name], value, tolerance))
    return Cells(tuple(mismatches), tuple(compared), tuple(silent))


def decimals_of(cells: Iterable[str]) -> int:
    """Return the most decimals that a number of a column was written with."""
    return max(map(_decimals, cells), default=0)


def plain(value: Any) -> Any:
    """Return a scalar of numpy (or a Decimal) as Python's own, anything else as it is."""
    if isinstance(value, Decimal):
        return float(value)
    item = getattr(value, "item", None)
    return item() if callable(item) and np.ndim(value) == 0 else value


def is_scalar(value: Any) -> bool:
    """Tell whether a value is one that a cell can hold: a number, a text, true, false or nothing."""
    return value is None or isinstance(value, bool | int | float | str)


def _decimals(cell: str) -> int:
    try:
        exponent = Decimal(cell).as_tuple().exponent
    except InvalidOperation:
        return 0
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _tolerance(cell: str, value: Any, deterministic: bool, half: float) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return 0.0
    rounding = half if isinstance(value, float) else 0.0
    if deterministic:
        return rounding + ABSOLUTE if isinstance(value, float) else 0.0
    logged = _number(cell)
    size = max(abs(value), abs(logged) if logged is not None and math.isfinite(logged) else 0.0, 1.0)
    return float(max(ABSOLUTE, STOCHASTIC * size)) + rounding


def _agrees(cell: str, value: Any, tolerance: float) -> bool:
    if value is None or cell == "":
        return cell == "" and (value is None or value == "")
    if isinstance(value, bool):
        return cell.casefold() == str(value).casefold()
    if isinstance(value, str):
        return cell == value
    logged = _number(cell)
    if logged is None:
        return False
    if math.isnan(logged) or math.isnan(value):
        return math.isnan(logged) and math.isnan(value)
    return bool(logged == value or abs(logged - value) <= tolerance)


def _number(cell: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return None


__all__ = ["COARSEST", "Cells", "compare_cells", "decimals_of", "is_scalar", "plain"]
