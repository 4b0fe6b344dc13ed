"""Evidence from real records, versions and data, and what a gate makes of it; only the prices are made up."""

import numpy as np
import pandas as pd
import pytest

from tests.evaluation import small
from zoo.data import Dataset
from zoo.errors import ChampionChanged
from zoo.evaluation.baselines import MOMENTUM
from zoo.evaluation.gate import FIRST, Gate
from zoo.evaluation.gathering import Gathering, target_of
from zoo.evaluation.ground import Ground
from zoo.evaluation.power import Verdict
from zoo.evaluation.selection import select
from zoo.evaluation.verdict import Judge
from zoo.portfolio import Costs
from zoo.registry import Trial

SEEN = "2021-03-01T12:00:00.000000+00:00"
DECIDABLE = Verdict("superior", 0.2, 10.0, 0.9, undecidable=False)
IDLE = "zoo.features.realised_volatility"  # all assets have the same: it knows nothing
QUICK = {"draws": 400, "soak_days": 60}


def trending(bars=400, assets=12):
    """Prices whose drifts last, so that a trend earns a lot."""
    chance = np.random.default_rng(4)
    drift = chance.normal(0, 0.012, (bars // 50 + 1, assets)).repeat(50, axis=0)[:bars]
    returns = drift + chance.normal(0, 0.01, (bars, assets))
    dates = pd.bdate_range("2020-01-01", periods=bars)
    close = pd.DataFrame(100 * np.exp(returns.cumsum(axis=0)), dates, [f"A{n:02d}" for n in range(assets)])
    return Dataset({"close": close}, name="small")


def gathered(world, *, costs=None, permutations=0, data=None):
    ground = Ground(
        data=small.STATE["data"] if data is None else data,
        declared=small.LONG_SHORT,
        costs=costs or Costs(),
        delay=1,
        every=world.line.rebalance,
        trust=small.TRUST,
    )
    return Gathering(world.registry, world.artifacts, world.line, ground, permutations).evidence()


@pytest.fixture
def pair(world):
    """A champion and a challenger, registered while bars were still to come, and shadowed."""
    champion = world.register("old", ("zoo.features.reversal", {"lookback": 3}), at=SEEN, champion=True)
    challenger = world.register("new", at=SEEN, number=1)
    world.shadow()
    return champion, challenger


def test_only_bars_after_the_registration_are_live(world, pair):
    one = gathered(world).contenders[pair[1].version_id]
    dates = gathered(world).dates
    late = dates > pd.Timestamp("2021-03-01")
    np.testing.assert_array_equal(one.live, late)
    assert np.isfinite(one.live_net).sum() == late.sum()
    assert np.isfinite(one.replayed_net).sum() > 20
    assert not (np.isfinite(one.live_net) & np.isfinite(one.replayed_net)).any()


def test_what_existed_when_it_was_registered_is_never_live(world):
    version = world.register("old")  # after the data ends
    world.shadow()
    one = gathered(world).contenders[version.version_id]
    assert not one.live.any()
    assert np.isfinite(one.net).sum() > 100


def test_returns_are_those_of_the_leaderboard(world, pair):
    board = world.board()
    found = gathered(world)
    for version in pair:
        standing = board.of(version.version_id).standing
        rows = found.dates.get_indexer(standing.held.dates)
        np.testing.assert_allclose(found.contenders[version.version_id].net[rows], standing.held.net)


def test_costs_are_paid_on_the_evidence(world, pair):
    free, dear = (gathered(world, costs=Costs(commission_bps=bps)) for bps in (0.0, 50.0))
    name = pair[1].version_id
    assert np.nansum(dear.contenders[name].net) < np.nansum(free.contenders[name].net)


def test_the_counts_are_of_the_ledger_and_of_all_who_were_ever_shadowed(world, pair):
    trials = [
        Trial(f"{n:064x}", "small", "small", n, '{"_target_":"x"}', calendar=None, window=None, net=None)
        for n in range(7)
    ]
    world.registry.ledger.record("small", trials)
    world.registry.retire(pair[1].version_id, reason="a test")
    found = gathered(world)
    assert (found.shadowed, found.trials) == (1, 7 + 1 + 1)
    assert found.contenders[pair[1].version_id].stage == "retired"
    assert found.champion == pair[0].version_id


def test_a_retired_version_whose_record_was_taken_away_still_counts(world, pair):
    import shutil

    world.registry.retire(pair[1].version_id, reason="a test")
    shutil.rmtree(world.record(pair[1]).path)
    found = gathered(world)
    assert found.shadowed == 1
    assert pair[1].version_id not in found.contenders


def test_an_edited_record_is_a_problem_and_has_no_returns(world, pair):
    path = next(world.record(pair[1]).path.glob("*.parquet"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    one = gathered(world).contenders[pair[1].version_id]
    assert not np.isfinite(one.net).any()
    assert "edited" in one.problems[0]
    decision = Judge(gathered(world), Gate(**QUICK), DECIDABLE).decide(pair[1].version_id)
    assert {"data health", "soak", "skill", "better", "coverage"} <= {one.name for one in decision.failures}


def test_bars_that_came_after_the_last_prediction_make_it_stale(world):
    version = world.register("old", at=SEEN)
    world.shadow(until="2021-06-01")
    one = gathered(world).contenders[version.version_id]
    assert one.stale == (small.STATE["data"].dates > pd.Timestamp("2021-06-01")).sum()
    assert not np.isfinite(one.net[-one.stale :]).any()


def test_bars_that_are_predicted_differently_on_revised_data_are_counted(world, pair, revise):
    before = small.STATE["data"]
    close = before.close.copy()
    close.iloc[350] *= np.linspace(0.5, 1.5, close.shape[1])
    revise(Dataset({"close": close}, name="small"))
    world.shadow()
    one = gathered(world).contenders[pair[1].version_id]
    assert 0.0 < one.revised < 0.5
    decision = Judge(gathered(world), Gate(**QUICK), DECIDABLE).decide(pair[1].version_id)
    assert "revised" in {one.name for one in decision.failures}


def test_a_version_of_another_horizon_is_not_the_line_s(world, pair):
    other = world.register("far", at=SEEN, number=2, horizon=10)
    world.shadow()
    found = gathered(world)
    assert found.contenders[pair[1].version_id].target == found.target
    assert found.contenders[other.version_id].target == "zoo.targets.forward_return over 10 bars"
    decision = Judge(found, Gate(**QUICK), DECIDABLE).decide(other.version_id)
    assert "target" in {one.name for one in decision.failures}


def test_the_target_is_read_from_the_version_s_own_document(world, pair):
    path = world.artifacts / "small" / pair[1].version_id / "version.json"
    path.write_text("{}")
    assert gathered(world).contenders[pair[1].version_id].target is None
    assert target_of("a.b", 5) == "a.b over 5 bars"


def test_permutations_are_held_only_where_they_are_asked_for(world, pair):
    name = pair[1].version_id
    assert gathered(world).contenders[name].lucky is None
    found = gathered(world, permutations=20)
    assert 0.0 <= found.contenders[name].lucky <= 1.0
    assert found.contenders[pair[0].version_id].lucky is None  # the champion is no candidate


def test_on_replayed_bars_nothing_is_decided_however_good_they_are(world, revise):
    revise(trending())
    world.register("old", ("zoo.features.reversal", {"lookback": 3}), champion=True)
    good = world.register("new", number=1)
    world.shadow()
    decision = Judge(gathered(world), Gate(**QUICK), DECIDABLE).decide(good.version_id)
    assert decision.live_bars == 0
    assert {"soak", "skill", "better"} <= {one.name for one in decision.failures}
    assert "undecidable here" in next(one.reason for one in decision.failures if one.name == "soak")


AGREED = {"figure": "correlation", "correlation": 0.9, "floor": 0.5}


@pytest.fixture
def good(world, revise):
    """A challenger that earns a lot on live bars, another one, and a champion that does not."""
    revise(trending())
    world.register("old", (IDLE, {"window": 10}), at=SEEN, champion=True)
    world.register("bad", (IDLE, {"window": 15}), at=SEEN, number=2, agreement=AGREED)
    version = world.register("new", at=SEEN, number=1, agreement=AGREED)
    world.shadow()
    return version


def test_who_earns_it_on_live_bars_passes_every_condition(world, good):
    decision = Judge(gathered(world), Gate(**QUICK), DECIDABLE).decide(good.version_id)
    assert decision.passed, [one.reason for one in decision.failures]
    assert decision.live_bars == 60
    assert decision.first > SEEN[:10]


def test_a_version_whose_refit_was_never_compared_is_refused(world, good):
    unknown = world.register("again", ("trend", {"window": 11}), at=SEEN, number=3)
    world.shadow()
    decision = Judge(gathered(world), Gate(**QUICK), DECIDABLE).decide(unknown.version_id)
    assert [one.name for one in decision.failures] == ["agreement"]


def test_the_winner_is_promoted_once_in_the_place_of_the_champion_it_was_compared_with(world, good):
    chosen = select(Judge(gathered(world), Gate(**QUICK), DECIDABLE))
    assert chosen.winner == good.version_id
    assert [bool(one.lost) for one in chosen.candidates] == [False, True]
    kept = chosen.candidates[0].decision.as_dict()
    world.registry.promote(chosen.winner, expect=chosen.champion, reason=None, decision=kept)
    assert world.registry.champion("small").version_id == good.version_id
    with pytest.raises(ChampionChanged):  # the same decision, a second time
        world.registry.promote(chosen.candidates[1].version_id, expect=chosen.champion, decision=kept)


def test_the_first_of_a_line_has_to_beat_momentum_and_its_own_names_exchanged(world, revise):
    revise(trending(bars=700))
    version = world.register("new", at=SEEN, agreement=AGREED)
    world.shadow()
    found = gathered(world, permutations=40)
    decision = Judge(found, Gate(kind=FIRST, **QUICK), DECIDABLE).decide(version.version_id)
    asked = {one.name: one.passed for one in decision.conditions}
    assert asked["skill"]
    assert asked["champion"]
    assert asked["baseline permuted"]
    assert f"baseline {MOMENTUM}" in asked
