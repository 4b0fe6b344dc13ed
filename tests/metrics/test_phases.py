"""Figures over phases: what they summarise, and the rank IC from every starting bar."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.metrics import mean_with_error, over_phases_of, rank_ic_by_date, rank_ic_over_phases


def test_a_figure_is_mean_error_minimum_median_and_maximum():
    assert over_phases_of([(1.0, 0.2), (4.0, 0.4), (2.0, 0.3), (3.0, 0.3)]) == pytest.approx(
        (2.5, 0.3, 1.0, 2.5, 4.0, 4)
    )
    assert over_phases_of([(3.0, 1.0)]) == (3, 1, 3, 3, 3, 1)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e6)), min_size=1))
def test_it_lies_between_its_phases(pairs):
    figure, values = over_phases_of(pairs), [value for value, _ in pairs]
    assert figure.minimum == min(values) <= figure.median <= max(values) == figure.maximum
    assert min(values) - 1e-9 <= figure.mean <= max(values) + 1e-9
    assert figure.median == pytest.approx(np.median(values))


@pytest.mark.parametrize("values", [[], [math.nan], [1.0, math.nan, 2.0], [math.inf, 1.0]], ids=str)
def test_one_phase_without_a_figure_leaves_none(values):
    found = over_phases_of((value, 0.1) for value in values)
    assert all(map(math.isnan, found[:5]))
    assert found.phases == len(values)


def test_a_figure_without_errors_has_none():
    found = over_phases_of([(1.0, math.nan), (2.0, math.nan)])
    assert found.mean == 1.5
    assert math.isnan(found.se)


def test_the_error_is_no_less_than_the_spread_of_the_mean_over_phases():
    rng = np.random.default_rng(1)
    means, errors = [], []
    for _ in range(300):
        scores, noise = rng.normal(size=(84, 10)), rng.normal(size=(88, 10))
        labels = sum(noise[i : i + 84] for i in range(4))
        found = rank_ic_over_phases(scores, labels, horizon=4, every=4)
        means.append(found.mean)
        errors.append(found.se)
    assert np.mean(errors) >= np.std(means)


def test_a_phase_s_rank_ic_is_that_of_its_bars():
    rng = np.random.default_rng(2)
    scores, labels = rng.normal(size=(50, 8)), rng.normal(size=(50, 8))
    found = rank_ic_over_phases(scores, labels, horizon=10, every=4)
    each = [mean_with_error(rank_ic_by_date(scores[p::4], labels[p::4]), 2) for p in range(4)]
    assert found.mean == pytest.approx(np.mean([phase.mean for phase in each]))
    assert found.se == pytest.approx(np.mean([phase.se for phase in each]))
    assert (found.minimum, found.maximum) == (min(p.mean for p in each), max(p.mean for p in each))
    assert found.phases == 4


def test_a_foresight_score_has_a_rank_ic_of_one():
    labels = np.random.default_rng(3).normal(size=(40, 6))
    assert rank_ic_over_phases(labels, labels, horizon=5, every=5)[:1] == (1,)


def test_fewer_bars_than_phases_leave_no_figure():
    assert math.isnan(rank_ic_over_phases(np.eye(3), np.eye(3), horizon=5, every=5).mean)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="every is 0"):
        rank_ic_over_phases(np.eye(3), np.eye(3), horizon=5, every=0)
    with pytest.raises(ValueError, match="same dates × assets"):
        rank_ic_over_phases(np.eye(3), np.eye(4), horizon=1, every=1)
