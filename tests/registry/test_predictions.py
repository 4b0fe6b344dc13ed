from __future__ import annotations

import datetime
import io
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import RegistryError
from zoo.registry.predictions import difference, to_parquet

from .writers import frame

finite = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))


def compared(before: pd.DataFrame, after: pd.DataFrame) -> str | None:
    return difference(to_parquet(before), to_parquet(after))


@settings(max_examples=30, deadline=None)
@given(st.lists(finite | st.just(math.nan) | st.just(math.inf), max_size=8), st.randoms())
def test_predictions_agree_with_themselves_in_any_order(values: list[float], chance: object) -> None:
    rows = frame(values)
    order = list(range(len(values)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    assert compared(rows, rows.iloc[order]) is None


@settings(max_examples=40, deadline=None)
@given(st.lists(finite, min_size=1, max_size=6), st.sampled_from([0.9, 1.1, -0.9, -1.1]), st.integers(0, 5))
def test_the_tolerance_is_a_millionth_of_the_root_mean_square(
    values: list[float], share: float, position: int
) -> None:
    values = [*values, 1.0]
    changed = list(values)
    rms = math.sqrt(sum(value**2 for value in values) / len(values))
    changed[position % len(values)] += share * 1e-6 * rms
    assert (compared(frame(values), frame(changed)) is None) == (abs(share) < 1)


def test_where_all_are_zero_the_smallest_difference_counts() -> None:
    assert compared(frame([0.0, 0.0]), frame([0.0, -0.0])) is None
    assert compared(frame([0.0, 0.0]), frame([0.0, 1e-300])) is not None
    assert compared(frame([1e-200, 0.0]), frame([1e-200 * (1 + 1e-9), 0.0])) is None  # tiny is not zero


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([math.nan, 1.0], [0.0, 1.0]),
        ([0.0, 1.0], [math.nan, 1.0]),
        ([math.inf, 1.0], [-math.inf, 1.0]),
        ([math.inf, 1.0], [1e300, 1.0]),
        ([math.nan], [1.0]),
        ([1e200, 1.0], [-1e200, 1.0]),
    ],
)
def test_nan_and_infinity_agree_only_with_themselves(before: list[float], after: list[float]) -> None:
    found = compared(frame(before), frame(after))
    assert found is not None
    assert f"1 of {len(before)} refit predictions differ" in found


def test_other_rows_are_counted() -> None:
    assert (
        compared(frame([1.0, 2.0]), frame([1.0, 2.0, 3.0]))
        == "the refit predicts other rows (0 missing, 1 new)"
    )
    assert compared(frame([1.0, 2.0]), frame([])) == "the refit predicts other rows (2 missing, 0 new)"


def test_rows_of_another_kind_are_said_to_be() -> None:
    by_row = pd.DataFrame({"part": "refit", "row": [0, 1], "prediction": [1.0, 2.0]})
    assert compared(frame([1.0, 2.0]), by_row) == "the refit predicts rows of another kind"
    assert compared(by_row, by_row) is None


def test_only_the_refit_is_compared() -> None:
    test = frame([5.0], part="test")
    assert compared(pd.concat([frame([1.0]), test]), frame([1.0])) is None


def test_a_resolution_of_time_and_a_number_s_width_make_no_difference() -> None:
    before = frame([1.0, 2.0])
    seconds = before.assign(date=before["date"].astype("datetime64[s]"))
    nanoseconds = before.assign(date=before["date"].astype("datetime64[ns]"))
    assert compared(seconds, nanoseconds) is None
    assert compared(before, before.assign(prediction=np.array([1, 2], dtype="int8"))) is None
    assert compared(before, before.assign(prediction=pd.array([1, 2], dtype="Int64"))) is None
    missing = before.assign(prediction=pd.array([1, None], dtype="Int64"))
    assert compared(missing, frame([1.0, math.nan])) is None


def test_what_was_written_can_be_read_with_any_parquet_reader() -> None:
    rows = frame([1.0, math.nan])
    read = pd.read_parquet(io.BytesIO(to_parquet(rows)))
    assert list(read.columns) == ["part", "date", "asset", "prediction"]
    assert read["prediction"].tolist()[0] == 1.0
    assert read["prediction"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (pd.DataFrame(), "none"),
        (frame([1.0]).drop(columns="asset"), "part, date, prediction"),
        (frame([1.0]).drop(columns="part"), "date, asset, prediction"),
        (frame([1.0]).set_index(["date", "asset"]), "part, prediction"),
        (frame([1.0], part="train"), "'train' is unknown"),
        (frame([1.0]).assign(part=None), "is unknown"),
        (frame([1.0]).assign(prediction="up"), "the column prediction is"),
        (pd.concat([frame([1.0]), frame([2.0])]), "date and asset appears twice"),
        (pd.concat([frame([1.0]), frame([1.0])], axis=1), "columns are part"),
        (frame([1.0]).assign(asset=[object()]), "Parquet"),
        (frame([1.0]).assign(prediction=[1j]), "Parquet"),
    ],
)
def test_a_frame_that_cannot_be_compared_later_is_refused_now(rows: pd.DataFrame, said: str) -> None:
    with pytest.raises(RegistryError, match=said) as caught:
        to_parquet(rows)
    assert "expected columns part" in str(caught.value)


def test_dates_may_be_plain_dates() -> None:
    rows = frame([1.0]).assign(date=[datetime.date(2017, 1, 2)])
    assert compared(rows, rows) is None
