from functools import partial

import numpy as np
import pandas as pd
import pytest

from tests.evaluation import small
from zoo.data import Dataset
from zoo.errors import DataError, ManifestError, PortfolioError, TrustError
from zoo.evaluation.days import Days
from zoo.evaluation.ground import Ground, equal_weight
from zoo.metrics import rank_ic_over_phases
from zoo.portfolio import Costs, long_only_top, over_phases, quantile_long_short

RETAIL = Costs.preset("retail")


def ground(policy=small.LONG_SHORT, costs=RETAIL, data=None, every=5, trust=small.TRUST):
    return Ground(small.market(bars=160) if data is None else data, policy, costs, 1, every, trust)


@pytest.fixture
def scores():
    return np.random.default_rng(5).normal(size=(100, 12))


def test_scores_are_held_by_the_one_definition_of_realised_return(scores):
    on = ground()
    held = on.hold(scores, 60, 5)
    policy = partial(quantile_long_short, quantile=0.25)
    found = over_phases(scores, on.prices, policy=policy, horizon=5, every=5, costs=RETAIL, start=60)
    at, net = found.mean_net()
    np.testing.assert_array_equal(held.net, net)
    assert held.dates.equals(on.dates[at])
    assert held.figures["annual_sharpe"] == found.annual_sharpe
    labels = on.labels(5)[60:]
    assert held.figures["rank_ic"] == rank_ic_over_phases(scores, labels, horizon=5, every=5)
    total = sum(
        (np.pad(t.gross, (t.bars[0] - at[0], at[-1] - t.bars[-1])) for t in found.tracks), np.zeros(len(at))
    )
    np.testing.assert_allclose(held.gross, total / 5, rtol=0, atol=1e-16)


def test_a_policy_that_holds_nothing_short_is_judged_by_what_it_earns_over_equal_weight(scores):
    on = ground(small.LONG_ONLY)
    assert on.holds_nothing_short
    assert not ground().holds_nothing_short
    held, plain = on.hold(scores, 60, 5), on.hold(scores, 60, 5, plain=True)
    least = on.hold(np.ones((100, 12)), 60, 5, policy=equal_weight, plain=True)
    np.testing.assert_allclose(held.net, plain.net - least.net, rtol=0, atol=1e-15)
    np.testing.assert_array_equal(held.turnover, plain.turnover)
    assert held.figures["annual_mean"].mean == pytest.approx(
        plain.figures["annual_mean"].mean - least.figures["annual_mean"].mean
    )
    policy = partial(long_only_top, fraction=0.25)
    tracks = over_phases(scores, on.prices, policy=policy, horizon=5, every=5, costs=RETAIL, start=60).tracks
    under = over_phases(
        np.ones((100, 12)), on.prices, policy=equal_weight, horizon=5, every=5, costs=RETAIL, start=60
    ).tracks
    each = [np.mean(a.net - b.net) * 252 for a, b in zip(tracks, under, strict=True)]
    assert held.figures["annual_mean"].minimum == pytest.approx(min(each))
    assert held.figures["annual_mean"].maximum == pytest.approx(max(each))


def test_equal_weight_over_equal_weight_is_nothing():
    on = ground(small.LONG_ONLY)
    held = on.hold(np.ones((100, 12)), 60, 5, policy=equal_weight)
    assert np.abs(held.net).max() == 0.0


def test_a_name_without_a_price_is_none_of_the_equally_weighted():
    assert equal_weight(np.array([[1.0, np.nan, 1.0], [np.nan] * 3])).tolist() == [[0.5, 0, 0.5], [0, 0, 0]]


def test_an_impact_needs_a_volume():
    with pytest.raises(
        PortfolioError, match=r"costs.impact_coefficient: an impact cannot be told without a volume"
    ):
        ground(costs=Costs.preset("institutional"))
    data = small.market(bars=60)
    fields = {"close": data.close, "volume": data.close * 0 + 1e6}
    assert ground(costs=Costs.preset("institutional"), data=Dataset(fields)).hold(np.ones((5, 12)), 40, 5)


@pytest.mark.parametrize(
    ("policy", "error", "message"),
    [
        ({"_target_": "zoo.portfolio.best_of_all"}, TrustError, "best_of_all"),
        ({"_target_": "os.system"}, TrustError, "os.system"),
        ({"_target_": "zoo.portfolio.rank_weighted", "quantile": 0.2}, ManifestError, "takes no 'quantile'"),
        (
            {"_target_": "zoo.portfolio.quantile_long_short", "quantile": 0.9},
            PortfolioError,
            "quantile is 0.9",
        ),
        ({"_target_": "tests.evaluation.small.trend"}, ManifestError, "trend failed"),
    ],
)
def test_a_policy_that_is_none_is_refused(policy, error, message, scores):
    with pytest.raises(error, match=message):
        ground(policy).hold(scores, 60, 5)


def test_days_are_placed_on_the_calendar_and_what_is_between_is_not_predicted():
    on = ground()
    dates = on.dates[[100, 101, 104]]
    days = Days(
        dates, ("A01", "A00"), np.array([[1.0, 2], [3, 4], [5, 6]]), *[np.zeros(3, bool)] * 2, ("",) * 3
    )
    start, scores = on.placed(days)
    assert (start, scores.shape) == (100, (60, 12))
    np.testing.assert_array_equal(scores[:5, 0], [2, 4, np.nan, np.nan, 6])
    np.testing.assert_array_equal(scores[:2, 1], [1, 3])
    assert np.isnan(scores[:, 2:]).all()
    with pytest.raises(DataError, match="is no bar of small"):
        on.place(pd.Timestamp("2020-01-04"))


def test_what_vanished_has_no_price_and_is_held_as_cash():
    on = ground(small.LONG_ONLY, costs=Costs()).with_assets(["GONE"])
    scores = np.zeros((100, 13))
    scores[:, 12] = 1.0
    scores[:, :4] = 0.5
    held = on.hold(scores, 60, 5, plain=True)
    only = np.zeros((100, 12))
    only[:, :4] = 0.5
    without = ground({**small.LONG_ONLY, "fraction": 0.34}, costs=Costs()).hold(only, 60, 5, plain=True)
    assert np.abs(held.net).max() > 0
    assert np.abs(held.net).max() < np.abs(without.net).max()  # a third of it lies idle


def test_the_digest_follows_from_prices_policy_costs_delay_and_rebalances():
    data = small.market(bars=60)
    others = [
        ground(data=small.market(bars=61)),
        ground({**small.LONG_SHORT, "quantile": 0.3}, data=data),
        ground(costs=Costs(), data=data),
        ground(every=21, data=data),
        Ground(data, small.LONG_SHORT, RETAIL, 2, 5, small.TRUST),
    ]
    digests = {one.digest for one in [ground(data=data), *others]}
    assert len(digests) == 6
    assert ground(data=data).digest in digests
