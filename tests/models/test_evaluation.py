import math

import numpy as np
import pytest

from zoo.models.evaluation import Grid, evaluate_classes, evaluate_scores

DATES, ASSETS = 6, 5
GRID = Grid(np.repeat(np.arange(DATES), ASSETS), np.tile(np.arange(ASSETS), DATES), (DATES, ASSETS))
RANDOM = np.random.RandomState(0)
Y = RANDOM.standard_normal(DATES * ASSETS)


def test_foresight_has_a_rank_ic_of_one_and_its_opposite_of_minus_one():
    assert evaluate_scores(Y, Y, GRID)["rank_ic"] == pytest.approx(1, abs=1e-12)
    assert evaluate_scores(Y, -Y, GRID)["rank_ic"] == pytest.approx(-1, abs=1e-12)


def test_a_panels_r2_is_against_zero_and_a_tables_against_the_mean():
    assert evaluate_scores(Y + 5, np.zeros_like(Y), GRID)["r2"] == pytest.approx(0)
    assert evaluate_scores(Y + 5, np.full_like(Y, (Y + 5).mean()), None)["r2"] == pytest.approx(0)


def test_rows_without_a_label_are_left_out():
    y = Y.copy()
    y[:ASSETS] = np.nan
    metrics = evaluate_scores(y, Y, GRID)
    assert metrics["n_obs"] == (DATES - 1) * ASSETS
    assert metrics["n_dates"] == DATES - 1
    assert metrics["mse"] == 0


def test_constant_scores_have_no_rank_ic_instead_of_a_good_one():
    metrics = evaluate_scores(Y, np.ones_like(Y), GRID)
    assert math.isnan(metrics["rank_ic"])
    assert metrics["n_dates"] == 0


def test_a_grid_puts_rows_back_and_leaves_nan_elsewhere():
    grid = Grid(np.array([0, 1]), np.array([1, 0]), (2, 2))
    panel = grid.spread(np.array([5.0, 7.0]))
    assert panel[0, 1] == 5
    assert panel[1, 0] == 7
    assert np.isnan(panel[0, 0])
    assert np.isnan(panel[1, 1])


@pytest.mark.parametrize("classes", [[0, 1], [1, 2], ["down", "up"]])
def test_classes_are_measured_whatever_they_are_called_and_the_second_is_positive(classes):
    y, predicted = (np.array(classes)[places] for places in ([0, 1, 1, 0], [0, 1, 0, 0]))
    metrics = evaluate_classes(y, predicted, np.array([0.1, 0.9, 0.4, 0.2]), classes, None)
    assert metrics["accuracy"] == 0.75
    assert metrics["auc"] == 1
    assert metrics["precision"] == 1
    assert metrics["recall"] == 0.5


def test_without_probabilities_only_what_classes_tell_is_measured():
    y = np.array([0, 1, 2])
    assert set(evaluate_classes(y, y, None, [0, 1, 2], None)) == {"accuracy", "n_obs"}
