"""Probabilistic and deflated Sharpe ratios: the papers' printed values, and skfolio's on samples."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from zoo.metrics import (
    deflated_sharpe_ratio,
    expected_maximum_sharpe,
    minimum_track_record,
    moments,
    probabilistic_sharpe_ratio,
    significance,
    trial_variance,
)

NAN = math.nan
sharpes = st.floats(-0.5, 0.5)


def test_the_deflated_sharpe_ratio_of_the_paper():
    year, trials = 250, {"trials": 100, "variance": 0.5 / 250}
    assert round(expected_maximum_sharpe(**trials), 6) == 0.113172
    found = deflated_sharpe_ratio(2.5 / math.sqrt(year), 1250, **trials, skew=-3.0, kurtosis=10.0)
    assert round(found, 6) == 0.900397


def test_an_annualised_ratio_would_be_certain_by_mistake():
    right = deflated_sharpe_ratio(2.5 / math.sqrt(250), 1250, trials=100, variance=0.5 / 250)
    assert deflated_sharpe_ratio(2.5, 1250, trials=100, variance=0.5) > right


def test_the_probabilistic_sharpe_ratios_of_the_paper():
    assert round(probabilistic_sharpe_ratio(0.458, 24), 6) == 0.981675
    assert round(probabilistic_sharpe_ratio(0.458, 24, skew=-2.448, kurtosis=10.164), 6) == 0.913361


def test_the_minimum_track_record_of_the_paper():
    days = minimum_track_record(2 / math.sqrt(250), benchmark=1 / math.sqrt(250))
    assert round(days / 250, 4) == 2.7312


@pytest.mark.parametrize("seed", range(3))
def test_on_samples_it_is_what_skfolio_says(seed):
    from skfolio.measures import deflated_sharpe_ratio as theirs_deflated
    from skfolio.measures import probabilistic_sharpe_ratio as theirs

    rng = np.random.default_rng(seed)
    returns, trials = 0.01 * rng.standard_t(5, 300) + 0.0005, 0.05 * rng.normal(size=40)
    found = moments(returns)
    shape = {"skew": found.skew, "kurtosis": found.kurtosis}
    for benchmark in (0.0, 0.05):
        ours = probabilistic_sharpe_ratio(found.sharpe, found.periods, benchmark=benchmark, **shape)
        assert ours == pytest.approx(theirs(returns, benchmark), rel=1e-9)
    ours = deflated_sharpe_ratio(found.sharpe, 300, trials=40, variance=float(trials.var(ddof=1)), **shape)
    assert ours == pytest.approx(theirs_deflated(returns, trials), rel=1e-9)


@given(sharpes, sharpes, st.integers(3, 3000))
def test_a_probability_falls_with_the_benchmark_and_is_a_half_at_it(sharpe, benchmark, periods):
    found = probabilistic_sharpe_ratio(sharpe, periods, benchmark=benchmark)
    assert 0 <= found <= 1
    assert probabilistic_sharpe_ratio(sharpe, periods, benchmark=sharpe) == 0.5
    assert found >= probabilistic_sharpe_ratio(sharpe, periods, benchmark=benchmark + 0.1)


@given(st.floats(0.01, 0.5), st.floats(0.001, 0.5))
def test_after_the_minimum_track_record_the_probability_is_the_confidence(sharpe, below):
    shape = {"benchmark": sharpe - below, "skew": -0.5, "kurtosis": 5.0}
    periods = minimum_track_record(sharpe, **shape, confidence=0.9)
    if periods >= 3:
        assert probabilistic_sharpe_ratio(sharpe, periods, **shape) == pytest.approx(0.9)


@given(st.integers(1, 10**9), st.floats(0, 1))
def test_more_trials_and_more_variance_expect_more(trials, variance):
    found = expected_maximum_sharpe(trials, variance)
    assert found >= 0 or trials < 3
    assert expected_maximum_sharpe(trials + 1, variance) >= found - 1e-12
    assert expected_maximum_sharpe(trials, 4 * variance) == pytest.approx(2 * found)


def test_the_expected_maximum_is_about_that_of_simulated_trials():
    best = 0.1 * np.random.default_rng(1).normal(size=(4000, 50)).max(axis=1)
    assert expected_maximum_sharpe(50, 0.01) == pytest.approx(best.mean(), rel=0.02)


def test_a_single_trial_is_not_deflated():
    assert expected_maximum_sharpe(1, NAN) == 0
    assert deflated_sharpe_ratio(0.1, 500, trials=1, variance=0.2) == probabilistic_sharpe_ratio(0.1, 500)


def test_nan_in_is_nan_out():
    for bad in (
        probabilistic_sharpe_ratio(NAN, 100),
        probabilistic_sharpe_ratio(0.1, 2),
        probabilistic_sharpe_ratio(math.inf, 100),
        probabilistic_sharpe_ratio(0.1, 100, benchmark=NAN),
        probabilistic_sharpe_ratio(0.1, 100, skew=NAN),
        probabilistic_sharpe_ratio(0.1, 100, kurtosis=NAN),
        probabilistic_sharpe_ratio(1.0, 100, skew=2.0, kurtosis=1.0),  # no distribution has these
        deflated_sharpe_ratio(0.1, 100, trials=5, variance=NAN),
        expected_maximum_sharpe(5, NAN),
        minimum_track_record(NAN),
        minimum_track_record(0.1, benchmark=NAN),
    ):
        assert math.isnan(bad)


def test_what_is_not_above_its_benchmark_never_gets_there():
    assert minimum_track_record(0.1, benchmark=0.1) == math.inf
    assert minimum_track_record(-0.1) == math.inf


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="0 trials"):
        expected_maximum_sharpe(0, 0.1)
    with pytest.raises(ValueError, match=r"variance is -0\.1"):
        expected_maximum_sharpe(5, -0.1)
    for confidence in (0.5, 1.0, NAN):
        with pytest.raises(ValueError, match="confidence is"):
            minimum_track_record(0.1, confidence=confidence)
    with pytest.raises(ValueError, match="periods × trials"):
        trial_variance(np.zeros(4))


def zoo(seed=1, periods=500, trials=12):
    return np.random.default_rng(seed).normal(0.0, 0.01, (periods, trials))


def test_the_variance_of_trials_is_that_of_their_sharpe_ratios():
    table = zoo()
    table += np.linspace(-0.004, 0.004, 12)  # of different skill: well above the floor
    ratios = table.mean(axis=0) / table.std(axis=0, ddof=1)
    assert trial_variance(table) == pytest.approx(ratios.var(ddof=1), rel=1e-12)


def test_cloning_a_trial_changes_nothing():
    table = zoo()
    noise = np.random.default_rng(2).normal(0, 1e-4, (500, 200))
    clones = table[:, [3]] + noise
    assert trial_variance(np.hstack([table, clones])) == pytest.approx(trial_variance(table), rel=1e-12)
    assert np.hstack([table, clones]).var() > 0
    assert trial_variance(np.hstack([table[:, :1]] * 50)) == 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 12))
@settings(deadline=None, max_examples=60)
def test_near_duplicates_are_found_among_all_pairs_however_they_are_taken_in_blocks(seed, trials, block):
    rng = np.random.default_rng(seed)
    base = rng.normal(0.0, 0.01, (50, max(1, trials // 3)))
    table = base[:, rng.integers(0, base.shape[1], trials)] + rng.normal(0.0, 0.003, (50, trials))
    correlation = np.atleast_2d(np.corrcoef(table, rowvar=False))
    assume(np.abs(correlation - 0.95).min() > 1e-9)
    kept = []
    for number in range(trials):
        if all(correlation[number, other] <= 0.95 for other in kept):
            kept.append(number)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(significance, "_BLOCK", block)
        found = trial_variance(table)
    ratios = (table.mean(axis=0) / table.std(axis=0, ddof=1))[kept]
    among = correlation[np.ix_(kept, kept)]
    mean = (among.sum() - len(kept)) / max(1, len(kept) * (len(kept) - 1))
    expected = max(ratios.var(ddof=1), (1 - mean) / 50) if len(kept) > 1 else 0.0
    assert found == pytest.approx(expected, rel=1e-9)


def test_trials_that_agree_too_well_have_the_variance_of_luck_all_the_same():
    table = zoo(trials=8)
    table -= table.mean(axis=0)  # Sharpe ratios of exactly nothing
    correlation = np.corrcoef(table, rowvar=False)
    mean = correlation[~np.eye(8, dtype=bool)].mean()
    assert trial_variance(table) == pytest.approx((1 - mean) / 500, rel=1e-9)


def test_failed_trials_have_no_sharpe_ratio():
    table = zoo()
    broken = np.hstack([table, np.full((500, 3), NAN), np.zeros((500, 2))])
    assert trial_variance(broken) == pytest.approx(trial_variance(table), rel=1e-12)
    for nothing in (np.empty((0, 3)), np.empty((9, 0)), np.full((9, 2), NAN), np.ones((9, 2)), np.eye(2)):
        assert math.isnan(trial_variance(nothing))
