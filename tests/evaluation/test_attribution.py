import dataclasses
import math

import numpy as np
import pytest
from arch.bootstrap import StationaryBootstrap

from tests.manifest.lab import panel
from zoo.errors import ConfigError
from zoo.evaluation.attribution import Showing, effect_of
from zoo.evaluation.difference import paired_difference
from zoo.evaluation.resampling import block_length
from zoo.evaluation.rules import AttributionRules
from zoo.experiment.pipeline import Pipeline
from zoo.manifest import Manifest
from zoo.manifest.workbench import Workbench

RULES = AttributionRules(draws=500)
FIGURES = ("net_annual_mean", "net_sharpe", "rank_ic")


@pytest.fixture(scope="module")
def bench():
    return Workbench(panel(700, 10))


@pytest.fixture(scope="module")
def done(bench):
    split = {}

    def run(lookback=10, horizon=5, demean=False, costs="retail", portfolio=None, alpha=1.0, every=5):
        held = {"policy": {"_target_": "zoo.portfolio.rank_weighted"}, "costs": costs}
        tree = {
            "features": [{"_target_": "zoo.features.momentum", "lookback": lookback, "skip": 1}],
            "target": {"_target_": "zoo.targets.forward_return", "horizon": horizon, "demean": demean},
            "rows": {"every": every},
            "split": [6, 1, 3],
            "model": {"_target_": "sklearn.linear_model.Ridge", "alpha": alpha},
            "portfolio": held if portfolio is None else portfolio,
        }
        pipeline = Pipeline(Manifest.from_config(tree, seed=7, where="lab"), {})
        if not split:
            split.update(pipeline.run({}, bench).prepared.boundaries)
        return pipeline.run({}, bench, split)  # each keeps the dates of the first, as variants do

    run()
    return run


def test_what_changes_nothing_differs_by_exactly_zero_with_an_interval_of_zero(done):
    effect = effect_of(done(), done(), RULES)  # run twice, not the same object
    for name in FIGURES:
        figure = getattr(effect, name)
        assert (figure.difference, figure.low, figure.high) == (0.0, 0.0, 0.0)
        assert figure.given == figure.without
        assert figure.phases == (0.0, 0.0, 0.0)
        assert figure.compared
        assert figure.why is None


def test_zero_is_exact_however_short_the_record(done):
    one = dataclasses.replace(Showing.of(done()))
    from zoo.evaluation.attribution import _net_figure

    short = dataclasses.replace(one, net=one.net.iloc[:3])
    figure = _net_figure(short, short, "sharpe", RULES)
    assert (figure.difference, figure.low, figure.high, figure.dates) == (0.0, 0.0, 0.0, 3)


def test_the_net_figures_are_those_of_the_held_out_series(done):
    one, other = done(), done(lookback=40)
    effect = effect_of(one, other, RULES)
    a, b = one.held_out.net, other.held_out.net
    year = Showing.of(one).bars_per_year
    assert effect.net_annual_mean.given == pytest.approx(a.mean() * year)
    assert effect.net_annual_mean.difference == pytest.approx((a.mean() - b.mean()) * year)
    assert effect.net_sharpe.difference == pytest.approx(
        (a.mean() / a.std() - b.mean() / b.std()) * math.sqrt(year)
    )
    assert effect.net_annual_mean.dates == len(a)


def test_the_rank_ic_is_the_mean_over_every_bar_of_the_test_part(done):
    one, other = done(), done(lookback=40)
    effect = effect_of(one, other, RULES)
    bars = one.prepared.held_out[0]
    assert effect.rank_ic.dates == len(bars)
    assert effect.rank_ic.difference == pytest.approx(effect.rank_ic.given - effect.rank_ic.without)
    phases = one.metrics["rank_ic_phases"]  # the mean of five means, of nearly as many dates each
    assert effect.rank_ic.given == pytest.approx(phases, abs=0.01)


def test_both_sides_are_drawn_on_the_same_bars(done):
    """The interval of the mean, from arch's own draws of the pairs."""
    a, b = done().held_out.net, done(lookback=40).held_out.net
    found = paired_difference(a, b, of="mean", draws=500, seed=3)
    pairs = StationaryBootstrap(block_length((a - b)[:, None]), a, b, seed=3)
    t = []
    for (x, y), _ in pairs.bootstrap(500):
        difference = x - y
        t.append((difference.mean() - (a - b).mean()) / (difference.std() / math.sqrt(len(difference))))
    wide = np.quantile(np.abs(t), 0.95) * (a - b).std() / math.sqrt(len(a))
    assert found.low == pytest.approx((a - b).mean() - wide)
    assert found.high == pytest.approx((a - b).mean() + wide)


def test_the_differences_of_the_starting_phases_are_told_with_their_least_and_largest(done):
    one, other = done(), done(lookback=40)
    effect = effect_of(one, other, RULES)
    tracks = [done.held_out.phases["net_sharpe"] for done in (one, other)]
    assert len(tracks[0]) == 5
    assert np.mean(tracks[0]) == pytest.approx(one.metrics["net_sharpe"])
    least, median, most = effect.net_sharpe.phases
    differences = tracks[0] - tracks[1]
    assert (least, median, most) == (differences.min(), np.median(differences), differences.max())
    least, median, most = effect.rank_ic.phases
    assert least <= effect.rank_ic.difference <= most
    assert effect_of(one, done(horizon=15), RULES).rank_ic.phases is None


def test_swapping_the_sides_turns_the_sign(done):
    one, other = done(), done(lookback=40)
    forth, back = effect_of(one, other, RULES), effect_of(other, one, RULES)
    for name in FIGURES:
        a, b = getattr(forth, name), getattr(back, name)
        assert a.difference == pytest.approx(-b.difference)
        assert (a.low, a.high) == (pytest.approx(-b.high), pytest.approx(-b.low))


def test_the_same_seed_gives_the_same_interval_and_another_another(done):
    one, other = done(), done(lookback=40)
    first, again = effect_of(one, other, RULES), effect_of(one, other, RULES)
    third = effect_of(one, other, dataclasses.replace(RULES, seed=1))
    assert first == again
    assert first.net_sharpe.low != third.net_sharpe.low
    assert first.net_sharpe.difference == third.net_sharpe.difference


def test_another_horizon_compares_net_returns_on_the_common_dates_and_no_rank_ic(done):
    effect = effect_of(done(horizon=15), done(), RULES)
    assert effect.net_sharpe.compared
    assert "each is held for its own horizon, 15 and 5 bars" in effect.net_sharpe.why
    assert not effect.rank_ic.compared
    assert effect.rank_ic.why == "not comparable: the labels are others"
    assert effect.rank_ic.dates == 0
    assert effect.rank_ic.dates_given < effect.rank_ic.dates_without


def test_labels_that_rank_alike_are_compared_and_it_is_said(done):
    effect = effect_of(done(demean=True), done(demean=False), RULES)
    assert effect.rank_ic.compared
    assert effect.rank_ic.why == "the labels differ, but rank alike on every date"


def test_what_has_other_costs_or_another_rebalance_is_not_compared(done):
    for other in (done(costs="none"), done(every=10)):
        effect = effect_of(done(), other, RULES)
        assert not effect.net_sharpe.compared
        assert "the policy, costs or rebalance that is held differs" in effect.net_sharpe.why
        assert effect.rank_ic.compared


def test_cells_that_only_one_side_scored_are_left_out_and_it_is_said(done):
    one, other = done(), done(lookback=40)
    whole, part = Showing.of(one), Showing.of(other)
    hidden = part.scores.copy()
    hidden.iloc[:, 0] = np.nan
    from zoo.evaluation.attribution import _ic_figure

    figure = _ic_figure(whole, dataclasses.replace(part, scores=hidden), RULES)
    cells = int(whole.scored.sum())
    assert (
        figure.why == f"over the {cells * 9 // 10} cells that both scored, of {cells} and {cells * 9 // 10}"
    )
    assert figure.compared


def test_without_a_portfolio_net_figures_are_unknown_and_say_why(done):
    effect = effect_of(done(portfolio=False), done(portfolio=False, lookback=40), RULES)
    assert not effect.net_annual_mean.compared
    assert "portfolio: false" in effect.net_annual_mean.why
    assert effect.rank_ic.compared


@pytest.mark.parametrize(
    "wrong", [{"draws": 10}, {"seed": -1}, {"level": 1.0}, {"level": float("nan")}], ids=str
)
def test_rules_that_are_none_are_refused(wrong):
    with pytest.raises(ConfigError, match=f"attribution.{next(iter(wrong))}"):
        AttributionRules(**wrong)


@pytest.mark.slow
def test_the_interval_of_overlapping_rank_ics_covers_the_truth_nearly_as_often_as_it_says():
    """Rank ICs of 21-day labels on every bar are moving averages; the blocks must be as long as these."""
    chance, window, bars, zoos = np.random.default_rng(0), np.ones(21) / 21, 1_240, 400
    hits = 0
    for _ in range(zoos):
        a, b = (np.convolve(chance.normal(size=bars + 20), window, "valid") for _ in range(2))
        found = paired_difference(a, b, of="mean", draws=400, least_block=21.0)
        hits += found.low <= 0.0 <= found.high
    print(f"covered {hits / zoos:.3f} of {zoos}")
    assert hits / zoos >= 0.88
