"""Draws, t statistics and bars: against naive loops, and at the edges."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import DataError
from zoo.evaluation import resampling
from zoo.evaluation.resampling import (
    FEWEST,
    adjusted_p,
    block_length,
    check_size,
    critical_value,
    in_parts,
    resamples,
    studentised,
    unseen_maximum,
)


def noise(bars, series, seed=0, scale=0.01):
    return scale * np.random.default_rng(seed).normal(size=(bars, series))


def test_a_draw_takes_as_many_bars_as_there_are_and_equal_seeds_draw_alike():
    drawn = resamples(50, block=3.5, draws=20, seed=4)
    assert drawn.counts.shape == (20, 50)
    assert (drawn.counts.sum(axis=1) == 50).all()
    np.testing.assert_array_equal(drawn.counts, resamples(50, block=3.5, draws=20, seed=4).counts)
    assert (drawn.counts != resamples(50, block=3.5, draws=20, seed=5).counts).any()


@pytest.mark.parametrize(("bars", "block", "draws"), [(0, 2, 5), (5, 0.5, 5), (5, math.nan, 5), (5, 2, 0)])
def test_nothing_is_drawn_from_nothing(bars, block, draws):
    with pytest.raises(DataError, match="expected at least 1"):
        resamples(bars, block=block, draws=draws)


def test_autocorrelated_series_get_longer_blocks():
    shocks = noise(600, 8)
    smooth = shocks.copy()
    for row in range(1, len(smooth)):
        smooth[row] += 0.7 * smooth[row - 1]
    assert 1.0 <= block_length(shocks) < 4.0 < 8.0 < block_length(smooth) <= 200.0


def test_series_that_cannot_be_tested_have_no_say_in_the_block_length():
    table = noise(300, 4)
    broken = np.full((300, 50), np.nan)
    assert block_length(np.hstack([table, broken])) == block_length(table)
    assert block_length(broken) == 1.0


def test_a_record_needs_bars_without_a_hole_and_some_spread():
    table = noise(200, 9)
    table[:50, 1] = np.nan  # not yet shadowed
    table[150:, 2] = np.nan  # retired
    table[100, 3] = np.nan  # a hole
    table[100, 4] = np.inf
    table[:, 5] = 0.01
    table[:, 6] = np.nan
    table[FEWEST:, 7] = np.nan
    table[FEWEST - 1 :, 8] = np.nan
    found = resampling.can_be_tested(table)
    assert found.tolist() == [True, True, True, False, False, False, False, True, False]
    assert np.isnan(studentised(table, resamples(200, block=1, draws=10)).t).tolist() == (~found).tolist()


def test_nothing_can_be_tested_on_no_bars():
    assert not resampling.can_be_tested(np.empty((0, 3))).any()


def test_draws_are_what_a_loop_over_resampled_returns_gives():
    from arch.bootstrap import StationaryBootstrap

    table = noise(120, 3, seed=2)
    table[:40, 2] = np.nan
    drawn = resamples(120, block=4, draws=50, seed=9)
    found = studentised(table, drawn)
    totals, ratios = [], []
    for positions, _ in StationaryBootstrap(4, np.arange(120), seed=9).bootstrap(50):
        rows = [table[positions[0], k] for k in range(3)]
        rows = [row[~np.isnan(row)] - np.nanmean(table[:, k]) for k, row in enumerate(rows)]
        totals.append([row.sum() for row in rows])
        ratios.append([row.mean() / (row.std() / math.sqrt(len(row))) for row in rows])
    inflation = np.sqrt(
        np.mean(np.square(totals), axis=0) / np.nansum((table - np.nanmean(table, 0)) ** 2, 0)
    )
    np.testing.assert_allclose(found.draws, np.array(ratios) / inflation, rtol=1e-9)


def test_without_autocorrelation_t_is_the_usual_one():
    table = noise(2_000, 3) + 0.0005
    usual = table.mean(axis=0) / table.std(axis=0, ddof=1) * math.sqrt(2_000)
    np.testing.assert_allclose(studentised(table, resamples(2_000, block=1)).t, usual, rtol=0.06)


def test_many_series_come_in_parts_and_are_the_same(monkeypatch):
    table, drawn = noise(100, 7), resamples(100, block=2, draws=30)
    monkeypatch.setattr(resampling, "_SERIES", 3)
    parts = list(in_parts(table, drawn))
    assert [len(part.t) for part in parts] == [3, 3, 1]
    np.testing.assert_allclose(np.concatenate([p.t for p in parts]), studentised(table, drawn).t)


def test_the_unseen_have_the_maximum_of_as_many_normals():
    from scipy.stats import norm

    found = unseen_maximum(20, 20_000, seed=1)
    assert np.mean(found <= 2.0) == pytest.approx(norm.cdf(2.0) ** 20, abs=0.015)
    assert (unseen_maximum(0, 5, seed=1) == -np.inf).all()
    assert 5.0 < np.median(unseen_maximum(10**9, 100, seed=1)) < 8.0


@given(
    maxima=st.lists(st.floats(-5, 5), min_size=1, max_size=200),
    t=st.floats(-6, 6),
    size=st.sampled_from([0.01, 0.05, 0.1, 0.25]),
)
@settings(max_examples=200, deadline=None)
def test_a_t_exceeds_the_critical_value_exactly_when_its_p_is_at_most_the_size(maxima, t, size):
    values = np.array(maxima)
    p = float(adjusted_p(np.array([t]), values)[0])
    assert (t > critical_value(values, size)) == (p <= size * (1 + 1e-12))


def test_a_p_value_is_never_zero_and_nan_stays_nan():
    p = adjusted_p(np.array([99.0, math.nan, -99.0]), np.zeros(99))
    assert p[0] == 0.01
    assert math.isnan(p[1])
    assert p[2] == 1.0


@pytest.mark.parametrize("size", [0.0, 0.5, -0.1, math.nan])
def test_a_size_is_a_small_share(size):
    with pytest.raises(DataError, match="size is"):
        check_size(size)
