"""XGBoost for two classes, on one thread and repeatable."""

from __future__ import annotations

from zoo.models.optional import load_optional
from zoo.models.preset import Preset


class XGBoostBinary(Preset):
    """Classification by XGBoost's boosted trees (Chen and Guestrin 2016).

    They are grown like those of `HistogramBoostingBinary`, on the CPU, over histograms and on one thread: the
    sums of several threads come in any order. What it stores is trusted only where `xgboost.` is among
    trust.prefixes.

    Args:
        learning_rate: share of each tree's fit that is kept.
        n_estimators: trees.
        max_leaves: leaves of a tree.
        min_child_weight: hessian of a leaf: a row weighs p (1 - p), a quarter at most.
        reg_lambda: added to a leaf's hessian.
        random_state: seed; None leaves it to the manifest.

    Raises:
        ManifestError: XGBoost is not installed.
    """

    def __init__(
        self,
        learning_rate: float = 0.05,
        n_estimators: int = 100,
        max_leaves: int = 8,
        min_child_weight: float = 25.0,
        reg_lambda: float = 10.0,
        random_state: int | None = None,
    ) -> None:
        super().__init__(
            load_optional("xgboost").XGBClassifier(
                learning_rate=learning_rate,
                n_estimators=n_estimators,
                max_leaves=max_leaves,
                max_depth=0,  # no limit: leaves are what is counted
                grow_policy="lossguide",
                min_child_weight=min_child_weight,
                reg_lambda=reg_lambda,
                random_state=random_state,
                tree_method="hist",
                device="cpu",
                n_jobs=1,
            )
        )


__all__ = ["XGBoostBinary"]
