"""Models: the reference contract and what stands behind it.

`Chance` needs scikit-learn, and is imported when it is first used.
"""

from typing import TYPE_CHECKING, Any

from zoo.models.evaluation import Grid
from zoo.models.reference import ReferenceModel, SklearnModel

if TYPE_CHECKING:
    from zoo.models.chance import Chance


def __getattr__(name: str) -> Any:
    """Import an estimator when it is first used."""
    if name == "Chance":
        from zoo.models.chance import Chance

        return Chance
    raise AttributeError(f"module 'zoo.models' has no attribute {name!r}")


__all__ = ["Chance", "Grid", "ReferenceModel", "SklearnModel"]
