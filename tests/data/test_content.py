from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.data.content import ContentHash, first_and_last
from zoo.errors import DataError


def digest(values, dtype=None):
    content = ContentHash()
    content.column(pd.Series(values, dtype=dtype), "x")
    return content.hexdigest()


numbers = st.lists(st.integers(-(2**24), 2**24), min_size=1, max_size=8)
texts = st.lists(st.none() | st.text(max_size=4), min_size=1, max_size=6)


@given(numbers)
def test_equal_numbers_are_equal_in_every_dtype(values):
    wanted = digest(values, "int64")
    for dtype in (
        "int32",
        "float32",
        "float64",
        "object",
        "Int64",
        "Float64",
        "int64[pyarrow]",
        "double[pyarrow]",
    ):
        assert digest(values, dtype) == wanted, dtype


@given(texts)
def test_equal_strings_are_equal_in_every_dtype(values):
    wanted = digest(values, "object")
    for dtype in ("str", "string", "category", "string[pyarrow]"):
        assert digest(values, dtype) == wanted, dtype


@given(texts, texts)
def test_different_strings_differ(one, other):
    assert (digest(one, "object") == digest(other, "object")) == (one == other)


@given(numbers, numbers)
def test_different_numbers_differ(one, other):
    assert (digest(one) == digest(other)) == (one == other)


def test_missing_values_are_one_however_they_are_written():
    wanted = digest([1.0, np.nan])
    weird = np.array([1.0, np.nan])
    weird.view(np.uint64)[1] |= 12345  # another payload
    for values, dtype in (
        ([1, None], "object"),
        ([1, pd.NA], "Int64"),
        ([1.0, np.nan], "object"),
        ([1, pd.NaT], "object"),
        (weird, "float64"),
    ):
        assert digest(values, dtype) == wanted
    assert digest([None, None], "object") == digest([np.nan, np.nan]) == digest([pd.NaT, pd.NaT])
    assert digest([None], "str") == digest([np.nan])


def test_zero_has_no_sign():
    assert digest([0.0]) == digest([-0.0]) == digest([0])


def test_neighbouring_huge_integers_differ_though_their_floats_do_not():
    assert digest([2**53]) != digest([2**53 + 1])
    assert digest([2**63 - 1]) != digest([2**63 - 2])
    assert digest([2**60]) == digest([float(2**60)]) == digest([2**60], "object")
    assert digest([10**400], "object") != digest([10**400 + 1], "object")


def test_dates_are_equal_in_every_unit():
    moments = ["1990-01-02", "2022-12-28 15:30:01", None, "1969-12-31 23:59:59"]
    wanted = digest(pd.to_datetime(pd.Series(moments), format="ISO8601"))
    for unit in ("s", "ms", "us", "ns"):
        assert digest(moments, f"datetime64[{unit}]") == wanted
    assert digest([pd.Timestamp(m) if m else pd.NaT for m in moments], "object") == wanted
    assert digest([pd.Timestamp(m).to_pydatetime() if m else None for m in moments], "object") == wanted


def test_a_nanosecond_a_time_zone_and_a_far_year_count():
    seen = {
        digest(pd.DatetimeIndex(["2024-01-01"])),
        digest(pd.DatetimeIndex(["2024-01-01 00:00:00.000000001"])),
        digest(pd.DatetimeIndex(["2024-01-01"], tz="UTC")),
        digest(pd.DatetimeIndex(["2024-01-01"], tz="Asia/Tokyo")),
        digest(["0001-01-01"], "datetime64[s]"),
        digest(["9999-01-01"], "datetime64[s]"),
        digest([pd.Timedelta(days=19723)]),
        digest(["2024-01-01"]),
    }
    assert len(seen) == 8


def test_kinds_of_values_do_not_collide():
    values = [
        "1",
        1,
        b"1",
        decimal.Decimal(1),
        dt.date(2024, 1, 1),
        dt.time(1),
        pd.Period("2024-01"),
        "2024-01",
    ]
    assert len({digest([value, "x"], "object") for value in values}) == len(values)


def test_parts_cannot_run_together():
    def named(*names):
        content = ContentHash()
        content.names("columns", names)
        return content.hexdigest()

    assert len({named("ab", "c"), named("a", "bc"), named("abc"), named("abc", "")}) == 4
    assert digest(["ab", "c"]) != digest(["a", "bc"])
    assert digest([1.0, 2.0]) != digest([2.0, 1.0])


def test_mixed_time_zones_are_hashed_one_by_one():
    one = [pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-01-01", tz="Asia/Tokyo")]
    assert digest(one, "object") != digest(one[::-1], "object")


@pytest.mark.parametrize("value", [object(), [1], 1j, print])
def test_a_value_without_canonical_form_is_refused(value):
    with pytest.raises(
        DataError, match=f"column 'x': a value of type {type(value).__name__} cannot be fingerprinted"
    ):
        digest([value, "x"], "object")


def test_the_first_and_last_date_are_bare_at_midnight():
    assert first_and_last(pd.DatetimeIndex(["2024-01-01", "2024-01-02 10:00"])) == (
        "2024-01-01",
        "2024-01-02T10:00:00",
    )
    assert first_and_last(pd.DatetimeIndex(["2024-01-01"], tz="UTC"))[0] == "2024-01-01T00:00:00+00:00"
    assert first_and_last(pd.RangeIndex(3)) == (None, None)


def test_the_encoding_is_the_one_that_was_logged():
    # Whoever changes this hash breaks every fingerprint in every experiment directory: count FORMAT up.
    content = ContentHash()
    content.names("columns", ["a", "ß"])
    content.matrix(np.array([[1.0, np.nan], [-0.0, 2.5]]))
    content.column(pd.Series(["x", None, 3], dtype=object), "c")
    content.column(pd.DatetimeIndex(["2024-01-01 12:00", None]), "d")
    assert content.hexdigest() == "850c4efd6555b8537be0009c572fc3f81c913048d47be25a7b4237386b1eddb2"
