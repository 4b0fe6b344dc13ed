"""What of a target is fitted: on the train part only, then applied to every part.

The cutoff of a class, a mean or a spread taken over all rows would tell train what test looks like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from zoo.errors import ManifestError
from zoo.manifest.bound import Bound
from zoo.manifest.construct import inject, partial
from zoo.manifest.cube import Floats, Sample
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
            ManifestError: a transform that gives another length.
        """
        if self.bound.fitted_target is None:
            return labels
        declared = self.bound.fitted_target["transform_params"]
        function = partial(declared, self.bound.trust, self.bound.where)
        name = str(declared[TARGET_KEY])
        flat = np.asarray(labels, dtype=np.float64).ravel()
        given = {"labels": flat.copy(), **self.fitted}
        found = np.asarray(inject(function, given, name, self.bound.where), dtype=np.float64)
        if found.shape != flat.shape:
            raise ManifestError(
                f"{name} gave {found.shape} labels of {flat.shape}",
                where=self.bound.where,
                expected="as many labels as it was given",
            )
        return found.reshape(np.shape(labels))


def fit_labels(bound: Bound, train: Sample) -> Labels:
    """Fit a target's parameters on the labelled rows of the train part.

    Raises:
        ManifestError: a function that gives no finite number.
    """
    if bound.fitted_target is None:
        return Labels(bound)
    known = np.asarray(train.y[train.labelled], dtype=np.float64)
    declared: Mapping[str, Any] = bound.fitted_target["fit_params"]
    fitted: dict[str, float] = {}
    for name, declaration in declared.items():
        function = partial(declaration, bound.trust, bound.where)
        value = inject(function, {"labels": known.copy()}, str(declaration[TARGET_KEY]), bound.where)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float | np.floating)
            or not np.isfinite(value)
        ):
            raise ManifestError(
                f"target.fit_params.{name} gave {value!r}", where=bound.where, expected="a finite number"
            )
        fitted[name] = float(value)
    return Labels(bound, fitted)


__all__ = ["Labels", "fit_labels"]
