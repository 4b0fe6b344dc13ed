"""Realised return: a case by hand, the rules against a plain account of them, and what must not matter."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.portfolio.conftest import Scene
from tests.portfolio.reference import account
from zoo.errors import DataError, PortfolioError
from zoo.portfolio import Costs, Realised, realise, sleeves_of
from zoo.portfolio.market import market_of

NAN = np.nan
FREE = Costs()
DEAR = Costs(
    half_spread_bps=12,
    commission_bps=8,
    impact_coefficient=0.7,
    borrow_bps_per_year=900,
    cash_bps_per_year=400,
    capital=50_000,
)
ARRAYS = [field.name for field in fields(Realised) if field.name not in ("bars", "sleeves", "ruined")]
seeds = st.integers(0, 2**32 - 1)


def same(one, other, upto=None):
    return all(
        getattr(one, name)[:upto].tobytes() == getattr(other, name)[:upto].tobytes()
        for name in ["bars", *ARRAYS]
    )


def test_three_assets_and_four_days_by_hand():
    #             A    B    C
    prices = [
        [100, 40, 10],  # bar 0: first signal
        [100, 50, 20],  # bar 1: it trades
        [110, 50, 18],  # bar 2: second signal
        [121, 45, 18],  # bar 3: it trades
        [121, 54, 9],  # bar 4
    ]
    weights = [[0.5, 0.5, -1.0], [-0.5, 1.0, -0.5]]
    # 6 + 4 = 10 bps of each value traded; 252 bps a year are 1 bp a bar.
    costs = Costs(half_spread_bps=6, commission_bps=4, borrow_bps_per_year=252)
    found = realise(weights, [0, 2], prices, horizon=2, every=2, delay=1, costs=costs)

    assert found.sleeves == 1  # ceil(2 / 2)
    assert found.bars.tolist() == [1, 2, 3, 4]
    # Bar 1. Value 1 buys 0.5 of A, 0.5 of B, sells 1.0 of C: 2.0 traded, costs 2.0 × 0.001 = 0.002.
    #   Value 0.998.
    # Bar 2. A 0.5 × 110/100 = 0.55, B 0.50, C -1.0 × 18/20 = -0.90: gained 0.05 + 0 + 0.10 = 0.15.
    #   Borrow 1.0 × 0.0001. Value 0.998 + 0.15 - 0.0001 = 1.1479.
    # Bar 3. A 0.55 × 121/110 = 0.605, B 0.5 × 45/50 = 0.45, C -0.90: gained 0.055 - 0.05 = 0.005.
    #   Borrow 0.90 × 0.0001. Value 1.1479 + 0.005 - 0.00009 = 1.15281 before the trade.
    #   Targets A -0.576405, B 1.15281, C -0.576405: |-0.576405 - 0.605| + |1.15281 - 0.45| +
    #   |-0.576405 + 0.90| = 1.181405 + 0.70281 + 0.323595 = 2.20781 traded, costs 0.00220781.
    #   Value 1.15060219.
    # Bar 4. A as before, B 1.15281 × 54/45 = 1.383372, C -0.576405 × 9/18 = -0.2882025:
    #   gained 0.230562 + 0.2882025 = 0.5187645. Borrow (0.576405 + 0.576405) × 0.0001 = 0.000115281.
    #   Value 1.15060219 + 0.5187645 - 0.000115281 = 1.669251409.
    value = [0.998, 1.1479, 1.15060219, 1.669251409]
    assert found.value == pytest.approx(value, rel=1e-14)
    assert found.gross == pytest.approx([0, 0.15 / 0.998, 0.005 / 1.1479, 0.5187645 / 1.15060219], rel=1e-13)
    assert found.trading == pytest.approx([0.002, 0, 0.00220781 / 1.1479, 0], rel=1e-13)
    assert found.borrow == pytest.approx(
        [0, 0.0001 / 0.998, 0.00009 / 1.1479, 0.000115281 / 1.15060219], rel=1e-13
    )
    assert found.turnover == pytest.approx([1.0, 0, 2.20781 / 1.15281 / 2, 0], rel=1e-13)
    assert found.net == pytest.approx(np.array(value) / [1, *value[:-1]] - 1, rel=1e-12)
    # After each close's trades: 2.0 / 0.998; 1.95 / 1.1479; 2 × 1.15281 / 1.15060219; and at bar 4
    # (0.576405 + 1.383372 + 0.2882025) / 1.669251409.
    exposure = [2 / 0.998, 1.95 / 1.1479, 2.30562 / 1.15060219, 2.2479795 / 1.669251409]
    assert found.exposure == pytest.approx(exposure, rel=1e-13)
    assert found.net_exposure == pytest.approx([0, 0.15 / 1.1479, 0, 0.5187645 / 1.669251409], abs=1e-13)
    assert not found.stale.any()
    assert not found.unfilled.any()
    assert found.ruined is None


def test_two_sleeves_take_turns_and_drift_by_hand():
    prices = [[1.0], [2.0], [3.0], [3.0], [6.0]]
    found = realise([[1.0]] * 4, [0, 1, 2, 3], prices, horizon=2, every=1, delay=0, costs=FREE)
    # Bar 0: sleeve 0 buys 0.5, cash 0.5. Bar 1: it is worth 1, value 1.5; sleeve 1 buys 0.75, cash -0.25.
    # Bar 2: 1.5 + 1.125 - 0.25, value 2.375; sleeve 0 (1.5) is reset to 1.1875: 0.3125 sold, cash 0.0625.
    # Bar 3: the same prices; sleeve 1 (1.125) is reset to 1.1875, cash 0. Bar 4: twice as much.
    assert found.sleeves == 2
    assert found.value == pytest.approx([1, 1.5, 2.375, 2.375, 4.75])
    assert found.turnover == pytest.approx([0.25, 0.25, 0.3125 / 2.375 / 2, 0.0625 / 2.375 / 2, 0])
    assert found.exposure == pytest.approx([0.5, 1.75 / 1.5, 2.3125 / 2.375, 1, 1])


@pytest.mark.parametrize(
    ("horizon", "every", "sleeves"),
    [(21, 21, 1), (21, 1, 21), (60, 21, 3), (63, 21, 3), (5, 21, 1), (1, 1, 1)],
)
def test_sleeves_are_as_many_as_rebalances_within_a_horizon(horizon, every, sleeves):
    assert sleeves_of(horizon, every) == sleeves


def test_a_sleeve_is_held_until_its_own_turn():
    # Three sleeves of 60/21: asset k is bought at the k-th rebalance only, and sold at the (k + 3)-th.
    weights, prices = np.eye(5), np.full((130, 5), 10.0)
    found = realise(weights, np.arange(5) * 21, prices, horizon=60, every=21, delay=0, costs=FREE)
    assert found.exposure[[0, 20, 21, 42, 63, 84]] == pytest.approx(np.array([1, 1, 2, 3, 3, 3]) / 3)
    assert np.flatnonzero(found.turnover).tolist() == [0, 21, 42, 63, 84]
    assert found.turnover[[42, 63]] == pytest.approx([1 / 6, 1 / 3])  # bought; sold and bought


def test_what_is_not_through_is_marked_and_not_sold():
    prices = np.array([[1.0], [1.0], [2.0], [4.0], [8.0], [16.0]])
    cut = realise([[1.0]], [0], prices, horizon=9, every=3, delay=1, costs=FREE)
    assert cut.bars.tolist() == [1, 2, 3, 4]  # the next rebalance would be due at bar 4
    assert cut.value == pytest.approx([1, 4 / 3, 2, 10 / 3])  # a third in the asset, two in cash
    assert cut.turnover.tolist() == pytest.approx([1 / 6, 0, 0, 0])
    assert realise([[1.0]], [0], prices, horizon=9, every=3, delay=1, end=2, costs=FREE).bars.tolist() == [
        1,
        2,
    ]


def test_a_later_trade_earns_later():
    prices = [[1.0], [2.0], [2.0], [3.0]]
    for delay, gross in ((0, [0, 1, 0, 0.5]), (1, [0, 0, 0.5]), (2, [0, 0.5]), (3, [0])):
        found = realise([[1.0]], [0], prices, horizon=3, every=3, delay=delay, costs=FREE)
        assert found.bars[0] == delay
        assert found.gross == pytest.approx(gross)


def test_what_never_trades_is_an_empty_track():
    found = realise([[1.0]], [2], [[1.0], [2.0], [3.0]], horizon=1, every=1, delay=1, costs=FREE)
    assert len(found.bars) == len(found.net) == len(found.costs) == len(found.value) == 0
    none = realise(np.empty((0, 2)), [], np.ones((4, 2)), horizon=1, every=1, costs=FREE)
    assert len(none.bars) == 0
    assert none.sleeves == 1


def test_flat_weights_earn_interest_only():
    costs = Costs(cash_bps_per_year=252, half_spread_bps=5)
    found = realise(np.zeros((2, 2)), [0, 2], np.ones((5, 2)), horizon=2, every=2, delay=0, costs=costs)
    assert found.net == pytest.approx([0, 1e-4, 1e-4, 1e-4, 1e-4])
    assert not found.turnover.any()
    assert not found.exposure.any()


def test_a_delisted_asset_keeps_its_last_price_and_is_closed_at_it():
    prices = [[10.0, 10], [11, 10], [NAN, 10], [NAN, 10], [NAN, 20], [NAN, 20]]
    weights = [[0.5, 0.5], [0.5, 0.5]]
    costs = Costs(commission_bps=100)
    found = realise(weights, [0, 3], prices, horizon=3, every=3, delay=0, costs=costs)
    # Bar 0 buys 1.0 for 0.01. Bar 1 gains 0.05: value 1.04. Bars 2 and 3: A marked at 11, worth 0.55.
    # Bar 3: A is sold at 11 although a half was wanted; B goes from 0.5 to 0.52: 0.57 traded, 0.0057 paid.
    assert found.gross == pytest.approx([0, 0.05 / 0.99, 0, 0, 0.52 / 1.0343, 0])
    assert found.stale == pytest.approx([0, 0, 0.55 / 1.04, 0, 0, 0])
    assert found.unfilled == pytest.approx([0, 0, 0, 0.5, 0, 0])
    assert found.turnover == pytest.approx([0.5, 0, 0, 0.57 / 1.04 / 2, 0, 0])
    assert found.value[3] == pytest.approx(1.0343)


def test_a_gap_is_made_up_for_when_the_price_returns():
    prices = [[10.0], [NAN], [NAN], [5.0]]
    found = realise([[1.0]], [0], prices, horizon=3, every=3, delay=0, costs=FREE)
    assert found.gross.tolist() == [0, 0, 0, -0.5]
    assert found.stale.tolist() == [0, 1, 1, 0]


def test_an_asset_without_a_first_price_is_not_bought():
    prices = [[NAN, 1.0], [NAN, 1.0], [5.0, 1.0], [50.0, 1.0]]
    found = realise([[0.5, 0.5]], [0], prices, horizon=3, every=3, delay=0, costs=FREE)
    assert not found.gross.any()
    assert found.unfilled[0] == 0.5
    assert found.exposure.tolist() == [0.5] * 4


def test_sleeves_net_what_they_hold_against_each_other():
    costs = Costs(borrow_bps_per_year=252)
    found = realise([[1.0], [-1.0]], [0, 1], np.ones((4, 1)), horizon=2, every=1, delay=0, costs=costs)
    assert found.exposure == pytest.approx([0.5, 0, 0], abs=1e-12)  # long a half and short a half
    assert found.borrow == pytest.approx([0, 0, 0], abs=1e-12)


def test_ruin_is_said_and_leaves_no_figure():
    prices = [[1.0], [3.0], [1.0], [1.0]]
    found = realise([[-1.0]], [0], prices, horizon=3, every=3, delay=0, costs=FREE)
    assert found.ruined == 1
    assert found.net[:2].tolist() == [0, -2]
    for name in ARRAYS:
        assert np.isnan(getattr(found, name)[2:]).all()


def test_impact_follows_the_square_root_where_volume_is_known():
    rng = np.random.default_rng(1)
    prices = 20 * np.cumprod(1 + 0.02 * rng.normal(size=(60, 2)), axis=0)
    volume = np.full((60, 2), 1000.0)
    volume[:, 1] = NAN
    costs = Costs(impact_coefficient=0.9, capital=40_000)
    last = slice(30 - 20, 31)
    sigma = np.std((prices[1:] / prices[:-1] - 1)[last.start - 1 : 30, 0], ddof=1)
    traded = np.mean(1000 * prices[last, 0])
    expected = 0.9 * sigma * np.sqrt(0.5 * 40_000 / traded) * 0.5
    options = {"horizon": 5, "every": 5, "delay": 0, "costs": costs}
    found = realise([[0.5, -0.5]], [30], prices, volume=volume, **options)
    assert found.trading[0] == pytest.approx(expected, rel=1e-10)
    assert realise([[0.5, -0.5]], [30], prices, **options).trading[0] == 0
    four = realise([[0.5, -0.5]], [30], prices, volume=volume / 4, **options)
    assert four.trading[0] == pytest.approx(2 * expected)
    idle = realise([[0.5, -0.5]], [30], prices, volume=0 * volume, **options)
    assert idle.trading[0] == pytest.approx(0.9 * sigma * np.sqrt(0.5) * 0.5)


@given(seeds, st.booleans())
def test_it_is_what_the_rules_say(seed, paid):
    scene, costs = Scene(seed), DEAR if paid else FREE
    impact = market_of(scene.prices, costs, scene.volume).impact
    found = realise(
        scene.weights, scene.positions, scene.prices, volume=scene.volume, costs=costs, **scene.schedule
    )
    assume(len(found.bars))
    assert found.ruined is None
    days = account(
        scene.weights.tolist(),
        scene.positions.tolist(),
        scene.prices.tolist(),
        costs=costs,
        impact=impact,
        **scene.schedule,
    )
    assert len(days) == len(found.bars)
    for name in ARRAYS:
        assert getattr(found, name) == pytest.approx([day[name] for day in days], rel=1e-9, abs=1e-11), name


@given(seeds)
def test_net_is_gross_and_interest_less_costs_and_costs_only_cost(seed):
    scene = Scene(seed)
    found = realise(
        scene.weights, scene.positions, scene.prices, volume=scene.volume, costs=DEAR, **scene.schedule
    )
    assert np.array_equal(found.net, found.gross + found.interest - found.costs)
    assert (found.costs >= 0).all()
    assert (found.net <= found.gross + found.interest).all()
    assert (found.turnover >= 0).all()
    assert (found.exposure >= np.abs(found.net_exposure) - 1e-12).all()
    assert (found.stale <= found.exposure + 1e-12).all()
    assert np.array_equal(found.bars, np.arange(len(found.bars)) + (found.bars[:1] if len(found.bars) else 0))


@given(seeds)
def test_without_costs_net_is_gross_to_the_bit(seed):
    scene = Scene(seed)
    found = realise(scene.weights, scene.positions, scene.prices, costs=FREE, **scene.schedule)
    assert found.net.tobytes() == found.gross.tobytes()
    assert not found.costs.any()


@given(seeds)
def test_with_one_sleeve_every_cost_leaves_less(seed):
    scene = Scene(seed, holes=False)
    scene.horizon = scene.every
    paid = replace(DEAR, cash_bps_per_year=0)
    free, dear, dearer = (
        realise(
            scene.weights, scene.positions, scene.prices, volume=scene.volume, costs=costs, **scene.schedule
        )
        for costs in (FREE, paid, replace(paid, half_spread_bps=40, borrow_bps_per_year=2_000))
    )
    started = np.cumsum(free.turnover) > 0
    assert (dear.value[started] < free.value[started]).all()
    assert (dearer.value[started] < dear.value[started]).all()


@given(seeds)
def test_later_prices_change_nothing_earlier_to_the_bit(seed):
    scene = Scene(seed)
    options = {"costs": DEAR, **scene.schedule}
    found = realise(scene.weights, scene.positions, scene.prices, volume=scene.volume, **options)
    assume(len(found.bars) > 1)
    place = int(scene.rng.integers(1, len(found.bars)))
    after = int(found.bars[place])
    prices, volume = scene.prices.copy(), scene.volume.copy()
    prices[after:] *= np.exp(scene.rng.normal(size=prices[after:].shape))
    prices[after:][scene.rng.random(prices[after:].shape) < 0.3] = NAN
    volume[after:] *= 7
    other = realise(scene.weights, scene.positions, prices, volume=volume, **options)
    assert same(found, other, place)
    known = scene.positions < after
    shorter = realise(
        scene.weights[known],
        scene.positions[known],
        scene.prices[:after],
        volume=scene.volume[:after],
        **options,
    )
    assert same(found, shorter, min(len(shorter.bars), place))
    ended = realise(
        scene.weights, scene.positions, scene.prices, volume=scene.volume, end=after - 1, **options
    )
    assert ended.bars[-1] < after
    assert same(found, ended, len(ended.bars))


@settings(max_examples=50)
@given(seeds)
def test_every_price_counts_from_its_own_bar_on(seed):
    """The control of the test above: a price that is held and changed does change its own bar."""
    scene = Scene(seed, holes=False)
    found = realise(scene.weights, scene.positions, scene.prices, costs=FREE, **scene.schedule)
    assume(len(found.bars) > 1)
    place = int(scene.rng.integers(1, len(found.bars)))
    assume(found.exposure[place - 1] > 0)
    prices = scene.prices.copy()
    prices[found.bars[place]] *= scene.rng.uniform(1.1, 2, prices.shape[1])
    other = realise(scene.weights, scene.positions, prices, costs=FREE, **scene.schedule)
    assert found.gross[place] != other.gross[place]


@given(seeds)
def test_the_order_and_the_units_of_assets_do_not_matter(seed):
    scene = Scene(seed)
    options = {"costs": DEAR, **scene.schedule}
    found = realise(scene.weights, scene.positions, scene.prices, volume=scene.volume, **options)
    order = scene.rng.permutation(scene.prices.shape[1])
    units = scene.rng.uniform(0.01, 100, len(order))
    other = realise(
        scene.weights[:, order],
        scene.positions,
        (scene.prices * units)[:, order],
        volume=(scene.volume / units)[:, order],
        **options,
    )
    for name in ARRAYS:
        assert getattr(other, name) == pytest.approx(getattr(found, name), rel=1e-9, abs=1e-11), name


@given(seeds, st.sampled_from([0.25, 0.5]))
def test_smaller_bets_with_one_rebalance_scale_the_profit(seed, scale):
    scene = Scene(seed)
    schedule = {**scene.schedule, "every": len(scene.prices)}
    full, small = (
        realise(factor * scene.weights[:1], scene.positions[:1], scene.prices, costs=FREE, **schedule)
        for factor in (1, scale)
    )
    assert small.value - 1 == pytest.approx(scale * (full.value - 1), abs=1e-12)
    assert small.turnover == pytest.approx(scale * full.turnover)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"horizon": 0}, "horizon is 0; expected a whole number of bars, at least 1"),
        ({"every": 1.5}, "every is 1.5"),
        ({"every": True}, "every is True"),
        ({"delay": -1}, "delay is -1; expected a whole number of bars, at least 0"),
        ({"end": -1}, "end is -1"),
        ({"positions": [1, 1]}, "positions from 1 to 1; expected rising bar numbers from 0 to 3"),
        ({"positions": [1, 0]}, "positions from 1 to 0"),
        ({"positions": [0, 4]}, "positions from 0 to 4"),
        ({"positions": [-1, 2]}, "positions from -1 to 2"),
        ({"positions": [0]}, r"positions of shape \(1,\)"),
        ({"positions": [0.0, 1.0]}, "type float64; expected 2 bar numbers"),
    ],
)
def test_a_schedule_is_made_of_bars(change, problem):
    given = {"positions": [0, 2], "horizon": 2, "every": 2, "delay": 1, **change}
    with pytest.raises(PortfolioError, match=problem):
        realise(np.zeros((2, 2)), given.pop("positions"), np.ones((4, 2)), costs=FREE, **given)


@pytest.mark.parametrize("price", [0.0, -1.0, np.inf])
def test_a_price_is_positive_or_missing(price):
    prices = np.ones((4, 2))
    prices[2, 1] = price
    with pytest.raises(
        DataError, match=f"prices: {price} at bar 2, asset 1; expected positive prices, or NaN"
    ):
        realise(np.zeros((1, 2)), [0], prices, horizon=1, every=1, costs=FREE)


def test_other_bad_tables_are_named():
    prices, options = np.ones((4, 2)), {"horizon": 1, "every": 1, "costs": FREE}
    with pytest.raises(DataError, match=r"weight nan at rebalance 0, asset 1; .*a policy gives 0"):
        realise([[0.0, NAN]], [0], prices, **options)
    with pytest.raises(DataError, match=r"weights of shape \(1, 3\); expected rebalances × 2 assets"):
        realise(np.zeros((1, 3)), [0], prices, **options)
    with pytest.raises(DataError, match=r"prices of shape \(4,\)"):
        realise(np.zeros((1, 2)), [0], np.ones(4), **options)
    with pytest.raises(DataError, match="prices hold something that is no number"):
        realise(np.zeros((1, 2)), [0], [["a", "b"]], **options)
    with pytest.raises(DataError, match=r"volume of shape \(3, 2\) and prices of shape \(4, 2\)"):
        realise(np.zeros((1, 2)), [0], prices, volume=np.ones((3, 2)), **options)
    with pytest.raises(DataError, match=r"volume: -1\.0 at bar 0, asset 0"):
        realise(np.zeros((1, 2)), [0], prices, volume=-prices, **options)
