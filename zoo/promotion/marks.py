"""What may not be judged by a sensor's predictions, and what it does not predict, with a reason in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zoo.promotion.serving import Served

#: columns of the frame that `Sensor.marks` returns
COLUMNS: Final = ("predicted", "in_training", "warm_up", "reason")


def panel_marks(served: Served, features: Sequence[str], metadata: Mapping[str, Any]) -> pd.DataFrame:
    """Mark every bar of every asset.

    Args:
        served: the features of all bars.
        features: their names.
        metadata: the sensor's.
    """
    complete = served.complete
    warm_up = ~np.logical_or.accumulate(complete, axis=0)
    trained = _trained(served.data.dates, metadata)
    in_training = np.broadcast_to((trained != "")[:, None], complete.shape)
    reasons = _joined(
        np.broadcast_to(trained[:, None], complete.shape), _incomplete(served, features, warm_up)
    )
    columns = (complete, in_training, warm_up, reasons)
    return pd.DataFrame(
        {name: values.ravel() for name, values in zip(COLUMNS, columns, strict=True)}, index=served.index
    ).astype({"in_training": "boolean"})


def _trained(dates: pd.DatetimeIndex, metadata: Mapping[str, Any]) -> NDArray[np.object_]:
    """Return for each date why it counts as trained on, or nothing."""
    end = metadata.get("train_end")
    found = np.full(len(dates), "", dtype=object)
    if end is None:
        return found
    days = dates.tz_localize(None).normalize()
    known = days <= pd.Timestamp(end)
    found[known] = f"in training, which ends {end}"
    first = ((metadata.get("split") or {}).get("refit") or {}).get("first")
    if first is not None:
        before = dates.tz_localize(None) < pd.Timestamp(first).tz_localize(None)
        found[known & before] = (
            f"before the first row of training, {first[:10]}: the model knows what came after"
        )
    return found


def _incomplete(served: Served, features: Sequence[str], warm_up: NDArray[np.bool_]) -> NDArray[np.object_]:
    """Return for each bar which features have no value, and whether they ever had; or nothing."""
    states = np.concatenate([~np.isfinite(served.F), warm_up[:, :, None]], axis=2)
    packed = np.packbits(states, axis=2)
    keys = packed.reshape(-1, packed.shape[2]).view(np.dtype((np.void, packed.shape[2]))).ravel()
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    patterns = states.reshape(-1, states.shape[2])[first]
    words = np.array([_words(pattern, features) for pattern in patterns], dtype=object)
    return np.asarray(words[place].reshape(warm_up.shape))


def _words(pattern: NDArray[np.bool_], features: Sequence[str]) -> str:
    names = [name for name, absent in zip(features, pattern, strict=False) if absent]
    if not names:
        return ""
    kind = "warm-up" if pattern[-1] else "a gap"
    return f"{kind}: no value of {', '.join(names)}"


def _joined(first: NDArray[np.object_], second: NDArray[np.object_]) -> NDArray[np.object_]:
    both = (first != "") & (second != "")
    return np.asarray(first + np.where(both, "; ", "") + second, dtype=object)


def joint_marks(marks: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Mark what several sensors predict together.

    Args:
        marks: each member's, by its name; of the same bars.

    Returns:
        `predicted` where all predict; `in_training` and `warm_up` where any is; `reason`: the common one, or
        each member's own.
    """
    frames = list(marks.values())
    predicted = np.logical_and.reduce([frame["predicted"] for frame in frames])
    in_training = frames[0]["in_training"]
    for frame in frames[1:]:
        in_training = in_training | frame["in_training"]
    warm_up = np.logical_or.reduce([frame["warm_up"] for frame in frames])
    reasons = np.stack([frame["reason"].to_numpy(dtype=object) for frame in frames])
    alike = (reasons == reasons[0]).all(axis=0)
    reason = reasons[0].copy()
    for place in np.flatnonzero(~alike):
        reason[place] = "; ".join(
            f"{name}: {words}" for name, words in zip(marks, reasons[:, place], strict=True) if words
        )
    columns = (predicted, in_training.to_numpy(), warm_up, reason)
    found = pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)), index=frames[0].index)
    return found.astype({"in_training": "boolean"})


def table_marks(table: Any, metadata: Mapping[str, Any]) -> pd.DataFrame:
    """Mark every row of a table: in training where it is the very table that was trained on.

    Rows have no dates, so that of another table nothing can be said: it may hold the same rows.
    """
    same = table.fingerprint().content == (metadata.get("data") or {}).get("content")
    n = len(table.frame)
    told = (
        "in training: it is the table that was trained on"
        if same
        else ("another table than the one that was trained on: whether it shares rows is not known")
    )
    columns = {
        "predicted": np.ones(n, dtype=bool),
        "in_training": pd.array([True if same else pd.NA] * n, dtype="boolean"),
        "warm_up": np.zeros(n, dtype=bool),
        "reason": np.full(n, told, dtype=object),
    }
    return pd.DataFrame(columns, index=table.frame.index)


__all__ = ["COLUMNS", "joint_marks", "panel_marks", "table_marks"]
