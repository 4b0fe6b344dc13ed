"""Published values that no other file of this room reproduces; the rest is in test_sharpe, test_significance,
test_overfitting and tests/models/test_purged.
"""

import itertools
import math

import numpy as np
import pytest

from zoo.metrics import rank_ic_by_date


def test_of_six_blocks_two_held_out_there_are_15_splits_and_5_paths():
    from skfolio.model_selection import CombinatorialPurgedCV

    splitter = CombinatorialPurgedCV(n_folds=6, n_test_folds=2)
    assert (splitter.n_splits, splitter.n_test_paths) == (15, 5)
    dates = np.zeros((60, 1))
    splits = list(splitter.split(dates))
    assert len(splits) == 15
    tested = np.concatenate([np.concatenate(test) for _, test in splits])
    assert set(np.bincount(tested)) == {5}  # each date is held out once a path


def test_the_rank_ic_of_all_orders_of_n_names_has_a_deviation_of_one_over_the_root_of_n_less_one():
    orders = np.array(list(itertools.permutations(range(6))), dtype=float)
    found = rank_ic_by_date(orders, np.tile(np.arange(6.0), (len(orders), 1)))
    assert found.std() == pytest.approx(1 / math.sqrt(5), rel=1e-12)
    assert found.mean() == pytest.approx(0.0, abs=1e-12)


def test_the_null_rank_ic_of_20_names_deviates_by_0_2294():
    rng = np.random.default_rng(0)
    found = rank_ic_by_date(rng.normal(size=(40_000, 20)), rng.normal(size=(40_000, 20)))
    assert found.std() == pytest.approx(0.2294, abs=0.0025)
    assert round(1 / math.sqrt(19), 4) == 0.2294
