import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from zoo.promotion.comparison import (
    compare_kinds,
    compare_metrics,
    compare_predictions,
    compare_rows,
    same,
)

NAN, INF = math.nan, math.inf


def differing(logged, reproduced, *, deterministic=True):
    return [m.key for m in compare_metrics(logged, reproduced, deterministic=deterministic)]


@pytest.mark.parametrize(
    ("logged", "reproduced", "agree"),
    [
        (0.5, 0.5, True),
        (0.5, 0.5 + 9e-7, True),
        (0.5, 0.5 + 2e-6, False),
        (1e9, 1e9 + 1e-3, False),
        (NAN, NAN, True),
        (NAN, 0.5, False),
        (0.5, NAN, False),
        (INF, INF, True),
        (INF, -INF, False),
        (INF, 1e308, False),
        (3, 3, True),
        (3, 4, False),
        (True, 1, False),
        (None, None, True),
        (None, 0.5, False),
        ("a", "a", True),
        ("a", "b", False),
        ("0.5", 0.5, False),
    ],
)
def test_deterministic_metrics_agree_within_1e_6_and_integers_exactly(logged, reproduced, agree):
    assert differing({"m": logged}, {"m": reproduced}) == ([] if agree else ["m"])


@pytest.mark.parametrize(
    ("logged", "reproduced", "agree"),
    [
        (0.5, 0.509, True),
        (0.5, 0.511, False),
        (200.0, 201.9, True),
        (200.0, 203.0, False),
        (200, 201, True),
        (NAN, 1.0, False),
    ],
)
def test_stochastic_metrics_agree_within_one_per_cent(logged, reproduced, agree):
    assert differing({"m": logged}, {"m": reproduced}, deterministic=False) == ([] if agree else ["m"])


def test_a_number_that_is_an_integer_on_one_side_only_was_written_by_something_else():
    logged, again = {"n": 3, "mean": 3, "ic": 0.5, "word": "3"}, {"n": 3, "mean": 3.0, "ic": 0.5, "word": 3}
    assert [(m.key, m.logged, m.reproduced) for m in compare_kinds(logged, again)] == [("mean", 3, 3.0)]


def test_a_metric_that_only_one_side_has_differs():
    assert differing({"a": 1.0}, {"b": 1.0}) == ["a", "b"]


@given(st.floats(), st.floats(), st.floats(0, 1))
def test_nan_equals_only_nan_and_agreement_is_symmetric(a, b, tolerance):
    assert same(a, b, tolerance) == same(b, a, tolerance)
    if math.isnan(a) != math.isnan(b):
        assert not same(a, b, tolerance)


def places(logged, reproduced, *, deterministic=True):
    return compare_predictions("preds", logged, reproduced, deterministic=deterministic)


def test_scores_agree_within_a_millionth_of_the_recorded_root_mean_square():
    logged = [3e-3, -4e-3, None]
    assert places(logged, [3e-3 + 3e-9, -4e-3, None]) == []
    assert places(logged, [3e-3 + 4e-9, -4e-3, None]) != []
    assert places(logged, [3e-3 + 3e-5, -4e-3, None], deterministic=False) == []


def test_where_nothing_was_predicted_nothing_may_be_predicted_now():
    assert places([0.1, None], [0.1, 0.0])
    assert places([0.1, 0.0], [0.1, None])


def test_predictions_that_were_all_zero_must_be_zero():
    assert places([0.0, 0.0], [0.0, 0.0]) == []
    assert places([0.0, 0.0], [0.0, 1e-300])


@pytest.mark.parametrize("absurd", [1e200, 1e308, float("inf")])
def test_no_single_recorded_score_can_widen_the_tolerance_of_the_others(absurd):
    logged, reproduced = [absurd, 5.0, 7.0], [0.1, 0.2, 0.3]
    assert places(logged, reproduced)[0].key == "preds[0] (the worst of 3 that differ)"


def test_classes_agree_exactly_in_value_and_in_type():
    assert places([0, 1, "up", True], [0, 1, "up", True], deterministic=False) == []
    assert places([0, 1], [0, 2], deterministic=False)
    assert places([1], [1.0])
    assert places([1], [True])


def test_one_prediction_too_few_is_a_mismatch_of_lengths():
    assert places([0.1], [0.1, 0.2])[0].key == "len(preds)"


def test_the_worst_place_is_named_and_all_are_counted():
    found = places([1.0, 1.0, 1.0], [1.5, 1.0, 3.0])[0]
    assert found.key == "preds[2] (the worst of 2 that differ)"
    assert (found.logged, found.reproduced) == (1.0, 3.0)


scores = st.lists(st.none() | st.floats(-1e3, 1e3), min_size=1, max_size=30)


@given(scores, st.data())
def test_any_single_score_moved_by_more_than_the_tolerance_is_found(logged, data):
    known = [i for i, v in enumerate(logged) if v is not None]
    assume(known)
    place = data.draw(st.sampled_from(known))
    moved = list(logged)
    moved[place] += data.draw(st.sampled_from([-1, 1])) * (1e-2 + abs(logged[place]))
    assert places(logged, list(logged)) == []
    assert len(places(logged, moved)) == 1


def test_other_dates_or_assets_are_a_mismatch_of_the_alignment():
    logged = {"dates": ["2020-01-01"], "assets": ["A", "B"]}
    assert [m.key for m in compare_rows(logged, {**logged, "assets": ["B", "A"]})] == ["alignment.assets"]
    assert [m.key for m in compare_rows(logged, {"dates": ["2020-01-01"]})] == ["alignment.assets"]
    assert list(compare_rows(logged, dict(logged))) == []
