"""A forest of shallow, decorrelated trees."""

from __future__ import annotations

from zoo.models.preset import Preset


class RandomForest(Preset):
    """Regression by the mean of trees on bootstrapped rows (Breiman 2001).

    Leaves hold at least 2% of the rows: a leaf's mean of n labels with noise σ is uncertain by σ / √n, and
    fewer than some hundred rows cannot show a weak signal. A third of the features is tried at each split
    (Breiman's rule for regression), so that trees differ. Repeats on one machine to the bit; on another,
    rounding may turn splits that are nearly equal, and predictions differ visibly.

    Args:
        n_estimators: trees.
        min_samples_leaf: rows of a leaf: a share of all as a float, a number as an int.
        max_features: features tried at a split: a share as a float, a number as an int.
        max_depth: splits above a leaf, at most.
        random_state: seed of bootstraps and features; None leaves it to the manifest.
    """

    def __init__(
        self,
        n_estimators: int = 200,
        min_samples_leaf: float = 0.02,
        max_features: float = 1 / 3,
        max_depth: int | None = None,
        random_state: int | None = None,
    ) -> None:
        from sklearn import ensemble

        # one job: rounds are what runs in parallel
        super().__init__(
            ensemble.RandomForestRegressor(
                n_estimators=n_estimators,
                min_samples_leaf=min_samples_leaf,
                max_features=max_features,
                max_depth=max_depth,
                random_state=random_state,
                n_jobs=1,
            )
        )


__all__ = ["RandomForest"]
