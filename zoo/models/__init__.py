"""Models: the reference contract and what stands behind it.

Estimators need scikit-learn, and are imported when they are first used.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

from zoo.models.evaluation import Grid
from zoo.models.purged import PurgedKFold
from zoo.models.reference import ReferenceModel, SklearnModel

if TYPE_CHECKING:
    from zoo.models.calibration import Calibrated
    from zoo.models.chance import Chance

#: estimators by the module that defines them
_ESTIMATORS: Final = {
    "Calibrated": "zoo.models.calibration",
    "Chance": "zoo.models.chance",
}


def __getattr__(name: str) -> Any:
    """Import an estimator when it is first used."""
    if name in _ESTIMATORS:
        return getattr(importlib.import_module(_ESTIMATORS[name]), name)
    raise AttributeError(f"module 'zoo.models' has no attribute {name!r}")


__all__ = ["Calibrated", "Chance", "Grid", "PurgedKFold", "ReferenceModel", "SklearnModel"]
