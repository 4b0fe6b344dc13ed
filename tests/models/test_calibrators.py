import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression

from zoo.models.calibrators import fit_isotonic, fit_sigmoid, interpolated


class Identity(ClassifierMixin, BaseEstimator):
    """A fitted classifier whose score is its only feature."""

    classes_ = np.array([False, True])

    def fit(self, X, y):
        return self

    def decision_function(self, X):
        return X[:, 0]

    def predict(self, X):
        return X[:, 0] > 0

    def __sklearn_is_fitted__(self):
        return True


def simulated(n=400, slope=2.0, intercept=-0.5, seed=0):
    rng = np.random.RandomState(seed)
    scores = rng.standard_normal(n)
    return scores, rng.uniform(size=n) < expit(slope * scores + intercept)


@pytest.mark.parametrize("scale", [1.0, 1e-3, 20.0])
def test_the_sigmoid_is_the_one_that_scikit_learn_fits(scale):
    scores, hit = simulated()
    theirs = CalibratedClassifierCV(FrozenEstimator(Identity()), method="sigmoid")
    theirs.fit(scale * scores[:, None], hit)
    slope, intercept = fit_sigmoid(scale * scores, hit)
    wanted = theirs.predict_proba(scale * scores[:, None])[:, 1]
    np.testing.assert_allclose(expit(slope * scale * scores + intercept), wanted, atol=1e-5)


def test_the_sigmoid_finds_the_parameters_that_made_the_labels():
    slope, intercept = fit_sigmoid(*simulated(n=100_000))
    assert slope == pytest.approx(2.0, abs=0.05)
    assert intercept == pytest.approx(-0.5, abs=0.03)


CASES = st.integers(2, 60).flatmap(
    lambda n: st.tuples(
        hnp.arrays(np.float64, n, elements=st.floats(-50, 50) | st.integers(-2, 2).map(float)),
        hnp.arrays(np.bool_, n).filter(lambda hit: hit.any() and not hit.all()),
    )
)


def gradient(slope, intercept, scores, hit):
    n, positive = len(hit), hit.sum()
    target = np.where(hit, (positive + 1) / (positive + 2), 1 / (n - positive + 2))
    off = expit(slope * scores + intercept) - target
    return np.mean(off * scores), np.mean(off)


@settings(max_examples=200)
@given(CASES)
def test_the_sigmoid_is_the_least_log_loss_of_all_that_do_not_fall(case):
    scores, hit = case
    slope, intercept = fit_sigmoid(scores, hit)
    by_slope, by_intercept = gradient(slope, intercept, scores, hit)
    assert slope >= 0
    assert by_intercept == pytest.approx(0, abs=1e-8)
    if slope > 0:
        assert by_slope == pytest.approx(0, abs=1e-6)
    elif np.ptp(scores) > 1e-9:
        assert by_slope > -1e-8  # a positive slope would be no better


def test_scores_that_separate_the_classes_have_a_finite_sigmoid():
    slope, intercept = fit_sigmoid(np.array([-2.0, -1.0, 1.0, 2.0]), np.array([False, False, True, True]))
    chances = expit(slope * np.array([-2.0, 2.0]) + intercept)
    assert 0 < chances[0] < 0.3 < 0.7 < chances[1] < 1


@pytest.mark.parametrize("score", [0.0, 7.0, 1e300, -1e-300])
def test_scores_that_are_all_the_same_give_the_smoothed_share(score):
    slope, intercept = fit_sigmoid(np.full(6, score), np.array([True, True, True, True, False, False]))
    assert slope == 0.0
    assert expit(intercept) == pytest.approx((4 * 5 / 6 + 2 * 1 / 4) / 6)


def test_scores_worth_less_than_nothing_are_not_turned_around():
    scores, hit = simulated(slope=-2.0)
    assert fit_sigmoid(scores, hit)[0] == 0.0
    x, y = fit_isotonic(scores, hit)
    assert np.ptp(interpolated(scores, x, y)) < 0.2


@pytest.mark.parametrize("scale", [1e-200, 1e-9, 1e9, 1e200])
def test_the_unit_of_the_scores_does_not_matter(scale):
    scores, hit = simulated()
    here, there = fit_sigmoid(scores, hit), fit_sigmoid(scores * scale, hit)
    assert there[0] * scale == pytest.approx(here[0], rel=1e-6)
    assert there[1] == pytest.approx(here[1], rel=1e-6)


def test_the_isotonic_curve_is_the_one_that_scikit_learn_predicts_with():
    scores, hit = simulated()
    fitted = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, hit)
    points = np.linspace(-6, 6, 2001)
    np.testing.assert_allclose(
        interpolated(points, *fit_isotonic(scores, hit)), fitted.predict(points), atol=1e-14
    )


def test_rounding_never_lifts_a_probability_above_the_next_point_of_the_curve():
    rng = np.random.RandomState(0)
    for scale in np.repeat([1e-3, 1.0, 1e3], 700):
        x, y = np.sort(scale * rng.standard_normal(3) + rng.standard_normal()), np.sort(rng.uniform(size=3))
        below = np.nextafter(x, -np.inf)
        points = np.sort([*np.nextafter(below, -np.inf), *below, *x])
        assert (np.diff(interpolated(points, x, y)) >= 0).all()
        assert np.array_equal(interpolated(x, x, y), y)


@settings(max_examples=150)
@given(CASES, hnp.arrays(np.float64, 20, elements=st.floats(-60, 60)))
def test_probabilities_lie_between_0_and_1_and_never_fall_with_the_score(case, points):
    scores, hit = case
    points = np.sort(np.concatenate([points, scores, np.nextafter(scores, np.inf)]))
    slope, intercept = fit_sigmoid(scores, hit)
    for found in (expit(slope * points + intercept), interpolated(points, *fit_isotonic(scores, hit))):
        assert ((found >= 0) & (found <= 1)).all()
        assert (np.diff(found) >= 0).all()
