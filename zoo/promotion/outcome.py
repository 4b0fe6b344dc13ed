"""What came of one permutation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from zoo.promotion.sensor import Sensor


@dataclass(frozen=True)
class Evaluated:
    """A permutation on its round's split under some settings: one trial of its line.

    Attributes:
        params: its parameters.
        settings: all of them, without the label, which trains nothing.
        metrics: of the test part.
        held_out: the test part's returns as round_data.jsonl keeps them; None for a table.
        preds: of the test part.
    """

    params: Mapping[str, Any]
    settings: Mapping[str, Any]
    metrics: Mapping[str, Any]
    held_out: Mapping[str, Any] | None
    preds: list[Any]


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
        variant: what was evaluated under overrides; None without any, which is the round that was logged.
        error: why it failed; None where it did not.
    """

    permutation_id: object
    sensor: Sensor | None = None
    predictions: pd.DataFrame | None = None
    inputs: Mapping[str, Any] | None = None
    train_end: dt.date | None = None
    label: str | None = None
    variant: Evaluated | None = None
    error: Exception | None = None


__all__ = ["Evaluated", "Outcome"]
