from __future__ import annotations

import inspect

import pandas as pd
import pytest

import zoo.targets
from zoo.data import Table, tabular
from zoo.errors import DataError
from zoo.targets import column


def test_the_package_offers_exactly_what_it_says():
    assert zoo.targets.__all__ == sorted(zoo.targets.__all__)
    assert set(zoo.targets.__all__) == {
        *("column", "forward_direction", "forward_return"),
        *("quantile", "mean", "median", "standard_deviation", "interquartile_range"),
        *("above", "standardised", "winsorised"),
    }
    assert all(inspect.isfunction(getattr(zoo.targets, name)) for name in zoo.targets.__all__)


def test_the_target_of_a_table_is_its_column():
    table = tabular("diabetes")
    assert column(table).equals(table.frame["target"])
    assert column(table, name="bmi").name == "bmi"


def test_an_unknown_column_is_refused_with_those_that_there_are():
    table = Table(pd.DataFrame({"x": [1], "label": [2]}), "shop")
    with pytest.raises(
        DataError, match=r"shop: no column 'lable'; expected one of x, label; did you mean 'label'\?"
    ):
        column(table, name="lable")
    with pytest.raises(DataError, match="shop: no column 'target'"):
        column(table)


def test_a_label_that_is_missing_is_refused_with_its_row():
    table = Table(pd.DataFrame({"x": [1, 2, 3], "target": ["a", None, None]}), "shop")
    with pytest.raises(DataError, match=r"shop: column 'target' has no value in row 1 \(2 are missing\)"):
        column(table)
