from __future__ import annotations

import warnings

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from zoo.metrics import accuracy, auc, brier, log_loss, precision, recall

rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 8)), min_size=1, max_size=30)


@given(rows)
def test_they_are_those_of_scikit_learn(found):
    y, predicted, eighths = (np.array(side) for side in zip(*found, strict=True))
    prob = eighths / 8
    reference = sklearn.metrics
    assert accuracy(y, predicted) == pytest.approx(reference.accuracy_score(y, predicted))
    assert brier(y, prob) == pytest.approx(np.mean((prob - y) ** 2))
    assert log_loss(y, prob) == pytest.approx(reference.log_loss(y, prob, labels=[0, 1]))
    if predicted.any():
        assert precision(y, predicted) == pytest.approx(reference.precision_score(y, predicted))
    if y.any():
        assert recall(y, predicted) == pytest.approx(reference.recall_score(y, predicted))
    if y.any() and not y.all():
        assert auc(y, prob) == pytest.approx(reference.roc_auc_score(y, prob))


def test_what_is_not_defined_is_NaN_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(auc([0, 0, 0], [0.1, 0.2, 0.3]))
        assert np.isnan(auc([1, 1, 1], [0.1, 0.2, 0.3]))
        assert np.isnan(precision([0, 1], [0, 0]))
        assert np.isnan(recall([0, 0], [0, 1]))
        assert all(np.isnan(metric([], [])) for metric in (accuracy, precision, recall, auc, log_loss, brier))


def test_a_sure_mistake_costs_much_and_not_everything():
    assert 30 < log_loss([1], [0.0]) < 40
    assert log_loss([1], [1.0]) == pytest.approx(0, abs=1e-15)


def test_the_positive_class_may_be_named():
    y, predicted, prob = ["ill", "well", "ill"], ["ill", "ill", "well"], [0.9, 0.4, 0.3]
    assert precision(y, predicted, positive="ill") == 0.5
    assert recall(y, predicted, positive="ill") == 0.5
    assert recall(y, predicted, positive="well") == 0.0
    assert auc(y, prob, positive="ill") == 0.5
    assert brier(y, prob, positive="ill") == pytest.approx((0.01 + 0.16 + 0.49) / 3)
    assert log_loss(y, prob, positive="ill") == pytest.approx(-np.log([0.9, 0.6, 0.3]).mean())
    assert accuracy(y, predicted) == pytest.approx(1 / 3)


@pytest.mark.parametrize("y", [[True, False], [-1, 1], [1.0, 0.0]])
def test_the_positive_class_is_one_where_classes_say_so(y):
    assert precision(y, y) == 1.0
    assert auc(y, [0.5, 0.5]) == 0.5


@pytest.mark.parametrize("y", [["a", "b"], [1, 2], [0, 2], [-1, 0, 1]])
def test_the_positive_class_is_never_guessed(y):
    for metric in (precision, recall, auc, log_loss, brier):
        with pytest.raises(ValueError, match="name the positive one with positive="):
            metric(y, y if metric in (precision, recall) else [0.5] * len(y))


@pytest.mark.parametrize("prob", [[0.5, np.nan], [0.5, 1.01], [-0.01, 0.5]])
def test_what_is_no_probability_is_refused(prob):
    for metric in (log_loss, brier):
        with pytest.raises(ValueError, match="NaN or outside 0 to 1"):
            metric([0, 1], prob)


def test_different_lengths_are_refused_and_never_broadcast():
    for metric in (accuracy, precision, recall, auc, log_loss, brier):
        with pytest.raises(ValueError, match="expected one a row"):
            metric([0, 1, 1], [[1], [1], [1]])
        with pytest.raises(ValueError, match="expected one a row"):
            metric([0, 1, 1], [1])
