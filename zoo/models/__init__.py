"""Models: the reference contract and what stands behind it.

Estimators need scikit-learn, and are imported when they are first used.
"""

import importlib
from typing import TYPE_CHECKING, Any, Final

from zoo.models.evaluation import Grid
from zoo.models.purged import PurgedKFold
from zoo.models.reference import ReferenceModel, SklearnModel

if TYPE_CHECKING:
    from zoo.models.blender import Blender
    from zoo.models.calibration import Calibrated
    from zoo.models.chance import Chance
    from zoo.models.contract import ContractEstimator
    from zoo.models.elastic_net import ElasticNet
    from zoo.models.histogram_boosting import HistogramBoosting
    from zoo.models.histogram_boosting_binary import HistogramBoostingBinary
    from zoo.models.lightgbm_binary import LightGBMBinary
    from zoo.models.lightgbm_regression import LightGBM
    from zoo.models.logistic import Logistic
    from zoo.models.perceptron import Perceptron
    from zoo.models.random_forest import RandomForest
    from zoo.models.ridge import Ridge
    from zoo.models.rules import RuleClass, RuleScore
    from zoo.models.xgboost_binary import XGBoostBinary
    from zoo.models.xgboost_regression import XGBoost

#: estimators by the module that defines them
_ESTIMATORS: Final = {
    "Blender": "zoo.models.blender",
    "Calibrated": "zoo.models.calibration",
    "Chance": "zoo.models.chance",
    "ContractEstimator": "zoo.models.contract",
    "ElasticNet": "zoo.models.elastic_net",
    "HistogramBoosting": "zoo.models.histogram_boosting",
    "HistogramBoostingBinary": "zoo.models.histogram_boosting_binary",
    "LightGBM": "zoo.models.lightgbm_regression",
    "LightGBMBinary": "zoo.models.lightgbm_binary",
    "Logistic": "zoo.models.logistic",
    "Perceptron": "zoo.models.perceptron",
    "RandomForest": "zoo.models.random_forest",
    "Ridge": "zoo.models.ridge",
    "RuleClass": "zoo.models.rules",
    "RuleScore": "zoo.models.rules",
    "XGBoost": "zoo.models.xgboost_regression",
    "XGBoostBinary": "zoo.models.xgboost_binary",
}


def __getattr__(name: str) -> Any:
    """Import an estimator when it is first used."""
    if name in _ESTIMATORS:
        return getattr(importlib.import_module(_ESTIMATORS[name]), name)
    raise AttributeError(f"module 'zoo.models' has no attribute {name!r}")


__all__ = [
    "Blender",
    "Calibrated",
    "Chance",
    "ContractEstimator",
    "ElasticNet",
    "Grid",
    "HistogramBoosting",
    "HistogramBoostingBinary",
    "LightGBM",
    "LightGBMBinary",
    "Logistic",
    "Perceptron",
    "PurgedKFold",
    "RandomForest",
    "ReferenceModel",
    "Ridge",
    "RuleClass",
    "RuleScore",
    "SklearnModel",
    "XGBoost",
    "XGBoostBinary",
]
