"""What the ready-made models share: scikit-learn's estimators with defaults for weak, noisy signals.

Each has a module of its own, and is named in a manifest as `{_target_: zoo.models.Ridge, alpha: 300}`. Their
defaults assume standardised features that together explain about 1% of the label's variance, and rows by the
thousand: so they shrink hard, and fit little. Nothing here holds rows back to stop early: a random inner
split mixes later rows into earlier ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final, Self

from zoo.models.reference import SklearnModel, seed

#: fills what nobody seeded, so that `deterministic` holds without a manifest as well
SEED: Final = 0


class Preset(SklearnModel):
    """A reference model around an unfitted estimator, which a manifest takes into its own pipeline.

    Every `random_state` of the estimator is None, so that the manifest fills it with `search.seed`; `train`
    without a manifest fills it with 0.

    Args:
        estimator: unfitted.
    """

    deterministic: bool = True
    #: where the constructor's arguments lie in the estimator; those that are not named keep their name
    places: ClassVar[Mapping[str, str]] = {}

    def __init__(self, estimator: Any) -> None:
        super().__init__(estimator, deterministic=type(self).deterministic)

    def train(self, data: Mapping[str, Any], **params: Any) -> Self:
        """Fit a fresh clone of the estimator.

        Args:
            data: `x_train` (rows × features) and `y_train` (rows).
            params: arguments of the constructor, or of the estimator, to set first.
        """
        from sklearn.base import clone

        placed = {self.places.get(name, name): value for name, value in params.items()}
        self.estimator = seed(clone(self.estimator).set_params(**placed), SEED)
        return super().train(data)


__all__ = ["SEED", "Preset"]
