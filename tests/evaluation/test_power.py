"""How long until a verdict: where it is known in closed form, and the rules of thumb of the field."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from zoo.errors import DataError
from zoo.evaluation import (
    Contest,
    Edge,
    Universe,
    edge_of_rank_ic,
    gate_power,
    time_to_verdict,
)

NORMAL = NormalDist()
ALONE = Contest(trials=1, versions=1, draws=40_000)


def market(assets, correlation=0.3):
    return 0.02**2 * (correlation + (1 - correlation) * np.eye(assets))


def years(rebalances):
    return rebalances * 21 / 252


def test_half_a_sharpe_ratio_over_a_champion_takes_ten_years():
    found = time_to_verdict("superior", Edge(1.5, champion=1.0, correlation=0.8), ALONE, horizon_years=20)
    by_hand = ((NORMAL.inv_cdf(0.95) + NORMAL.inv_cdf(0.8)) * math.sqrt(2 * 0.2) / 0.5) ** 2
    assert found.years == pytest.approx(by_hand, rel=0.04)
    assert 9.0 < found.years < 11.0
    assert not found.undecidable


@pytest.mark.parametrize("span", [1.0, 4.0, 16.0])
def test_one_trial_passes_as_often_as_one_test_does(span):
    edge = Edge(0.7, champion=-50.0)  # any version beats such a champion: what is left is skill
    by_hand = NORMAL.cdf(0.7 * math.sqrt(span) - NORMAL.inv_cdf(0.95))
    assert gate_power("superior", edge, ALONE, span) == pytest.approx(by_hand, abs=0.012)


def test_non_inferiority_is_the_power_of_one_bound():
    edge, contest = Edge(1.0, champion=1.0, correlation=0.5), Contest(margin=0.5, draws=40_000)
    by_hand = NORMAL.cdf(0.5 * math.sqrt(9) - NORMAL.inv_cdf(0.95))
    assert gate_power("non_inferior", edge, contest, 9.0) == pytest.approx(by_hand, abs=0.012)


@pytest.mark.parametrize("gate", ["superior", "first"])
def test_without_an_edge_nothing_passes_more_often_than_it_may(gate):
    for contest in (Contest(draws=20_000), Contest(draws=20_000, held_out_years=5.0, correlation=0.4)):
        assert gate_power(gate, Edge(0.0), contest, 7.0) <= 0.05
    assert gate_power("non_inferior", Edge(0.0, champion=0.25), Contest(draws=20_000), 7.0) <= 0.055


def test_more_years_help_and_more_trials_do_not():
    edge = Edge(1.2)
    chances = [gate_power("superior", edge, Contest(), span) for span in (2.0, 5.0, 10.0, 30.0)]
    assert chances == sorted(chances)
    assert chances[0] < 0.3 < 0.9 < chances[-1]
    crowded = Contest(trials=2_000, versions=50)
    assert gate_power("superior", edge, crowded, 10.0) < chances[2] - 0.1


@pytest.mark.parametrize(("assets", "rebalances"), [(100, 120), (500, 30), (20, 600)])
def test_twelve_thousand_asset_rebalances_find_a_rank_ic_of_five_percent(assets, rebalances):
    edge = edge_of_rank_ic(Universe(market(assets)), 0.05)
    assert gate_power("superior", edge, Contest(), years(rebalances)) >= 0.8


def test_twenty_stocks_and_five_years_are_undecidable():
    edge = edge_of_rank_ic(Universe(market(20)), 0.05)
    found = time_to_verdict("superior", edge, Contest(), horizon_years=5.0)
    assert found.undecidable
    assert found.years == math.inf
    assert found.power < 0.2


def test_a_version_that_moves_with_the_champion_is_told_from_it_sooner():
    contest = Contest(correlation=0.3)
    apart, usual, close = (
        gate_power("non_inferior", Edge(1.0, champion=0.8, correlation=tied), contest, 5.0)
        for tied in (0.0, None, 0.9)
    )
    assert apart < usual < close
    same = Edge(1.0, champion=0.8, correlation=0.3)
    assert gate_power("non_inferior", same, contest, 5.0) == usual


def test_evidence_in_two_parts_needs_both():
    edge = Edge(0.8)
    shared = gate_power("superior", edge, Contest(), 10.0)
    apart = gate_power("superior", edge, Contest(held_out_years=10.0), 10.0)
    thin = gate_power("superior", edge, Contest(held_out_years=1.0), 10.0)
    assert thin < apart
    assert thin < shared


def test_a_thin_held_out_record_never_gets_a_verdict_however_long_it_runs_live():
    found = time_to_verdict("superior", Edge(0.5), Contest(held_out_years=1.0), horizon_years=500.0)
    assert found.undecidable


def test_equal_seeds_give_equal_chances():
    edge = edge_of_rank_ic(Universe(market(30)), 0.05)
    assert edge == edge_of_rank_ic(Universe(market(30)), 0.05)
    assert gate_power("first", edge, Contest(), 5.0) == gate_power("first", edge, Contest(), 5.0)


def test_what_cannot_be_is_refused():
    edge = Edge(1.0)
    for wrong in (
        lambda: Contest(trials=5, versions=6),
        lambda: Contest(versions=0),
        lambda: Contest(size=0.0),
        lambda: Contest(correlation=1.0),
        lambda: Contest(held_out_years=0.0),
        lambda: Contest(margin=math.nan),
        lambda: gate_power("inferior", edge, Contest(), 1.0),
        lambda: gate_power("first", edge, Contest(), 0.0),
        lambda: gate_power("first", edge, Contest(), math.inf),
        lambda: time_to_verdict("first", edge, Contest(), horizon_years=math.nan),
        lambda: time_to_verdict("first", edge, Contest(), horizon_years=1.0, power=1.0),
    ):
        with pytest.raises(DataError):
            wrong()
