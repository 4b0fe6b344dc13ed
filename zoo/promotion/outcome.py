"""What came of one permutation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from zoo.promotion.sensor import Sensor


@dataclass(frozen=True)
class Outcome:
    """What came of one permutation: a sensor with its predictions, or an error.

    Attributes:
        permutation_id: the id that was asked for, whatever it is.
        sensor: the refitted variant; None where it failed.
        predictions: the variant's on the test part, the refit's on all usable rows.
        inputs: what the version's fingerprint is taken over; inputs only.
        train_end: the last bar that any training label uses; None without a time axis.
        label: the label that the overrides give, or None.
        error: why it failed; None where it did not.
    """

    permutation_id: object
    sensor: Sensor | None = None
    predictions: pd.DataFrame | None = None
    inputs: Mapping[str, Any] | None = None
    train_end: dt.date | None = None
    label: str | None = None
    error: Exception | None = None


__all__ = ["Outcome"]
