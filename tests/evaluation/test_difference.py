"""Intervals of a difference: the formula for normal returns, a naive loop, and how often they hold."""

import math

import numpy as np
import pytest

from zoo.errors import DataError
from zoo.evaluation import difference, paired_difference, paired_differences


def pair(bars, seed=0, correlation=0.6, gain=0.0):
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, bars))
    own = correlation * first + math.sqrt(1 - correlation**2) * second
    return 0.02 * (own + gain), 0.01 * first


def test_the_error_is_that_of_jobson_and_korkie_for_normal_returns():
    version, champion = pair(20_000, correlation=0.8, gain=0.15)
    champion = champion + 0.001
    found = paired_difference(version, champion, draws=100)
    a, b = 0.15, 0.1  # Memmel (2003), equation (9): 2 - 2 ρ + (a² + b² - 2 a b ρ²) / 2
    variance = (2 - 2 * 0.8 + 0.5 * (a**2 + b**2 - 2 * a * b * 0.64)) / 20_000
    assert found.se == pytest.approx(math.sqrt(variance), rel=0.02)
    assert found.estimate == pytest.approx(0.05, abs=4 * found.se)


def test_draws_are_what_a_loop_gives():
    from arch.bootstrap import StationaryBootstrap

    from zoo.evaluation.resampling import resamples

    both = np.column_stack(pair(90, gain=0.1))
    counts = resamples(90, block=3, draws=20, seed=5).counts

    def ratios(rows):
        z = (rows - rows.mean(0)) / rows.std(0)
        sharpe = rows.mean(0) / rows.std(0)
        influence = z - sharpe / 2 * (z**2 - 1)
        return sharpe[0] - sharpe[1], (influence[:, 0] - influence[:, 1]).std() / math.sqrt(len(rows))

    estimate, error, t = (figure.T[0] for figure in difference._sharpe_draws(both[:, :1], both[:, 1], counts))
    assert (estimate, error) == pytest.approx(ratios(both), rel=1e-9)
    mean, mean_error, mean_t = (f.T[0] for f in difference._mean_draws(both[:, :1], both[:, 1], counts))
    gap = both[:, 0] - both[:, 1]
    assert (mean, mean_error) == pytest.approx((gap.mean(), gap.std() / math.sqrt(90)))
    for row, (positions, _) in enumerate(StationaryBootstrap(3, np.arange(90), seed=5).bootstrap(20)):
        drawn, its = ratios(both[positions[0]])
        assert t[row] == pytest.approx((drawn - estimate) / its, rel=1e-8)
        part = gap[positions[0]]
        assert mean_t[row] == pytest.approx((part.mean() - mean) / (part.std() / math.sqrt(90)), rel=1e-8)


@pytest.mark.parametrize("of", ["mean", "sharpe"])
def test_intervals_hold_nineteen_times_of_twenty(of):
    held = above = 0
    for seed in range(100):
        version, champion = pair(200, seed)
        found = paired_difference(version, champion, of=of, draws=150, seed=seed)
        held += found.low <= 0.0 <= found.high
        above += found.bound > 0.0
    assert held >= 87  # 95 expected; one in a thousand is below 88
    assert above <= 13


def test_non_inferiority_asks_for_a_bound_above_the_margin():
    version, champion = pair(5_000, correlation=0.95)
    found = paired_difference(version, champion)
    assert found.non_inferior(abs(found.bound) + 1e-9)
    assert not found.non_inferior(abs(found.bound) - 1e-9)
    assert found.bound < found.estimate


def test_a_worse_version_is_not_called_non_inferior_more_often_than_it_may():
    margin, calls = 0.1, 0
    for seed in range(100):
        version, champion = pair(200, seed, gain=-margin)
        found = paired_difference(version, champion, draws=150, seed=seed)
        calls += found.non_inferior(margin)
    assert calls <= 13  # 5 expected; one in a thousand is above


def test_a_copy_differs_by_exactly_nothing():
    version, _ = pair(100)
    found = paired_difference(version, version)
    assert (found.estimate, found.low, found.high, found.bound) == (0.0, 0.0, 0.0, 0.0)
    assert found.non_inferior(1e-12)
    assert not found.non_inferior(0.0)


@pytest.mark.parametrize("of", ["mean", "sharpe"])
@pytest.mark.parametrize("wrong", ["hole", "champion's hole", "constant", "few", "none", "changed copy"])
def test_what_is_unknown_is_not_non_inferior(of, wrong):
    version, champion = pair(100)
    if wrong == "hole":
        version[50] = np.nan
    elif wrong == "champion's hole":
        champion[50] = np.nan
    elif wrong == "constant":
        version[:] = 0.0
    elif wrong == "few":
        version, champion = version[:20], champion[:20]
    elif wrong == "none":
        version, champion = version[:0], champion[:0]
    else:
        version = champion + 0.01 if of == "mean" else 3.0 * champion
    found = paired_difference(version, champion, of=of)
    assert math.isnan(found.bound)
    assert not found.non_inferior(10.0)


def test_each_version_has_the_window_of_its_own_record():
    version, champion = pair(300)
    late = version.copy()
    late[:200] = np.nan
    whole, part = paired_differences(np.column_stack([version, late]), champion)
    assert (whole.bars, part.bars) == (300, 100)
    assert part == paired_difference(version[200:], champion[200:])
    assert whole == paired_difference(version, champion)


def test_the_other_way_round_it_is_the_negative():
    version, champion = pair(300)
    one, other = paired_difference(version, champion), paired_difference(champion, version)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def test_what_cannot_be_is_refused():
    version, champion = pair(100)
    with pytest.raises(DataError, match="of is 'median'"):
        paired_difference(version, champion, of="median")
    with pytest.raises(DataError, match="level is 95"):
        paired_difference(version, champion, level=95)
    with pytest.raises(DataError, match="expected one series"):
        paired_difference(version[:, None], champion)
    with pytest.raises(DataError, match="a champion of shape"):
        paired_difference(version, champion[1:])
    with pytest.raises(DataError, match=r"margin is -0\.1"):
        paired_difference(version, champion).non_inferior(-0.1)
