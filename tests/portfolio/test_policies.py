"""Policies: weights of each side, ties, NaN, flat rows; nothing but a row's order counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zoo.errors import PortfolioError
from zoo.portfolio import directional, long_only_top, quantile_long_short, rank_weighted

NAN = np.nan
POLICIES = {
    "quantile": quantile_long_short,
    "half": lambda scores: quantile_long_short(scores, quantile=0.5),
    "top": lambda scores: long_only_top(scores, fraction=0.3),
    "all": lambda scores: long_only_top(scores, fraction=1.0),
    "rank": rank_weighted,
}
every_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)

rows = hnp.arrays(
    np.float64,
    st.tuples(st.integers(0, 4), st.integers(0, 12)),
    elements=st.sampled_from([NAN, np.inf, -np.inf, -2.0, -1.0, 0.0, 0.5, 1.0, 3.0]),
)


def test_the_best_fifth_is_long_and_the_worst_short():
    scores = [[9, 8, 7, 6, 5, 4, 3, 2, 1, 0]]
    assert quantile_long_short(scores).tolist() == [[0.5, 0.5, 0, 0, 0, 0, 0, 0, -0.5, -0.5]]


def test_a_share_of_names_is_rounded_down_except_for_rounding_of_its_own():
    assert (quantile_long_short(np.arange(14.0), quantile=0.2) > 0).sum() == 2  # 2.8
    assert (long_only_top(np.arange(100.0), fraction=0.29) > 0).sum() == 29  # 28.999999999999996


def test_a_tie_across_the_edge_shares_what_is_left_of_the_side():
    # Two places: the 9 has one, the three 8s share the other.
    weights = quantile_long_short([9, 8, 8, 8, 4, 4.5, 3, 2, 1, 0])
    assert weights == pytest.approx([1 / 2, 1 / 6, 1 / 6, 1 / 6, 0, 0, 0, 0, -1 / 2, -1 / 2])


def test_a_tie_over_both_edges_is_held_long_and_short_at_once():
    # Places: 2 a side. Long: the 1, and 1/9 of a place for each 0; short: 2/9 of a place for each 0.
    weights = quantile_long_short([1.0] + [0.0] * 9)
    assert weights == pytest.approx([1 / 2] + [(1 / 9 - 2 / 9) / 2] * 9)
    assert weights.sum() == pytest.approx(0)


def test_the_top_names_are_held_equally():
    assert long_only_top([1, 3, NAN, 2, 0], fraction=0.5).tolist() == [0, 0.5, 0, 0.5, 0]
    assert long_only_top([1, 3, 3, 3, 0], fraction=0.4) == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3, 0])


def test_ranks_weigh_by_their_distance_from_the_mean():
    # Ranks 1, 2.5, 2.5, 4 less 2.5: -1.5, 0, 0, 1.5; a side of 1.
    assert rank_weighted([5, 6, 6, 7]).tolist() == [-1, 0, 0, 1]
    assert rank_weighted([1, 2, 3, 4, NAN]) == pytest.approx([-0.75, -0.25, 0.25, 0.75, 0])


@every_policy
def test_equal_scores_are_no_opinion(policy):
    assert not policy(np.full((3, 10), 0.1)).any()


@every_policy
def test_too_few_names_are_flat(policy):
    for scores in (np.empty((0, 5)), np.empty((3, 0)), np.full((2, 6), NAN), [[NAN, 1.0, NAN]]):
        weights = policy(scores)
        assert weights.shape == np.shape(scores)
        assert not weights.any()
    assert not quantile_long_short([1, 2, 3, 4]).any()  # a fifth of four is no name
    assert not long_only_top([1, 2, 3], fraction=0.3).any()


@every_policy
@given(rows)
def test_weights_are_finite_and_a_side_is_at_most_one(policy, scores):
    weights = policy(scores)
    assert weights.shape == scores.shape
    assert np.isfinite(weights).all()
    assert not weights[~np.isfinite(scores)].any()
    long, short = np.maximum(weights, 0).sum(axis=1), np.maximum(-weights, 0).sum(axis=1)
    assert (long <= 1 + 1e-12).all()
    if policy in (POLICIES["top"], POLICIES["all"]):
        assert not short.any()
        assert ((long == 0) | (abs(long - 1) < 1e-12)).all()
    else:
        assert long == pytest.approx(short, abs=1e-12)


@every_policy
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_assets_does_not_matter(policy, scores, random):
    order = list(range(scores.shape[1]))
    random.shuffle(order)
    assert policy(scores[:, order]) == pytest.approx(policy(scores)[:, order], abs=0)


@every_policy
@given(rows)
def test_only_the_order_of_scores_counts(policy, scores):
    assert np.array_equal(
        policy(scores), policy(np.arctan(scores / 7) + np.where(np.isfinite(scores), 0, NAN))
    )


@every_policy
@given(rows)
def test_a_row_does_not_depend_on_the_others(policy, scores):
    alone = [policy(row) for row in scores]
    assert np.array_equal(policy(scores), np.reshape(alone, scores.shape))


@given(hnp.arrays(np.float64, 20, elements=st.floats(-1e300, 1e300), unique=True))
def test_without_ties_both_sides_are_full(scores):
    for weights in (quantile_long_short(scores), rank_weighted(scores)):
        assert np.maximum(weights, 0).sum() == pytest.approx(1)
        assert weights.sum() == pytest.approx(0, abs=1e-12)


@given(rows)
def test_a_higher_score_never_weighs_less(scores):
    for policy in POLICIES.values():
        for row, weights in zip(scores, policy(scores), strict=True):
            held = np.isfinite(row)
            assert (np.diff(weights[held][np.argsort(row[held], kind="stable")]) >= -1e-12).all()


@pytest.mark.parametrize("share", [0, -0.1, 0.51, NAN, np.inf, True, "0.2", None])
def test_a_quantile_is_a_share_of_at_most_a_half(share):
    with pytest.raises(PortfolioError, match=r"quantile is .*; expected a share of the names in \(0, 0.5\]"):
        quantile_long_short(np.arange(5.0), quantile=share)


@pytest.mark.parametrize("share", [0, 1.01, NAN, False])
def test_a_fraction_is_a_share_of_at_most_all(share):
    with pytest.raises(PortfolioError, match=r"fraction is .*; expected a share of the names in \(0, 1.0\]"):
        long_only_top(np.arange(5.0), fraction=share)


def test_scores_have_two_dimensions_at_most():
    with pytest.raises(PortfolioError, match=r"scores of shape \(1, 2, 3\)"):
        rank_weighted(np.zeros((1, 2, 3)))


def test_one_asset_is_long_above_the_threshold_and_short_below():
    scores = [[0.7], [0.5], [0.2], [NAN]]
    assert directional(scores, threshold=0.5).tolist() == [[1.0], [0.0], [-1.0], [0.0]]


def test_directional_names_share_the_value_and_do_not_look_at_each_other():
    assert directional([[2.0, 1.0, -1.0, NAN]]).tolist() == [[1 / 3, 1 / 3, -1 / 3, 0.0]]


@pytest.mark.parametrize("threshold", [NAN, np.inf, "0", True, None])
def test_a_threshold_that_is_no_number_is_refused(threshold):
    with pytest.raises(PortfolioError, match="threshold"):
        directional([[1.0]], threshold=threshold)
