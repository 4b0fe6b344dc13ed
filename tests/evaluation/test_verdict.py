from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.court import (
    BARS,
    DECIDABLE,
    QUICK,
    TARGET,
    contender,
    evidence,
    failed,
    judged,
    returns,
    with_,
    zoo_of,
)
from zoo.evaluation.gate import Gate
from zoo.evaluation.power import Verdict
from zoo.evaluation.verdict import Judge

NAN = float("nan")


def test_who_is_skilled_and_better_than_the_champion_passes_and_every_condition_has_its_figure():
    decision = judged(zoo_of())
    assert decision.passed, failed(decision)
    figures = {one.name: (one.figure, one.bar) for one in decision.conditions}
    assert figures["soak"] == (BARS, 63)
    assert figures["skill"][0] > figures["skill"][1]
    assert figures["better"][0] <= figures["better"][1] == 0.05
    assert (decision.live_bars, decision.look) == (945, 15)  # whole soaks only
    assert all(one.reason for one in decision.conditions)


def test_noise_passes_neither_test():
    assert failed(judged(zoo_of(best=0.0))) == ["skill", "better"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"coverage": 0.94}, "coverage"),
        ({"coverage": NAN}, "coverage"),
        ({"coverage": None}, "coverage"),
        ({"agreement": 0.49}, "agreement"),
        ({"agreement": NAN}, "agreement"),
        ({"agreement": None}, "agreement"),
        ({"floor": None}, "agreement"),
        ({"target": None}, "target"),
        ({"target": TARGET.replace("21", "60")}, "target"),
        ({"stale": 6}, "fresh"),
        ({"stale": None}, "fresh"),
        ({"revised": 0.02}, "revised"),
        ({"revised": NAN}, "revised"),
        ({"revised": None}, "revised"),
        ({"problems": ("x.parquet: the file is torn",)}, "data health"),
    ],
)
def test_each_condition_alone_refuses_and_so_does_a_figure_that_is_missing(changes, name):
    decision = judged(with_(zoo_of(), **changes))
    assert failed(decision) == [name]
    assert next(decision.failures).reason


def test_a_hole_in_the_record_fails_health_and_both_tests():
    net = returns(3.0, seed=1)
    net[500] = NAN
    assert failed(judged(with_(zoo_of(), net=net))) == ["data health", "skill", "better"]


@pytest.mark.parametrize("net", [np.full(BARS, NAN), np.zeros(BARS), np.full(BARS, 0.001)])
def test_an_empty_or_a_constant_series_shows_no_skill(net):
    assert "skill" in failed(judged(with_(zoo_of(), net=net)))


def test_a_version_that_was_never_shadowed_is_told_so():
    decision = judged(zoo_of(), "unknown")
    assert failed(decision) == ["record"]
    assert decision.live_bars == 0


def test_a_gate_that_cannot_decide_says_so_and_how_long_it_would_take():
    never = Verdict("superior", float("inf"), 10.0, 0.1, undecidable=True)
    late = Verdict("superior", 62.5, 10.0, 0.1, undecidable=True)
    for outlook, said in ((never, "no length of time"), (late, "62.5 years"), (None, "nobody can tell")):
        decision = judged(zoo_of(), outlook=outlook)
        assert failed(decision) == ["decidable"]
        reason = next(decision.failures).reason
        assert reason.startswith("undecidable here")
        assert said in reason


# --- attempts to get through ---------------------------------------------------------------------


def test_each_version_is_asked_when_it_can_be_decided():
    never = replace(DECIDABLE, years=float("inf"), undecidable=True)
    known = {"new": DECIDABLE, "noise_0": never}
    judge = Judge(zoo_of(others=1), QUICK, known.__getitem__)
    assert judge.decide("new").passed
    assert "decidable" in failed(judge.decide("noise_0"))


def test_replayed_bars_fill_no_soak_and_pass_no_test():
    replayed = judged(with_(zoo_of(best=9.0), live=np.zeros(BARS, dtype=bool)))
    assert failed(replayed) == ["soak", "skill", "better"]
    few = judged(with_(zoo_of(best=9.0), live=np.arange(BARS) >= BARS - 62))
    assert "soak" in failed(few)
    assert "938 replayed ones fill no soak" in next(few.failures).reason


def test_bars_count_only_where_they_are_live_to_the_champion_too():
    found = with_(zoo_of(), "old", live=np.arange(BARS) >= BARS - 62)
    assert "soak" in failed(judged(found))


def test_retiring_losers_moves_neither_bar():
    whole = zoo_of(others=40)
    retired = replace(
        whole,
        contenders={
            name: replace(one, stage="retired") if name.startswith("noise") else one
            for name, one in whole.contenders.items()
        },
    )
    left_out = replace(
        whole, contenders={name: one for name, one in whole.contenders.items() if name in ("new", "old")}
    )
    honest = judged(whole)
    assert judged(retired).conditions == honest.conditions
    bars = [
        next(one.bar for one in judged(found).conditions if one.name == "skill")
        for found in (whole, left_out, zoo_of())
    ]
    assert bars[1] == pytest.approx(bars[0], abs=0.25)  # they count as independent trials
    assert bars[2] < bars[1] - 0.5


def test_cloning_a_trial_two_thousand_times_lowers_no_bar():
    few, many = zoo_of(best=2.0, trials=20), zoo_of(best=2.0, trials=2_020)
    bar = {
        name: next(one.bar for one in judged(found).conditions if one.name == "skill")
        for name, found in (("few", few), ("many", many))
    }
    assert bar["many"] > bar["few"]


def test_a_version_that_is_registered_twice_is_no_better_for_it():
    net = returns(1.0, seed=1)
    alone = zoo_of(best=1.0)
    cloned = evidence(*alone.contenders.values(), *(contender(f"clone_{n}", net.copy()) for n in range(50)))
    p = [
        next(one.figure for one in judged(found).conditions if one.name == "better")
        for found in (alone, cloned)
    ]
    assert p[1] >= p[0]


def test_first_spares_nobody_the_comparison_with_a_champion():
    gate = replace(QUICK, kind="first")
    assert "champion" in failed(judged(zoo_of(), gate=gate))


def test_looking_again_before_another_soak_is_full_changes_nothing():
    def seen(bars):
        live = np.arange(BARS) < bars
        found = zoo_of(best=2.0)
        for name in found.contenders:
            net = np.where(live, found.contenders[name].net, NAN)
            found = with_(found, name, net=net)
        return {one.name: one.figure for one in judged(found).conditions}

    for name in ("skill", "better"):
        assert seen(126)[name] == seen(188)[name] != seen(189)[name]


# --- the other gates -----------------------------------------------------------------------------


def test_first_asks_for_the_baselines():
    gate = replace(QUICK, kind="first")
    own = contender("new", returns(3.0, seed=1))
    good = evidence(own, champion=None, trials=5, baselines={"momentum": returns(0.0, seed=9)})
    assert judged(good, gate=gate).passed
    hard = evidence(own, champion=None, trials=5, baselines={"momentum": returns(3.0, seed=9)})
    assert failed(judged(hard, gate=gate)) == ["baseline momentum"]
    assert failed(judged(evidence(own, champion=None, trials=5), gate=gate)) == ["baseline"]
    for lucky in (0.06, NAN, None):
        assert failed(judged(with_(good, lucky=lucky), gate=gate)) == ["baseline permuted"]


def test_superior_on_a_line_without_a_champion_points_to_first():
    own = contender("new", returns(3.0, seed=1))
    decision = judged(evidence(own, champion=None, trials=5))
    assert "champion" in failed(decision)
    assert "gate=first" in next(decision.failures).reason


def test_non_inferior_asks_for_a_reason_and_a_bound():
    gate = Gate(kind="non_inferior", draws=400)
    net = returns(0.5, seed=2)
    found = evidence(
        contender("new", net + returns(0.0, seed=3) * 0.02), contender("old", net, stage="champion")
    )
    assert judged(found, gate=gate, reason="trades half as much").passed
    for reason in (None, "  "):
        assert failed(judged(found, gate=gate, reason=reason)) == ["reason"]
    apart = zoo_of(best=0.0)
    assert failed(judged(apart, gate=gate, reason="cheap")) == ["not worse"]


def test_the_tests_are_made_once_for_all():
    judge = Judge(zoo_of(others=3), QUICK, DECIDABLE)
    judge.decide("new")
    before = (judge._skilled, judge._tests["better"])
    judge.decide("noise_0")
    assert (judge._skilled, judge._tests["better"]) == before
