"""How many independent observations a panel is worth, against what is known by construction."""

import numpy as np
import pytest

from zoo.metrics.dependence import dependence

DECILES = np.linspace(-1.2, 1.2, 9)


def noise(dates, names, seed=0):
    return np.random.default_rng(seed).normal(size=(dates, names))


def autoregressive(dates, names, phi, seed=0):
    shocks, found = noise(dates + 200, names, seed), np.zeros((dates + 200, names))
    for date in range(1, len(found)):
        found[date] = phi * found[date - 1] + np.sqrt(1.0 - phi**2) * shocks[date]
    return found[200:]


def test_independent_values_are_worth_their_number():
    found = dependence(noise(2_000, 10), DECILES)
    assert found.effective(200, 2_000) == pytest.approx(2_000, rel=0.2)


def test_names_that_are_all_the_same_are_worth_one():
    found = dependence(np.repeat(noise(2_000, 1), 10, axis=1), DECILES)
    assert found.effective(1, 10) == pytest.approx(1.0)
    assert found.effective(200, 2_000) == pytest.approx(200, rel=0.25)


def test_days_that_resemble_the_last_are_worth_as_the_variance_of_their_mean_says():
    dates, phi = 100, 0.9
    measured = [dependence(autoregressive(4_000, 1, phi, seed), [0.0]) for seed in range(8)]
    found = np.mean([one.effective(dates, dates) for one in measured])
    means = (autoregressive(100_000, 1, phi, 99)[:, 0] <= 0).reshape(-1, dates).mean(axis=1)
    assert found == pytest.approx(0.25 / means.var(), rel=0.25)
    assert found < 15


def test_missing_values_and_dates_count_for_nothing():
    panel = noise(1_000, 10)
    panel[:, 5:] = np.nan
    found = dependence(panel, DECILES)
    assert found.effective(100, 500) == pytest.approx(500, rel=0.25)
    panel[::2] = np.nan
    assert np.isfinite(dependence(panel, DECILES).effective(100, 250))


def test_it_is_never_worth_more_than_its_rows_nor_less_than_one_date():
    found = dependence(noise(300, 4), DECILES)
    assert found.effective(10, 3) <= 3
    assert found.effective(0, 0) == 0.0
    assert dependence(np.repeat(autoregressive(300, 1, 0.99), 4, axis=1), DECILES).effective(1, 4) >= 1.0


@pytest.mark.parametrize("panel", [np.ones((50, 3)), np.full((50, 3), np.nan), np.empty((0, 3))])
def test_what_does_not_vary_has_nothing_to_depend_on(panel):
    assert np.isfinite(dependence(panel, [1.0]).effective(5, 15))
    assert np.isfinite(dependence(panel, []).effective(5, 15))
