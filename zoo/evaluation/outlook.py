"""When does a gate decide? Power on a line's own assets, costs, rebalances and correlations."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from zoo.evaluation.edge import Edge, Universe, edge_of_rank_ic
from zoo.evaluation.evidence import Evidence, Floats
from zoo.evaluation.gate import NON_INFERIOR, Gate
from zoo.evaluation.power import Contest, Verdict, time_to_verdict

if TYPE_CHECKING:
    from zoo.evaluation.power import Gate as Kind

_LONGER = (30.0, 100.0, 300.0, 1_000.0)  # years: what takes longer than the last takes for ever
_MOST_ALIKE = 0.999  # a clone of the champion, or its mirror: no edge could be told from it otherwise
_FEWEST = 60  # bars that two records share before their correlation is believed


@dataclass(frozen=True)
class Outlook:
    """How long the gates of a line take.

    Attributes:
        universe: what the line trades, and how.
        evidence: of the line: among whom one has to stand out.
        seed: of the simulation.
    """

    universe: Universe
    evidence: Evidence
    seed: int = 0

    def verdict(self, gate: Gate, version_id: str | None = None) -> Verdict:
        """Return after how many years of live evidence a gate passes the edge that it is made for.

        Args:
            gate: which, with edge, power and horizon.
            version_id: whose correlation with the champion counts; None for that of any two versions.

        Returns:
            Undecidable where the horizon comes first; `years` is told beyond the horizon too, up to a
            thousand, and infinite where no length of time is enough.
        """
        kind: Kind = gate.kind  # type: ignore[assignment]  # an override is asked for nothing
        edge = self._edge(gate, version_id)
        contest = self._contest(gate)
        found = time_to_verdict(kind, edge, contest, horizon_years=gate.horizon_years, power=gate.power)
        if not found.undecidable:
            return found
        for longer in (years for years in _LONGER if years > gate.horizon_years):
            later = time_to_verdict(kind, edge, contest, horizon_years=longer, power=gate.power)
            if not later.undecidable:
                return replace(found, years=later.years)
        return found

    def sharpe(self, rank_ic: float) -> Edge:
        """Return what a rank IC is worth on the line: true annual Sharpe ratios, net."""
        if rank_ic not in self._edges:
            self._edges[rank_ic] = edge_of_rank_ic(self.universe, rank_ic, seed=self.seed)
        return self._edges[rank_ic]

    @cached_property
    def _edges(self) -> dict[float, Edge]:
        return {}

    def _edge(self, gate: Gate, version_id: str | None) -> Edge:
        planted = self.sharpe(gate.rank_ic)
        if gate.kind == NON_INFERIOR:  # an equal of the champion should pass
            planted = replace(planted, champion=planted.version)
        one = None if version_id is None else self.evidence.contenders.get(version_id)
        reigning = self.evidence.reigning
        if one is None or reigning is None or one is reigning:
            return planted
        tied = _correlation(one.net, reigning.net)
        if math.isnan(tied):
            return planted
        return replace(planted, correlation=float(np.clip(tied, -_MOST_ALIKE, _MOST_ALIKE)))

    def _contest(self, gate: Gate) -> Contest:
        versions = max(self.evidence.shadowed, 1)
        return Contest(
            trials=max(self.evidence.trials, versions + 1),
            versions=versions,
            correlation=self._common,
            margin=gate.margin,
            size=gate.size,
            seed=gate.seed,
        )

    @cached_property
    def _common(self) -> float:
        """Mean correlation of the records of any two versions; 0 where nobody knows, which is the hardest."""
        nets = [one.net for one in self.evidence.contenders.values()]
        pairs = [_correlation(a, b) for number, a in enumerate(nets) for b in nets[:number]]
        known = [pair for pair in pairs if not math.isnan(pair)]
        return float(np.clip(np.mean(known), 0.0, 0.95)) if known else 0.0


def _correlation(a: Floats, b: Floats) -> float:
    """Return the correlation on common bars; NaN with too few of them, or without any spread."""
    rows = np.isfinite(a) & np.isfinite(b)
    if rows.sum() < _FEWEST or not np.ptp(a[rows]) > 0 or not np.ptp(b[rows]) > 0:
        return math.nan
    return float(np.corrcoef(a[rows], b[rows])[0, 1])


__all__ = ["Outlook"]
