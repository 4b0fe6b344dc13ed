"""zoo: a declarative model zoo.

Nothing heavy is imported with the package: each public name is imported when it is first used (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from zoo import plot
    from zoo.data import Dataset, Table
    from zoo.errors import ZooError
    from zoo.experiment.loop import run_experiment
    from zoo.manifest import Manifest
    from zoo.promotion import Cohort, Sensor, Trainer
    from zoo.registry import Registry
    from zoo.registry.serving import load_champion
    from zoo.settings import overrides
    from zoo.trust import Trust

_HOMES = {
    "Cohort": "zoo.promotion",
    "Dataset": "zoo.data",
    "Manifest": "zoo.manifest",
    "Registry": "zoo.registry",
    "Sensor": "zoo.promotion",
    "Table": "zoo.data",
    "Trainer": "zoo.promotion",
    "Trust": "zoo.trust",
    "ZooError": "zoo.errors",
    "load_champion": "zoo.registry.serving",
    "overrides": "zoo.settings",
    "run_experiment": "zoo.experiment.loop",
}


#: modules that are public as such
_MODULES = ("plot",)


def __getattr__(name: str) -> Any:
    """Import a public name from its home when it is first used."""
    if name in _MODULES:
        return importlib.import_module(f"zoo.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'zoo' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "Cohort",
    "Dataset",
    "Manifest",
    "Registry",
    "Sensor",
    "Table",
    "Trainer",
    "Trust",
    "ZooError",
    "__version__",
    "load_champion",
    "overrides",
    "plot",
    "run_experiment",
]
