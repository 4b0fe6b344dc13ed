"""What a round's scores are held by, and at what cost, as a manifest declares it under `portfolio`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from zoo.errors import ManifestError, PortfolioError, check_keys
from zoo.manifest.bound import Declaration
from zoo.manifest.declared import check_declaration
from zoo.trust import TARGET_KEY

if TYPE_CHECKING:
    import pandas as pd

    from zoo.portfolio import Costs

PORTFOLIO_KEYS: Final = ("policy", "costs", "delay")
#: where the manifest says nothing: the best fifth against the worst
PORTFOLIO: Final[Declaration] = {
    "policy": {TARGET_KEY: "zoo.portfolio.quantile_long_short", "quantile": 0.2},
    "costs": "retail",
    "delay": 1,
}
#: bars a year of the usual calendars: months, weeks, trading days, days
_CONVENTIONAL: Final = (12.0, 52.0, 252.0, 365.0)
_DAYS_A_YEAR: Final = 365.25


def portfolio_of(value: Any, where: str | None) -> Declaration | None:
    """Return `policy`, `costs` and `delay`, those of `PORTFOLIO` where nothing is said; false for none.

    Raises:
        ManifestError: another key, no policy, costs that are none, or a delay that is no number of bars.
    """
    if value is False:
        return None
    given = {} if value is None or value is True else value
    if not isinstance(given, Mapping):
        raise ManifestError(
            f"manifest.portfolio: {value!r}",
            where=where,
            expected=f"a mapping of {', '.join(PORTFOLIO_KEYS)}, or false",
        )
    check_keys(given, PORTFOLIO_KEYS, ManifestError, where=where, prefix="manifest.portfolio.")
    found = {**PORTFOLIO, **given}
    check_declaration("portfolio.policy", found["policy"], where)
    if type(found["delay"]) is not int or found["delay"] < 0:
        raise ManifestError(
            f"manifest.portfolio.delay: {found['delay']!r}", where=where, expected="a number of bars"
        )
    if found["costs"] != PORTFOLIO["costs"]:
        costs_of(found["costs"], None, where)
    return found


def costs_of(declared: Any, dates: pd.DatetimeIndex | None, where: str | None) -> Costs:
    """Return costs by a preset's name, or from a mapping of what differs from a preset.

    Args:
        declared: `retail`, or `{preset: retail, borrow_bps_per_year: 0}`.
        dates: of the data; bars a year follow from them where nothing is said. None for the preset's own.
        where: the file to name in an error.

    Raises:
        ManifestError: no preset, a key that costs have not, or a cost that is none.
    """
    from zoo.portfolio import Costs

    given = {"preset": declared} if isinstance(declared, str) else declared
    if not isinstance(given, Mapping):
        raise ManifestError(
            f"manifest.portfolio.costs: {declared!r}", where=where, expected="a preset's name, or a mapping"
        )
    names = [field.name for field in fields(Costs)]
    known = ("preset", *names)
    check_keys(given, known, ManifestError, where=where, prefix="manifest.portfolio.costs.")
    own = {name: value for name, value in given.items() if name != "preset"}
    yearly = {} if dates is None else {"bars_per_year": bars_a_year(dates)}
    try:
        base = Costs.preset(given.get("preset", "none"))
        return Costs(**{**{name: getattr(base, name) for name in names}, **yearly, **own})
    except PortfolioError as error:
        raise ManifestError(
            f"manifest.portfolio.costs: {error.problem}",
            where=where,
            expected=error.expected,
            remedy=error.remedy,
        ) from error


def bars_a_year(dates: pd.DatetimeIndex) -> float:
    """Return how many bars a year has: 12, 52, 252 or 365 where the calendar is within a tenth of one."""
    days = (dates[-1] - dates[0]).total_seconds() / 86_400 if len(dates) > 1 else 0.0
    if not days > 0:
        return 252.0
    found = (len(dates) - 1) / days * _DAYS_A_YEAR
    near = min(_CONVENTIONAL, key=lambda usual: abs(math.log(found / usual)))
    return near if abs(math.log(found / near)) < 0.1 else found


__all__ = ["PORTFOLIO", "PORTFOLIO_KEYS", "bars_a_year", "costs_of", "portfolio_of"]
