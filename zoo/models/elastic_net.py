"""Elastic net on a standardised label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from zoo.models.preset import Preset


class ElasticNet(Preset):
    """Linear regression with L1 and L2 penalties (Zou and Hastie 2005); weak features get no coefficient.

    scikit-learn's penalty counts in the label's units, so that one value suits either returns of 0.07 or
    scores of 70, never both. The label is standardised here, and predictions are put back: then
    `alpha * l1_ratio`, 0.005 by default, is the correlation with the label below which a feature that stands
    alone is dropped.

    Args:
        alpha: the whole penalty, on the label's standard scale.
        l1_ratio: its L1 share; the rest is L2, which keeps correlated features together.
        max_iter: sweeps over the coefficients, at most.
    """

    places: ClassVar[Mapping[str, str]] = {
        name: f"regressor__{name}" for name in ("alpha", "l1_ratio", "max_iter")
    }

    def __init__(self, alpha: float = 0.01, l1_ratio: float = 0.5, max_iter: int = 10_000) -> None:
        from sklearn import compose, linear_model, preprocessing

        # cyclic: features are visited in their order. With tol as it is by default the last digits of weak
        # coefficients would depend on where the sweeps stop
        net = linear_model.ElasticNet(
            alpha=alpha, l1_ratio=l1_ratio, max_iter=max_iter, tol=1e-8, selection="cyclic"
        )
        super().__init__(compose.TransformedTargetRegressor(net, transformer=preprocessing.StandardScaler()))


__all__ = ["ElasticNet"]
