"""Predictions that died."""

import numpy as np
import pytest

from zoo.errors import DataError
from zoo.evaluation import prediction_health
from zoo.evaluation.rules import DriftRules


def predictions(dates=60, assets=20, seed=0):
    return 0.01 * np.random.default_rng(seed).normal(size=(dates, assets))


def test_predictions_like_those_of_training_are_healthy():
    found = prediction_health(predictions(), predictions(12, 25, 1))
    assert found.healthy
    assert found.dispersion == pytest.approx(1.0, abs=0.2)
    assert found.positive == pytest.approx(0.5, abs=0.1)
    assert (found.missing, found.flat) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda p: 0.1 * p, "dispersion"),
        (lambda p: 3.0 * p, "dispersion"),
        (lambda p: np.abs(p), "share of positive"),
        (lambda p: np.where(p > 0.012, np.nan, p), "missing"),
        (lambda p: np.where(np.arange(12)[:, None] == 3, 0.0, p), "dates without an opinion"),
        (lambda p: np.zeros_like(p), "dispersion"),
        (lambda p: np.full_like(p, np.nan), "missing"),
        (lambda p: p[:0], "missing"),
        (lambda p: p[:, :1], "dates without an opinion"),
    ],
)
def test_each_ailment_is_named(change, problem):
    found = prediction_health(predictions(), change(predictions(12, seed=1)))
    assert not found.healthy
    assert any(text.startswith(problem) for text in found.problems)


def test_predictions_cannot_be_healthy_against_training_that_said_nothing():
    assert not prediction_health(np.zeros((30, 5)), predictions()).healthy
    assert not prediction_health(np.empty((0, 5)), predictions()).healthy


def test_cells_in_which_nothing_was_due_are_not_missing():
    later = predictions(12, seed=1)
    later[:, :5] = np.nan
    due = np.ones(later.shape, dtype=bool)
    due[:, :5] = False
    assert not prediction_health(predictions(), later).healthy
    found = prediction_health(predictions(), later, due=(np.ones((60, 20), dtype=bool), due))
    assert (found.healthy, found.missing) == (True, 0.0)


def test_what_is_outside_its_range_is_a_matter_of_the_rules():
    later = 3.0 * predictions(12, seed=1)
    assert not prediction_health(predictions(), later).healthy
    assert prediction_health(predictions(), later, rules=DriftRules(dispersion=(0.1, 10.0))).healthy


def test_tables_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="expected dates × assets"):
        prediction_health(np.zeros(3), np.zeros((3, 2)))
