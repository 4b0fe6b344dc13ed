"""LightGBM, on one thread and repeatable."""

from __future__ import annotations

from zoo.models.optional import load_optional
from zoo.models.preset import Preset


class LightGBM(Preset):
    """Regression by LightGBM's boosted trees (Ke et al. 2017).

    The defaults are those of `HistogramBoosting`. By itself LightGBM takes every core, and tries which of
    two ways to build histograms is the quicker, so that two trainings may differ in the last bits; both are
    fixed here. What it stores is trusted only where `lightgbm.` is among trust.prefixes.

    Args:
        learning_rate: share of each tree's fit that is kept.
        n_estimators: trees.
        num_leaves: leaves of a tree.
        min_child_samples: rows of a leaf.
        reg_lambda: added to a leaf's hessian.
        random_state: seed; None leaves it to the manifest.

    Raises:
        ManifestError: LightGBM is not installed.
    """

    def __init__(
        self,
        learning_rate: float = 0.05,
        n_estimators: int = 100,
        num_leaves: int = 8,
        min_child_samples: int = 100,
        reg_lambda: float = 10.0,
        random_state: int | None = None,
    ) -> None:
        super().__init__(
            load_optional("lightgbm").LGBMRegressor(
                learning_rate=learning_rate,
                n_estimators=n_estimators,
                num_leaves=num_leaves,
                min_child_samples=min_child_samples,
                reg_lambda=reg_lambda,
                random_state=random_state,
                n_jobs=1,
                deterministic=True,
                force_row_wise=True,
                verbosity=-1,
            )
        )


__all__ = ["LightGBM"]
