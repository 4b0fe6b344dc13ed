import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zoo.errors import CohortError
from zoo.promotion.combine import (
    CLASSES,
    PROBABILITIES,
    SCORES,
    Offer,
    Rule,
    combined,
    majority,
    ranks_by_date,
    rule_of,
)

SCORE = Offer(SCORES)
TWO = Offer(PROBABILITIES, (0, 1))
CALIBRATED = Offer(PROBABILITIES, (0, 1), 0.4)
THREE = Offer(PROBABILITIES, (0, 1, 2))
VOTES = Offer(CLASSES, (0, 1))
NUMBERS = st.floats(-1e3, 1e3)


def offers(*found):
    return {f"m/{place}": offer for place, offer in enumerate(found)}


@pytest.mark.parametrize(
    ("found", "combine", "of"),
    [
        ((SCORE, SCORE), "mean", SCORES),
        ((TWO, CALIBRATED), "mean", PROBABILITIES),
        ((VOTES, VOTES), "vote", CLASSES),
        ((VOTES, TWO), "vote", CLASSES),
    ],
)
def test_what_members_offer_decides_how_they_are_combined(found, combine, of):
    rule = rule_of(offers(*found))
    assert (rule.combine, rule.of) == (combine, of)


@pytest.mark.parametrize(
    ("found", "combine", "why"),
    [
        ((SCORE, TWO), None, "a mean needs scores of all members, or probabilities of all"),
        ((SCORE, VOTES), None, "a mean needs scores of all members, or probabilities of all"),
        ((VOTES, VOTES), "mean", "a mean needs scores of all members, or probabilities of all"),
        ((SCORE, SCORE), "vote", "scores have no vote"),
        ((VOTES, SCORE), "rank_mean", "ranks need scores, or probabilities of two classes"),
        (
            (Offer(PROBABILITIES, (0, 1, 2)), TWO),
            "rank_mean",
            "ranks need scores, or probabilities of two classes",
        ),
        ((TWO, Offer(PROBABILITIES, (0, 2))), "mean", "probabilities of different classes have no mean"),
        ((VOTES, Offer(CLASSES, ("up", "down"))), "vote", "names and numbers are no classes of one target"),
    ],
)
def test_what_cannot_be_combined_is_refused_with_what_each_offers(found, combine, why):
    with pytest.raises(CohortError, match=rf"{why}: m/0 offers .*; m/1 offers"):
        rule_of(offers(*found), combine)


def test_a_combination_that_does_not_exist_is_refused_with_the_nearest():
    with pytest.raises(CohortError, match=r"combine is 'rankmean'.*did you mean 'rank_mean'"):
        rule_of(offers(SCORE, SCORE), "rankmean")


def test_the_threshold_is_the_mean_of_the_members_own_and_a_half_where_one_has_none():
    assert rule_of(offers(CALIBRATED, Offer(PROBABILITIES, (0, 1), 0.6))).threshold == 0.5
    assert rule_of(offers(CALIBRATED, TWO)).threshold == pytest.approx(0.45)
    assert rule_of(offers(TWO, TWO)).threshold is None
    assert rule_of(offers(CALIBRATED, CALIBRATED, CALIBRATED)).threshold == 0.4


def test_a_rule_survives_the_way_into_a_file():
    rule = rule_of(offers(CALIBRATED, TWO))
    assert Rule.from_dict(rule.as_dict()) == rule


def test_probabilities_are_averaged_and_the_threshold_in_use_is_the_rules():
    probs = [np.array([[0.7, 0.3], [0.2, 0.8]]), np.array([[0.5, 0.5], [0.6, 0.4]])]
    said = [{"_preds": None, "_probs": p} for p in probs]
    out = combined(rule_of(offers(CALIBRATED, CALIBRATED)), said, None)
    assert out["_probs"] == pytest.approx(np.array([[0.6, 0.4], [0.4, 0.6]]))
    assert out["_preds"].tolist() == [1, 1]  # 0.4 is the threshold
    assert combined(rule_of(offers(TWO, TWO)), said, None)["_preds"].tolist() == [0, 1]


def test_scores_are_averaged_in_their_own_units():
    said = [{"_preds": np.array([1.0, 3.0])}, {"_preds": np.array([2.0, -3.0])}]
    assert combined(Rule("mean", SCORES), said, None) == {"_preds": pytest.approx([1.5, 0.0])}


def test_a_tie_of_votes_goes_to_the_class_that_comes_first():
    votes = [np.array([1, 0, 2]), np.array([0, 0, 1])]
    assert majority(votes, (0, 1, 2)).tolist() == [0, 0, 1]


@settings(deadline=None)
@given(
    votes=hnp.arrays(np.int64, st.tuples(st.integers(2, 7), st.integers(1, 9)), elements=st.integers(0, 3)),
    data=st.data(),
)
def test_a_vote_has_a_winner_that_nobody_outvotes_whatever_the_order_of_members(votes, data):
    found = majority(list(votes), (0, 1, 2, 3))
    for row, winner in enumerate(found):
        counts = [int((votes[:, row] == value).sum()) for value in range(4)]
        assert counts[winner] == max(counts)
        assert all(count < counts[winner] for count in counts[:winner])
    shuffled = data.draw(st.permutations(list(votes)))
    assert np.array_equal(majority(shuffled, (0, 1, 2, 3)), found)


@settings(deadline=None)
@given(hnp.arrays(np.float64, st.integers(1, 20), elements=NUMBERS), st.data())
def test_ranks_within_a_date_keep_the_order_and_nothing_else(scores, data):
    date = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(scores), max_size=len(scores))))
    ranks = ranks_by_date(scores, date)
    assert ((ranks >= -1.0) & (ranks <= 1.0)).all()
    for day in np.unique(date):
        rows = date == day
        own, its = scores[rows], ranks[rows]
        assert abs(its.sum()) < 1e-9
        assert np.array_equal(np.sign(own[:, None] - own), np.sign(its[:, None] - its))
    assert np.array_equal(ranks_by_date(scores * 1024.0, date), ranks)


def test_rank_means_do_not_follow_the_member_with_the_largest_scores():
    date = np.zeros(3, dtype=int)
    said = [{"_preds": np.array([0.001, 0.002, 0.003])}, {"_preds": np.array([300.0, 100.0, 200.0])}]
    assert np.argsort(combined(Rule("mean", SCORES), said, date)["_preds"]).tolist() == [1, 2, 0]
    assert combined(Rule("rank_mean", SCORES), said, date)["_preds"].tolist() == [0.0, -0.5, 0.5]


def test_ranks_need_dates():
    with pytest.raises(CohortError, match="ranks are taken within a date, and the rows have none"):
        combined(Rule("rank_mean", SCORES), [{"_preds": np.zeros(2)}], None)
