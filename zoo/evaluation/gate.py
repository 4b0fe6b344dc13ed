"""What a challenger must show before it may become champion, as conf/gate says it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

from zoo.errors import ConfigError, check_keys, did_you_mean

SUPERIOR: Final = "superior"
NON_INFERIOR: Final = "non_inferior"
FIRST: Final = "first"
OVERRIDE: Final = "override"
KINDS: Final = (SUPERIOR, NON_INFERIOR, FIRST, OVERRIDE)

_FEWEST: Final = 30  # bars below which `zoo.evaluation.resampling` tests nothing
_BARS_PER_YEAR: Final = 252  # of days, the most that a year of a line usually has


@dataclass(frozen=True, slots=True)
class Gate:
    """Conditions of a promotion; all of them are asked.

    Attributes:
        kind: `superior`: better than the champion, and skilled; `non_inferior`: worse by less than `margin`,
            for a declared reason; `first`: skilled and better than the baselines, on a line without a
            champion; `override`: a person decides.
        soak_days: live bars before a version may be judged, and between two looks at it.
        horizon_years: a gate that would not see `rank_ic` within so many years of live evidence decides
            nothing.
        rank_ic: mean rank IC of a version that deserves to pass.
        power: the chance with which it should pass.
        size: of each test: the chance that it is passed without merit.
        margin: δ of `non_inferior`, in annual Sharpe ratio.
        coverage: the least share of the line's names on its rebalances that the version predicted.
        stale_bars: the most bars of the data that came after its last prediction.
        revised: the most of its bars, as a share, whose prediction another data vintage changed.
        draws: of the bootstrap.
        seed: of the draws.

    Raises:
        ConfigError: a value that no gate can have, or a soak that outlasts the horizon.
    """

    kind: str = SUPERIOR
    soak_days: int = 63
    horizon_years: float = 10.0
    rank_ic: float = 0.05
    power: float = 0.8
    size: float = 0.05
    margin: float = 0.25
    coverage: float = 0.95
    stale_bars: int = 5
    revised: float = 0.01
    draws: int = 2_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError(
                f"gate.kind: {self.kind!r}",
                expected=f"one of {', '.join(KINDS)}",
                remedy=did_you_mean(self.kind, KINDS),
            )
        for name, least in (("soak_days", _FEWEST), ("stale_bars", 0), ("draws", 200), ("seed", 0)):
            value = getattr(self, name)
            if type(value) is not int or value < least:
                raise ConfigError(f"gate.{name}: {value!r}", expected=f"a whole number of at least {least}")
        for name, (low, high) in _SHARES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not low < value < high:
                raise ConfigError(
                    f"gate.{name}: {value!r}", expected=f"more than {low:g}, less than {high:g}"
                )
        for name, high in (("margin", math.inf), ("coverage", 1.0), ("revised", 1.0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= high:
                raise ConfigError(f"gate.{name}: {value!r}", expected=f"a number from 0 to {high:g}")
        if self.soak_days > self.horizon_years * _BARS_PER_YEAR:
            raise ConfigError(
                f"gate.soak_days: {self.soak_days} bars outlast gate.horizon_years, {self.horizon_years:g}",
                expected="a soak within the horizon",
                remedy="a version would be judged when nobody waits any more: shorten the soak",
            )

    @property
    def overrides(self) -> bool:
        """Whether a person decides."""
        return self.kind == OVERRIDE

    @classmethod
    def of(cls, values: Mapping[str, Any], where: object | None = None) -> Self:
        """Take a mapping, such as a file of conf/gate.

        Raises:
            ConfigError: a key or a value that does not exist.
        """
        check_keys(values, [field.name for field in fields(cls)], ConfigError, where=where, prefix="gate.")
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values that `of` takes back."""
        return asdict(self)


_SHARES: Final = {
    "horizon_years": (0.0, 1_000.0),
    "rank_ic": (0.0, 0.5),
    "power": (0.0, 1.0),
    "size": (0.0, 0.5),
}

__all__ = ["FIRST", "KINDS", "NON_INFERIOR", "OVERRIDE", "SUPERIOR", "Gate"]
