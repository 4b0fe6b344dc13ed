"""The values that a parameter took: numbers where all of them are, categories otherwise."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: rounds of a range of values, and how many ranges there are at most
RANGE: Final = 5
RANGES: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """A parameter's values over the rounds.

    Attributes:
        labels: each distinct value as JSON says it, in the order of numbers, else of appearance.
        codes: the index into `labels` of each round.
        numbers: each round's value, or None where the values are no numbers.
    """

    labels: tuple[str, ...]
    codes: NDArray[np.intp]
    numbers: NDArray[np.float64] | None


def levels_of(values: pd.Series[Any]) -> Levels:
    """Return a parameter's levels. `true` is no number, and `1` and `1.0` are one."""
    plain = values.tolist()
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in plain)
    spelt = [_spell(value, numeric) for value in plain]
    labels = dict.fromkeys(spelt)
    ordered = sorted(labels, key=float) if numeric else list(labels)
    place = {label: position for position, label in enumerate(ordered)}
    numbers = np.array(plain, dtype=np.float64) if numeric else None
    return Levels(tuple(ordered), np.array([place[label] for label in spelt], dtype=np.intp), numbers)


def groups_of(levels: Levels) -> NDArray[np.intp]:
    """Return the group of each round: its value, or a range of values where most have but one round.

    A search over many numbers tries few of them twice, and a group of one explains itself. Numbers with
    fewer than two rounds a value are cut at quantiles into at most `RANGES` ranges of about `RANGE` rounds or
    more; categories have no ranges.
    """
    rounds, values = len(levels.codes), len(levels.labels)
    ranges = min(rounds // RANGE, RANGES)
    if levels.numbers is None or rounds >= 2 * values or ranges < 2:
        return levels.codes
    cut = pd.qcut(levels.codes, ranges, labels=False, duplicates="drop")
    return np.asarray(cut, dtype=np.intp)


def _spell(value: Any, numeric: bool) -> str:
    if numeric:
        return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


__all__ = ["RANGE", "RANGES", "Levels", "groups_of", "levels_of"]
