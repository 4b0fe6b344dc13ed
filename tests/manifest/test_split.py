from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ManifestError
from zoo.manifest.dates import SplitDates
from zoo.manifest.split import cut, cut_at, folds, parts

USABLE = np.arange(300, 300 + 110 * 21, 21)


def test_boundaries_lie_at_the_floor_of_the_cumulative_shares():
    cuts = cut(USABLE, [8, 1, 2])
    assert (cuts.first, cuts.validation, cuts.test, cuts.last) == (
        USABLE[0],
        USABLE[80],
        USABLE[90],
        USABLE[-1],
    )


def test_a_label_never_uses_a_bar_at_or_after_the_next_parts_first_bar():
    cuts = cut(USABLE, [8, 1, 2])
    train, validation, test = parts(USABLE, cuts, horizon=21)
    assert train[-1] + 21 < cuts.validation
    assert validation[-1] + 21 < cuts.test
    assert (train.size, validation.size, test.size) == (79, 9, 20)


def test_the_purge_follows_from_the_horizon():
    cuts = cut(USABLE, [8, 1, 2])
    train, _, _ = parts(USABLE, cuts, horizon=60)
    assert train[-1] + 60 < cuts.validation
    assert train.size == 78  # the two cross-sections 21 and 42 bars before the boundary reach over it


def test_a_part_without_weight_is_empty_and_everything_is_trained_on():
    cuts = cut(USABLE, (1, 0, 0))
    train, validation, test = parts(USABLE, cuts, horizon=21)
    assert train.tolist() == USABLE.tolist()
    assert validation.size == test.size == 0
    assert cuts.validation is cuts.test is None


def test_fractions_are_exact_where_floats_are_not():
    assert cut(np.arange(10), [0.7, 0.1, 0.2]).test == 8


def test_a_variant_keeps_dates_and_drops_what_it_cannot_use():
    cuts = cut(USABLE, [8, 1, 2])
    later, _, test = parts(USABLE[20:-3], cuts, horizon=21)
    assert later[0] == USABLE[20]
    assert test[0] == cuts.test
    earlier, _, _ = parts(np.concatenate([[1, 2], USABLE]), cuts, horizon=21)
    assert earlier[0] == cuts.first


@pytest.mark.parametrize("weights", [[100, 0.001, 1], [0.001, 1, 1]])
def test_a_part_that_gets_no_cross_section_is_an_error(weights):
    with pytest.raises(ManifestError, match="part is empty"):
        cut(USABLE, weights)


def test_a_part_that_is_empty_after_the_purge_is_an_error():
    with pytest.raises(ManifestError, match="validation part is empty after a purge of 300 bars"):
        parts(USABLE, cut(USABLE, [8, 1, 2]), horizon=300)


@given(
    every=st.integers(1, 30),
    count=st.integers(12, 200),
    horizon=st.integers(0, 60),
    weights=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)),
)
def test_parts_never_overlap_in_time_whatever_the_split(every, count, horizon, weights):
    usable = np.arange(count) * every
    try:
        cuts = cut(usable, weights)
        found = parts(usable, cuts, horizon)
    except ManifestError:
        return
    total = Fraction(sum(weights))
    assert cuts.validation == usable[int(count * weights[0] / total)]
    assert cuts.test == usable[int(count * Fraction(weights[0] + weights[1]) / total)]
    for part, following in pairwise(found):
        assert part[-1] + horizon < following[0]
    assert found[2][-1] == usable[-1]


@given(count=st.integers(12, 200), horizon=st.integers(0, 60), every=st.integers(1, 30))
def test_a_fold_trains_only_on_labels_that_end_before_its_test_begins(count, horizon, every):
    usable = np.arange(count) * every
    tested = [test for _, test in folds(usable, horizon)]
    for train, test in folds(usable, horizon):
        assert train[-1] + horizon < test[0]
    assert len(np.unique(np.concatenate(tested))) == sum(t.size for t in tested) if tested else True


DAYS = pd.bdate_range("2010-01-04", periods=2700)


@given(
    every=st.integers(1, 30),
    count=st.integers(12, 200),
    horizon=st.integers(0, 60),
    starts=st.tuples(st.integers(0, 2699), st.integers(0, 2699)).map(sorted),
)
def test_parts_by_dates_never_overlap_in_time_either(every, count, horizon, starts):
    usable = np.arange(count) * every % len(DAYS)
    usable = np.unique(usable)
    days = [DAYS[s].date().isoformat() for s in starts]
    try:
        cuts = cut_at(usable, DAYS, SplitDates(validation=days[0], test=days[1]))
        found = parts(usable, cuts, horizon)
    except ManifestError:
        return
    assert cuts.validation == usable[usable >= starts[0]][0]
    assert cuts.test == usable[usable >= starts[1]][0]
    for part, following in pairwise(found):
        assert part[-1] + horizon < following[0]
    assert found[2][-1] == usable[-1]


def test_an_empty_part_says_where_it_was_declared():
    with pytest.raises(ManifestError, match=r"a\.yaml: split: the train part is empty"):
        cut(USABLE, [0.001, 1, 1], "a.yaml")
    with pytest.raises(ManifestError, match=r"a\.yaml: split: the validation part is empty after a purge"):
        parts(USABLE, cut(USABLE, [8, 1, 2]), 300, "a.yaml")
