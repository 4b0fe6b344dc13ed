"""What of a target is fitted: on the train part only, then applied to every part.

The cutoff of a class, a mean or a spread taken over all rows would tell train what test looks like.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from zoo.errors import ManifestError, did_you_mean
from zoo.manifest.bound import Bound
from zoo.manifest.construct import called, partial
from zoo.manifest.cube import Floats, Sample
from zoo.manifest.declared import LABELS
from zoo.trust import TARGET_KEY


@dataclass(frozen=True)
class Labels:
    """A target's fitted parameters, and its labels under them.

    Attributes:
        bound: what declares the transform; nothing to do where it declares none.
        fitted: parameters by name.
    """

    bound: Bound
    fitted: Mapping[str, float] = field(default_factory=dict)

    def of(self, sample: Sample) -> Sample:
        """Return the sample with its labels transformed."""
        return sample if self.bound.fitted_target is None else replace(sample, y=self.values(sample.y))

    def values(self, labels: Floats) -> Floats:
        """Return labels transformed, of any shape; NaN stays NaN.

        Raises:
            ManifestError: a transform that takes no labels, or leaves a fitted parameter unused; that gives
                another length, infinities, or a label where there was none.
        """
        if self.bound.fitted_target is None:
            return labels
        declared, where = self.bound.fitted_target["transform_params"], self.bound.where
        name = str(declared[TARGET_KEY])
        function = partial(declared, self.bound.trust, where)
        for given in (LABELS, *self.fitted):
            _check_takes(function, given, name, where)
        flat = _numbers(labels, where).ravel()
        found = np.asarray(called(function, (), {LABELS: flat.copy(), **self.fitted}, name, where))
        if found.shape != flat.shape or found.dtype.kind not in "fiub":
            raise ManifestError(
                f"{name} gave {found.dtype} of {found.shape} for {flat.shape} labels",
                where=where,
                expected="a number for each label",
            )
        found = found.astype(np.float64)
        if np.isinf(found).any():
            raise ManifestError(f"{name} gave an infinite label", where=where, expected="finite labels")
        if (np.isfinite(found) & ~np.isfinite(flat)).any():
            raise ManifestError(
                f"{name} gave a label where there was none",
                where=where,
                expected="NaN where the future is not known",
                remedy="a comparison with NaN is false, not NaN: keep NaN with numpy.where",
            )
        return found.reshape(np.shape(labels))


def fit_labels(bound: Bound, train: Sample) -> Labels:
    """Fit a target's parameters on the labelled rows of the train part.

    Raises:
        ManifestError: a function that gives no finite number.
    """
    if bound.fitted_target is None:
        return Labels(bound)
    known = _numbers(train.y, bound.where)[train.labelled]
    declared: Mapping[str, Any] = bound.fitted_target["fit_params"]
    return Labels(bound, {name: _fit(bound, name, tree, known) for name, tree in declared.items()})


def _fit(bound: Bound, name: str, declaration: Mapping[str, Any], labels: Floats) -> float:
    target = str(declaration[TARGET_KEY])
    function = partial(declaration, bound.trust, bound.where)
    _check_takes(function, LABELS, target, bound.where)
    value = called(function, (), {LABELS: labels.copy()}, target, bound.where)
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not np.isfinite(value):
        raise ManifestError(
            f"target.fit_params.{name} gave {value!r:.80}", where=bound.where, expected="a finite number"
        )
    return float(value)


def _check_takes(function: Callable[..., Any], name: str, target: str, where: str | None) -> None:
    parameters = inspect.signature(function).parameters
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    if name not in parameters and not anything:
        raise ManifestError(
            f"{target} takes no {name!r}",
            where=where,
            expected=f"one of {', '.join(parameters) or '(it takes nothing)'}",
            remedy=did_you_mean(name, parameters),
        )


def _numbers(labels: Any, where: str | None) -> Floats:
    try:
        return np.asarray(labels, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ManifestError(
            f"target.fit_params: labels are no numbers: {error}", where=where, expected="numbers"
        ) from error


__all__ = ["Labels", "fit_labels"]
