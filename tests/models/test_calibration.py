import json

import numpy as np
import pandas as pd
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from zoo.errors import DataError, ManifestError
from zoo.metrics import brier, log_loss
from zoo.models import Calibrated, PurgedKFold, SklearnModel
from zoo.models.calibration import CLIP
from zoo.models.calibrators import fit_sigmoid
from zoo.models.reference import is_deterministic, seed
from zoo.models.threshold import choose_threshold
from zoo.promotion.storage import dump, load
from zoo.trust import Trust


def shocked(dates, assets=10, seed_value=0):
    """Rows of a panel whose labels share a shock a date; five copies of one signal deceive naive Bayes."""
    rng = np.random.RandomState(seed_value)
    signal = rng.standard_normal((dates, assets))
    shock = rng.standard_normal((dates, 1))
    y = signal + shock + 1.5 * rng.standard_normal((dates, assets)) > 0.3
    X = np.repeat(signal.reshape(-1, 1), 5, axis=1) + 0.1 * rng.standard_normal((dates * assets, 5))
    return X, y.ravel().astype(float), np.repeat(np.arange(dates), assets)


@pytest.fixture(scope="module")
def panel():
    return shocked(200)


@pytest.fixture(scope="module")
def naive(panel):
    X, y, positions = panel
    early = positions < 140
    return Calibrated(GaussianNB()).fit(X[early], y[early], positions=positions[early])


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_on_a_later_block_calibrated_probabilities_are_better_than_raw_ones(panel, method):
    X, y, positions = panel
    early, late = positions < 140, positions >= 145
    model = Calibrated(GaussianNB(), method).fit(X[early], y[early], positions=positions[early], horizon=1)
    raw, mended = model.raw_proba(X[late])[:, 1], model.predict_proba(X[late])[:, 1]
    assert brier(y[late], mended) < brier(y[late], raw) - 0.02
    assert log_loss(y[late], mended) < log_loss(y[late], raw) - 0.2
    assert brier(y[late], mended) == pytest.approx(model.oof_brier_, abs=0.03)


def test_raw_probabilities_are_those_of_the_estimator_fitted_on_all_rows(panel, naive):
    X, y, positions = panel
    alone = GaussianNB().fit(X[positions < 140], y[positions < 140])
    assert np.array_equal(naive.raw_proba(X), alone.predict_proba(X))


def test_the_stored_sigmoid_and_threshold_are_those_that_are_used(panel, naive):
    X = panel[0]
    chance = np.clip(naive.raw_proba(X)[:, 1], 1e-6, 1 - 1e-6)
    wanted = expit(naive.slope_ * np.log(chance / (1 - chance)) + naive.intercept_)
    np.testing.assert_allclose(naive.predict_proba(X)[:, 1], wanted, rtol=1e-9)
    np.testing.assert_allclose(naive.predict_proba(X).sum(axis=1), 1)
    assert np.array_equal(naive.predict(X), (naive.predict_proba(X)[:, 1] >= naive.threshold_).astype(float))


def test_the_stored_curve_is_the_one_that_is_used(panel):
    X, y, positions = panel
    model = Calibrated(LogisticRegression(), "isotonic").fit(X, y, positions=positions)
    wanted = np.interp(model.estimator_.decision_function(X), model.x_thresholds_, model.y_thresholds_)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], wanted, atol=1e-14)
    assert model.slope_ is None
    assert model.intercept_ is None


def test_a_decision_function_is_preferred_to_probabilities(panel):
    X, y, positions = panel
    model = Calibrated(LogisticRegression()).fit(X, y, positions=positions)
    wanted = expit(model.slope_ * model.estimator_.decision_function(X) + model.intercept_)
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], wanted, rtol=1e-12)


def test_a_classifier_without_probabilities_gets_some_and_has_no_raw_ones(panel):
    X, y, positions = panel
    model = Calibrated(LinearSVC(random_state=0)).fit(X, y, positions=positions)
    assert brier(y, model.predict_proba(X)[:, 1]) < 0.25
    assert not hasattr(model, "raw_proba")
    assert hasattr(Calibrated(GaussianNB()), "raw_proba")


def test_probabilities_of_0_and_1_are_no_infinite_scores(panel):
    X, y, positions = panel
    forest = RandomForestClassifier(3, random_state=0)
    model = Calibrated(forest).fit(X, y, positions=positions)
    assert set(np.unique(model.raw_proba(X))) >= {0.0, 1.0}
    assert 0 < model.predict_proba(X).min() < model.predict_proba(X).max() < 1


# --- folds -------------------------------------------------------------------------------------


def overlapping(dates=160, horizon=12, seed_value=3):
    """Labels of pure noise that share bars with their neighbours; the only feature is time."""
    noise = np.random.RandomState(seed_value).standard_normal(dates + horizon)
    y = np.array([noise[p + 1 : p + 1 + horizon].sum() > 0 for p in range(dates)])
    return np.arange(dates, dtype=float)[:, None], y, np.arange(dates)


def test_labels_that_overlap_leak_into_scores_unless_they_are_purged():
    X, y, positions = overlapping()
    nearest = KNeighborsClassifier(1)
    leaked = Calibrated(nearest, folds=40).fit(X, y, positions=positions)
    purged = Calibrated(nearest, folds=40).fit(X, y, positions=positions, horizon=12)
    assert leaked.slope_ > 0.05 > purged.slope_
    assert leaked.oof_brier_ < 0.2 < 0.24 < purged.oof_brier_


def test_an_embargo_changes_what_is_trained_on():
    X, y, positions = overlapping()
    trees = RandomForestClassifier(5, random_state=0)
    plain = Calibrated(trees, folds=20).fit(X, y, positions=positions)
    held = Calibrated(trees, folds=20, embargo=12).fit(X, y, positions=positions)
    assert held.oof_brier_ > plain.oof_brier_


class Witness(ClassifierMixin, BaseEstimator):
    """Says which rows it has seen: its score is whether the row was in training."""

    def fit(self, X, y):
        self.classes_, self.seen_ = np.unique(y), set(X[:, 0].tolist())
        return self

    def decision_function(self, X):
        scores = np.array([float(x in self.seen_) for x in X[:, 0]])
        assert not scores.any() or len(self.seen_) == 60, "a row was scored by a clone that had seen it"
        return scores

    def predict(self, X):
        return self.classes_[np.zeros(len(X), dtype=int)]


def test_it_is_what_one_would_do_by_hand_with_the_scores_of_the_purged_folds(panel):
    X, y, positions = panel
    folds = PurgedKFold(4, horizon=3, embargo=2)
    chance = cross_val_predict(GaussianNB(), X, y, groups=positions, cv=folds, method="predict_proba")[:, 1]
    scores = logit(np.clip(chance, CLIP, 1 - CLIP))
    slope, intercept = fit_sigmoid(scores, y == 1)
    pooled = expit(slope * scores + intercept)
    model = Calibrated(GaussianNB(), folds=4, embargo=2).fit(X, y, positions=positions, horizon=3)
    assert (model.slope_, model.intercept_) == (slope, intercept)
    assert model.threshold_ == choose_threshold(y == 1, pooled, "balanced_accuracy")
    assert model.threshold_ != choose_threshold(y == 1, expit(scores), "balanced_accuracy")
    assert model.oof_brier_ == pytest.approx(np.mean((pooled - y) ** 2))
    assert model.oof_log_loss_ == pytest.approx(-np.mean(np.log(np.where(y == 1, pooled, 1 - pooled))))


@pytest.mark.parametrize("positions", [None, np.repeat(np.arange(20), 3)])
def test_no_row_is_scored_by_a_clone_that_has_seen_it_and_the_last_fit_sees_all(positions):
    X, y = np.arange(60.0)[:, None], np.arange(60) % 2
    model = Calibrated(Witness()).fit(X, y, positions=positions)
    assert model.slope_ == 0.0
    assert len(model.estimator_.seen_) == 60


def test_the_order_of_the_rows_of_a_panel_does_not_matter(panel):
    X, y, positions = panel
    order = np.random.RandomState(1).permutation(len(y))
    fits = [
        Calibrated(GaussianNB()).fit(X[rows], y[rows], positions=positions[rows], horizon=3)
        for rows in (np.arange(len(y)), order)
    ]
    assert fits[1].slope_ == pytest.approx(fits[0].slope_, rel=1e-6)
    assert fits[1].threshold_ == pytest.approx(fits[0].threshold_, rel=1e-6)


class Counting(GaussianNB):
    """Refuses to be trained on anything but four of the five rare rows, or all of them."""

    def fit(self, X, y):
        assert y.sum() == 5 * len(y) // 40
        return super().fit(X, y)


def test_a_table_is_calibrated_by_stratified_rows_the_same_each_time():
    X, y = np.random.RandomState(0).standard_normal((40, 3)), np.repeat([0, 1], [35, 5])
    model = Calibrated(Counting()).fit(X, y)
    assert model.n_dates_ == 40
    assert Calibrated(Counting()).fit(X, y).describe() == model.describe()


@pytest.mark.parametrize(
    ("dates", "assets", "wanted"), [(1000, 1, "sigmoid"), (1001, 1, "isotonic"), (110, 20, "sigmoid")]
)
def test_dates_and_not_rows_decide_for_an_isotonic_calibrator(dates, assets, wanted):
    X, y, positions = shocked(dates, assets)
    model = Calibrated(LogisticRegression()).fit(X, y, positions=positions)
    assert model.method_ == wanted
    assert model.n_dates_ == dates


# --- threshold ---------------------------------------------------------------------------------


def test_the_threshold_is_chosen_on_calibrated_scores_of_the_criterion(panel):
    X, y, positions = panel
    rare = y * (np.random.RandomState(0).uniform(size=len(y)) < 0.3)
    balanced = Calibrated(LogisticRegression()).fit(X, rare, positions=positions)
    accurate = Calibrated(LogisticRegression(), threshold="accuracy").fit(X, rare, positions=positions)
    assert balanced.threshold_ == pytest.approx(rare.mean(), abs=0.06)
    assert accurate.threshold_ > 0.35
    assert balanced_accuracy_score(rare, balanced.predict(X)) > 0.6


def test_a_threshold_that_is_given_is_used_and_reported(panel):
    X, y, positions = panel
    model = Calibrated(LogisticRegression(), threshold=0.4).fit(X, y, positions=positions)
    assert model.threshold_ == model.describe()["threshold"] == 0.4
    assert np.array_equal(model.predict(X) == 1, model.predict_proba(X)[:, 1] >= 0.4)


# --- properties --------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    seed_value=st.integers(0, 2**32 - 1),
    method=st.sampled_from(["sigmoid", "isotonic"]),
    threshold=st.sampled_from(["accuracy", "balanced_accuracy", "f1", "youden", 0.3]),
)
def test_probabilities_lie_between_0_and_1_and_rise_with_the_score(seed_value, method, threshold):
    rng = np.random.RandomState(seed_value)
    X, y = rng.standard_normal((60, 2)), np.arange(60) % 2
    rng.shuffle(y)
    model = Calibrated(LogisticRegression(), method, threshold=threshold)
    model.fit(X, y, positions=np.arange(60) // 2, horizon=1)
    later = 3 * rng.standard_normal((200, 2))
    scores, probabilities = model.estimator_.decision_function(later), model.predict_proba(later)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert (np.diff(probabilities[np.argsort(scores), 1]) >= 0).all()
    assert np.array_equal(model.predict(later) == 1, probabilities[:, 1] >= model.threshold_)
    assert 0 <= model.threshold_ <= 1


# --- as an estimator ---------------------------------------------------------------------------


def test_it_is_an_estimator_like_any_other():
    model = Calibrated(RandomForestClassifier(), folds=3, threshold="f1")
    assert clone(model).get_params()["threshold"] == "f1"
    assert not is_deterministic(model)
    assert is_deterministic(seed(model, 7))
    assert model.estimator.random_state == 7


def test_the_given_estimator_stays_unfitted(panel):
    X, y, positions = panel
    given_estimator = GaussianNB()
    Calibrated(given_estimator).fit(X, y, positions=positions)
    assert not hasattr(given_estimator, "classes_")


def test_columns_keep_their_names(panel):
    X, y, positions = panel
    frame = pd.DataFrame(X, columns=list("abcde"))
    model = Calibrated(Pipeline([("s", StandardScaler()), ("m", LogisticRegression())]))
    model.fit(frame, y, positions=positions)
    assert list(model.feature_names_in_) == list("abcde")
    assert model.n_features_in_ == 5
    plain = Calibrated(LogisticRegression()).fit(X, y, positions=positions)
    assert not hasattr(plain, "feature_names_in_")


def test_classes_of_any_type_come_back_as_they_were(panel):
    X, y, positions = panel
    words = np.where(y == 1, "up", "down")
    model = Calibrated(GaussianNB()).fit(X, words, positions=positions)
    assert model.classes_.tolist() == ["down", "up"]
    assert set(model.predict(X)) == {"down", "up"}
    assert model.predict(X)[model.predict_proba(X)[:, 1].argmax()] == "up"


def test_it_keeps_the_reference_contract(panel):
    X, y, _ = panel
    data = {"x_train": X, "y_train": y, "x_test": X, "y_test": y}
    out = SklearnModel(Calibrated(GaussianNB())).train(data).evaluate(data)
    assert out["_probs"].shape == (len(y), 2)
    assert out["brier"] < 0.25


def test_what_is_reported_is_what_is_stored_and_JSON_can_hold_it(panel, naive):
    X, y, positions = panel
    curve = Calibrated(GaussianNB(), "isotonic", threshold="f1").fit(X, y, positions=positions)
    for model in (naive, curve):
        found = json.loads(json.dumps(model.describe(), allow_nan=False))
        for name in ("method", "slope", "intercept", "threshold", "n_dates", "oof_brier", "oof_log_loss"):
            assert found[name] == getattr(model, f"{name}_")
        assert found["classes"] == [0.0, 1.0]
    assert curve.describe()["x_thresholds"] == curve.x_thresholds_.tolist()
    assert curve.describe()["criterion"] == "f1"


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_a_stored_model_predicts_to_the_bit_and_holds_no_type_of_others(panel, method):
    X, y, positions = panel
    pipeline = Pipeline([("scaler", StandardScaler()), ("model", LogisticRegression())])
    model = Calibrated(pipeline, method).fit(X, y, positions=positions)
    content = dump(model, {}, Trust())
    assert skops.io.get_untrusted_types(data=content) == ["zoo.models.calibration.Calibrated"]
    back, _ = load(content, Trust(), "here")
    assert np.array_equal(back.predict_proba(X), model.predict_proba(X))
    assert np.array_equal(back.predict(X), model.predict(X))
    assert back.describe() == model.describe()


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (np.zeros(40), r"the labels have 1 classes: 0\.0; expected exactly two classes"),
        (np.arange(40) % 3, r"the labels have 3 classes: 0, 1, 2; .*use a target with two classes"),
        (np.arange(40.0), "the labels have 40 classes: .* and more"),
        (np.where(np.arange(40) == 7, np.nan, np.arange(40) % 2), "label 7 is missing"),
        (np.array([None, *[0, 1] * 19, 1], dtype=object), "label 0 is missing"),
        (np.zeros((40, 2)), r"labels have the shape \(40, 2\)"),
    ],
)
def test_labels_of_anything_but_two_classes_are_refused(labels, problem):
    with pytest.raises(DataError, match=problem):
        Calibrated(GaussianNB()).fit(np.zeros((40, 1)), labels, positions=np.arange(40))


def test_no_rows_are_refused():
    with pytest.raises(DataError, match="there are no labels"):
        Calibrated(GaussianNB()).fit(np.empty((0, 1)), np.empty(0))


def test_a_fold_that_would_train_on_one_class_is_refused():
    y = np.repeat([0, 1], [16, 4])
    with pytest.raises(DataError, match=r"the training part of fold 5 of 5 holds one class only"):
        Calibrated(GaussianNB()).fit(np.arange(20.0)[:, None], y, positions=np.arange(20))


def test_a_table_with_fewer_rows_of_a_class_than_folds_is_refused():
    with pytest.raises(DataError, match="the rarer class has 3 rows for 5 folds"):
        Calibrated(GaussianNB()).fit(np.arange(20.0)[:, None], np.repeat([0, 1], [17, 3]))


def test_fewer_dates_than_folds_are_refused():
    with pytest.raises(DataError, match="4 dates cannot be cut into 5 folds"):
        Calibrated(GaussianNB()).fit(np.zeros((8, 1)), np.arange(8) % 2, positions=np.arange(8) // 2)


def test_a_horizon_without_dates_cannot_be_purged():
    with pytest.raises(ManifestError, match=r"horizon is 5, and rows have no dates to purge by"):
        Calibrated(GaussianNB()).fit(np.zeros((8, 1)), np.arange(8) % 2, horizon=5)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"method": "isotonik"}, r"method is 'isotonik'; .*did you mean 'isotonic'"),
        ({"method": None}, "method is None; expected one of auto, sigmoid, isotonic"),
        ({"threshold": 1.0}, r"threshold is 1\.0"),
        ({"folds": 1}, "folds is 1; expected a whole number, at least 2"),
        ({"embargo": -1}, "embargo is -1"),
    ],
)
def test_arguments_are_checked_before_anything_is_fitted(panel, arguments, problem):
    X, y, positions = panel
    with pytest.raises(ManifestError, match=problem):
        Calibrated(None, **arguments).fit(X, y, positions=positions)


class Mute(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        return self


class Broken(Mute):
    def decision_function(self, X):
        return np.where(np.arange(len(X)) == 2, np.inf, 0.0)


@pytest.mark.parametrize(
    ("estimator", "error", "problem"),
    [
        (Mute(), ManifestError, "Mute cannot be calibrated; expected a classifier with decision_function or"),
        (Broken(), DataError, "the score of row 2 is inf; expected finite scores"),
    ],
)
def test_an_estimator_without_usable_scores_is_refused(panel, estimator, error, problem):
    X, y, positions = panel
    with pytest.raises(error, match=problem):
        Calibrated(estimator).fit(X, y, positions=positions)
