"""Residual momentum: what an asset earned beside its factors, by how steadily it earned it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import ManifestError
from zoo.features.inputs import Panel, bars, check_skip, factor_returns, framed, panel, simple_returns
from zoo.features.regression import factor_comoments, inverses, residuals, slopes
from zoo.features.rolling import Span, chunks

# Where less than this share of the variance is unexplained, a difference of moments has lost too many digits.
_TOO_LITTLE_LEFT = 1e-4
# A return is a ratio of prices minus one and carries 1e-16 of rounding: residuals this small are only that.
_ROUNDING = 1e-12


def residual_momentum(
    prices: pd.DataFrame, factors: pd.DataFrame | pd.Series[float], *, window: int, lookback: int, skip: int
) -> pd.DataFrame:
    """Return residual momentum after Blitz, Huij and Martens (2011).

    At each date, simple returns per period are regressed with intercept on the factor returns of the last
    `window` periods, this one included; the score is the sum over the standard deviation (ddof=1) of the
    residuals of the `lookback - skip` periods that end `skip` periods ago. The paper has monthly data with
    36, 12 and 1.

    Args:
        prices: dates × assets.
        factors: factor returns per period, dates × factors (or a series) on the dates of `prices`.
        window: periods of the regression.
        lookback: how many periods ago the scored residuals begin, at most `window`.
        skip: how many of the last periods are not scored, at most `lookback - 2`.

    Returns:
        Scores (no unit) of dates × assets; NaN before a full window, where a return of the asset or the
        factors within the window is missing, and where the residuals do not vary.

    Raises:
        ManifestError: a parameter that is no whole number or does not fit the others.
        DataError: frames that are none, or factors on other dates.
    """
    returns = simple_returns(panel(prices))
    market = factor_returns(factors, prices)
    spans = _Spans.checked(window, lookback, skip, market.shape[1])
    scores = np.full_like(returns, np.nan)
    if spans.window <= len(returns):
        with np.errstate(all="ignore"):
            regression = _Regression.of(market, spans)
            for some in chunks(returns.shape[1]):
                scores[spans.window - 1 :, some] = regression.scores(np.ascontiguousarray(returns[:, some]))
    return framed(scores, prices)


@dataclass(frozen=True)
class _Spans:
    window: int
    lookback: int
    skip: int

    @classmethod
    def checked(cls, window: object, lookback: object, skip: object, factors: int) -> _Spans:
        length = bars("window", window, least=factors + 2)
        long, short = check_skip(lookback, skip, periods=2)
        if long > length:
            raise ManifestError(
                f"lookback is {long} and window {length}",
                expected="lookback at most window",
                remedy="residuals exist only within the window of the regression",
            )
        return cls(length, long, short)

    @property
    def scored(self) -> int:
        return self.lookback - self.skip


@dataclass(frozen=True)
class _Regression:
    """The factors' part of all windows, computed once for all assets."""

    market: Panel
    spans: _Spans
    window: Span  # of the regression
    scored: Span  # of the residuals that count
    inverse: Panel
    comoments: Panel  # of the factors over the scored periods
    poor: NDArray[np.bool_]  # windows whose normal equations are not to be trusted, windows × 1

    @classmethod
    def of(cls, market: Panel, spans: _Spans) -> _Regression:
        window, scored = Span.of(market, spans.window), Span.of(market, spans.scored)
        inverse, poor = inverses(factor_comoments(window))
        comoments = _at_same_dates(factor_comoments(scored), spans)
        return cls(market, spans, window, scored, inverse, comoments, poor[:, None])

    def scores(self, returns: Panel) -> Panel:
        """Return the scores of some assets, windows × assets."""
        window, scored = Span.of(returns, self.spans.window), Span.of(returns, self.spans.scored)
        factors = range(self.market.shape[1])
        beta = slopes(self.inverse, [window.comoment(self.window.column(k)) for k in factors])
        shift = _at_same_dates(self.scored.mean(), self.spans) - self.window.mean()
        mean = _at_same_dates(scored.mean(), self.spans) - window.mean()
        total = _at_same_dates(scored.comoment(scored), self.spans)
        left = total.copy()
        for j in factors:
            mean -= beta[j] * shift[:, j, None]
            explained = sum((beta[k] * self.comoments[:, j, k, None] for k in factors), np.zeros(1))
            total += beta[j] * explained
            product = _at_same_dates(scored.comoment(self.scored.column(j)), self.spans)
            left -= beta[j] * (2.0 * product - explained)
        count = self.spans.scored
        scores = np.where((total > 0) & np.isfinite(left), count * mean / np.sqrt(left / (count - 1)), np.nan)
        doubtful = (left < _TOO_LITTLE_LEFT * total) | (left < (count - 1) * 1e6 * _ROUNDING**2) | self.poor
        return self._settle(scores, doubtful & (total > 0), returns)

    def _settle(self, scores: Panel, doubtful: NDArray[np.bool_], returns: Panel) -> Panel:
        """Replace doubtful scores by those of a regression on the window itself."""
        spans = self.spans
        for row in np.flatnonzero(doubtful.any(axis=1)):
            window, assets = slice(row, row + spans.window), doubtful[row]
            found = np.ascontiguousarray(returns[window, assets].T)
            scored = residuals(found, self.market[window])[:, -spans.lookback : spans.window - spans.skip]
            deviation = scored.std(axis=1, ddof=1)
            varies = deviation > _ROUNDING * (1.0 + np.abs(found).max(axis=1))
            scores[row, assets] = np.where(varies, scored.sum(axis=1) / deviation, np.nan)
        return scores


def _at_same_dates(scored: Panel, spans: _Spans) -> Panel:
    """Take from windows of the scored periods those that belong to the windows of the regression."""
    start = spans.window - spans.lookback
    return scored[start : len(scored) - spans.skip]


__all__ = ["residual_momentum"]
