import json
import math

import numpy as np
import pytest

from tests.evaluation import small
from zoo.commands.output import jsonable
from zoo.evaluation.baselines import MOMENTUM, PERMUTED, REFIT, ZERO, annual_sharpe, permute
from zoo.evaluation.rows import FIGURES, correlation, display_of, rows_of
from zoo.evaluation.standings import permuted_of, standings
from zoo.metrics import deflated_sharpe_ratio, moments, probability_of_overfitting
from zoo.portfolio import Costs

RETAIL = Costs.preset("retail")


@pytest.fixture
def three(world):
    champion = world.register("first", champion=True)
    others = [
        world.register("second", ("trend", {"window": 20}), number=1),
        world.register("third", ("zoo.features.reversal", {"lookback": 3}), number=2),
    ]
    world.shadow()
    return [champion, *others]


def rows(world, **terms):
    found = world.terms(**{"costs": RETAIL, **terms})
    return standings(world.registry, world.artifacts, world.line, found, small.NOW)


def row(found, version):
    return next(one for one in found if one["name"] == getattr(version, "version_id", version))


def test_there_is_a_row_a_version_and_the_baselines_are_always_there(world, three):
    found = rows(world, permutations=20)
    kinds = [one["kind"] for one in found]
    assert kinds == ["version"] * 3 + ["baseline"] * 4
    assert [one["name"] for one in found[3:]] == [REFIT, MOMENTUM, ZERO, PERMUTED]
    assert {one["rank"] for one in found[3:]} == {None}
    names = [one["name"] for one in rows(world, policy=small.LONG_ONLY, permutations=5)]
    assert names[3:] == [REFIT, MOMENTUM, "equal_weight", PERMUTED]


def test_every_row_has_the_same_keys_but_for_what_only_some_have(world, three):
    world.register("late")  # not shadowed
    found = rows(world, permutations=3, draws=50)
    common = set.intersection(*(set(one) for one in found))
    assert {"kind", "name", "rank", "comparable", "reason", "days", "score", "board", *FIGURES} <= common
    assert json.loads(json.dumps(jsonable(found), allow_nan=False))


def test_each_figure_comes_with_its_error_and_its_phases(world, three):
    first = row(rows(world), three[0])
    for name in FIGURES:
        assert set(first[name]) >= {"value", "se", "min", "median", "max"}
        assert first[name]["min"] <= first[name]["median"] <= first[name]["max"]
        assert first[name]["min"] <= first[name]["value"] <= first[name]["max"]
    sharpe = first["net_sharpe"]
    bars = first["days"]["replayed"]
    lo = math.sqrt((1 + (sharpe["value"] / math.sqrt(252)) ** 2 / 2) / bars) * math.sqrt(252)
    assert sharpe["se"] == pytest.approx(lo, rel=0.05)  # phases are a little shorter than the window
    assert first["rank_ic"]["t"] == first["rank_ic"]["value"] / first["rank_ic"]["se"]
    assert first["gross_return"]["value"] > first["net_return"]["value"]


def test_the_champion_correlates_with_itself_and_is_not_compared_with_itself(world, three):
    found = rows(world, draws=100)
    champion, other = row(found, three[0]), row(found, three[1])
    assert champion["correlation"] == pytest.approx(1.0)
    assert champion["against_champion"] is None
    assert -1.0 <= other["correlation"] < 1.0
    against = other["against_champion"]
    assert against["low"] < against["difference"] < against["high"]
    assert against["level"] == 0.95
    assert champion["confidence_set"]["included"] in (True, False)


def test_without_draws_there_is_no_bootstrap(world, three, monkeypatch):
    def never(*_, **__):
        raise AssertionError("drawn")

    monkeypatch.setattr("zoo.evaluation.resampling.resamples", never)
    found = row(rows(world), three[1])
    assert found["against_champion"] is None
    assert found["confidence_set"] is None


def test_the_deflated_sharpe_ratio_and_pbo_are_those_of_the_net_returns(world, three):
    board = world.board(costs=RETAIL)
    found = rows(world)
    net = board.of(three[1].version_id).standing.held.net
    own = moments(net)
    expected = deflated_sharpe_ratio(
        own.sharpe, len(net), trials=3, variance=board.luck.variance, skew=own.skew, kurtosis=own.kurtosis
    )
    assert row(found, three[1])["deflated_sharpe"] == expected
    pbo = probability_of_overfitting(board.matrix(), blocks=4).probability
    assert {one["board"]["pbo"] for one in found} == {pbo}


def test_days_are_counted_by_kind_of_evidence(world):
    version = world.register("first", at="2021-03-01T12:00:00.000000+00:00")
    world.shadow()
    days = row(rows(world), version)["days"]
    assert days["held_out"] == 0
    assert days["live"] == (small.STATE["data"].dates > "2021-03-01").sum()
    assert days["live"] + days["replayed"] == len(world.board().of(version.version_id).standing.held.net)


def test_held_out_days_are_those_of_the_permutation_s_trial(world, three):
    from zoo.registry import Trial

    trial = Trial(
        "0" * 64,
        "small",
        "small",
        1,
        "{}",
        calendar="c" * 64,
        window=("2019-01-01", "2019-06-30"),
        net=np.ones(99),
    )
    world.registry.ledger.record("small", [trial])
    found = rows(world)
    assert row(found, three[1])["days"]["held_out"] == 99
    assert row(found, three[0])["days"]["held_out"] == 0


def test_who_is_not_comparable_has_a_reason_and_no_figure(world, three):
    late = world.register("late")
    found = row(rows(world), late)
    assert (found["rank"], found["comparable"], found["score"], found["net_sharpe"]) == (
        None,
        False,
        None,
        None,
    )
    assert found["reason"] == "not comparable: it was not shadowed"


# --- baselines ------------------------------------------------------------------------------------


def test_permuted_scores_trade_as_much_as_the_scores_themselves(world, three):
    board = world.board(costs=RETAIL)
    found = permuted_of(board, world.records, 40)
    assert found.turnover == pytest.approx(np.full(40, found.own_turnover), rel=0.06)
    assert len(set(found.sharpe)) > 30


def test_permuted_scores_are_kept_and_made_again_when_the_champion_s_record_grows(world, three, monkeypatch):
    first = permuted_of(world.board(), world.records, 5)

    def never(*_, **__):
        raise AssertionError("permuted again")

    monkeypatch.setattr("zoo.evaluation.standings.permute", never)
    np.testing.assert_array_equal(permuted_of(world.board(), world.records, 5).sharpe, first.sharpe)
    with pytest.raises(AssertionError, match="permuted again"):
        permuted_of(world.board(), world.records, 6)


def test_a_signal_that_knows_the_future_is_above_all_permutations_and_noise_is_among_them(world, three):
    ground = world.board().ground
    start = 270
    future = ground.labels(5)[start:]
    known = permute(ground, np.nan_to_num(future), start, 5, count=20, seed=0)
    held = ground.hold(np.nan_to_num(future), start, 5)
    assert known.share_below(annual_sharpe(held, ground)) == 1.0
    shares = []
    for seed in range(6):
        noise = np.random.default_rng(seed).normal(size=future.shape)
        random = permute(ground, noise, start, 5, count=10, seed=0)
        shares.append(random.share_below(annual_sharpe(ground.hold(noise, start, 5), ground)))
    assert 0.2 < np.mean(shares) < 0.8


def test_the_share_of_permutations_below_nothing_is_nothing():
    from zoo.evaluation.baselines import Permuted

    none = Permuted(np.array([np.nan]), np.array([np.nan]), 1.0)
    assert math.isnan(none.share_below(1.0))
    some = Permuted(np.array([0.1, 0.2, np.nan]), np.zeros(3), 1.0)
    assert some.share_below(0.15) == 0.5
    assert math.isnan(some.share_below(math.nan))


def test_the_champion_s_architecture_on_the_challengers_vintage_is_in_the_table(world):
    champion = world.register("old", champion=True)
    world.register("new", ("trend", {"window": 20}), end="2021-01-08")
    world.shadow()
    found = [one for one in rows(world) if one["name"] == REFIT]
    assert [one["vintage"] for one in found] == ["2020-12-31", "2021-01-08"]
    own, later = found
    assert own["version_id"] == champion.version_id
    assert own["correlation"] == pytest.approx(1.0)
    assert later["comparable"]
    assert 0.5 < later["correlation"] <= 1.0
    assert {one["rank"] for one in found} == {None}


def test_a_refit_that_nobody_made_is_told(world):
    champion = world.register("old", champion=True)
    world.shadow()
    world.register("new", ("trend", {"window": 20}), end="2021-01-08")
    world.crown(world.register("other", ("trend", {"window": 30})))
    world.shadow()
    world.registry.rollback("small", expect=world.registry.champion("small").version_id)
    assert world.registry.champion("small").version_id == champion.version_id
    found = [one for one in rows(world) if one["name"] == REFIT]
    assert found[1]["reason"] == "not comparable: it was not shadowed"


# --- lineages ---------------------------------------------------------------------------------------


def test_a_spec_s_versions_one_after_the_other_are_a_lineage(world):
    world.register("base", champion=True)
    two = [("trend", {"window": 20}), ("trend", {"window": 3, "name": "short"})]
    old = world.register("l1", *two, spec="followed", number=1)
    new = world.register("l2", *two, spec="followed", number=1, end="2021-03-31")
    world.shadow()
    (lineage,) = [one for one in rows(world) if one["kind"] == "lineage"]
    assert lineage["name"] == "followed/small/1"
    assert lineage["comparable"]
    assert lineage["rank"] is None
    assert lineage["version_id"] == new.version_id
    assert lineage["net_sharpe"]["value"] != row(rows(world), old)["net_sharpe"]["value"]
    assert row(rows(world), new)["comparable"] is False


def test_correlation_needs_two_series_that_move():
    moving = np.array([0.1, -0.2, 0.3])
    assert correlation(moving, None) is None
    assert correlation(moving, 2 * moving) == pytest.approx(1.0)
    assert math.isnan(correlation(moving, np.zeros(3)))
    assert math.isnan(correlation(moving[:1], moving[:1]))


def test_an_empty_board_has_no_pbo(world, three):
    board = world.board(start="2021-07-13")
    display = display_of(board, draws=0, blocks=4)
    assert math.isnan(display.pbo)
    assert rows_of(board, display, held_out={})[0]["rank"] is None
