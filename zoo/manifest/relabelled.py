"""Labels of a known kind in place of the real ones: permuted within dates, or with a planted rank IC.

They are replaced before any split, purge or fit, so that whatever the pipeline does with labels it does with
these. Each date keeps its labels, and NaN stays where it was: only who has which label changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.manifest.bound import Bound, Feature, key_of
from zoo.manifest.columns import Panel
from zoo.manifest.workbench import Workbench

Floats = NDArray[np.float64]
#: labels (dates × assets) and features (each of that shape) to labels of the same shape
Relabel = Callable[[Floats, Sequence[Floats]], Floats]

PERMUTED: Final = 1  # second part of a seed: no two twins are drawn from one stream
PLANTED: Final = 2
REVERSED: Final = 3
_DATES: Final = 500  # that the principal component is taken of


def permuted(labels: Floats, seed: int) -> Floats:
    """Return each row's finite labels in a random order; what is not finite stays where it is.

    Args:
        labels: dates × assets.
        seed: makes the order.
    """
    return _arranged(labels, _random(seed, PERMUTED).random_sample(labels.shape))


def planted(labels: Floats, direction: Floats, rank_ic: float, seed: int) -> Floats:
    """Return each row's finite labels, arranged so that their ranks follow a direction, or go against it.

    Row by row the order is that of rho g + sqrt(1 - rho²) e: g are the normal scores of the direction's
    ranks, e is standard normal, and rho = 2 sin(pi rank_ic / 6) is the correlation of two normals whose rank
    correlation is `rank_ic` (Pearson 1907). Ties among labels make it less.

    Args:
        labels: dates × assets.
        direction: what they are to follow, of the same shape; where it is not finite, chance decides.
        rank_ic: expected rank correlation, in (-1, 1); below 0 against it, with a noise of its own.
        seed: makes the noise.
    """
    noise = _random(seed, PLANTED if rank_ic > 0 else REVERSED).standard_normal(labels.shape)
    rho = 2.0 * math.sin(math.pi * rank_ic / 6.0)
    usable = np.isfinite(direction) & np.isfinite(labels)
    order = np.where(usable, rho * normal_scores(direction, usable) + math.sqrt(1.0 - rho**2) * noise, noise)
    return _arranged(labels, order)


def normal_scores(values: Floats, usable: NDArray[np.bool_]) -> Floats:
    """Return the normal scores of each row's usable values, by average ranks, of spread 1; 0 elsewhere.

    A row whose usable values are all equal has none: 0.
    """
    from scipy.special import ndtri

    masked = pd.DataFrame(np.where(usable, values, np.nan))
    share = (masked.rank(axis=1).to_numpy() - 0.5) / usable.sum(axis=1)[:, None]
    scores = np.where(usable, ndtri(share), 0.0)
    spread = np.sqrt((scores**2).sum(axis=1) / np.maximum(usable.sum(axis=1), 1))
    found: Floats = scores / np.where(spread > 0, spread, 1.0)[:, None]
    return found


def direction_of(features: Sequence[Floats]) -> Floats:
    """Return what most of the features say together: the first principal component of their normal scores.

    Of one feature that is its own rank. A signal along it is within reach of linear models, of trees, and of
    principal components that keep only the first.

    Args:
        features: each dates × assets.

    Returns:
        Dates × assets; NaN where a feature is missing.
    """
    usable = np.ones(features[0].shape, dtype=bool)
    for feature in features:
        usable &= np.isfinite(feature)
    dates = np.flatnonzero(usable.any(axis=1))
    some = dates[:: max(len(dates) // _DATES, 1)]
    scores = np.stack([normal_scores(f[some], usable[some])[usable[some]] for f in features], axis=-1)
    loading = np.linalg.eigh(scores.T @ scores)[1][:, -1]
    loading *= np.sign(loading[np.abs(loading).argmax()])
    found = np.zeros(usable.shape)
    for weight, feature in zip(loading, features, strict=True):  # one at a time: all of them may be large
        found += weight * normal_scores(feature, usable)
    found[~usable] = np.nan
    return found


def _random(seed: int, twin: int) -> np.random.RandomState:
    return np.random.RandomState([seed, twin])  # its stream is frozen by NumPy's policy (NEP 19)


def _arranged(labels: Floats, order: Floats) -> Floats:
    """Give each row's finite labels, the smallest first, to its cells by their place in `order`."""
    known = np.isfinite(labels)
    # both put the finite cells first, and the others behind them in the order of their columns
    places = np.argsort(np.where(known, order, np.inf), axis=1, kind="stable")
    ranked = np.argsort(np.where(known, labels, np.inf), axis=1, kind="stable")
    found = np.empty_like(labels)
    np.put_along_axis(found, places, np.take_along_axis(labels, ranked, axis=1), axis=1)
    return found


class Relabelled(Workbench):
    """A workbench whose labels are replaced, and whose features are another's: they are computed once.

    Args:
        bench: the workbench with the real labels.
        relabel: makes labels of labels and features.
    """

    def __init__(self, bench: Workbench, relabel: Relabel) -> None:
        super().__init__(bench.data)
        self._bench = bench
        self._relabel = relabel

    def formed(self, bound: Bound) -> Workbench:
        """Return the workbench of the bars that are formed, with labels that are replaced as well."""
        formed = self._bench.formed(bound)
        return self if formed is self._bench else Relabelled(formed, self._relabel)

    def column_of(self, feature: Feature, bound: Bound) -> Panel:
        """Return one feature, as it is."""
        return self._bench.column_of(feature, bound)

    def target(self, bound: Bound) -> Panel:
        """Return the labels in place of the target."""
        key = key_of(["relabelled", bound.shape])
        return self.cache.get(  # type: ignore[no-any-return]
            key, lambda: self._relabel(self._bench.target(bound), self._bench.columns(bound))
        )

    def column(self, bound: Bound) -> pd.Series:
        """Return the labels in place of a table's target: all rows are one date."""
        real = self._bench.column(bound)
        table = self.data.frame.drop(columns=[real.name])
        features = [table[name].to_numpy(dtype=np.float64)[None, :] for name in table.columns]
        codes, values = _coded(real)
        found = self._relabel(codes[None, :], features)[0]
        return pd.Series(
            found if values is None else values[found.astype(np.intp)], real.index, name=real.name
        )


def _coded(labels: pd.Series) -> tuple[Floats, NDArray[Any] | None]:
    """Return labels as numbers, and what the numbers stand for where the labels are classes."""
    if labels.dtype.kind == "f":
        return labels.to_numpy(dtype=np.float64), None
    values, codes = np.unique(labels.to_numpy(), return_inverse=True)
    return codes.astype(np.float64), values


__all__ = ["Relabel", "Relabelled", "direction_of", "normal_scores", "permuted", "planted"]
