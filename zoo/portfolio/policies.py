"""From scores to target weights, one cross-section a row.

A name is held by how many others score below and above it, so that any increasing transformation of the
scores gives the same weights, and so does any order of the assets. Tied names get equal weights: where a tie
lies across the edge of a side, its names share what is left of that side. A score that is NaN or infinite is
not held. Rows in which all scores are equal, or that have too few names, are flat: zeros, never NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zoo.errors import PortfolioError

Floats = NDArray[np.float64]
Policy = Callable[[Floats], Floats]
"""Scores of rows × assets to weights of the same shape; each row's weights follow from that row alone."""

_ROUNDING = 1e-9  # 0.29 × 100 is 28.999999999999996


class _Places(NamedTuple):
    """Rows × assets: names strictly below, names tied (oneself included; 0 where not held), names in all."""

    below: Floats
    tied: Floats
    names: Floats

    @property
    def above(self) -> Floats:
        return self.names - self.below - self.tied


def quantile_long_short(scores: ArrayLike, *, quantile: float = 0.2) -> Floats:
    """Hold the top `quantile` of names long and the bottom one short, equally weighted.

    Args:
        scores: cross-sections × assets (or one cross-section).
        quantile: share of the names on each side, in (0, 0.5]; rounded down to whole names.

    Returns:
        Weights of the same shape: the long side adds up to 1 and the short side to -1 (less where one tie
        reaches over both edges, and its names are held long and short at once). Flat with fewer than
        1 / `quantile` names.

    Raises:
        PortfolioError: another `quantile`, or scores that are no cross-sections.
    """
    share = _share("quantile", quantile, most=0.5)
    places = _places(scores)
    side = _names_of(share, places)
    weights = _membership(places.above, places.tied, side) - _membership(places.below, places.tied, side)
    return _shaped(weights, scores)


def long_only_top(scores: ArrayLike, *, fraction: float) -> Floats:
    """Hold the top `fraction` of names, equally weighted; nothing is short.

    Args:
        scores: cross-sections × assets (or one cross-section).
        fraction: share of the names, in (0, 1]; rounded down to whole names.

    Returns:
        Weights of the same shape that add up to 1 a row. Flat with fewer than 1 / `fraction` names, and where
        all scores are equal: no opinion is no position.

    Raises:
        PortfolioError: another `fraction`, or scores that are no cross-sections.
    """
    share = _share("fraction", fraction, most=1.0)
    places = _places(scores)
    held = _membership(places.above, places.tied, _names_of(share, places))
    return _shaped(np.where(places.tied < places.names, held, 0.0), scores)


def rank_weighted(scores: ArrayLike) -> Floats:
    """Hold every name in proportion to its average rank less the mean rank.

    Args:
        scores: cross-sections × assets (or one cross-section).

    Returns:
        Weights of the same shape; the long side adds up to 1, the short side to -1. Flat with fewer than two
        names.

    Raises:
        PortfolioError: scores that are no cross-sections.
    """
    places = _places(scores)
    centred = np.where(places.tied > 0, places.below - places.above, 0.0)  # twice rank - mean rank: whole
    side = np.abs(centred).sum(axis=1, keepdims=True) / 2.0
    return _shaped(np.divide(centred, side, out=np.zeros(centred.shape), where=side > 0), scores)


def directional(scores: ArrayLike, *, threshold: float = 0.0) -> Floats:
    """Hold every name by itself: long where its score is above `threshold`, short where it is below.

    What an asset alone needs, and what time-series signals do: names are not compared with each other.

    Args:
        scores: cross-sections × assets (or one cross-section).
        threshold: what divides long from short; 0.5 for the probability of going up.

    Returns:
        Weights of the same shape: ±1 over the number of names with a score; 0 at the threshold and without a
        score.

    Raises:
        PortfolioError: a threshold that is no finite number, or scores that are no cross-sections.
    """
    known = isinstance(threshold, int | float) and not isinstance(threshold, bool)
    if not known or not np.isfinite(threshold):
        raise PortfolioError(f"threshold is {threshold!r}", expected="a finite number")
    values = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    if values.ndim != 2:
        raise PortfolioError(f"scores of shape {values.shape}", expected="cross-sections × assets")
    held = np.isfinite(values)
    names = np.maximum(held.sum(axis=1, keepdims=True), 1)
    signs = np.sign(np.where(held, values, threshold) - threshold)
    return _shaped(signs / names, scores)


def _membership(ahead: Floats, tied: Floats, side: Floats) -> Floats:
    """Return each name's weight on a side of `side` places, `ahead` names coming before its tie."""
    places_left = np.clip(side - ahead, 0.0, tied)
    return np.divide(places_left, tied * side, out=np.zeros(tied.shape), where=(tied > 0) & (side > 0))


def _names_of(share: float, places: _Places) -> Floats:
    return np.floor(places.names * share + _ROUNDING)


def _places(scores: ArrayLike) -> _Places:
    values = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    if values.ndim != 2:
        raise PortfolioError(f"scores of shape {values.shape}", expected="cross-sections × assets")
    held = np.isfinite(values)
    names = held.sum(axis=1, keepdims=True).astype(np.float64)
    if not values.size:
        return _Places(np.zeros(values.shape), np.zeros(values.shape), names)
    masked = np.where(held, values, np.inf)  # after everything finite
    order = np.argsort(masked, axis=1)
    ordered = np.take_along_axis(masked, order, axis=1)
    starts = np.ones(values.shape, dtype=bool)
    np.not_equal(ordered[:, 1:], ordered[:, :-1], out=starts[:, 1:])
    first = np.flatnonzero(starts)  # no tie runs over a row's end: each row starts one
    tie = np.cumsum(starts.ravel()) - 1
    below, tied = np.empty(values.shape), np.empty(values.shape)
    np.put_along_axis(below, order, (first % values.shape[1])[tie].reshape(values.shape), axis=1)
    np.put_along_axis(tied, order, np.diff(first, append=starts.size)[tie].reshape(values.shape), axis=1)
    return _Places(below, np.where(held, tied, 0.0), names)


def _shaped(weights: Floats, scores: ArrayLike) -> Floats:
    return weights.reshape(np.shape(scores))


def _share(name: str, value: object, *, most: float) -> float:
    number = isinstance(value, int | float | np.floating) and not isinstance(value, bool)
    if not number or not 0.0 < float(value) <= most:  # type: ignore[arg-type]
        raise PortfolioError(f"{name} is {value!r}", expected=f"a share of the names in (0, {most}]")
    return float(value)  # type: ignore[arg-type]


__all__ = ["Policy", "directional", "long_only_top", "quantile_long_short", "rank_weighted"]
