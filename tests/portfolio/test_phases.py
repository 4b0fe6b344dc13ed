"""Phases: the same definition from each starting bar, side by side."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.portfolio.test_realised import ARRAYS, DEAR, FREE, same
from zoo.errors import DataError, PortfolioError
from zoo.metrics import performance_of
from zoo.portfolio import over_phases, quantile_long_short, rank_weighted, realise

FIGURES = [
    "annual_mean",
    "annual_gross_mean",
    "annual_volatility",
    "sharpe",
    "annual_sharpe",
    "max_drawdown",
    "cvar",
    "annual_turnover",
    "break_even_bps",
]


def part(seed, bars=80, assets=6, holes=0.05):
    rng = np.random.default_rng(seed)
    prices = 10 * np.cumprod(np.exp(0.02 * rng.normal(size=(bars, assets))), axis=0)
    prices[rng.random(prices.shape) < holes] = np.nan
    scores = rng.normal(size=(bars, assets))
    scores[rng.random(scores.shape) < holes] = np.nan
    return scores, prices, rng.lognormal(8, 1, prices.shape)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 9),
    st.integers(1, 20),
    st.integers(0, 2),
    st.integers(0, 30),
    st.none() | st.integers(35, 90),
)
def test_a_phase_is_realise_on_its_own_bars_to_the_bit(seed, every, horizon, delay, start, end):
    scores, prices, volume = part(seed)
    scores = scores[start : start + 45]
    options = {
        "horizon": horizon,
        "every": every,
        "delay": delay,
        "costs": DEAR,
        "volume": volume,
        "end": end,
    }
    found = over_phases(scores, prices, policy=rank_weighted, start=start, **options)
    assert len(found.tracks) == len(found.phases) == every
    for phase, track in enumerate(found.tracks):
        rows = np.arange(phase, len(scores), every)
        alone = realise(rank_weighted(scores[rows]), start + rows, prices, **options)
        assert same(track, alone)
        assert (track.sleeves, track.ruined) == (alone.sleeves, alone.ruined)


def test_a_figure_is_that_of_the_phases():
    scores, prices, _ = part(3, bars=400, assets=10)
    found = over_phases(scores, prices, policy=quantile_long_short, horizon=5, every=5, costs=DEAR)
    each = [
        performance_of(track.net, track.gross, track.turnover, bars_per_year=252) for track in found.tracks
    ]
    assert found.phases == tuple(each)
    for name in FIGURES:
        figure, values = getattr(found, name), [getattr(phase, name) for phase in each]
        assert figure.mean == pytest.approx(np.mean([v.value for v in values]))
        assert figure.se == pytest.approx(np.mean([v.se for v in values]), nan_ok=True)
        assert (figure.minimum, figure.maximum) == (
            min(v.value for v in values),
            max(v.value for v in values),
        )
        assert figure.median == np.median([v.value for v in values])
        assert figure.phases == 5
        assert math.isnan(figure.se) == (name in ("max_drawdown", "annual_turnover"))


def test_bars_a_year_come_from_the_costs():
    scores, prices, _ = part(4)
    monthly = type(FREE)(bars_per_year=12)
    options = {"policy": rank_weighted, "horizon": 1, "every": 1}
    found = over_phases(scores, prices, costs=monthly, **options)
    assert found.annual_sharpe.mean == pytest.approx(math.sqrt(12) * found.sharpe.mean)


def test_a_foresight_of_the_future_is_worth_something_and_its_opposite_the_reverse():
    _, prices, _ = part(5, bars=300, holes=0)
    ahead = np.full(prices.shape, np.nan)
    ahead[:-6] = prices[6:] / prices[1:-5] - 1  # what a trade at t + 1 earns in five bars
    options = {"policy": rank_weighted, "horizon": 5, "every": 5, "costs": FREE}
    assert over_phases(ahead, prices, **options).annual_sharpe.minimum > 3
    assert over_phases(-ahead, prices, **options).annual_sharpe.maximum < -3


def test_more_costs_leave_less_and_break_even_is_where_nothing_is_left():
    scores, prices, _ = part(6, bars=300, holes=0)
    scores[:-1] += 30 * (prices[1:] / prices[:-1] - 1)  # some skill
    options = {"policy": rank_weighted, "horizon": 1, "every": 3, "delay": 0}
    free = over_phases(scores, prices, costs=FREE, **options)
    bps = free.phases[0].break_even_bps.value
    assert bps > 0
    dear = over_phases(scores, prices, costs=type(FREE)(half_spread_bps=bps), **options)
    assert dear.annual_mean.mean < free.annual_mean.mean
    assert abs(dear.phases[0].annual_mean.value) < 0.01 * free.phases[0].annual_mean.value


def test_the_mean_of_all_phases_is_an_equal_part_in_each():
    scores, prices, _ = part(7)
    found = over_phases(scores[:40], prices, policy=rank_weighted, horizon=4, every=4, costs=DEAR)
    bars, net = found.mean_net()
    assert bars.tolist() == list(range(1, 45))  # the last phase trades at bar 40, and is due at 44
    by_hand = np.zeros(len(bars))
    for track in found.tracks:
        by_hand[np.searchsorted(bars, track.bars)] += track.net / 4
    assert net == pytest.approx(by_hand, rel=1e-12)


def test_a_phase_that_never_trades_leaves_no_figure():
    scores, prices, _ = part(8)
    few = over_phases(scores[:3], prices, policy=rank_weighted, horizon=5, every=5, costs=DEAR)
    assert [len(track.bars) > 0 for track in few.tracks] == [True] * 3 + [False] * 2
    assert all(math.isnan(value) for value in few.sharpe[:5])
    assert few.sharpe.phases == 5
    assert few.mean_net()[1][0] == pytest.approx(few.tracks[0].net[0] / 5)  # two fifths stay cash
    for nothing in (
        over_phases(scores[:0], prices, policy=rank_weighted, horizon=5, every=5, costs=FREE),
        over_phases(scores[:9], prices, policy=rank_weighted, horizon=5, every=5, costs=FREE, end=0),
    ):
        assert math.isnan(nothing.annual_mean.mean)
        assert len(nothing.tracks) == 5
        assert len(nothing.mean_net()[0]) == len(nothing.mean_net()[1]) == 0


def test_scores_that_say_nothing_have_no_sharpe_ratio():
    _, prices, _ = part(9)
    for silent in (np.full(prices.shape, np.nan), np.ones(prices.shape)):
        found = over_phases(silent, prices, policy=rank_weighted, horizon=5, every=5, costs=DEAR)
        assert math.isnan(found.break_even_bps.mean)
        assert found.annual_turnover.mean == 0


def test_ruin_in_one_phase_leaves_no_figure():
    prices = np.ones((12, 2))
    prices[4:, 1] = 5.0
    prices[8:, 1] = 1.0
    found = over_phases(
        np.tile([1.0, 0.0], (12, 1)), prices, policy=rank_weighted, horizon=6, every=6, costs=FREE
    )
    assert found.tracks[0].ruined == 4
    assert found.tracks[5].ruined is None
    assert all(math.isnan(value) for value in found.annual_sharpe[:5])
    assert np.isnan(found.mean_net()[1][4])


def test_later_prices_change_no_phase_earlier_to_the_bit():
    scores, prices, _ = part(10, bars=120)
    options = {"policy": rank_weighted, "horizon": 8, "every": 4, "costs": DEAR}
    found = over_phases(scores, prices, **options)
    other = prices.copy()
    other[70:] *= 1.5
    changed = over_phases(scores, other, **options)
    for one, two in zip(found.tracks, changed.tracks, strict=True):
        upto = int(np.searchsorted(one.bars, 70))
        assert same(one, two, upto)
        assert any(getattr(one, name)[upto] != getattr(two, name)[upto] for name in ARRAYS)


def test_bad_input_is_named():
    scores, prices, _ = part(11)
    options = {"policy": rank_weighted, "horizon": 5, "every": 5, "costs": FREE}
    with pytest.raises(PortfolioError, match="scores of 80 bars from bar 1 on; expected none past bar 79"):
        over_phases(scores, prices, start=1, **options)
    with pytest.raises(PortfolioError, match="start is -1"):
        over_phases(scores, prices, start=-1, **options)
    with pytest.raises(PortfolioError, match="every is 0"):
        over_phases(scores, prices, **{**options, "every": 0})
    with pytest.raises(PortfolioError, match="delay is None"):
        over_phases(scores, prices, delay=None, **options)
    with pytest.raises(DataError, match=r"scores of shape \(80, 5\); expected bars × 6 assets"):
        over_phases(scores[:, :5], prices, **options)
    with pytest.raises(DataError, match=r"weights of shape \(80,\) of scores of shape \(80, 6\)"):
        over_phases(scores, prices, **{**options, "policy": lambda s: s.sum(axis=1)})
    with pytest.raises(DataError, match="a weight that is not finite"):
        over_phases(scores, prices, **{**options, "policy": lambda s: s})
