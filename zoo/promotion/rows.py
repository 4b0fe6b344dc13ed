"""The rows that a model of another library was trained on, and new rows brought into the same form.

The library may work on frames of pandas or polars, on arrays, or on anything else. New rows may come as any
of the first three, whichever the model was trained on; names, order, types and missing values are checked
first.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.errors import SensorInputError

PANDAS: Final = "pandas"
POLARS: Final = "polars"
ARRAY: Final = "array"
#: what cannot be looked into is handed on as it is
OTHER: Final = "other"


@dataclass(frozen=True)
class Rows:
    """What rows were like when a model was trained.

    Attributes:
        container: `pandas`, `polars`, `array` or `other`.
        names: the columns, in order.
        dtypes: their types as the container spells them.
        named: whether the names are the columns' own; else they only count them.
        complete: no value was missing or infinite, so that none may be now.
    """

    container: str
    names: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    named: bool = False
    complete: bool = False

    @classmethod
    def of(cls, X: Any, names: Sequence[str] | None = None) -> Self:
        """Describe the rows of a training part.

        Args:
            X: a frame, an array of rows × features, or anything else.
            names: the features' names where an array has none.
        """
        container = container_of(X)
        if container == OTHER:
            return cls(OTHER)
        if container == ARRAY:
            count = X.shape[1]
            named = names is not None and len(names) == count
            known = tuple(map(str, names or ())) if named else tuple(f"x{n}" for n in range(count))
            return cls(ARRAY, known, (str(X.dtype),) * count, named, _complete(X))
        dtypes = tuple(str(dtype) for dtype in X.dtypes)
        numbers = [name for name in X.columns if _is_number(X[name])]
        values = X[numbers].to_numpy() if numbers else np.empty((0, 0))
        return cls(container, tuple(map(str, X.columns)), dtypes, True, _complete(values))

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave."""
        return cls(**{**record, "names": tuple(record["names"]), "dtypes": tuple(record["dtypes"])})

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {**asdict(self), "names": list(self.names), "dtypes": list(self.dtypes)}

    def conform(self, X: Any) -> Any:
        """Return rows in the form that the model was trained on.

        Args:
            X: a frame of pandas or polars, or an array; whatever the model takes where that is none of these.

        Raises:
            SensorInputError: columns missing, extra, reordered or of another kind, values missing, or rows in
                a form that cannot be turned into the model's.
        """
        if self.container == OTHER:
            return X
        if isinstance(X, np.ndarray | list | tuple):
            return self._from_array(as_array(X))
        found = container_of(X)
        if found == OTHER:
            raise SensorInputError(
                f"x_test is {type(X).__name__}",
                expected="a frame of pandas or polars, or an array, rows × features",
            )
        self._check_names([str(name) for name in X.columns])
        self._check_kinds(X, found)
        if found == self.container:
            return X
        if not all(map(_is_number, (X[name] for name in X.columns))):
            raise SensorInputError(
                f"x_test is a frame of {found} with columns that are no numbers",
                expected=f"a frame of {self.container}",
            )
        return self._built(np.asarray(X.to_numpy(), dtype=np.float64))

    def _from_array(self, X: NDArray[Any]) -> Any:
        if X.ndim != 2 or X.shape[1] != len(self.names) or X.dtype.kind not in "fiu":
            raise SensorInputError(
                f"x_test is {X.dtype} of shape {X.shape}",
                expected=f"numbers, rows × {len(self.names)}: columns {', '.join(self.names)}, in this order",
            )
        self._check_complete(X)
        return self._built(X)

    def _built(self, X: NDArray[Any]) -> Any:
        """Return a frame or an array of numbers; narrower floats get back their width."""
        if self.container == ARRAY:
            return X.astype(self.dtypes[0], copy=False) if self.dtypes[0].startswith("float") else X
        floats = {
            name: X[:, place].astype(dtype.lower() if dtype.lower().startswith("float") else X.dtype)
            for place, (name, dtype) in enumerate(zip(self.names, self.dtypes, strict=True))
        }
        if self.container == PANDAS:
            return pd.DataFrame(floats)
        import polars

        return polars.DataFrame(floats)

    def _check_names(self, found: list[str]) -> None:
        if (self.named and found != list(self.names)) or len(found) != len(self.names):
            missing = [name for name in self.names if name not in found]
            extra = [name for name in found if name not in self.names]
            words = [
                f"{word} {', '.join(some)}" for word, some in (("add", missing), ("remove", extra)) if some
            ]
            raise SensorInputError(
                f"x_test has columns {', '.join(found)}",
                expected=f"columns {', '.join(self.names)}, in this order",
                remedy="; ".join(words) or "reorder the columns",
            )

    def _check_kinds(self, X: Any, found: str) -> None:
        """Numbers must be numbers; what was no number must have the very type, in the same container."""
        for name, expected in zip(X.columns, self.dtypes, strict=True):
            given = str(X[name].dtype)
            if _names_number(expected):
                if not _is_number(X[name]):
                    raise SensorInputError(f"x_test column {str(name)!r} is {given}", expected="numbers")
            elif found == self.container and given != expected:
                raise SensorInputError(f"x_test column {str(name)!r} is {given}", expected=expected)
        numbers = [name for name in X.columns if _is_number(X[name])]
        if numbers:
            self._check_complete(X[numbers].to_numpy())

    def _check_complete(self, X: Any) -> None:
        if self.complete and not _complete(X):
            raise SensorInputError(
                "x_test has NaN or infinite values",
                expected="finite numbers, as in training",
                remedy="drop those rows",
            )


def as_array(X: Any) -> NDArray[Any]:
    """Return rows as an array; what is masked is not there, and what has names does not lose them here.

    Raises:
        SensorInputError: no array, rows of different lengths, or a container whose columns have names.
    """
    if type(X) is np.ndarray:
        return X
    if isinstance(X, np.ma.MaskedArray):
        X = np.where(np.ma.getmaskarray(X), np.nan, X.data) if X.dtype.kind in "fiu" else X
    if any(hasattr(X, name) for name in ("columns", "column_names", "coords")):
        raise SensorInputError(
            f"x_test is a {type(X).__name__}, whose columns cannot be checked",
            expected="a frame of pandas or polars, or an array, rows × features",
        )
    try:
        return np.asarray(X)
    except ValueError as error:
        raise SensorInputError(f"x_test is no array: {error}", expected="rows of equal length") from error


def container_of(X: Any) -> str:
    """Return what holds rows: `pandas`, `polars`, `array` (of two dimensions, of numbers) or `other`."""
    if isinstance(X, pd.DataFrame):
        return PANDAS
    if is_polars(X):
        return POLARS
    return ARRAY if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "fiu" else OTHER


def is_polars(X: Any) -> bool:
    """Tell whether something is a frame of polars; polars is not imported to find out."""
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(X, polars.DataFrame)


def _is_number(column: Any) -> bool:
    return _names_number(str(column.dtype))


def _names_number(dtype: str) -> bool:
    return dtype.lower().startswith(("float", "int", "uint"))


def _complete(X: Any) -> bool:
    values = np.asarray(X)
    if values.dtype.kind == "O":
        values = pd.DataFrame(values).apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    return bool(np.isfinite(values).all())


__all__ = ["ARRAY", "OTHER", "PANDAS", "POLARS", "Rows", "as_array", "container_of", "is_polars"]
