import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from zoo.errors import ManifestError
from zoo.models.threshold import CRITERIA, check_threshold, choose_threshold


def youden(hit, predicted):
    return predicted[hit].mean() + (~predicted[~hit]).mean() - 1


MEASURES = {
    "accuracy": accuracy_score,
    "balanced_accuracy": balanced_accuracy_score,
    "f1": f1_score,
    "youden": youden,
}
LEVELS = st.floats(0, 1) | st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
CASES = st.integers(2, 40).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.bool_, n).filter(lambda hit: hit.any() and not hit.all()),
        hnp.arrays(np.float64, n, elements=LEVELS),
    )
)


def test_every_criterion_is_measured_here():
    assert set(MEASURES) == set(CRITERIA)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("criterion", CRITERIA)
@settings(max_examples=60)
@given(case=CASES)
def test_no_other_threshold_is_better(criterion, case):
    hit, probability = case
    measure = MEASURES[criterion]
    chosen = choose_threshold(hit, probability, criterion)
    assert 0 <= chosen <= 1
    found = measure(hit, probability >= chosen)
    others = {0.0, 1.0, *probability.tolist(), *np.nextafter(probability, 1).tolist()}
    assert found >= max(measure(hit, probability >= other) for other in others) - 1e-12


@settings(max_examples=60)
@given(case=CASES, seed=st.integers(0, 99))
def test_the_order_of_the_rows_does_not_matter(case, seed):
    hit, probability = case
    order = np.random.RandomState(seed).permutation(len(hit))
    assert choose_threshold(hit[order], probability[order], "f1") == choose_threshold(hit, probability, "f1")


def test_a_threshold_lies_halfway_between_two_probabilities():
    hit, probability = np.array([False, False, True, True]), np.array([0.1, 0.3, 0.6, 0.9])
    assert choose_threshold(hit, probability, "accuracy") == pytest.approx(0.45)


def test_of_equally_good_ones_the_nearest_to_a_half_is_taken_then_the_lower():
    hit = np.array([False, True, False, True])
    nearest = choose_threshold(hit, np.array([0.1, 0.2, 0.5, 0.6]), "accuracy")
    assert nearest == pytest.approx(0.55)  # as good as 0.15
    lower = choose_threshold(hit, np.array([0.0, 0.5, 0.5, 1.0]), "accuracy")
    assert lower == 0.25  # as good, and as near, as 0.75


def test_nobody_or_everybody_may_be_the_best_choice():
    rare = np.array([True, False, False, False, False])
    assert choose_threshold(rare, np.full(5, 0.2), "accuracy") == pytest.approx(0.6)
    assert choose_threshold(~rare, np.full(5, 0.8), "accuracy") == pytest.approx(0.4)


def test_between_neighbouring_numbers_the_upper_one_is_the_threshold():
    upper = np.nextafter(0.5, 1)
    hit, probability = np.array([False, True]), np.array([0.5, upper])
    assert choose_threshold(hit, probability, "accuracy") == upper


def test_a_number_is_used_as_it_is():
    assert choose_threshold(np.array([True, False]), np.array([0.1, 0.9]), 0.3) == 0.3


@pytest.mark.parametrize("value", [*CRITERIA, 0.5, 0.001, np.float64(0.9)])
def test_a_criterion_or_a_probability_is_a_threshold(value):
    check_threshold(value)


@pytest.mark.parametrize("value", ["f2", 0, 1, 0.0, 1.0, -0.1, np.nan, True, None, ["f1"]])
def test_anything_else_is_none(value):
    with pytest.raises(
        ManifestError, match=r"threshold is .*; expected one of accuracy, balanced_accuracy, f1"
    ):
        check_threshold(value)


def test_a_misspelt_criterion_gets_a_hint():
    with pytest.raises(ManifestError, match="did you mean 'balanced_accuracy'"):
        check_threshold("balanced_acuracy")
