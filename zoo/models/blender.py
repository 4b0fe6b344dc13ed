"""A stack of ridge and histogram gradient boosting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from zoo.models.histogram_boosting import HistogramBoosting
from zoo.models.preset import Preset
from zoo.models.ridge import Ridge


class Blender(Preset):
    """Regression by ridge and histogram boosting together, weighed by their forecasts of later rows.

    The line is steady, the trees see what features say of each other; their errors differ. How the weights
    are learnt without looking ahead, and what that does not cover, is told by
    `zoo.models.blend.ForwardBlend`. Both members reproduce across machines, which forests do not.

    Args:
        alpha: ridge's penalty.
        learning_rate: share of each tree's fit that is kept.
        max_iter: trees.
        max_leaf_nodes: leaves of a tree.
        min_samples_leaf: rows of a leaf.
        l2_regularization: added to a leaf's number of rows.
        blocks: contiguous blocks of rows, each forecast from those before it.
        gap: share of all rows left out before each block; it has to hold the horizon's rows.
        shrinkage: pull of the weights towards one half each.
        random_state: seed of the boosting; None leaves it to the manifest.
    """

    places: ClassVar[Mapping[str, str]] = {
        "alpha": "linear__alpha",
        "learning_rate": "trees__learning_rate",
        "max_iter": "trees__max_iter",
        "max_leaf_nodes": "trees__max_leaf_nodes",
        "min_samples_leaf": "trees__min_samples_leaf",
        "l2_regularization": "trees__l2_regularization",
        "random_state": "trees__random_state",
    }

    def __init__(
        self,
        alpha: float = 1000.0,
        learning_rate: float = 0.05,
        max_iter: int = 100,
        max_leaf_nodes: int = 8,
        min_samples_leaf: int = 100,
        l2_regularization: float = 10.0,
        blocks: int = 5,
        gap: float = 0.02,
        shrinkage: float = 1.0,
        random_state: int | None = None,
    ) -> None:
        from zoo.models.blend import ForwardBlend

        trees = HistogramBoosting(
            learning_rate, max_iter, max_leaf_nodes, min_samples_leaf, l2_regularization, random_state
        )
        super().__init__(ForwardBlend(Ridge(alpha).estimator, trees.estimator, blocks, gap, shrinkage))


__all__ = ["Blender"]
