import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import NotFittedError

from zoo.errors import ManifestError
from zoo.manifest import Manifest
from zoo.models import RuleClass, RuleScore, SklearnModel
from zoo.models.reference import is_deterministic
from zoo.promotion.storage import dump, load
from zoo.trust import Trust

CONDITIONS = {
    "small": {"feature": "mean radius", "below": 15.0},
    "smooth": {"feature": "mean concavity", "between": [-1, 0.1]},
    "odd": {"feature": "mean area", "outside": [0, 5000]},
}
ENTRY = {"all": [{"at_least": {"count": 2, "of": ["small", "smooth"]}}, {"not": "odd"}]}
FRAME, Y = load_breast_cancer(return_X_y=True, as_frame=True)
X, NAMES = FRAME.to_numpy(), list(FRAME.columns)
EXPECTED = (FRAME["mean radius"] < 15) & (FRAME["mean concavity"] > -1) & (FRAME["mean concavity"] < 0.1)


def test_a_score_is_one_where_the_entry_rule_holds_and_zero_elsewhere():
    fitted = RuleScore(CONDITIONS, ENTRY, NAMES).fit(X, Y)
    assert is_regressor(fitted)
    assert np.array_equal(fitted.predict(X), EXPECTED.to_numpy(dtype=float))


def test_a_graded_score_is_the_share_of_conditions_that_hold():
    graded = RuleScore(CONDITIONS, ENTRY, NAMES, graded=True).fit(X, Y).predict(X)
    smooth = (FRAME["mean concavity"] > -1) & (FRAME["mean concavity"] < 0.1)
    ordinary = (FRAME["mean area"] >= 0) & (FRAME["mean area"] <= 5000)
    by_hand = ((FRAME["mean radius"] < 15).astype(int) + smooth + ordinary) / 3
    assert graded == pytest.approx(by_hand.to_numpy())
    assert set(np.round(graded * 3)) == {1, 2, 3}


def test_classes_are_those_of_the_entry_rule_graded_or_not():
    plain, graded = (RuleClass(CONDITIONS, ENTRY, NAMES, graded=g).fit(X, Y) for g in (False, True))
    assert is_classifier(plain)
    assert np.array_equal(plain.predict(X), EXPECTED.to_numpy(dtype=float))
    assert np.array_equal(graded.predict(X), plain.predict(X))
    assert np.array_equal(plain.predict_proba(X)[:, 1], plain.predict(X))
    assert set(np.round(graded.predict_proba(X)[:, 1] * 3)) == {1, 2, 3}
    assert graded.predict_proba(X).sum(axis=1) == pytest.approx(1)


def test_it_is_measured_like_any_model():
    data = {"x_train": X, "y_train": Y, "x_test": X, "y_test": Y}
    out = SklearnModel(RuleClass(CONDITIONS, ENTRY, NAMES)).train(data).evaluate(data)
    assert out["accuracy"] > 0.85
    assert np.isfinite(out["log_loss"])


def test_nothing_is_learnt_so_any_training_rows_give_the_same_and_no_seed_is_needed():
    model = RuleScore(CONDITIONS, ENTRY, NAMES)
    assert is_deterministic(model)
    assert np.array_equal(clone(model).fit(X[:10], Y[:10]).predict(X), model.fit(X, Y).predict(X))


def test_a_frame_names_its_columns_itself_and_an_array_needs_names():
    assert np.array_equal(
        RuleScore(CONDITIONS, ENTRY).fit(FRAME, Y).predict(FRAME), EXPECTED.to_numpy(dtype=float)
    )
    with pytest.raises(ManifestError, match=r"rules\.features: None for X with 30 columns"):
        RuleScore(CONDITIONS, ENTRY).fit(X, Y)


@pytest.mark.parametrize(
    "names", [NAMES[:-1], NAMES[::-1], [NAMES[0]] * 30], ids=["short", "turned", "twice"]
)
def test_names_that_are_not_those_of_the_columns_are_refused(names):
    with pytest.raises(ManifestError, match=r"rules\.features"):
        RuleScore(CONDITIONS, ENTRY, names).fit(FRAME, Y)


def test_columns_in_another_order_are_refused_when_predicting():
    fitted = RuleScore(CONDITIONS, ENTRY).fit(FRAME, Y)
    with pytest.raises(ManifestError, match="X has columns"):
        fitted.predict(FRAME[NAMES[::-1]])
    with pytest.raises(ManifestError, match="X has 29 columns"):
        fitted.predict(X[:, 1:])


def test_a_missing_value_is_never_judged():
    fitted = RuleScore({"a": {"feature": "f", "above": 0}}, {"not": "a"}, ["f"]).fit([[1.0]], [0.0])
    with pytest.raises(ValueError, match="NaN"):
        fitted.predict(np.array([[np.nan]]))


@pytest.mark.parametrize("kind", [RuleScore, RuleClass])
def test_rules_are_checked_when_fitted(kind):
    with pytest.raises(ManifestError, match="did you mean 'mean radius'"):
        kind({"small": {"feature": "mean radios", "below": 15}}, "small", NAMES).fit(X, Y)
    with pytest.raises(NotFittedError):
        kind(CONDITIONS, ENTRY, NAMES).predict(X)


def test_labels_other_than_zero_and_one_are_refused():
    with pytest.raises(ManifestError, match=r"labels -1; expected 0 and 1"):
        RuleClass(CONDITIONS, ENTRY, NAMES).fit(X, Y * 2 - 1)
    assert RuleClass(CONDITIONS, ENTRY, NAMES).fit(X, Y.astype(bool)).classes_.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("kind", [RuleScore, RuleClass])
def test_rules_come_back_from_disk(kind):
    fitted = kind(CONDITIONS, ENTRY, NAMES, graded=True).fit(X, Y)
    back, _ = load(dump(fitted, {}, Trust()), Trust(), "here")
    assert back.get_params() == fitted.get_params()
    assert np.array_equal(back.predict(X), fitted.predict(X))


def test_a_manifest_names_rules_as_its_model(definition, prices):
    declared = {
        **definition["manifest"],
        "scaler": None,
        "model": {
            "_target_": "zoo.models.RuleScore",
            "conditions": {"rising": {"feature": "momentum", "above": 0.0}},
            "entry": "rising",
            "features": ["momentum"],
        },
    }
    manifest, params = Manifest.from_config(declared, seed=7), {"lookback": 20, "alpha": 1}
    prepared = manifest.prepare_data(prices, params)
    out = manifest.run_model(prepared, params)
    scores = pd.Series(out["_preds"]).dropna().to_numpy()
    assert np.array_equal(scores, (prepared.test.X[:, 0] > 0).astype(float))
    assert out["_model"].deterministic
