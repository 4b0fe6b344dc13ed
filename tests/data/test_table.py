from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from zoo.data import Table
from zoo.errors import DataError

FRAME = pd.DataFrame({"x": [1.0, 2.0, np.nan], "colour": ["red", None, "blue"], "target": [0, 1, 1]})


def test_a_table_keeps_its_rows_and_says_what_they_are():
    table = Table(FRAME, "shop")
    assert table.kind == "table"
    assert table.frame.equals(FRAME)
    found = table.fingerprint()
    assert (found.rows, found.columns, found.first, found.last) == (3, ("x", "colour", "target"), None, None)


def test_changing_the_frame_that_was_given_changes_no_table():
    frame = FRAME.copy()
    table = Table(frame)
    frame.loc[0, "x"] = 9.0
    assert table.frame.loc[0, "x"] == 1.0


def test_a_table_s_fingerprint_ignores_how_values_are_stored():
    wanted = Table(FRAME).fingerprint()
    stored = FRAME.astype({"x": "float32", "colour": "category", "target": "int8"})
    assert Table(stored, "other").fingerprint() == wanted
    assert Table(FRAME.set_axis(pd.Index([0.0, 1.0, 2.0]))).fingerprint() == wanted


def test_a_table_s_fingerprint_sees_every_change():
    changed = [
        FRAME.rename(columns={"x": "y"}),
        FRAME[["colour", "x", "target"]],
        FRAME.iloc[[1, 0, 2]].reset_index(drop=True),
        FRAME.iloc[:2],
        FRAME.set_axis([0, 1, 3]),
        FRAME.assign(x=[1.0, 2.0, 3.0]),
        FRAME.assign(colour=["red", None, "blu"]),
        FRAME.assign(target=FRAME["target"].astype(str)),
    ]
    seen = {Table(frame).fingerprint().content for frame in [FRAME, *changed]}
    assert len(seen) == len(changed) + 1


def test_a_table_with_dates_says_its_first_and_last():
    found = Table(FRAME.set_axis(pd.date_range("2024-01-01", periods=3))).fingerprint()
    assert (found.first, found.last) == ("2024-01-01", "2024-01-03")


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (FRAME["x"], "shop: a Series; expected a pandas DataFrame"),
        (FRAME.iloc[:0], "shop: no data: 0 rows × 3 columns"),
        (FRAME.iloc[:, :0], "shop: no data: 3 rows × 0 columns"),
        (FRAME.set_axis(["x", "x", "target"], axis=1), "shop: column 'x' occurs twice"),
        (FRAME.set_axis(["x", 2, "target"], axis=1), "shop: column name 2 is a int"),
    ],
)
def test_a_table_that_is_none_is_refused(frame, problem):
    with pytest.raises(DataError, match=problem):
        Table(frame, "shop")
