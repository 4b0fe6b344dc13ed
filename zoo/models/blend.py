"""Two estimators, joined by weights that are learnt forward in time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils.validation import check_is_fitted, validate_data

from zoo.errors import ManifestError

Floats = NDArray[np.float64]


class ForwardBlend(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Weighs a linear and a nonlinear regressor by what each predicted of later rows.

    Rows are cut into contiguous blocks in their order. Each block but the first is predicted by clones that
    were fitted on the rows before it alone, less a gap; the weights are chosen on these predictions, and both
    estimators are fitted again on all rows. scikit-learn's stack needs folds that cover every row, so that
    members which saw later rows would predict earlier ones; hence this one.

    What it guarantees: where rows are in order of time, as a manifest hands in a panel, no weight rests on a
    prediction by a model that saw the predicted row or a later one. What it does not: an estimator sees no
    dates. Where labels overlap, or a block's edge cuts a cross-section in two, only the gap keeps the last
    fitted rows apart from the first predicted ones; it has to hold the horizon's rows. The shuffled rows of a
    table have no order, and blocks are then random folds.

    Args:
        linear: a regressor.
        trees: another.
        blocks: how many blocks; the first one is never predicted.
        gap: share of all rows left out before each block. 0.02 covers horizons up to 2% of the span.
        shrinkage: pull towards equal weights, which estimated ones seldom beat (Diebold and Shin 2019): 0 is
            least squares, 1 as much again as the predictions' disagreement weighs.
    """

    def __init__(
        self, linear: Any, trees: Any, blocks: int = 5, gap: float = 0.02, shrinkage: float = 1.0
    ) -> None:
        self.linear = linear
        self.trees = trees
        self.blocks = blocks
        self.gap = gap
        self.shrinkage = shrinkage

    def fit(self, X: Any, y: Any) -> Self:
        """Learn the weights forward in time, then fit both on all rows.

        Raises:
            ManifestError: fewer than two blocks, a gap or shrinkage that is none, or too few rows.
        """
        self._check()
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        pieces = self.pieces(len(X))
        later = np.concatenate([self._forecast(X, y, fitted, block) for fitted, block in pieces])
        known = np.concatenate([y[block] for _, block in pieces])
        first = blend_weight(later[:, 0], later[:, 1], known, self.shrinkage)
        self.weights_ = np.array([first, 1.0 - first])
        self.linear_, self.trees_ = (clone(part).fit(X, y) for part in (self.linear, self.trees))
        return self

    def predict(self, X: Any) -> Floats:
        """Return the weighted mean of both predictions, one a row."""
        check_is_fitted(self, "weights_")
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return np.asarray(_both(self.linear_, self.trees_, X) @ self.weights_)

    def pieces(self, n: int) -> list[tuple[slice, slice]]:
        """Return the fitted and the predicted rows of every block but the first.

        Raises:
            ManifestError: the rows before the second block do not outnumber the gap.
        """
        edges = np.linspace(0, n, self.blocks + 1).astype(int).tolist()
        left_out = int(np.ceil(self.gap * n))
        if edges[1] <= left_out:
            raise ManifestError(
                f"{n} rows in {self.blocks} blocks leave none to fit before the second",
                expected=f"blocks of more than {left_out} rows, the gap",
                remedy="use more rows, fewer blocks or a smaller gap",
            )
        return [(slice(0, start - left_out), slice(start, stop)) for start, stop in pairwise(edges[1:])]

    def _forecast(self, X: Floats, y: Floats, fitted: slice, block: slice) -> Floats:
        linear, trees = (clone(part).fit(X[fitted], y[fitted]) for part in (self.linear, self.trees))
        return _both(linear, trees, X[block])

    def _check(self) -> None:
        if type(self.blocks) is not int or self.blocks < 2:
            raise ManifestError(f"blocks: {self.blocks!r}", expected="a number from 2")
        if not 0 <= self.gap < 1:
            raise ManifestError(f"gap: {self.gap!r}", expected="a share from 0, below 1")
        if not self.shrinkage >= 0:
            raise ManifestError(f"shrinkage: {self.shrinkage!r}", expected="a number from 0")


def blend_weight(a: Floats, b: Floats, y: Floats, shrinkage: float) -> float:
    """Return the weight of `a`, from 0 to 1; that of `b` is the rest.

    With d = a - b it minimises mean((y - b - w d)²) + shrinkage · mean(d²) · (w - ½)², and is cut off at 0
    and 1 (Breiman 1996: no negative weights). Weights that sum to 1 never leave a constant, as free ones do
    where neither predicts anything.
    """
    d = a - b
    scale = float(np.mean(d * d))
    if not scale > 0:  # they agree everywhere
        return 0.5
    free = float(np.mean(d * (y - b))) / scale
    return float(np.clip((free + shrinkage / 2) / (1 + shrinkage), 0.0, 1.0))


def _both(linear: Any, trees: Any, X: Floats) -> Floats:
    return np.column_stack([linear.predict(X), trees.predict(X)])


__all__ = ["ForwardBlend", "blend_weight"]
