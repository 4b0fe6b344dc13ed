import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.report.text import (
    count,
    defined,
    described,
    id_ranges,
    interval,
    number,
    p_value,
    percent,
    plain,
    short,
    with_error,
)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, pd.NA, "text"])
def test_what_is_no_finite_number_is_a_dash(value):
    assert not defined(value)
    assert number(value) == short(value) == p_value(value) == with_error(value, 0.1)[:1] == "–"
    assert percent(value) is None


def test_numbers_have_their_decimals_and_never_a_negative_zero():
    assert number(-0.12345, 2) == "-0.12"
    assert number(-0.001, 2) == "0.00"
    assert number(12345.678, 1) == "12,345.7"


@given(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(0, 6))
def test_a_written_number_reads_back_within_its_decimals(value, digits):
    assert float(number(value, digits).replace(",", "")) == pytest.approx(
        value, abs=0.51 * 10**-digits, rel=1e-9
    )


def test_short_numbers_are_short():
    assert [short(v) for v in (0.00123456, 21, 21.0, 1e-9, 1234567.0)] == [
        "0.00123",
        "21",
        "21",
        "1e-09",
        "1.23e+06",
    ]


def test_errors_and_intervals_are_left_out_where_they_are_not_defined():
    assert with_error(-0.788, 0.45) == "-0.79 ± 0.45"
    assert with_error(-0.788, math.nan) == "-0.79"
    assert interval(0.1, 0.4) == "[0.10, 0.40]"
    assert interval(math.nan, 0.4) == ""


def test_p_values_counts_and_shares():
    assert [p_value(v) for v in (0.0005, 0.0123, 1.0)] == ["<.001", "0.012", "1.000"]
    assert [count(v, "round") for v in (0, 1, 1000)] == ["0 rounds", "1 round", "1,000 rounds"]
    assert percent(0.25) == 25


def test_parameters_are_written_as_yaml_does():
    assert (
        described({"a": None, "b": True, "c": [10, 5], "d": 0.1, "e": "x"})
        == "a null, b true, c 10, 5, d 0.1, e x"
    )
    assert plain(False) == "false"


def test_neighbouring_ids_are_a_range():
    assert id_ranges([3, 1, 2, 7, 9, 10]) == "1-3, 7, 9-10"
    assert id_ranges([]) == ""


@given(st.sets(st.integers(0, 60)))
def test_ranges_name_every_id_once(ids):
    named = set()
    for part in filter(None, id_ranges(ids).split(", ")):
        first, _, last = part.partition("-")
        named |= set(range(int(first), int(last or first) + 1))
    assert named == ids
