import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from zoo.errors import DataError, ManifestError
from zoo.models import PurgedKFold


def parts(splitter, positions):
    return [(train.tolist(), test.tolist()) for train, test in splitter.split(None, groups=positions)]


def test_the_published_example_of_purge_and_embargo():
    found = parts(PurgedKFold(3, horizon=2, embargo=1), np.arange(12))
    assert found == [
        ([7, 8, 9, 10, 11], [0, 1, 2, 3]),
        ([0, 1, 11], [4, 5, 6, 7]),
        ([0, 1, 2, 3, 4, 5], [8, 9, 10, 11]),
    ]


def test_without_horizon_and_embargo_it_is_the_plain_fold_over_dates():
    assert parts(PurgedKFold(2), [5, 5, 6, 9]) == [([3], [0, 1, 2]), ([0, 1, 2], [3])]


@st.composite
def panels(draw):
    dates = draw(st.lists(st.integers(0, 400), min_size=4, max_size=60, unique=True))
    rows = draw(st.lists(st.sampled_from(dates), max_size=60))
    positions = draw(st.permutations([*dates, *rows]))
    folds = draw(st.integers(2, min(6, len(dates))))
    return np.array(positions), PurgedKFold(
        folds, horizon=draw(st.integers(0, 25)), embargo=draw(st.integers(0, 10))
    )


def folds_of(splitter, positions):
    try:
        return list(splitter.split(positions, groups=positions))
    except DataError as error:
        assert "no date left to train on" in str(error)  # noqa: PT017 - the only error that may be raised
        return []


@given(panels())
def test_no_training_label_shares_a_bar_with_a_test_label(case):
    positions, splitter = case
    for train, test in folds_of(splitter, positions):
        used = {bar for p in positions[test] for bar in range(p, p + splitter.horizon + 1)}
        for p in positions[train]:
            assert used.isdisjoint(range(p, p + splitter.horizon + 1))
            assert not max(used) < p <= max(used) + splitter.embargo


@given(panels())
def test_no_date_is_dropped_that_could_be_trained_on(case):
    positions, splitter = case
    for train, test in folds_of(splitter, positions):
        first, last = positions[test].min(), positions[test].max()
        kept = set(positions[train].tolist())
        for p in set(positions.tolist()) - kept:
            assert first - splitter.horizon <= p <= last + splitter.horizon + splitter.embargo


@given(panels())
def test_every_date_is_tested_once_and_all_its_rows_are_on_one_side(case):
    positions, splitter = case
    found = folds_of(splitter, positions)
    if not found:
        return
    tested = np.concatenate([test for _, test in found])
    assert sorted(tested.tolist()) == list(range(len(positions)))
    for train, test in found:
        assert set(positions[train].tolist()).isdisjoint(positions[test].tolist())
    for p in set(positions.tolist()):
        assert sum(p in positions[test] for _, test in found) == 1
    assert len(found) == splitter.get_n_splits()


@given(panels())
def test_blocks_are_in_time_order_and_of_nearly_equal_length(case):
    positions, splitter = case
    blocks = [np.unique(positions[test]) for _, test in folds_of(splitter, positions)]
    assert all(a[-1] < b[0] for a, b in itertools.pairwise(blocks))
    assert not blocks or max(map(len, blocks)) - min(map(len, blocks)) <= 1


def test_scikit_learn_takes_it_as_a_splitter():
    rng = np.random.RandomState(0)
    X, positions = rng.standard_normal((60, 2)), np.repeat(np.arange(20), 3)
    y = (X[:, 0] + rng.standard_normal(60) > 0).astype(int)
    scores = cross_val_predict(
        LogisticRegression(), X, y, groups=positions, cv=PurgedKFold(4, horizon=1), method="decision_function"
    )
    assert scores.shape == (60,)


def test_fewer_dates_than_folds_are_refused():
    with pytest.raises(DataError, match=r"2 dates cannot be cut into 3 folds; .*use fewer folds"):
        parts(PurgedKFold(3), [4, 4, 4, 9])


def test_a_fold_without_a_training_date_is_refused():
    with pytest.raises(DataError, match=r"fold 2 of 3 has no date left to train on: all others of 9 dates"):
        parts(PurgedKFold(3, horizon=3), np.arange(9))


@pytest.mark.parametrize(
    ("groups", "problem"),
    [
        (None, "no bar numbers"),
        ([0.5, 1.0], "bar numbers are float64"),
        ([[0], [1]], r"of shape \(2, 1\)"),
        ([True, False], "bar numbers are bool"),
        ([0, 1, 2], "3 bar numbers for 2 rows"),
    ],
)
def test_rows_without_a_bar_number_each_are_refused(groups, problem):
    with pytest.raises(DataError, match=problem):
        next(PurgedKFold(2).split([[1.0], [2.0]], groups=groups))


@pytest.mark.parametrize(
    "arguments", [{"n_splits": 1}, {"n_splits": 2.0}, {"n_splits": True}, {"horizon": -1}, {"embargo": "1"}]
)
def test_counts_are_whole_numbers(arguments):
    with pytest.raises(ManifestError, match=r"is .*; expected a whole number, at least"):
        PurgedKFold(**arguments)
