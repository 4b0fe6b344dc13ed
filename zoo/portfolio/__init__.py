"""The one definition of realised return: from scores to weights, from weights to net daily returns."""

from __future__ import annotations

from zoo.portfolio.costs import PRESETS, Costs
from zoo.portfolio.phases import PhasePerformance, over_phases
from zoo.portfolio.policies import Policy, directional, long_only_top, quantile_long_short, rank_weighted
from zoo.portfolio.realised import Realised, realise, sleeves_of

__all__ = [
    "PRESETS",
    "Costs",
    "PhasePerformance",
    "Policy",
    "Realised",
    "directional",
    "long_only_top",
    "over_phases",
    "quantile_long_short",
    "rank_weighted",
    "realise",
    "sleeves_of",
]
