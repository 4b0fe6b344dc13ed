"""Distributions that moved."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import ConfigError, DataError
from zoo.evaluation import (
    feature_drift,
    kolmogorov_smirnov,
    panel_drift,
    population_stability_index,
)
from zoo.evaluation.rules import DriftRules


def sample(rows, seed=0, shift=0.0, features=1):
    return np.random.default_rng(seed).normal(loc=shift, size=(rows, features))


def test_the_index_by_hand():
    before, after = np.r_[np.zeros(50), np.ones(50)], np.r_[np.zeros(25), np.ones(75)]
    by_hand = (0.25 - 0.5) * math.log(0.25 / 0.5) + (0.75 - 0.5) * math.log(0.75 / 0.5)
    assert population_stability_index(before, after, bins=2) == pytest.approx(by_hand)
    assert population_stability_index(before, before, bins=2) == 0.0


def test_a_bin_that_nothing_falls_into_is_no_infinite_shift():
    found = population_stability_index(sample(1_000), sample(1_000, 1, shift=20.0))
    assert 2.0 < found < math.inf


@given(shift=st.floats(-3, 3), scale=st.floats(0.1, 10), rows=st.integers(5, 300))
@settings(max_examples=60, deadline=None)
def test_the_distance_is_that_of_scipy(shift, scale, rows):
    from scipy.stats import ks_2samp

    before, after = sample(200)[:, 0].round(1), (scale * sample(rows, 1)[:, 0] + shift).round(1)
    found = kolmogorov_smirnov(before, after)
    assert found == pytest.approx(ks_2samp(before, after, method="asymp").statistic)


def test_what_is_not_finite_is_left_out_of_both():
    before, after = sample(300), sample(300, 1)
    holed = np.r_[after[:, 0], np.nan, np.inf]
    assert kolmogorov_smirnov(before, holed) == kolmogorov_smirnov(before, after)
    assert population_stability_index(before, holed) == population_stability_index(before, after)


def test_nothing_to_compare_has_no_figure():
    assert math.isnan(population_stability_index([], [1.0]))
    assert math.isnan(population_stability_index([1.0, 2.0], [math.nan]))
    assert math.isnan(population_stability_index([1.0, 1.0], [2.0]))
    assert math.isnan(kolmogorov_smirnov([1.0], []))


def test_samples_of_one_population_hardly_ever_drift_even_when_small():
    calls = 0
    for seed in range(100):
        before, after = sample(200, seed, features=5), sample(12, 1_000 + seed, features=5)
        calls += sum(f.drifted for f in feature_drift(before, after, list("abcde")))
    assert calls <= 5  # of 500: both figures at once exceed what one in a hundred does


def test_a_shift_is_found_in_the_feature_that_shifted():
    before, after = sample(2_000, features=3), sample(300, 1, features=3)
    after[:, 1] += 1.0
    found = feature_drift(before, after, ["a", "b", "c"])
    assert [f.drifted for f in found] == [False, True, False]
    assert found[1].feature == "b"
    assert found[1].psi > found[1].psi_bar == 0.25
    assert found[1].ks > found[1].ks_bar


def test_rows_of_few_dates_do_not_make_certain():
    before, after = sample(2_000), sample(200, 1, shift=0.7)
    by_rows, by_dates = (
        feature_drift(before, after, ["a"], independent=counts)[0] for counts in (None, (100, 10))
    )
    assert by_rows.drifted
    assert not by_dates.drifted
    assert by_dates.psi == by_rows.psi


def test_values_that_go_missing_are_a_drift():
    before, after = sample(500), sample(500, 1)
    after[:50] = np.nan
    found = feature_drift(before, after, ["a"])[0]
    assert (found.missing, found.missing_before) == (pytest.approx(0.1), 0.0)
    assert found.drifted


@pytest.mark.parametrize("after", [np.full((50, 1), np.nan), np.empty((0, 1))])
def test_what_cannot_be_told_is_not_healthy(after):
    assert feature_drift(sample(500), after, ["a"])[0].drifted


def test_a_feature_that_was_constant_may_stay_so():
    constant = np.ones((100, 1))
    assert not feature_drift(constant, constant[:60], ["a"])[0].drifted
    assert feature_drift(constant, constant[:60] + 1, ["a"])[0].drifted


def test_tables_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="expected rows × 2 features"):
        feature_drift(sample(10), sample(10), ["a", "b"])
    with pytest.raises(DataError, match="independent observations"):
        feature_drift(sample(10), sample(10), ["a"], independent=(10, -1))
    with pytest.raises(DataError, match="1 bins"):
        population_stability_index([1.0], [1.0], bins=1)


def autoregressive(rng, bars, names, phi):
    shocks, found = rng.normal(size=(bars + 100, names)), np.zeros((bars + 100, names))
    for bar in range(1, len(found)):
        found[bar] = phi * found[bar - 1] + math.sqrt(1.0 - phi**2) * shocks[bar]
    return found[100:]


def test_a_panel_that_did_not_shift_passes_though_its_rows_taken_for_independent_would_not():
    rng, rules = np.random.default_rng(3), DriftRules(significance=0.05)
    runs, by_worth, by_rows = 60, 0, 0
    for _ in range(runs):
        common = autoregressive(rng, 1_000, 1, 0.95)
        panel = (common + autoregressive(rng, 1_000, 8, 0.95))[:, :, None]
        before, after = panel[:850], panel[850:]
        (found,) = panel_drift(before, after, ["a"], rules=rules)
        (rows,) = feature_drift(before.reshape(-1, 1), after.reshape(-1, 1), ["a"], rules=rules)
        by_worth += found.ks > found.ks_bar
        by_rows += rows.ks > rows.ks_bar
        assert found.ks == rows.ks
        assert (found.ks_p < 0.05) == (found.ks > found.ks_bar)
        assert found.independent[1] < 60 < 150 * 8
    assert by_worth <= 7  # of 60 at 5%: 3 expected, more than 7 in one of fifty
    assert by_rows >= 45


def test_a_panel_that_shifted_is_found():
    rng = np.random.default_rng(4)
    panel = autoregressive(rng, 1_500, 30, 0.5)[:, :, None]
    panel[1_200:] += 1.0
    (found,) = panel_drift(panel[:1_200], panel[1_200:], ["a"])
    assert found.drifted
    assert found.ks_p < 0.001


def test_the_bins_are_stated_and_end_at_quantiles_of_training():
    before, after = sample(1_000), sample(200, 1)
    (found,) = feature_drift(before, after, ["a"], rules=DriftRules(bins=4))
    assert found.edges == pytest.approx(np.quantile(before[:, 0], [0.25, 0.5, 0.75]))
    assert found.psi == population_stability_index(before, after, bins=4)
    tied = np.r_[np.zeros((85, 1)), np.ones((15, 1))]
    assert feature_drift(tied, tied, ["a"])[0].edges == (0.0, 1.0)


def test_cells_without_a_price_are_not_missing():
    before, after = sample(600).reshape(60, 10, 1), sample(200, 1).reshape(20, 10, 1)
    after[:, :5] = np.nan
    due = (np.ones((60, 10), dtype=bool), np.tile(np.arange(10) >= 5, (20, 1)))
    assert panel_drift(before, after, ["a"])[0].missing == 0.5
    assert panel_drift(before, after, ["a"], due=due)[0].missing == 0.0


def test_a_panel_without_a_value_is_not_steady():
    nothing = np.full((20, 5, 1), np.nan)
    (found,) = panel_drift(sample(100).reshape(20, 5, 1), nothing, ["a"])
    assert found.drifted
    assert math.isnan(found.ks_p)
    with pytest.raises(DataError, match="expected bars × assets × 2 features"):
        panel_drift(nothing, nothing, ["a", "b"])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"bars": 0}, "drift.bars: 0"),
        ({"bins": 1}, "drift.bins: 1; expected a whole number of at least 2"),
        ({"psi": math.nan}, "drift.psi: nan; expected a number of at least 0"),
        ({"significance": 0.0}, "drift.significance"),
        ({"dispersion": (2.0, 0.5)}, "drift.dispersion"),
        ({"dispersion": (0.5,)}, "drift.dispersion"),
    ],
)
def test_rules_that_nobody_could_follow_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        DriftRules(**values)
