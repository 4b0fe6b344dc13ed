import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from zoo.experiment.analysis.levels import RANGE, RANGES, groups_of, levels_of


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


def test_values_that_were_tried_often_are_their_own_groups():
    levels = levels_of(series(1, 1, 2, 2))
    assert groups_of(levels).tolist() == levels.codes.tolist()


def test_numbers_that_were_hardly_tried_twice_are_cut_into_ranges():
    levels = levels_of(series(*[n / 7 for n in range(20)]))
    assert groups_of(levels).tolist() == [n // 5 for n in range(20)]
    many = groups_of(levels_of(series(*[n / 7 for n in range(100)])))
    assert len(set(many.tolist())) == RANGES


def test_categories_and_a_handful_of_rounds_have_no_ranges():
    for values in ([str(n) for n in range(40)], list(range(2 * RANGE - 1))):
        levels = levels_of(series(*values))
        assert groups_of(levels).tolist() == levels.codes.tolist()


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60))
def test_ranges_keep_the_order_and_part_no_value(values):
    levels = levels_of(pd.Series(values, dtype=object))
    groups = groups_of(levels)
    by_value = {}
    for value, group in zip(values, groups.tolist(), strict=True):
        assert by_value.setdefault(value, group) == group
    ordered = [by_value[value] for value in sorted(by_value)]
    assert ordered == sorted(ordered)


@given(st.lists(st.one_of(st.integers(), st.floats(allow_nan=False), st.text(), st.booleans(), st.none())))
def test_every_round_has_one_of_the_labels(values):
    levels = levels_of(pd.Series(values, dtype=object))
    assert len(levels.codes) == len(values)
    assert set(levels.codes.tolist()) == set(range(len(levels.labels)))
    assert levels.numbers is None or np.isfinite(levels.numbers).sum() <= len(values)
