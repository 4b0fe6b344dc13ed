from dataclasses import replace

import numpy as np

from tests.evaluation.court import BARS, DECIDABLE, QUICK, contender, evidence, returns, with_, zoo_of
from zoo.evaluation.selection import scores_of, select
from zoo.evaluation.verdict import Judge


def selected(found, challengers=None):
    return select(Judge(found, QUICK, DECIDABLE), challengers)


def test_the_highest_score_among_those_that_pass_wins_and_each_other_is_told_why_not():
    found = zoo_of(others=2)
    found = evidence(*found.contenders.values(), contender("good", returns(2.8, seed=5)))
    selection = selected(found)
    assert selection.winner == "new"
    lost = {one.version_id: one.lost for one in selection.candidates}
    assert lost["new"] == ()
    assert "it passes, and new ranks higher" in lost["good"][0]
    assert any(reason.startswith("skill: t of") for reason in lost["noise_0"])
    assert [one.version_id for one in selection.candidates][:2] == ["new", "good"]


def test_where_nobody_passes_nobody_wins():
    assert selected(zoo_of(best=0.0)).winner is None


def test_only_challengers_are_asked_and_one_without_a_record_is_told_so():
    found = with_(zoo_of(others=1), "noise_0", stage="retired")
    assert [one.version_id for one in selected(found).candidates] == ["new"]
    [_, unknown] = selected(found, ["new", "unseen"]).candidates
    assert "record: it was never shadowed" in unknown.lost[0]
    assert np.isnan(unknown.score)


def test_a_score_that_is_nan_wins_nothing():
    found = zoo_of()
    net = np.where(np.arange(BARS) < 300, 0.001, found.contenders["new"].net)  # constant where it is replayed
    found = with_(found, net=net, live=np.arange(BARS) >= 300)
    assert np.isnan(scores_of(found)["new"])
    assert selected(found).winner is None


def test_replayed_merit_ranks_no_higher_than_what_luck_gives():
    found = zoo_of(others=30, live_from=900)
    without = replace(found, trials=31)
    many = replace(found, trials=5_000)
    assert scores_of(many)["new"] < scores_of(without)["new"]
