"""Where data comes from: sample prices and tables inside installed packages, and files of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from zoo.data.dataset import Dataset, DateLike
from zoo.data.names import checked_names
from zoo.data.table import Table
from zoo.errors import DataError, did_you_mean

_TABLES = ("breast_cancer", "diabetes")

# Before 3.1 pandas reads some decimals a bit wrong unless asked; since then asking is deprecated.
_PANDAS = tuple(int(part) for part in pd.__version__.split(".")[:2])
_EXACT: dict[str, Any] = {} if _PANDAS >= (3, 1) else {"float_precision": "round_trip"}


def sp500(*, end: DateLike | None = None, start: DateLike | None = None, freq: str | None = None) -> Dataset:
    """Return 20 stocks of the S&P 500 with the index as market factor, daily, 1990 to 2022.

    The prices (adjusted closes) and the index (price only) come with skfolio. The stocks look
    survivor-selected: profits on them are illustrative.

    Args:
        end: the last bar to keep; bars are cut before any resampling.
        start: the first bar to keep.
        freq: `ME` for month ends, None for daily.

    Returns:
        Closes of dates × 20 assets; factor `SP500` holds the index' simple return per bar, NaN on the first
        bar of 1990.

    Raises:
        DataError: a date that is none, no bar between, or another `freq`.
    """
    from skfolio.datasets import load_sp500_dataset, load_sp500_index

    returns = load_sp500_index()["SP500"].pct_change(fill_method=None).to_frame("SP500")
    data = Dataset({"close": load_sp500_dataset()}, returns, "sp500").between(start, end)
    return data if freq is None else data.resample(freq)


def tabular(name: str | None = None, *, path: str | Path | None = None, target: str | None = None) -> Table:
    """Return a table by name, or from a CSV or Parquet file.

    Args:
        name: `diabetes` (regression, features in their own units: scikit-learn's scaling is computed over all
            rows) or `breast_cancer` (binary), with the label in column `target`.
        path: a `.csv`, `.csv.gz` or `.parquet` file with a header, instead of `name`.
        target: the column that holds the label, when it is not called `target`; it is renamed so.

    Raises:
        DataError: neither or both of `name` and `path`, an unknown name, a file that cannot be read, a
            missing or repeated column.
    """
    if (name is None) == (path is None):
        raise DataError(
            "tabular data without a source" if name is None else f"both name {name!r} and path {str(path)!r}",
            expected=f"one of name ({', '.join(_TABLES)}) and path (a CSV or Parquet file)",
        )
    frame, called = (_bundled(name), name) if name is not None else _read(Path(str(path)))
    return Table(frame if target is None else _with_target(frame, target, called), called)


def _bundled(name: str) -> pd.DataFrame:
    if name not in _TABLES:
        raise DataError(
            f"unknown table {name!r}",
            expected=f"one of {', '.join(_TABLES)}, or path=",
            remedy=did_you_mean(name, _TABLES),
        )
    from sklearn.datasets import load_breast_cancer, load_diabetes

    bunch = (
        load_diabetes(as_frame=True, scaled=False)
        if name == "diabetes"
        else load_breast_cancer(as_frame=True)
    )
    return pd.DataFrame(bunch.frame)


def _read(path: Path) -> tuple[pd.DataFrame, str]:
    if not path.is_file():
        raise DataError("no such file", where=path, expected="a CSV or Parquet file")
    csv_file = path.name.lower().endswith((".csv", ".csv.gz"))
    if not csv_file and path.suffix.lower() not in (".parquet", ".pq"):
        raise DataError(
            f"unknown kind of file {path.suffix!r}", where=path, expected=".csv, .csv.gz or .parquet"
        )
    try:
        if csv_file:
            _check_header(path)
            frame = pd.read_csv(path, **_EXACT)
        else:
            frame = pd.read_parquet(path)
    except (ValueError, OSError) as error:
        raise DataError(f"cannot be read: {error}", where=path, expected="a table with a header") from error
    return frame, path.name.split(".")[0]


def _check_header(path: Path) -> None:
    # pandas would rename the second of two columns `x` to `x.1` without a word.
    header = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False)
    checked_names(header.iloc[0], "column", str(path))


def _with_target(frame: pd.DataFrame, target: str, where: str) -> pd.DataFrame:
    if target not in frame.columns:
        raise DataError(
            f"no column {target!r}",
            where=where,
            expected=f"one of {', '.join(map(str, frame.columns))}",
            remedy=did_you_mean(target, map(str, frame.columns)),
        )
    if target != "target" and "target" in frame.columns:
        raise DataError(
            f"target is {target!r}, and there is a column 'target' too", where=where, remedy="drop one"
        )
    return frame.rename(columns={target: "target"})


__all__ = ["sp500", "tabular"]
