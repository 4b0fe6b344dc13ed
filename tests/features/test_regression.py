from __future__ import annotations

import numpy as np

from zoo.features.regression import factor_comoments, inverses, residuals, slopes
from zoo.features.rolling import Span


def test_slopes_are_those_of_a_least_squares_with_intercept():
    rng = np.random.default_rng(0)
    factors, returns = rng.normal(size=(80, 3)), rng.normal(size=(80, 4))
    span, assets = Span.of(factors, 20), Span.of(returns, 20)
    inverse, poor = inverses(factor_comoments(span))
    found = slopes(inverse, [assets.comoment(span.column(k)) for k in range(3)])
    assert not poor.any()
    for row in range(61):
        design = np.column_stack([np.ones(20), factors[row : row + 20]])
        wanted = np.linalg.lstsq(design, returns[row : row + 20], rcond=None)[0][1:]
        np.testing.assert_allclose([slope[row] for slope in found], wanted, atol=1e-12)


def test_factors_that_determine_each_other_are_told_apart_from_missing_ones():
    rng = np.random.default_rng(1)
    factors = rng.normal(size=(40, 2))
    factors[:15, 1] = 3 * factors[:15, 0] + 1
    factors[30, 0] = np.nan
    with np.errstate(all="ignore"):
        inverse, poor = inverses(factor_comoments(Span.of(factors, 10)))
    assert poor.tolist() == [True] * 6 + [False] * 25
    assert (inverse[:6] == 0).all()
    assert np.isnan(inverse[21:]).all()
    assert np.isfinite(inverse[:21]).all()


def test_residuals_are_orthogonal_to_every_factor_and_to_the_intercept():
    rng = np.random.default_rng(2)
    factors = rng.normal(5, 1, (50, 3))
    factors[:, 2] = factors[:, 0] - 2 * factors[:, 1]
    left = residuals(rng.normal(size=(4, 50)), factors)
    assert left.std(axis=1).min() > 0.5
    assert np.abs(left.sum(axis=1)).max() < 1e-13
    assert np.abs(left @ factors).max() < 1e-12
