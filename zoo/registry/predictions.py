"""`predictions.parquet`: what a version predicted, and whether a second training predicts the same."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from zoo.errors import RegistryError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

PARTS = ("test", "refit")
KEYS = (["date", "asset"], ["row"])
TOLERANCE = 1e-6  # of the root mean square of the registered predictions


def to_parquet(predictions: pd.DataFrame) -> bytes:
    """Return a frame of predictions as Parquet bytes.

    Args:
        predictions: columns `part`, `prediction`, and either `date` and `asset` or `row`; one row a key
            and part.

    Raises:
        RegistryError: a column is missing, a part is unknown, a key appears twice, or a type cannot be kept.
    """
    import pyarrow
    import pyarrow.parquet

    _check(predictions)
    buffer = io.BytesIO()
    try:  # one thread: starting more takes longer than four columns do
        table = pyarrow.Table.from_pandas(predictions, preserve_index=False, nthreads=1)
        pyarrow.parquet.write_table(table, buffer)
    except (TypeError, ValueError, NotImplementedError) as error:  # pyarrow's errors derive from these
        raise _refused(f"they cannot be kept as Parquet ({error})") from error
    return buffer.getvalue()


def _check(predictions: pd.DataFrame) -> None:
    import pandas as pd

    keys = _keys(predictions)
    columns = predictions.columns
    if keys is None or not {"part", "prediction"} <= set(columns) or not columns.is_unique:
        raise _refused(f"their columns are {', '.join(map(str, columns)) or 'none'}")
    unknown = set(predictions["part"].unique()) - set(PARTS)
    if unknown:
        raise _refused(f"part {sorted(map(str, unknown))[0]!r} is unknown")
    if not pd.api.types.is_numeric_dtype(predictions["prediction"]):
        raise _refused(f"the column prediction is {predictions['prediction'].dtype}")
    if predictions.duplicated(["part", *keys]).any():
        raise _refused(f"a {' and '.join(keys)} appears twice in one part")


def _keys(predictions: pd.DataFrame) -> list[str] | None:
    return next((keys for keys in KEYS if set(keys) <= set(predictions.columns)), None)


def _refused(problem: str) -> RegistryError:
    return RegistryError(
        f"the predictions cannot be registered: {problem}",
        expected="columns part (test or refit), date and asset (or row), prediction (numbers); a key once",
    )


def difference(registered: bytes, now: bytes) -> str | None:
    """Say how the refit's predictions differ from the registered ones; None when they do not.

    Two predictions agree within 1e-6 of the root mean square of the registered ones (exactly, when those are
    all zero), and where both are NaN, whatever the order of the rows.

    Args:
        registered: Parquet bytes, their digest checked.
        now: Parquet bytes of the same content trained again.
    """
    import numpy as np

    before, after = _refit(registered), _refit(now)
    if before.index.names != after.index.names:
        return "the refit predicts rows of another kind"
    if not before.index.equals(after.index):
        gone, new = len(before.index.difference(after.index)), len(after.index.difference(before.index))
        return f"the refit predicts other rows ({gone} missing, {new} new)"
    old, new_values = (series.to_numpy(float, na_value=np.nan) for series in (before, after))
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(old - new_values)
        tolerance = TOLERANCE * _root_mean_square(old)
        same = (old == new_values) | (np.isnan(old) & np.isnan(new_values)) | (gap <= tolerance)
    if same.all():
        return None
    largest = np.nanmax(np.where(same, np.nan, gap)) if np.isfinite(gap[~same]).any() else np.nan
    return (
        f"{int((~same).sum())} of {same.size} refit predictions differ "
        f"(by up to {largest:.3g}, where {tolerance:.3g} is allowed)"
    )


def _refit(content: bytes) -> pd.Series:
    import pandas as pd

    frame = pd.read_parquet(io.BytesIO(content), engine="pyarrow")
    refit = frame[frame["part"] == "refit"]
    return refit.set_index(_keys(refit) or [])["prediction"].sort_index()


def _root_mean_square(values: np.ndarray) -> float:
    import numpy as np

    finite = np.abs(values[np.isfinite(values)])
    largest = finite.max(initial=0.0)
    if largest == 0:
        return 0.0
    return float(largest * np.sqrt(np.mean((finite / largest) ** 2)))  # squares of extremes are not finite


__all__ = ["PARTS", "TOLERANCE", "difference", "to_parquet"]
