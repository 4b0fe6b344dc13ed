import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from zoo.experiment.analysis.levels import levels_of


def series(*values):
    return pd.Series(list(values), dtype=object)


def test_numbers_are_ordered_as_numbers():
    levels = levels_of(series(10, 2, 10, 0.5))
    assert levels.labels == ("0.5", "2", "10")
    assert levels.codes.tolist() == [2, 1, 2, 0]
    assert levels.numbers.tolist() == [10.0, 2.0, 10.0, 0.5]


def test_true_is_no_number_and_one_is_one_however_it_is_written():
    assert levels_of(series(True, False)).numbers is None
    assert levels_of(series(True, False)).labels == ("true", "false")
    assert levels_of(series(1, 1.0)).labels == ("1",)
    assert levels_of(series(1, True)).numbers is None


def test_lists_none_and_text_are_categories():
    levels = levels_of(series([10, 5], None, "standard", [10, 5]))
    assert levels.numbers is None
    assert levels.labels == ("[10, 5]", "null", "standard")
    assert levels.codes.tolist() == [0, 1, 2, 0]


@given(st.lists(st.one_of(st.integers(), st.floats(allow_nan=False), st.text(), st.booleans(), st.none())))
def test_every_round_has_one_of_the_labels(values):
    levels = levels_of(pd.Series(values, dtype=object))
    assert len(levels.codes) == len(values)
    assert set(levels.codes.tolist()) == set(range(len(levels.labels)))
    assert levels.numbers is None or np.isfinite(levels.numbers).sum() <= len(values)
