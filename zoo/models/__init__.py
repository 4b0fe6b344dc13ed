"""Models: the reference contract and what stands behind it."""

from zoo.models.evaluation import Grid
from zoo.models.reference import ReferenceModel, SklearnModel

__all__ = ["Grid", "ReferenceModel", "SklearnModel"]
