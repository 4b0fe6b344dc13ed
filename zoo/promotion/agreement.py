"""Does the refit still resemble the model that was measured?

There is no universal floor: the mean per-date correlation of original and refit is about 0.97 for ridge
regression and 0.4 for boosted trees. So the floor is what the model itself does to its scores when its
training span is drawn again: the 5th percentile of refits on block-bootstrapped dates (circular blocks,
Politis and Romano 1992), each compared with the original on the same test rows. Where such refits even turn
round, that percentile excludes nothing; who ranks the other way is refused all the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zoo.errors import AgreementError, Interrupted, ZooError
from zoo.experiment.pipeline import Done
from zoo.manifest.cube import Sample
from zoo.manifest.labels import fit_labels
from zoo.manifest.run import fit
from zoo.metrics import rank_ic_by_date
from zoo.models import SklearnModel
from zoo.promotion.bootstrap import Draw, bootstrap_rows
from zoo.terms import BOOTSTRAP, OFF

REFITS: Final = 20
PERCENTILE: Final = 5.0
#: the share of a date's assets that counts as its top
TOP: Final = 0.2
NUMBER: Final = "number"
RANKS: Final = "rank_correlation"
_SLACK: Final = 1e-9  # two equal models differ in the last bits of a mean

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model says of the rows of a sample.

    Attributes:
        scores: dates × assets, NaN where there is none; one row for a table, and where no date has three.
        classes: a class a row, or None for a regression.
    """

    scores: Floats
    classes: NDArray[Any] | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the refit resembles the variant on the variant's test rows; a version carries it for ever.

    Attributes:
        rank_correlation: mean Spearman correlation over dates (over all rows where no date has three scores);
            None where the variant's scores are all equal.
        equal_classes: share of rows with the same class; None for a regression.
        top_overlap: mean share of the variant's top fifth that is in the refit's.
        dates: dates (or 1) with a correlation.
        figure: which of them the floor is for: `rank_correlation`; without scores, `equal_classes`.
        floor: the least that `figure` may be; None where none was asked for.
        how: `bootstrap`, `number` or `off`.
        refits: bootstrapped refits behind the floor.
        block: dates (or rows) a block.
    """

    rank_correlation: float | None
    equal_classes: float | None
    top_overlap: float | None
    dates: int
    figure: str
    floor: float | None = None
    how: str = OFF
    refits: int = 0
    block: int | None = None

    @property
    def value(self) -> float | None:
        """The figure that the floor is for."""
        found: float | None = getattr(self, self.figure)
        return found


def agreement(variant: Done, refit: Done, floor: str | float = OFF, *, where: str = "") -> Agreement:
    """Compare the refit with the variant on the variant's test rows.

    Args:
        variant: fitted on the original split.
        refit: fitted on all data.
        floor: `bootstrap`, a number, or `off`.
        where: the experiment and permutation, for the error.

    Raises:
        AgreementError: below the floor, or not to be told.
    """
    sample = variant.prepared.test
    mine, its = opinion(variant.model, sample), opinion(refit.model, sample)
    found = compared(mine, its)
    if floor == OFF:
        return found
    if floor == BOOTSTRAP:
        found = _bootstrapped(variant, found, mine, where)
    else:
        found = replace(found, floor=float(floor), how=NUMBER)
    check_agreement(found, where)
    return found


def check_agreement(found: Agreement, where: str) -> None:
    """Raise `AgreementError` where the figure is below its floor, or where there is none.

    A bootstrapped floor may be below zero; a rank correlation must not.
    """
    if found.floor is None:
        return
    name = found.figure.replace("_", " ")
    if found.value is None:
        raise AgreementError(
            f"nobody can tell how refit and variant agree: scores that are all equal have no {name}",
            where=where,
            remedy="promotion.agreement=off registers it all the same, and says so",
        )
    if not found.value >= found.floor - _SLACK:
        source = (
            f"the 5th percentile of {found.refits} block-bootstrap refits"
            if found.how == BOOTSTRAP
            else "promotion.agreement"
        )
        raise AgreementError(
            f"the refit's {name} with the variant is {found.value:.4f}, below the floor of "
            f"{found.floor:.4f}, {source}",
            where=where,
            expected=f"at least {found.floor:.4f}",
            remedy="look at the bars that the refit adds; promotion.agreement=off registers it all the same",
        )
    if found.how == BOOTSTRAP and found.figure == RANKS and found.value < -_SLACK:
        raise AgreementError(
            f"the refit ranks the other way round than the variant: their {name} is {found.value:.4f}, "
            f"and a floor of {found.floor:.4f} says that refits of this model turn round by themselves",
            where=where,
            expected="at least 0",
            remedy="train on more dates; promotion.agreement=<number> or off registers it all the same",
        )


def opinion(model: SklearnModel, sample: Sample) -> Opinion:
    """Return what a model says of a sample's rows: scores, for two classes the probability of the second."""
    out = model.predict({"x_test": sample.X})
    probs = out.get("_probs")
    classes = np.asarray(out["_preds"]) if model.is_classifier else None
    if probs is not None and probs.shape[1] == 2:
        scores = probs[:, 1]
    elif classes is None:
        scores = np.asarray(out["_preds"], dtype=np.float64)
    else:  # several classes have no order
        scores = np.full(len(classes), np.nan)
    return Opinion(_panel(np.asarray(scores, dtype=np.float64), sample), classes)


def _panel(scores: Floats, sample: Sample) -> Floats:
    if sample.grid is None:
        return scores[None, :]
    panel = sample.grid.spread(scores)
    crowded = (np.isfinite(panel).sum(axis=1) >= 3).any()
    return panel if crowded else scores[None, :]


def compared(variant: Opinion, other: Opinion) -> Agreement:
    """Return how two opinions of the same rows agree."""
    correlation, dates = correlated(variant.scores, other.scores)
    classes = None
    if variant.classes is not None and other.classes is not None and len(variant.classes):
        classes = float(np.mean(variant.classes == other.classes))
    ordered = bool(np.isfinite(variant.scores).any()) or classes is None
    return Agreement(
        correlation,
        classes,
        _top_overlap(variant.scores, other.scores),
        dates,
        RANKS if ordered else "equal_classes",
    )


def correlated(variant: Floats, other: Floats) -> tuple[float | None, int]:
    """Return the mean per-date rank correlation and the number of its dates.

    A date on which only the other's scores are all equal counts 0: who ranks nothing does not agree.
    """
    series = rank_ic_by_date(variant, other)
    ranked = np.isfinite(rank_ic_by_date(variant, variant))
    if not ranked.any():
        return None, 0
    return float(np.nan_to_num(series[ranked], nan=0.0).mean()), int(ranked.sum())


def _top_overlap(variant: Floats, other: Floats) -> float | None:
    shares = []
    for a, b in zip(variant, other, strict=True):
        known = np.flatnonzero(np.isfinite(a) & np.isfinite(b))
        if known.size < 2:
            continue
        count = max(1, math.ceil(TOP * known.size))
        tops = [set(known[np.argsort(-side[known], kind="stable")[:count]]) for side in (a, b)]
        shares.append(len(tops[0] & tops[1]) / count)
    return float(np.mean(shares)) if shares else None


def _bootstrapped(variant: Done, found: Agreement, mine: Opinion, where: str) -> Agreement:
    figures, block = bootstrap_figures(variant, found.figure, mine, where)
    return floored(found, figures, block)


def bootstrap_figures(variant: Done, figure: str, mine: Opinion, where: str) -> tuple[list[float], int]:
    """Return how refits on a bootstrapped training span agree with the variant, and the block's length.

    Args:
        variant: fitted on the original split.
        figure: `rank_correlation` or `equal_classes`.
        mine: what it says of its test rows.
        where: for the error.

    Raises:
        AgreementError: too many draws could not be fitted.
    """
    train, cube = variant.prepared.train, variant.prepared.cube
    horizon, every = cube.horizon, variant.bound.every
    draws, block = bootstrap_rows(train, horizon, every, variant.bound.seed)
    refits = (partial(_refitted, variant, rows) for rows in draws)
    return figures_of(refits, figure, mine, where), block


def figures_of(
    refits: Iterator[Callable[[], Opinion]], figure: str, mine: Opinion, where: str
) -> list[float]:
    """Return how bootstrapped refits agree with the variant, as many as are asked for.

    Args:
        refits: each fits a model to rows drawn again, and says what it thinks of the variant's test rows.
        figure: `rank_correlation` or `equal_classes`.
        mine: what the variant thinks of them.
        where: for the error.

    Raises:
        AgreementError: too many draws could not be fitted.
    """
    figures: list[float] = []
    failure: Exception | None = None
    for _, refitted in zip(range(2 * REFITS), refits, strict=False):
        try:
            other = refitted()
        except Interrupted:
            raise
        except (ZooError, ValueError) as error:  # a draw may hold one class only
            failure = error
            continue
        value = getattr(compared(mine, other), figure)
        figures.append(0.0 if value is None else value)
        if len(figures) == REFITS:
            return figures
    raise AgreementError(
        f"only {len(figures)} of {2 * REFITS} bootstrapped refits could be fitted: {failure}",
        where=where,
        remedy="give a floor of your own with promotion.agreement=<number>",
    )


def floored(found: Agreement, figures: Sequence[float], block: int) -> Agreement:
    """Return an agreement with the floor that bootstrapped refits give it."""
    floor = float(np.percentile(figures, PERCENTILE))
    return replace(found, floor=floor, how=BOOTSTRAP, refits=len(figures), block=block)


def _refitted(variant: Done, rows: Draw) -> Opinion:
    prepared = variant.prepared
    return opinion(_fitted(variant, _take(prepared.train, rows), prepared.cube.horizon), prepared.test)


def _fitted(variant: Done, train: Sample, horizon: int) -> SklearnModel:
    return fit(variant.bound, fit_labels(variant.bound, train).of(train), horizon)


def _take(sample: Sample, rows: Draw) -> Sample:
    """Return a sample of these rows, to be fitted on only: its grid still is the whole's."""
    return replace(sample, X=sample.X[rows], y=sample.y[rows], position=sample.position[rows])


def as_dict(found: Agreement) -> dict[str, Any]:
    """Return it as plain values."""
    return {name: getattr(found, name) for name in Agreement.__slots__}


__all__ = [
    "NUMBER",
    "PERCENTILE",
    "REFITS",
    "TOP",
    "Agreement",
    "Opinion",
    "agreement",
    "as_dict",
    "bootstrap_figures",
    "check_agreement",
    "compared",
    "correlated",
    "figures_of",
    "floored",
    "opinion",
]
