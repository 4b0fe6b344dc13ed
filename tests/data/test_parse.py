"""Dates and numbers in every form in which frames, databases and files hold them."""

from __future__ import annotations

import datetime as dt
import decimal

import numpy as np
import pandas as pd
import pytest

from zoo.data import parse
from zoo.data.columns import DateColumn
from zoo.data.rows import Rows
from zoo.errors import DataError


def dates(values, **spec):
    return parse.dates(Rows.of(pd.DataFrame({"date": values}), "x"), DateColumn(**spec))


def floats(values):
    return parse.floats(Rows.of(pd.DataFrame({"v": values}), "x"), "v")


DAY = [pd.Timestamp("2024-01-02"), pd.Timestamp("2024-01-03")]


@pytest.mark.parametrize(
    ("values", "spec"),
    [
        (["2024-01-02", "2024-01-03"], {}),
        (pd.Series(["2024-01-02", "2024-01-03T00:00:00"], dtype=object), {}),
        (DAY, {}),
        ([dt.date(2024, 1, 2), dt.date(2024, 1, 3)], {}),
        ([dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 3)], {}),
        (["02.01.2024", "03.01.2024"], {"format": "%d.%m.%Y"}),
        ([20240102, 20240103], {"format": "%Y%m%d"}),
        ([1704153600, 1704240000], {"format": "s"}),
        (["1704153600000", "1704240000000"], {"format": "ms"}),
    ],
)
def test_dates_are_read_in_every_form(values, spec):
    found = dates(values, **spec)
    assert found.tz is None
    assert list(found) == DAY


def test_nanoseconds_since_1970_keep_every_digit():
    found = dates([1704153600000000001, 1704153600000000002], format="ns")
    assert found.as_unit("ns").asi8.tolist() == [1704153600000000001, 1704153600000000002]
    assert dates(["1704153600000000001"], format="ns").as_unit("ns").asi8.tolist() == [1704153600000000001]


def test_a_zone_places_dates_without_one_and_converts_those_with_one():
    placed = dates(["2024-07-01T09:00", "2024-12-01T09:00"], zone="America/New_York")
    assert [str(date) for date in placed] == ["2024-07-01 09:00:00-04:00", "2024-12-01 09:00:00-05:00"]
    turned = dates(["2024-07-01T13:00Z", "2024-12-01T14:00Z"], zone="America/New_York")
    assert turned.equals(placed)
    # the two offsets of one zone are no mixture once the zone is known
    offsets = dates(["2024-07-01T09:00-04:00", "2024-12-01T09:00-05:00"], zone="America/New_York")
    assert offsets.equals(placed)
    objects = [date.to_pydatetime() for date in placed]
    assert dates(pd.Series(objects, dtype=object), zone="America/New_York").equals(placed)


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_dates_with_and_without_a_zone_do_not_mix(zone):
    for values in (
        ["2024-07-01T09:00", "2024-07-02T09:00Z"],
        ["2024-07-01", "2024-07-02T09:00Z"],
        [pd.Timestamp("2024-07-01"), pd.Timestamp("2024-07-02", tz="UTC")],
    ):
        with pytest.raises(DataError, match=r"x, row 1: mixed time zones in column 'date': 2024-07-01"):
            dates(pd.Series(values, dtype=object), zone=zone)


def test_several_offsets_need_a_zone():
    with pytest.raises(
        DataError, match=r"row 1: mixed time zones .* convert them: date: \{name: date, zone: "
    ):
        dates(["2024-07-01T09:00-04:00", "2024-12-01T09:00-05:00"])


def test_an_hour_that_does_not_exist_or_exists_twice_is_refused():
    for hour in ("2024-03-31T02:30", "2024-10-27T02:30"):
        with pytest.raises(DataError, match=r"expected times that exist once in Europe/Berlin"):
            dates([hour], zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("values", "spec", "problem"),
    [
        (["2024-01-02", None], {}, "row 1: column 'date' has no date"),
        ([pd.Timestamp("2024-01-02"), pd.NaT], {}, "row 1: column 'date' has no date"),
        ([20240102, 20240103], {}, "has numbers for dates, such as 20240102; expected dates; say date: {na"),
        (["2024-01-02", "soon"], {}, "row 1: 'soon' in column 'date' is no date"),
        (["2024-01-02", "2024-01-03"], {"format": "%Y%m%d"}, "'2024-01-02' in column 'date' is no date; "),
        (["1704153600", "x"], {"format": "s"}, "row 1: 'x' in column 'date' is no date"),
        (["2024-01-02T00:00Z", "soonZ"], {"zone": "UTC"}, "row 1: 'soonZ' in column 'date' is no date"),
    ],
)  # fmt: skip
def test_what_is_no_date_is_named(values, spec, problem):
    with pytest.raises(DataError) as caught:
        dates(values, **spec)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        [1, 2],
        [1.0, 2.0],
        pd.array([1, 2], dtype="Int64"),
        pd.Series([decimal.Decimal(1), 2], dtype=object),
        np.array([1, 2], dtype="float32"),
    ],
)
def test_numbers_of_every_kind_are_floats(values):
    assert floats(values).tolist() == [1.0, 2.0]
    assert floats(values).dtype == np.float64


def test_missing_numbers_of_every_kind_are_NaN():
    for values in ([1, None], pd.array([1, pd.NA], dtype="Int64"), pd.Series([1, None], dtype=object),
                   pd.Series([decimal.Decimal(1), decimal.Decimal("NaN")], dtype=object)):  # fmt: skip
        np.testing.assert_array_equal(floats(values), [1.0, np.nan])


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (["1", "2"], "x, row 0: text '1' in column 'v'"),
        (pd.Series([1.0, "a"], dtype=object), "x, row 1: text 'a' in column 'v'; expected a number"),
        ([True, False], "x, row 0: a bool True in column 'v'"),
        (pd.Series([1, True], dtype=object), "x, row 1: a bool True"),
        (DAY, "x, row 0: a Timestamp"),
        ([1j, 2j], "x, row 0: a complex"),
    ],
)
def test_what_is_no_number_is_named(values, problem):
    with pytest.raises(DataError) as caught:
        floats(values)
    assert problem in str(caught.value)


def test_assets_are_strings_and_whole_numbers_become_so():
    def names(values):
        return list(parse.asset_names(Rows.of(pd.DataFrame({"a": values}), "x"), "a"))

    assert names(["A", "NA"]) == ["A", "NA"]
    assert names([10107, 14593]) == ["10107", "14593"]
    assert names(pd.Categorical(["B", "A"])) == ["B", "A"]
    with pytest.raises(DataError, match="x, row 1: column 'a' has no asset"):
        names(["A", None])
    with pytest.raises(DataError, match=r"row 0: asset 1.5 in column 'a' is a float"):
        names([1.5])
