"""What is known of a line's versions when one of them is judged: daily net returns on one calendar, by kind.

Every version ever shadowed is in it, retired ones and those whose record is damaged too: who leaves losers
out tests fewer than were tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import DataError

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """One version's evidence.

    Attributes:
        version_id: the version.
        stage: `challenger`, `champion`, `retired` or `archived`.
        spec: its spec.
        target: what it predicts, and how far ahead; None where nobody knows.
        net: net return of each bar of the calendar, for a policy that holds nothing short less that of equal
            weight; NaN outside its record, and in a hole of it.
        live: whether the bar came after the version was registered.
        coverage: share of names on rebalances that it predicted, of those that the line has; None where
            nobody knows.
        agreement: how its refit agrees with what was measured; None where nobody knows.
        floor: the least agreement that it had to have; None where none was asked for.
        stale: bars of the data since its last prediction; None without any.
        revised: share of its bars that a later vintage of the data predicts differently.
        lucky: share of portfolios with its turnover and its names exchanged that have its Sharpe ratio or
            more on live bars; None where none were held.
        problems: what is wrong with its record, a sentence each.
    """

    version_id: str
    stage: str
    spec: str
    target: str | None
    net: Floats
    live: Flags
    coverage: float | None = None
    agreement: float | None = None
    floor: float | None = None
    stale: int | None = None
    revised: float | None = None
    lucky: float | None = None
    problems: tuple[str, ...] = ()

    @property
    def recorded(self) -> Flags:
        """From the first bar with a return to the last."""
        known = np.flatnonzero(np.isfinite(self.net))
        found = np.zeros(len(self.net), dtype=bool)
        if len(known):
            found[known[0] : known[-1] + 1] = True
        return found

    @property
    def live_net(self) -> Floats:
        """Returns on live bars, NaN elsewhere."""
        return np.where(self.live, self.net, np.nan)

    @property
    def replayed_net(self) -> Floats:
        """Returns on bars that existed when it was registered, NaN elsewhere; they fill no soak."""
        return np.where(self.live, np.nan, self.net)


@dataclass(frozen=True, eq=False)
class Evidence:
    """A line's versions on one calendar.

    Attributes:
        line: the line.
        target: what its versions have to predict, as `Contender.target` says it.
        dates: the calendar, rising.
        contenders: every version ever shadowed, the champion too, by id.
        champion: the champion's id; None where the line has none.
        trials: N: every permutation ever evaluated for the line, and every version ever shadowed.
        shadowed: how many versions were ever shadowed besides the champion.
        baselines: net returns of what costs no thought, under the same policy and costs.
        bars_per_year: of the calendar.

    Raises:
        DataError: a series of another length, or fewer `trials` or `shadowed` than there are.
    """

    line: str
    target: str
    dates: pd.DatetimeIndex
    contenders: Mapping[str, Contender]
    champion: str | None
    trials: int
    shadowed: int
    baselines: Mapping[str, Floats] = field(default_factory=dict)
    bars_per_year: float = 252.0

    def __post_init__(self) -> None:
        bars = len(self.dates)
        series: dict[str, NDArray[Any]] = {**self.baselines}
        series |= {name: one.net for name, one in self.contenders.items()}
        series |= {f"{name}, live": one.live for name, one in self.contenders.items()}
        for name, values in series.items():
            if np.shape(values) != (bars,):
                raise DataError(f"{name}: returns of shape {np.shape(values)}", expected=f"{bars} bars")
        rivals = len(self.rivals)
        if self.shadowed < rivals or self.trials < self.shadowed:
            raise DataError(
                f"{self.trials} trials and {self.shadowed} versions ever shadowed, of {rivals} given",
                where=f"line {self.line}",
                expected="none left out",
            )

    @property
    def rivals(self) -> dict[str, Contender]:
        """All but the champion."""
        return {name: one for name, one in self.contenders.items() if name != self.champion}

    @property
    def reigning(self) -> Contender | None:
        """The champion, if it was ever shadowed."""
        return None if self.champion is None else self.contenders.get(self.champion)


__all__ = ["Contender", "Evidence"]
