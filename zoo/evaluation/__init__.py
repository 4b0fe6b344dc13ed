"""Ranking challengers honestly: tests, scores, alarms and their power, as pure functions over arrays.

Everything is per bar unless it says otherwise, equal seeds give equal results, and what is not known (a NaN,
an empty, constant or short record) passes nothing. Names are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.evaluation.difference import Difference, paired_difference, paired_differences
    from zoo.evaluation.drift import (
        FeatureDrift,
        feature_drift,
        kolmogorov_smirnov,
        panel_drift,
        population_stability_index,
    )
    from zoo.evaluation.edge import Edge, Universe, covariance_of, edge_of_rank_ic
    from zoo.evaluation.health import PredictionHealth, prediction_health
    from zoo.evaluation.power import (
        Contest,
        Verdict,
        gate_power,
        time_to_verdict,
    )
    from zoo.evaluation.score import ShrunkenSharpe, by_kind, luck_of_the_best, shrunken_sharpe
    from zoo.evaluation.skill import SkillTest, skill_test
    from zoo.evaluation.superiority import ConfidenceSet, SuperiorityTest, confidence_set, superiority_test
    from zoo.evaluation.watch import RunLength, Watch, WatchState, advance, begin, run_length

_HOMES = {
    "ConfidenceSet": "superiority",
    "Contest": "power",
    "Difference": "difference",
    "Edge": "edge",
    "FeatureDrift": "drift",
    "PredictionHealth": "health",
    "RunLength": "watch",
    "ShrunkenSharpe": "score",
    "SkillTest": "skill",
    "SuperiorityTest": "superiority",
    "Universe": "edge",
    "Verdict": "power",
    "Watch": "watch",
    "WatchState": "watch",
    "advance": "watch",
    "begin": "watch",
    "by_kind": "score",
    "confidence_set": "superiority",
    "covariance_of": "edge",
    "edge_of_rank_ic": "edge",
    "feature_drift": "drift",
    "gate_power": "power",
    "kolmogorov_smirnov": "drift",
    "luck_of_the_best": "score",
    "paired_difference": "difference",
    "paired_differences": "difference",
    "panel_drift": "drift",
    "population_stability_index": "drift",
    "prediction_health": "health",
    "run_length": "watch",
    "shrunken_sharpe": "score",
    "skill_test": "skill",
    "superiority_test": "superiority",
    "time_to_verdict": "power",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "ConfidenceSet",
    "Contest",
    "Difference",
    "Edge",
    "FeatureDrift",
    "PredictionHealth",
    "RunLength",
    "ShrunkenSharpe",
    "SkillTest",
    "SuperiorityTest",
    "Universe",
    "Verdict",
    "Watch",
    "WatchState",
    "advance",
    "begin",
    "by_kind",
    "confidence_set",
    "covariance_of",
    "edge_of_rank_ic",
    "feature_drift",
    "gate_power",
    "kolmogorov_smirnov",
    "luck_of_the_best",
    "paired_difference",
    "paired_differences",
    "panel_drift",
    "population_stability_index",
    "prediction_health",
    "run_length",
    "shrunken_sharpe",
    "skill_test",
    "superiority_test",
    "time_to_verdict",
]
