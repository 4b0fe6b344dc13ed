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
        The inverses (NaN where a factor return is missing), and which windows have factors that do not vary or
        nearly determine each other: their inverse is given as zero, and they need `residuals`.
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

    Factors that do not vary or repeat each other count once, as in any least squares of minimal norm.

    Args:
        returns: periods × assets.
        factors: periods × factors.
    """
    centred = factors - factors.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    varies = spread > _EPSILON * len(factors) * np.abs(factors).max(axis=0)
    left = returns - returns.mean(axis=0)
    if not varies.any():
        return left
    basis, sizes, _ = np.linalg.svd(centred[:, varies] / spread[varies], full_matrices=False)
    basis = basis[:, sizes > _EPSILON * len(factors) * sizes[0]]
    return np.asarray(left - basis @ (basis.T @ left))


__all__ = ["factor_comoments", "inverses", "residuals", "slopes"]
