"""Promotion: prove that a permutation reproduces, refit it, and wrap it as a sensor.

Each name is imported when it is first used: serving a sensor needs nothing of what trains one.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.promotion.cohort import Cohort
    from zoo.promotion.outcome import Outcome
    from zoo.promotion.sensor import Sensor
    from zoo.promotion.trainer import Trainer

_HOMES = {
    "Cohort": "zoo.promotion.cohort",
    "Outcome": "zoo.promotion.outcome",
    "Sensor": "zoo.promotion.sensor",
    "Trainer": "zoo.promotion.trainer",
}


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'zoo.promotion' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = ["Cohort", "Outcome", "Sensor", "Trainer"]
