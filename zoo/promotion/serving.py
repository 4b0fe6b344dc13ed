"""Features for a sensor, by the manifest's own preparation: training and serving share one builder."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import DataError, ManifestError, SensorInputError
from zoo.promotion.rows import as_array, is_polars

if TYPE_CHECKING:
    from zoo.data import Dataset
    from zoo.manifest.bound import Bound, Feature
    from zoo.manifest.workbench import Workbench

Floats = NDArray[np.float64]

#: what a panel sensor takes, for errors
INPUTS: Final = "{'x_test': X}, a Dataset, a Table or a frame"


@dataclass(frozen=True, slots=True)
class Served:
    """The features of every bar and asset.

    Attributes:
        F: dates × assets × features; NaN where a feature has no value.
        data: the bars that they were computed of.
    """

    F: Floats
    data: Dataset

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Which bars of which assets have every feature: dates × assets."""
        return np.asarray(np.isfinite(self.F).all(axis=2))

    @property
    def index(self) -> pd.MultiIndex:
        """Every (date, asset), date by date."""
        return pd.MultiIndex.from_product([self.data.dates, self.data.assets], names=["date", "asset"])


def serve(bound: Bound, bench: Workbench, recorded: Sequence[str]) -> Served:
    """Compute the features of a panel under the current settings.

    A selector is left out: it chose what to train on, and what is to be predicted is the caller's choice.

    Args:
        bound: what was trained.
        bench: the data to predict from.
        recorded: the columns of the training data's fingerprint, such as `factor:SP500`.

    Raises:
        SensorInputError: a table; data that lacks a field or the factors that features need; features that
            cannot be computed of it.
    """
    if not bench.is_panel:
        raise SensorInputError(
            "the sensor was trained on a panel, and a table has no bars",
            expected="a Dataset, or {'x_test': X}",
        )
    try:
        formed = bench.formed(replace(bound, selector=None))
        _check_needs(bound, formed.data, recorded)
        columns = formed.columns(bound)
    except (ManifestError, DataError) as error:
        raise SensorInputError(
            error.problem,
            where=error.where,
            expected=error.expected,
            remedy="give a Dataset with the fields and factors needed",
        ) from error
    return Served(np.stack(columns, axis=-1), formed.data)


def _check_needs(bound: Bound, data: Dataset, recorded: Sequence[str]) -> None:
    """Refuse data that lacks what any feature was computed of in training; the message names them all."""
    lacking = [
        f"{feature.name} needs {' and '.join(map(repr, missing))}"
        for feature in bound.features
        if (missing := _missing(feature, bound, data, recorded))
    ]
    if lacking:
        given = [*data.fields, *(["factors"] if data.factors is not None else [])]
        raise SensorInputError(
            f"{', '.join(lacking)}, and the data has {', '.join(given)} only",
            expected="a Dataset with every field, and the factors, that the features were trained on",
            remedy="give zoo.Dataset({'close': ..., ...}, factors=...)",
        )
    trained = [name.removeprefix("factor:") for name in recorded if name.startswith("factor:")]
    found = [] if data.factors is None else [str(name) for name in data.factors.columns]
    if trained and found != trained and any("factors" in _asked(f, bound) for f in bound.features):
        raise SensorInputError(
            f"the factors are {', '.join(found)}",
            expected=f"{', '.join(trained)}, as in training",
            remedy=columns_remedy(found, trained),
        )


def _missing(feature: Feature, bound: Bound, data: Dataset, recorded: Sequence[str]) -> list[str]:
    """Return what a feature asks for and the data lacks.

    A parameter that may be None counts if the training data had it: its feature would be another one without.
    """
    offered = {"prices", *data.fields, *(f.name for f in bound.features[: bound.indicators])}
    offered |= set() if data.factors is None else {"factors"}
    trained = {name.removeprefix("field:") for name in recorded if name.startswith("field:")}
    trained |= {"factors"} if any(name.startswith("factor:") for name in recorded) else set()
    asked = _asked(feature, bound)
    return [name for name, needed in asked.items() if name not in offered and (needed or name in trained)]


def _asked(feature: Feature, bound: Bound) -> dict[str, bool]:
    """Return the data that a feature's function asks for by name, and whether it can do without."""
    from zoo.manifest.construct import partial

    function = partial(feature.declaration, bound.trust, bound.where)
    declared = getattr(function, "keywords", {})
    return {
        p.name: p.default is p.empty
        for p in inspect.signature(function).parameters.values()
        if p.name not in declared
        and p.default in (p.empty, None)
        and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    }


def checked(X: Any, features: Sequence[str]) -> Floats:
    """Return rows × features as floats.

    Args:
        X: a frame of pandas or polars whose columns are the features, in this order; or an array.
        features: their names.

    Raises:
        SensorInputError: columns missing, extra, doubled or in another order; values that are no numbers, or
            not finite; another shape.
    """
    if X is None:
        raise SensorInputError(
            "there is no x_test", expected=f"rows × {len(features)}: {_expected(features)}"
        )
    if is_polars(X):
        X = pd.DataFrame({name: X[name].to_numpy() for name in X.columns})
    X = _of_frame(X, features) if isinstance(X, pd.DataFrame) else as_array(X)
    if X.ndim != 2 or X.shape[1] != len(features) or X.dtype.kind not in "fiu":
        raise SensorInputError(
            f"x_test is {X.dtype} of shape {X.shape}",
            expected=f"numbers, rows × {len(features)}: {_expected(features)}",
        )
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0]
        raise SensorInputError(
            f"x_test has NaN or infinite values, first {features[column]} in row {row}",
            expected="finite numbers",
            remedy="drop those rows",
        )
    return np.asarray(X, dtype=np.float64)


def _of_frame(X: pd.DataFrame, features: Sequence[str]) -> NDArray[Any]:
    found, kinds = [str(name) for name in X.columns], X.dtypes.tolist()
    if found != list(features):
        raise SensorInputError(
            f"x_test has columns {', '.join(found)}",
            expected=_expected(features),
            remedy=columns_remedy(found, features),
        )
    for name, kind in zip(found, kinds, strict=True):
        if kind.kind not in "fiu":
            raise SensorInputError(f"x_test column {name!r} is {kind}", expected="numbers")
    plain = all(isinstance(kind, np.dtype) for kind in kinds)
    return X.to_numpy() if plain else X.to_numpy(dtype=np.float64, na_value=np.nan)


def _expected(features: Sequence[str]) -> str:
    return f"columns {', '.join(features)}, in this order"


def columns_remedy(found: Sequence[str], expected: Sequence[str]) -> str:
    """Say what to add to and what to remove from `found`, or that its order is another."""
    have, want = Counter(found), Counter(expected)
    steps = [
        (word, ", ".join(names.elements())) for word, names in (("add", want - have), ("remove", have - want))
    ]
    return "; ".join(f"{word} {names}" for word, names in steps if names) or "reorder the columns"


def rows_of(frame: pd.DataFrame, features: Sequence[str], recorded: Sequence[str]) -> Floats:
    """Return a table's features; what the training table had besides, its label, is left out.

    Raises:
        SensorInputError: as `checked`.
    """
    labels = set(recorded) - set(features)
    return checked(frame[[name for name in frame.columns if name not in labels]], features)


__all__ = ["INPUTS", "Served", "checked", "columns_remedy", "rows_of", "serve"]
