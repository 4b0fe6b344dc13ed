import csv
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.promotion.cells import compare_cells, decimals_of, plain

FLOATS = st.floats(-1e6, 1e6, allow_nan=False)


def written(value):
    """Write a cell as `csv.writer` does."""
    file = io.StringIO()
    csv.writer(file, lineterminator="").writerow([value, 0])
    return next(csv.reader([file.getvalue()]))[0]


def compare(cell, value, *, column=(), deterministic=True):
    decimals = {"m": decimals_of([cell, *column])}
    return compare_cells({"m": cell}, {"m": value}, decimals, deterministic=deterministic)


def agrees(cell, value, **more):
    found = compare(cell, value, **more)
    assert bool(found.mismatches) != bool(found.compared)
    return bool(found.compared)


@given(FLOATS, st.integers(3, 8))
def test_a_value_agrees_with_itself_however_it_was_rounded(value, digits):
    assert agrees(written(round(value, digits)), value)
    assert agrees(written(value), value)


@given(FLOATS, st.integers(3, 8), st.floats(1.01, 100))
def test_a_value_that_is_off_by_more_than_rounding_differs(value, digits, times):
    off = times * (0.5 * 10.0**-digits + 2e-6)
    column = [f"{0:.{digits}f}"]
    cell = written(round(value, digits))
    for other in (value + off + 0.5 * 10.0**-digits, value - off - 0.5 * 10.0**-digits):
        assert not agrees(cell, other, column=column)


def test_a_short_column_does_not_widen_the_tolerance():
    assert not agrees("0.5", 0.54)
    assert not agrees("1.0", 1.001)
    assert agrees("0.5", 0.5004)


def test_a_column_with_more_decimals_narrows_it():
    assert agrees("0.25", 0.2504, column=["0.125"])
    assert not agrees("0.25", 0.2504, column=["0.12345"])


def test_a_full_column_is_compared_as_ours():
    assert agrees("0.123456789", 0.123456789 + 9e-7)
    assert not agrees("0.123456789", 0.123456789 + 1.1e-6)


@given(st.integers(-(10**9), 10**9))
def test_integers_are_exact_even_where_a_frame_made_floats_of_them(value):
    assert agrees(str(value), value)
    assert agrees(f"{value}.0", value)
    assert not agrees(str(value + 1), value)
    assert not agrees(f"{value}.001", value)


@pytest.mark.parametrize(
    ("cell", "value", "same"),
    [
        ("nan", math.nan, True),
        ("NaN", np.float64("nan"), True),
        ("", math.nan, False),
        ("nan", 0.0, False),
        ("0.0", math.nan, False),
        ("", None, True),
        ("0.0", None, False),
        ("", 0.0, False),
        ("inf", math.inf, True),
        ("-inf", math.inf, False),
        ("1e308", math.inf, False),
        ("True", True, True),
        ("true", True, True),
        ("False", True, False),
        ("1", True, False),
        ("lbfgs", "lbfgs", True),
        ("lbfgs", "saga", False),
        ("", "", True),
        ("none", 1.0, False),
    ],
)
def test_what_is_no_plain_number(cell, value, same):
    assert agrees(cell, value) is same


def test_a_stochastic_model_may_differ_by_one_part_in_a_hundred():
    assert agrees("2.000", 2.019, deterministic=False)
    assert not agrees("2.000", 2.03, deterministic=False)
    assert agrees("1000", 1009, deterministic=False)
    assert not agrees("nan", 1.0, deterministic=False)
    assert not agrees("inf", 1.0, deterministic=False)


def test_what_only_one_run_has_is_named_and_not_compared():
    logged = {"accuracy": "0.5", "sharpe": "1.5"}
    again = {"accuracy": 0.5, "hits": 3, "confusion": np.zeros((2, 2)), "_preds": [1]}
    found = compare_cells(logged, again, {}, deterministic=True)
    assert found.compared == ("accuracy",)
    assert found.not_checked[:2] == ("column sharpe", "metric hits")
    assert "metric confusion" not in found.not_checked


def test_a_column_of_what_no_cell_can_hold_is_named():
    assert compare("[0 1]", np.arange(2)).not_checked == ("column m",)


def test_scalars_of_numpy_are_numbers():
    assert plain(np.int64(3)) == 3
    assert type(plain(np.bool_(True))) is bool
    assert agrees("3", np.int64(3))
    assert agrees("0.333", np.float64(1 / 3))


@pytest.mark.parametrize(
    ("cells", "decimals"),
    [(["1", "2"], 0), (["0.5", "0.125"], 3), (["1e-05"], 5), (["1E5"], 0), (["", "nan", "inf", "x"], 0)],
)
def test_decimals_are_counted_as_written(cells, decimals):
    assert decimals_of(cells) == decimals
