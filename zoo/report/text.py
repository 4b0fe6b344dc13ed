"""Numbers and names as a reader sees them, on a terminal and on a page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

#: what stands where a value is not defined
DASH: Final = "–"


def defined(value: Any) -> bool:
    """Tell whether a value is a finite number; None, NaN and pandas' NA are not."""
    try:
        return value is not None and math.isfinite(value)
    except TypeError:
        return False


def number(value: Any, digits: int = 4) -> str:
    """Write a number with so many decimals; never `-0.00`."""
    if not defined(value):
        return DASH
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text


def short(value: Any, digits: int = 3) -> str:
    """Write a number with so many significant digits; a whole number below a million as it is."""
    if not defined(value):
        return DASH
    if float(value).is_integer() and abs(value) < 1e6:
        return f"{int(value):,}"
    return f"{value:.{digits}g}"


def with_error(value: Any, error: Any, digits: int = 2) -> str:
    """Write `-0.79 ± 0.45`, without the error where there is none."""
    return f"{number(value, digits)} ± {number(error, digits)}" if defined(error) else number(value, digits)


def interval(low: Any, high: Any, digits: int = 2) -> str:
    """Write `[0.10, 0.40]`; nothing where an end is not defined."""
    return f"[{number(low, digits)}, {number(high, digits)}]" if defined(low) and defined(high) else ""


def percent(value: Any) -> Any:
    """Return a share in per cent; what is not defined stays."""
    return 100 * value if defined(value) else None


def p_value(value: Any) -> str:
    """Write a p value; a small one as `<.001`."""
    return "<.001" if defined(value) and value < 0.001 else number(value, 3)


def count(value: Any, noun: str) -> str:
    """Write `1 round`, `4 rounds`, `1,000 rounds`."""
    return f"{value:,} {noun}{'' if value == 1 else 's'}"


def plain(value: Any) -> str:
    """Write a parameter's value as YAML does, a list without its brackets."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def described(parameters: Mapping[Any, Any]) -> str:
    """Write a round's parameters: `lookback 126, ridge_alpha 0.1`."""
    return ", ".join(f"{name} {plain(value)}" for name, value in parameters.items())


def id_ranges(ids: Iterable[int]) -> str:
    """Write ids, neighbours as a range: `0-6, 9`."""
    ordered = sorted(ids)
    if not ordered:
        return ""
    starts = [ordered[0], *(b for a, b in pairwise(ordered) if b != a + 1)]
    ends = [*(a for a, b in pairwise(ordered) if b != a + 1), ordered[-1]]
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))


__all__ = [
    "DASH",
    "count",
    "defined",
    "described",
    "id_ranges",
    "interval",
    "number",
    "p_value",
    "percent",
    "plain",
    "short",
    "with_error",
]
