"""The twins of a permutation: its own pipeline on labels that are replaced, and what it ranks of them.

Under permuted labels each date's rank IC has mean 0 and variance 1 / (n - 1) for n labels, whatever the
scores are, and dates are independent; over the folds of a walk-forward, which train on the labels of those
before, they are martingale differences of the same variance. So sum(IC) / sqrt(sum(1 / (n - 1))) is standard
normal for many dates, and no error has to be estimated. The folds of a table train on one another: the sum
over them has up to twice that variance for a linear model, so each of them is tested on its own.

What a twin cannot see: a feature that reads later prices (its labels are replaced, the prices are not), a
target that is computed wrongly, costs and portfolios.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from zoo.controls import Controls
from zoo.errors import ControlUndecidable
from zoo.experiment.pipeline import Done
from zoo.manifest.bound import Bound
from zoo.manifest.cube import Floats, Sample
from zoo.manifest.estimators import RULES
from zoo.manifest.held_out import scores_of
from zoo.manifest.labels import fit_labels
from zoo.manifest.prepare import Prepared, prepare
from zoo.manifest.relabelled import Relabelled, direction_of, permuted, planted
from zoo.manifest.run import fit
from zoo.manifest.workbench import Workbench
from zoo.metrics import rank_ic_by_date
from zoo.models import SklearnModel
from zoo.promotion.sensor import scores_of as scores_of_rows
from zoo.trust import TARGET_KEY

TEST: Final = "test"
WALK_FORWARD: Final = "walk_forward"

#: what a learner that lost nothing would make of the planted rank IC: a real one keeps half of it and more
_EASY: Final = 12.0
_LEAST: Final = 0.1  # planted
_MOST: Final = 0.9


@dataclass(frozen=True, slots=True)
class Found:
    """What a twin's scores rank of its labels.

    Attributes:
        rank_ic: mean over dates; NaN where nothing is ranked.
        z: in standard errors of labels that are unrelated to the scores.
        dates: with a rank IC.
    """

    rank_ic: float
    z: float
    dates: int


@dataclass(frozen=True, slots=True)
class Rows:
    """Scores and labels of one part of a twin.

    Attributes:
        scores: dates × assets, or folds × rows of a table; NaN where there is none.
        labels: of the same shape.
        apart: whether rows are not independent, and each is tested on its own.
    """

    scores: Floats
    labels: Floats
    apart: bool = False

    @property
    def tests(self) -> int:
        """How many tests of permuted labels it takes."""
        return len(self.scores) if self.apart else 1

    @property
    def information(self) -> float:
        """Squared z of one unit of rank IC: the sum of n - 1 over dates, as far as one may still learn."""
        count = (np.isfinite(self.scores) & np.isfinite(self.labels)).sum(axis=1)
        return float(np.maximum(count - 1, 0)[count > 2].sum())

    def found(self, *, largest: bool = False) -> Found:
        """Return the rank IC and its z; of rows apart, where the `largest` is asked for, that of one row."""
        both = np.isfinite(self.scores) & np.isfinite(self.labels)
        by_date, count = rank_ic_by_date(self.scores, self.labels), both.sum(axis=1)
        known = np.isfinite(by_date)
        dates = int(known.sum())
        if not dates:
            return Found(math.nan, math.nan, 0)
        rank_ic, variance = by_date[known], 1.0 / (count[known] - 1)
        if largest and self.apart:
            each = rank_ic / np.sqrt(variance)
            z = float(each[np.abs(each).argmax()])
        else:
            z = float(rank_ic.sum()) / math.sqrt(float(variance.sum()))
        return Found(float(rank_ic.mean()), z, dates)


class Twins:
    """The twins of one variant; arguments as `check_controls`."""

    def __init__(self, variant: Done, bench: Workbench, controls: Controls, where: str) -> None:
        self.bound: Bound = variant.bound
        self.boundaries = variant.prepared.boundaries
        self.bench = bench
        self.controls = controls
        self.where = where

    def permuted(self) -> dict[str, Rows]:
        """Return the parts of the twin whose labels are permuted."""
        return self._parts(Relabelled(self.bench, lambda labels, _: permuted(labels, self.controls.seed)))

    def planted(self, size: float) -> dict[str, Rows]:
        """Return the parts of the twin with a planted rank IC; below 0 it goes against the features."""

        def relabel(labels: Floats, features: Sequence[Floats]) -> Floats:
            return planted(labels, direction_of(features), size, self.controls.seed)

        return self._parts(Relabelled(self.bench, relabel))

    def size(self, like: Mapping[str, Rows]) -> float | None:
        """Return the rank IC to plant, as large as so much data needs, and no smaller than 0.1.

        Args:
            like: the parts of the permuted twin, which say how much data there is.

        Returns:
            None where the model learns nothing.

        Raises:
            ControlUndecidable: a pipeline that works might not find it.
        """
        if self.bound.model[TARGET_KEY] in RULES.values():
            return None
        information = math.sqrt(min(rows.information for rows in like.values()))
        size = self.controls.rank_ic
        if size is None:
            size = min(max(_EASY / max(information, 1.0), _LEAST), _MOST)
        if not size * information >= _EASY / 2:
            raise ControlUndecidable(
                f"a planted rank IC of {size:g} could be missed by a pipeline that works: expected z "
                f"{size * information:.1f} at best",
                where=self.where,
                expected=f"{_EASY / 2:g} or more",
                remedy="plant more with promotion.twins.rank_ic, use more data, or leave controls=true out",
            )
        return size

    def _parts(self, bench: Relabelled) -> dict[str, Rows]:
        prepared = prepare(self.bound, bench, self.boundaries)
        found = {TEST: self._test(prepared)}
        if prepared.folds:
            found[WALK_FORWARD] = self._walk_forward(prepared)
        return found

    def _test(self, prepared: Prepared) -> Rows:
        """Score the test part: every bar of it, or a table's rows as one date."""
        labels = fit_labels(self.bound, prepared.train)
        model = fit(self.bound, labels.of(prepared.train), prepared.cube.horizon)
        bars, features, raw = prepared.held_out
        if not len(bars):
            return self._rows(model, labels.of(prepared.test))
        return Rows(scores_of(model, features), labels.values(raw))

    def _walk_forward(self, prepared: Prepared) -> Rows:
        """Score each fold of train + validation by a model that was trained on those before it."""
        pieces = []
        for train, test in prepared.folds:
            labels = fit_labels(self.bound, train)
            model = fit(self.bound, labels.of(train), prepared.cube.horizon)
            pieces.append(self._rows(model, labels.of(test)))
        widest = max(piece.scores.shape[1] for piece in pieces)
        scores = np.vstack([_wide(piece.scores, widest) for piece in pieces])
        ranked = np.vstack([_wide(piece.labels, widest) for piece in pieces])
        return Rows(scores, ranked, apart=not self.bench.is_panel)

    def _rows(self, model: SklearnModel, sample: Sample) -> Rows:
        scores, labels = scores_of_rows(model, sample.X), np.asarray(sample.y)
        if scores.dtype.kind not in "fiub":
            raise ControlUndecidable(
                "more than two classes have no order in which labels could be ranked",
                where=self.where,
                expected="a regression, or two classes",
                remedy="leave controls=true out",
            )
        if labels.dtype.kind not in "fiub":
            labels = np.unique(labels, return_inverse=True)[1].astype(np.float64)
        if sample.grid is None:
            return Rows(scores.astype(np.float64)[None, :], labels.astype(np.float64)[None, :])
        laid = np.full((2, *sample.grid.shape), np.nan)
        laid[:, sample.grid.date, sample.grid.asset] = scores, labels
        return Rows(laid[0], laid[1])


def _wide(rows: Floats, width: int) -> Floats:
    """Fill rows up with NaN: the folds of a table differ by a row."""
    return np.pad(rows, ((0, 0), (0, width - rows.shape[1])), constant_values=np.nan)


__all__ = ["TEST", "WALK_FORWARD", "Found", "Rows", "Twins"]
