"""Control twins: the same pipeline on labels of which it is known what there is to be found.

One twin's labels are permuted within dates: nothing can be learnt, so whatever ranks them has seen them. The
other's follow the features with a planted rank IC, and those of its mirror go against them: a pipeline that
does not find both finds nothing, or what it finds is luck (of one feature there is but a sign to be learnt,
and a guess is right half of the time). Either failing says that the pipeline, not the signal, is wrong.

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
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np

from zoo.controls import Controls
from zoo.errors import ControlFailed, ControlUndecidable
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
PERMUTED: Final = "permuted"
PLANTED: Final = "planted"
REVERSED: Final = "reversed"

_WRONG: Final = "the pipeline, not the signal, is wrong"
#: what a learner that lost nothing would make of the planted rank IC: a real one keeps half of it and more
_EASY: Final = 12.0
_LEAST: Final = 0.1  # planted
_MOST: Final = 0.9
_NORMAL: Final = NormalDist()


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


def check_controls(variant: Done, bench: Workbench, controls: Controls, where: str) -> dict[str, Any]:
    """Run both twins of a variant, on its split.

    Args:
        variant: fitted on the original split, under the settings that hold now.
        bench: the experiment's data.
        controls: what is asked.
        where: the experiment and permutation, for the error.

    Returns:
        What a version's lineage says of them.

    Raises:
        ControlFailed: a twin did not come out as it must.
        ControlUndecidable: nobody can tell with so little data, or with such labels.
    """
    twins = Twins(variant, bench, controls, where)
    nothing = twins.permuted()
    size = twins.size(nothing)
    found = {PLANTED: size, REVERSED: None if size is None else -size}
    something = {name: twins.planted(ic) for name, ic in found.items() if ic is not None}
    problems = _leaks(nothing, controls)
    for name, parts in something.items():
        problems += _misses(parts, found[name] or 0.0, controls)
    if problems:
        raise ControlFailed(
            f"{'; '.join(problems)}: {_WRONG}",
            where=where,
            remedy="look for what sees labels that it should not, or loses the order of rows or of scores; "
            f"chance does this to about one permutation in {1 / controls.size:,.0f}",
        )
    bar = {"bar": _find_bar(controls)}
    return {
        **controls.as_dict(),
        PERMUTED: {"bar": _leak_bar(controls, nothing), **_told(nothing, largest=True)},
        **{
            name: {**bar, PLANTED: found[name], **_told(something[name])} if name in something else None
            for name in found
        },
    }


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


def _leaks(parts: Mapping[str, Rows], controls: Controls) -> list[str]:
    bar = _leak_bar(controls, parts)
    return [
        f"labels permuted within dates are ranked on the {_name(part)}: rank IC {found.rank_ic:+.4f}, "
        f"z {found.z:+.1f}, at most ±{bar:.2f}"
        for part, rows in parts.items()
        if abs((found := rows.found(largest=True)).z) > bar  # NaN: nothing was ranked, as it must be
    ]


def _misses(parts: Mapping[str, Rows], size: float, controls: Controls) -> list[str]:
    bar, way = _find_bar(controls), "along" if size > 0 else "against"
    return [
        f"a rank IC of {abs(size):.3g} that is planted {way} the features is not found on the {_name(part)}: "
        f"rank IC {found.rank_ic:+.4f}, z {found.z:+.1f}, at least {bar:.2f}"
        for part, rows in parts.items()
        if not (found := rows.found()).z > bar
    ]


def _leak_bar(controls: Controls, parts: Mapping[str, Rows]) -> float:
    """Return the two-sided bar of each test, so that all of them together have the size (Bonferroni)."""
    return _NORMAL.inv_cdf(1.0 - controls.size / (2 * sum(rows.tests for rows in parts.values())))


def _find_bar(controls: Controls) -> float:
    return _NORMAL.inv_cdf(1.0 - controls.size)


def _name(part: str) -> str:
    return {TEST: "test part", WALK_FORWARD: "walk-forward"}[part]


def _told(parts: Mapping[str, Rows], *, largest: bool = False) -> dict[str, dict[str, Any]]:
    found = {part: asdict(rows.found(largest=largest)) for part, rows in parts.items()}
    return {
        part: {name: value if math.isfinite(value) else None for name, value in one.items()}
        for part, one in found.items()
    }


def sentence(found: Mapping[str, Any]) -> str:
    """Say in one line what the twins of a permutation came to."""
    hidden, shown = _listed(found[PERMUTED]), found[PLANTED]
    if shown is None:
        return f"controls passed: permuted labels {hidden}; its rules learn nothing, so nothing was planted"
    told = f"{_listed(shown)}, against the features {_listed(found[REVERSED])}"
    return f"controls passed: permuted labels {hidden}; planted rank IC {shown[PLANTED]:.3g} {told}"


def _listed(twin: Mapping[str, Any]) -> str:
    parts = [(_name(part), twin[part]) for part in (TEST, WALK_FORWARD) if part in twin]
    return ", ".join(
        f"{name} {'none' if one['rank_ic'] is None else format(one['rank_ic'], '+.4f')}"
        + ("" if one["z"] is None else f" (z {one['z']:+.1f})")
        for name, one in parts
    )


__all__ = ["Found", "Rows", "Twins", "check_controls", "sentence"]
