import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tests.manifest.lab import base, panel
from zoo.manifest.prepare import prepare
from zoo.manifest.relabelled import Relabelled, direction_of, normal_scores, permuted, planted
from zoo.manifest.workbench import Workbench
from zoo.metrics import rank_ic_by_date

SHAPES = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9)
LABELS = arrays(
    np.float64,
    SHAPES,
    elements=st.one_of(st.floats(-1e6, 1e6), st.just(np.nan), st.sampled_from([0.0, 1.0])),
)
SEEDS = st.integers(0, 2**32 - 1)


def same_rows(found, labels):
    return all(
        np.array_equal(np.sort(one[np.isfinite(one)]), np.sort(other[np.isfinite(other)]))
        for one, other in zip(found, labels, strict=True)
    )


@given(LABELS, SEEDS)
def test_a_permutation_keeps_the_labels_of_each_date_and_nan_where_it_was(labels, seed):
    found = permuted(labels, seed)
    assert np.array_equal(np.isnan(found), np.isnan(labels))
    assert same_rows(found, labels)
    assert np.array_equal(found, permuted(labels, seed), equal_nan=True)


@given(LABELS, SEEDS, st.floats(0.01, 0.99), st.data())
def test_planting_keeps_the_labels_of_each_date_and_nan_where_it_was(labels, seed, size, data):
    elements = st.one_of(st.floats(-10, 10), st.just(np.nan))
    direction = data.draw(arrays(np.float64, labels.shape, elements=elements))
    found = planted(labels, direction, size, seed)
    assert np.array_equal(np.isnan(found), np.isnan(labels))
    assert same_rows(found, labels)


@given(LABELS, SEEDS)
def test_whoever_has_which_label_is_all_that_changes_and_the_given_labels_stay(labels, seed):
    before = labels.copy()
    permuted(labels, seed)
    planted(labels, labels, 0.5, seed)
    assert np.array_equal(labels, before, equal_nan=True)


def test_every_order_of_a_date_is_equally_likely():
    labels = np.tile([0.0, 1.0, 2.0], (30_000, 1))
    orders, count = np.unique(permuted(labels, 3), axis=0, return_counts=True)
    assert len(orders) == 6
    assert np.abs(count / 30_000 - 1 / 6).max() < 5 * np.sqrt(5 / 36 / 30_000)


def test_dates_are_permuted_each_on_its_own():
    found = permuted(np.tile(np.arange(20.0), (50, 1)), 0)
    assert len(np.unique(found, axis=0)) == 50


@pytest.mark.parametrize("size", [0.05, 0.2, 0.5, 0.9])
def test_the_planted_rank_ic_is_the_one_that_was_declared(size):
    chance = np.random.RandomState(5)
    direction, labels = chance.standard_normal((2, 2_000, 100))
    found = rank_ic_by_date(direction, planted(labels, direction, size, 1))
    assert found.mean() == pytest.approx(size, abs=0.01)


def test_it_is_planted_on_ranks_so_that_no_outlier_matters():
    chance = np.random.RandomState(5)
    direction, labels = chance.standard_normal((2, 50, 30))
    one, other = planted(labels, direction, 0.3, 1), planted(np.exp(labels), np.exp(5 * direction), 0.3, 1)
    assert np.array_equal(np.exp(one), other)


def test_where_the_direction_is_missing_chance_decides():
    chance = np.random.RandomState(5)
    direction, labels = chance.standard_normal((2, 4_000, 20))
    hidden = direction.copy()
    hidden[:, :10] = np.nan
    found = planted(labels, hidden, 0.9, 1)
    assert abs(rank_ic_by_date(direction[:, :10], found[:, :10]).mean()) < 0.02
    assert rank_ic_by_date(direction[:, 10:], found[:, 10:]).mean() > 0.85


def test_normal_scores_have_a_spread_of_one_and_none_where_all_is_equal():
    scores = normal_scores(np.array([[1.0, 5.0, 2.0], [4.0, 4.0, 4.0]]), np.ones((2, 3), dtype=bool))
    assert (scores[0] ** 2).mean() == pytest.approx(1.0)
    assert list(np.argsort(scores[0])) == [0, 2, 1]
    assert not scores[1].any()


def test_the_direction_of_one_feature_is_its_rank_and_of_several_what_most_of_them_say():
    chance = np.random.RandomState(5)
    common, other = chance.standard_normal((2, 100, 30))
    assert rank_ic_by_date(direction_of([common]), common) == pytest.approx(1.0)
    noisy = [common + 0.3 * chance.standard_normal(common.shape) for _ in range(3)]
    assert rank_ic_by_date(direction_of([other, *noisy]), common).mean() > 0.9
    hidden = common.copy()
    hidden[0, 0] = np.nan
    assert np.isnan(direction_of([hidden, other])).sum() == 1


def test_only_the_labels_of_a_preparation_change():
    data = panel(200, 6)
    bound, bench = base().bind({}), Workbench(data)
    real = prepare(bound, bench)
    other = prepare(bound, Relabelled(bench, lambda labels, features: permuted(labels, 0)), real.boundaries)
    assert other.boundaries == real.boundaries
    for name in ("train", "validation", "test"):
        one, two = getattr(real, name), getattr(other, name)
        assert np.array_equal(one.X, two.X)
        assert np.array_equal(one.position, two.position)
        assert not np.array_equal(one.y, two.y, equal_nan=True)
        assert np.array_equal(np.isnan(one.y), np.isnan(two.y))
    assert np.array_equal(real.held_out[1], other.held_out[1], equal_nan=True)
    assert not np.array_equal(real.held_out[2], other.held_out[2], equal_nan=True)


def test_labels_are_replaced_on_every_bar_and_the_rows_see_the_same_ones():
    data = panel(200, 6)
    bound, bench = base().bind({}), Workbench(data)
    twin = prepare(bound, Relabelled(bench, lambda labels, features: permuted(labels, 0)))
    bars, _, labels = twin.held_out
    rows = twin.test
    place = np.searchsorted(bars, rows.position)
    assert np.array_equal(labels[place, rows.grid.asset], rows.y, equal_nan=True)


def test_bars_that_are_formed_have_their_labels_replaced_too():
    bound = base().set_bar_formation("tests.manifest.lab.thinned", every=2).bind({})
    bench = Workbench(panel(400, 6))
    real = prepare(bound, bench)
    twin = prepare(bound, Relabelled(bench, lambda labels, features: permuted(labels, 0)))
    assert np.array_equal(real.train.X, twin.train.X)
    assert not np.array_equal(real.train.y, twin.train.y)
