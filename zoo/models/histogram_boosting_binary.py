"""Histogram gradient boosting of small trees, for two classes."""

from __future__ import annotations

from zoo.models.preset import Preset


class HistogramBoostingBinary(Preset):
    """Classification by boosted trees over binned features, on the log loss.

    Trees of 8 leaves join about three features; a rate of 0.05 over 100 trees learns a part of what is there.
    A leaf holds at least 100 rows, and its step is shrunk as if 40 rows more said nothing (a row
    weighs p (1 - p), a quarter).
    Early stopping is off: its validation rows are drawn at random, later ones among earlier ones.

    Args:
        learning_rate: share of each tree's fit that is kept.
        max_iter: trees.
        max_leaf_nodes: leaves of a tree.
        min_samples_leaf: rows of a leaf.
        l2_regularization: added to a leaf's hessian.
        random_state: seed of the rows that bins are made from (past 200,000 rows); None leaves it to the
            manifest.
    """

    def __init__(
        self,
        learning_rate: float = 0.05,
        max_iter: int = 100,
        max_leaf_nodes: int = 8,
        min_samples_leaf: int = 100,
        l2_regularization: float = 10.0,
        random_state: int | None = None,
    ) -> None:
        from sklearn import ensemble

        super().__init__(
            ensemble.HistGradientBoostingClassifier(
                learning_rate=learning_rate,
                max_iter=max_iter,
                max_leaf_nodes=max_leaf_nodes,
                min_samples_leaf=min_samples_leaf,
                l2_regularization=l2_regularization,
                early_stopping=False,
                random_state=random_state,
            )
        )


__all__ = ["HistogramBoostingBinary"]
