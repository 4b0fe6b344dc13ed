"""The figure that ranks: by hand, and by those who would like it higher."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import DataError
from zoo.evaluation import by_kind, luck_of_the_best, shrunken_sharpe
from zoo.metrics import expected_maximum_sharpe, moments


def returns(bars, sharpe, seed=0):
    z = np.random.default_rng(seed).normal(size=bars)
    z = (z - z.mean()) / z.std(ddof=1)
    return 0.01 * (z + sharpe)


def test_it_is_the_formula():
    found = shrunken_sharpe(returns(500, 0.10), returns(250, -0.04, 1), benchmark=0.03)
    assert found.held_out == pytest.approx(500 * 0.07 / 2_010)
    assert found.live == pytest.approx(250 * -0.04 / 2_010)
    assert found.value == found.held_out + found.live
    assert (found.held_out_sharpe, found.live_sharpe) == pytest.approx((0.10, -0.04))
    assert (found.held_out_bars, found.live_bars, found.benchmark) == (500, 250, 0.03)


def test_held_out_evidence_below_luck_is_worth_nothing_and_never_less():
    found = shrunken_sharpe(returns(500, -0.2), (), benchmark=0.03)
    assert (found.value, found.held_out, found.live) == (0.0, 0.0, 0.0)
    assert found.held_out_sharpe == pytest.approx(-0.2)


def test_bad_live_evidence_counts_in_full():
    assert shrunken_sharpe((), returns(1_260, -0.1), benchmark=0.0).value == pytest.approx(-0.05)


def test_without_any_evidence_it_is_zero_and_one_live_bar_is_none():
    assert shrunken_sharpe((), (), benchmark=0.03).value == 0.0
    one = shrunken_sharpe(returns(500, 0.1), [9.0], benchmark=0.03)
    assert one.value == shrunken_sharpe(returns(500, 0.1), (), benchmark=0.03).value
    assert math.isnan(one.live_sharpe)


@pytest.mark.parametrize(
    ("held_out", "live", "benchmark"),
    [
        ([0.01, math.nan, 0.02], (), 0.0),
        ([0.01] * 50, (), 0.0),
        ([0.01], (), 0.0),
        (returns(50, 0.1), [0.01, math.nan], 0.0),
        (returns(50, 0.1), [math.nan], 0.0),
        (returns(50, 0.1), [0.0] * 20, 0.0),
        (returns(50, 0.1), [math.inf, 0.1, 0.2], 0.0),
        (returns(50, 0.1), (), math.nan),
    ],
)
def test_damaged_evidence_has_no_score(held_out, live, benchmark):
    found = shrunken_sharpe(held_out, live, benchmark=benchmark)
    assert math.isnan(found.value)
    assert not (found.value > 0.0)


def test_a_lucky_week_moves_it_little():
    lucky = shrunken_sharpe((), returns(5, 3.0), benchmark=0.0)
    steady = shrunken_sharpe((), returns(504, 0.08), benchmark=0.0)
    assert lucky.value < steady.value


@given(
    sharpe=st.floats(-0.3, 0.3),
    luck=st.floats(0, 0.2),
    bars=st.integers(2, 3_000),
    live=st.integers(2, 3_000),
)
@settings(max_examples=60, deadline=None)
def test_it_never_exceeds_what_was_measured(sharpe, luck, bars, live):
    found = shrunken_sharpe(returns(bars, sharpe), returns(live, sharpe), benchmark=luck)
    assert abs(found.value) <= abs(sharpe) + 1e-12
    assert found.held_out >= 0.0


def test_replayed_bars_are_held_out_and_never_live():
    net = returns(300, 0.2)
    past, live = by_kind(net, ["held_out"] * 100 + ["replayed"] * 150 + ["live"] * 50)
    np.testing.assert_array_equal(past, net[:250])
    np.testing.assert_array_equal(live, net[250:])


def test_the_best_of_a_hundred_noise_versions_replayed_on_old_bars_is_worth_next_to_nothing():
    rng = np.random.default_rng(5)
    noise = 0.01 * rng.normal(size=(1_500, 100))
    best = int(np.argmax([moments(column).sharpe for column in noise.T]))
    luck = luck_of_the_best(noise, 100)
    past, live = by_kind(noise[:, best], ["replayed"] * 1_500)
    as_live = shrunken_sharpe((), noise[:, best], benchmark=luck)
    found = shrunken_sharpe(past, live, benchmark=luck)
    assert found.live == 0.0
    assert found.live_bars == 0
    assert found.value < 0.25 * as_live.value


def test_two_thousand_clones_do_not_lower_what_luck_explains():
    noise = 0.01 * np.random.default_rng(2).normal(size=(600, 30))
    clones = np.hstack([noise, np.repeat(noise[:, :1], 2_000, axis=1)])
    assert luck_of_the_best(clones, 2_030) > luck_of_the_best(noise, 30)
    assert luck_of_the_best(clones, 2_030) == pytest.approx(
        luck_of_the_best(noise, 30) * expected_maximum_sharpe(2_030, 1.0) / expected_maximum_sharpe(30, 1.0)
    )


def test_retired_losers_stay_in_what_luck_explains():
    noise = 0.01 * np.random.default_rng(2).normal(size=(600, 100))
    order = np.argsort(noise.mean(axis=0))
    kept = noise[:, order[90:]]
    assert luck_of_the_best(kept, 100) > luck_of_the_best(kept, 10)


def test_luck_is_unknown_without_a_trial_that_has_a_sharpe_ratio():
    assert math.isnan(luck_of_the_best(np.full((100, 3), math.nan), 3))


def test_kinds_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="2 kinds of 3 returns"):
        by_kind([0.0, 0.1, 0.2], ["live", "live"])
    with pytest.raises(DataError, match="evidence of kind 'Live'; expected one of held_out, replayed, live"):
        by_kind([0.0], ["Live"])
    with pytest.raises(DataError, match="expected one dimension"):
        shrunken_sharpe(np.zeros((3, 2)), (), benchmark=0.0)
    with pytest.raises(DataError, match="a prior of 0 bars"):
        shrunken_sharpe((), (), benchmark=0.0, prior=0)
