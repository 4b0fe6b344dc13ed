from __future__ import annotations

import pytest

from zoo.data.columns import Columns, DateColumn
from zoo.errors import DataError


def test_nothing_said_means_the_usual_names():
    roles = Columns.of(None).roles(["date", "asset", "close", "volume", "note"], "x")
    assert roles.date == DateColumn("date")
    assert roles.asset == "asset"
    assert roles.fields == {"close": "close", "volume": "volume"}
    assert Columns.of({}).roles(["date", "close"], "x").asset is None


def test_fields_that_are_said_are_the_only_ones():
    roles = Columns.of({"close": "px"}).roles(["date", "px", "volume"], "x")
    assert roles.fields == {"close": "px"}
    assert (roles.text, roles.numeric) == (["date"], ["px"])


def test_an_asset_column_that_is_named_must_be_there():
    with pytest.raises(DataError, match=r"x: no column 'ticker'; .*did you mean 'tickers'\?"):
        Columns.of({"asset": "ticker"}).roles(["date", "close", "tickers"], "x")
    assert Columns.of({"asset": None}).roles(["date", "close", "asset"], "x").asset is None


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("close", "columns are a str; expected a mapping"),
        ({"close": 3}, "columns.close is 3, a int; expected the name of one column"),
        ({"close": ""}, "columns.close is ''"),
        ({"factor": ["a"]}, "columns.factor is ['a'], a list; expected the name of one column, a str"),
        ({"factors": 3}, "columns.factors is 3, a int; expected a list of column names"),
        ({"factors": ["a", "a"]}, "columns.factors: column 'a' occurs twice"),
        ({"date": {"nam": "x"}}, "columns.date: no such key 'nam'; expected one of name, format, zone; did"),
        ({"date": {"zone": "Europe/Berln"}}, "no time zone 'Europe/Berln'; expected a name such as"),
        ({"date": None}, "columns.date is None"),
        ({"date": {"format": 3}}, "columns.date.format is 3"),
        ({"target": "y", "close": "x"}, "'close' does not go with target or features"),
        ({"features": ["x"]}, "columns of a table: no target"),
        ({"target": "y", "features": ["x", "y", "x"]}, "column 'x' occurs twice"),
    ],
)  # fmt: skip
def test_words_that_cannot_be_are_refused(given, problem):
    with pytest.raises(DataError) as caught:
        Columns.of(given)
    assert problem in str(caught.value)
