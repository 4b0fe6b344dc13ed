"""Least squares of many assets on the same factors, over every window or over one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zoo.features.inputs import Panel
from zoo.features.rolling import Span

_WELL_CONDITIONED = 1e-4  # smallest eigenvalue of the factors' correlations that normal equations may have
_EPSILON = float(np.finfo(np.float64).eps)


def factor_comoments(factors: Span) -> Panel:
    """Return the factors' co-moments, windows × factors × factors."""
    count = factors.tail.shape[-1]
    columns = [factors.comoment(factors.column(position)) for position in range(count)]
    return np.stack(columns, axis=-1)


def inverses(comoments: Panel) -> tuple[Panel, NDArray[np.bool_]]:
    """Invert the factors' co-moments, windows × factors × factors.

    Returns:
        The inverses (NaN where a factor return is missing), and which windows have factors that do not vary
        or nearly determine each other: their inverse is given as zero, and they need `residuals`.
    """
    spread = np.sqrt(np.einsum("tkk->tk", comoments))
    scale = spread[:, :, None] * spread[:, None, :]
    correlations = comoments / scale
    known = np.isfinite(comoments).all(axis=(1, 2))
    sound = known & np.isfinite(correlations).all(axis=(1, 2))
    correlations[~sound] = np.eye(comoments.shape[1])
    sound &= np.linalg.eigvalsh(correlations)[:, 0] > _WELL_CONDITIONED
    correlations[~sound] = np.eye(comoments.shape[1])
    inverse = np.linalg.inv(correlations) / scale
    inverse[~sound] = 0.0
    inverse[~known] = np.nan
    return inverse, known & ~sound


def slopes(inverse: Panel, products: list[Panel]) -> list[Panel]:
    """Return each factor's slopes, windows × assets.

    Args:
        inverse: inverted co-moments of the factors, windows × factors × factors.
        products: each factor's co-moments with the assets, windows × assets.
    """
    # Sums of products by hand: a matrix product's rounding may depend on how many assets there are.
    return [
        sum(
            (inverse[:, j, k, None] * products[k] for k in range(1, len(products))),
            inverse[:, j, 0, None] * products[0],
        )
        for j in range(len(products))
    ]


def residuals(returns: Panel, factors: Panel) -> Panel:
    """Return the residuals of one window's least squares with intercept, by a decomposition of the factors.

    A factor that does not vary explains nothing, and one that repeats others nothing more: as in a least
    squares of minimal norm, the residuals do not depend on which of them gets the slope.

    Args:
        returns: assets × periods.
        factors: periods × factors.

    Returns:
        Residuals, assets × periods; an asset's do not depend on which others there are, not by a bit.
    """
    basis = _basis(factors)
    left = returns
    for _ in range(2):  # the second pass removes what rounding left of the first
        left = left - np.mean(left, axis=1, keepdims=True)
        for direction in basis.T:  # by hand, as in `slopes`
            left = left - np.sum(left * direction, axis=1, keepdims=True) * direction
    return left


def _basis(factors: Panel) -> Panel:
    """Return an orthonormal basis of the factors' deviations from their means, periods × rank."""
    centred = factors - np.mean(factors, axis=0)
    spread = np.sqrt(np.sum(centred**2, axis=0))
    varies = spread > _EPSILON * len(factors) * np.max(np.abs(factors), axis=0)
    if not varies.any():
        return np.empty((len(factors), 0))
    basis, sizes, _ = np.linalg.svd(centred[:, varies] / spread[varies], full_matrices=False)
    return basis[:, sizes > _EPSILON * len(factors) * sizes[0]]


__all__ = ["factor_comoments", "inverses", "residuals", "slopes"]
