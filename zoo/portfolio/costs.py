"""What trading and holding costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final, Self

from zoo.errors import PortfolioError, did_you_mean

BASIS_POINT: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Costs:
    """Costs of a portfolio whose value starts at 1.

    A trade of value q in an asset costs (half_spread + commission) q, and impact_coefficient · σ · sqrt(q ·
    capital / V) · q more where σ and V are known: the square-root law (Grinold and Kahn 2000, ch. 16), with σ
    the asset's volatility a bar and V its mean traded value, both over the last 21 bars.

    Attributes:
        half_spread_bps: of each value traded, in basis points a side.
        commission_bps: of each value traded, in basis points a side.
        impact_coefficient: of the square-root law, about 1 in the literature; 0 for none.
        borrow_bps_per_year: paid on the value that is net short overnight.
        cash_bps_per_year: earned on cash, and paid where cash is negative. 0 makes returns those in excess of
            cash for whoever is long as much as short, which is what a Sharpe ratio wants.
        capital: what a value of 1 is, in the currency of prices × volume; only impact asks for it.
        bars_per_year: of the data; what is said per year is spread evenly over so many bars.

    Raises:
        PortfolioError: a cost that is negative or no number; no positive capital or bars.
    """

    half_spread_bps: float = 0.0
    commission_bps: float = 0.0
    impact_coefficient: float = 0.0
    borrow_bps_per_year: float = 0.0
    cash_bps_per_year: float = 0.0
    capital: float = 1_000_000.0
    bars_per_year: float = 252.0

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value: object = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise PortfolioError(f"{name} is {value!r}", where="costs", expected="a number")
            positive = name in ("capital", "bars_per_year")
            if value < 0 or (positive and value == 0):
                raise PortfolioError(
                    f"{name} is {value}",
                    where="costs",
                    expected=f"{'more than' if positive else 'at least'} 0",
                )

    @classmethod
    def preset(cls, name: str) -> Self:
        """Return the costs of `none`, `institutional` or `retail`.

        Raises:
            PortfolioError: there is no preset of that name.
        """
        if name not in PRESETS:
            raise PortfolioError(
                f"no costs are called {name!r}",
                expected=f"one of {', '.join(PRESETS)}",
                remedy=did_you_mean(name, PRESETS),
            )
        return cls(**{field.name: getattr(PRESETS[name], field.name) for field in fields(cls)})

    @property
    def trading(self) -> float:
        """What a value of 1 costs to trade once, impact aside."""
        return (self.half_spread_bps + self.commission_bps) * BASIS_POINT

    @property
    def borrow(self) -> float:
        """What being short a value of 1 costs a bar."""
        return self.borrow_bps_per_year * BASIS_POINT / self.bars_per_year

    @property
    def cash(self) -> float:
        """What cash of 1 earns a bar."""
        return self.cash_bps_per_year * BASIS_POINT / self.bars_per_year


PRESETS: Final[Mapping[str, Costs]] = MappingProxyType(
    {
        "none": Costs(),
        "institutional": Costs(
            half_spread_bps=2.0,
            commission_bps=0.5,
            impact_coefficient=1.0,
            borrow_bps_per_year=40.0,
            capital=50_000_000.0,
        ),
        "retail": Costs(
            half_spread_bps=5.0, commission_bps=5.0, borrow_bps_per_year=300.0, capital=100_000.0
        ),
    }
)
"""The costs of conf/costs."""

__all__ = ["BASIS_POINT", "PRESETS", "Costs"]
