import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from zoo.errors import ManifestError
from zoo.manifest import Manifest
from zoo.models import SklearnModel
from zoo.models.contract import ContractEstimator, offers_contract
from zoo.models.reference import is_deterministic
from zoo.promotion.storage import dump, load
from zoo.trust import Trust

X, Y = load_diabetes(return_X_y=True)
XC, YC = load_breast_cancer(return_X_y=True)


class MeanOfFirst:
    """Somebody's own model: the label's mean where the first feature is high, and where it is low."""

    deterministic = True

    def __init__(self, cut=0.0):
        self.cut = cut

    def train(self, data, lift=0.0):
        high = np.asarray(data["x_train"])[:, 0] > self.cut
        self.low_, self.high_ = data["y_train"][~high].mean() + lift, data["y_train"][high].mean() + lift
        return self

    def predict(self, data):
        return {"_preds": np.where(np.asarray(data["x_test"])[:, 0] > self.cut, self.high_, self.low_)}

    def evaluate(self, data, inline_metrics=True):
        return self.predict(data)


class Odds(MeanOfFirst):
    """Two classes, and the probability of the second alone."""

    def predict(self, data):
        chance = super().predict(data)["_preds"]
        return {"_preds": (chance > 0.5).astype(int), "_probs": chance}


class Wrong(MeanOfFirst):
    def __init__(self, **gives):
        super().__init__()
        self.gives = gives

    def predict(self, data):
        return self.gives


def test_what_is_offered_counts_whatever_the_ancestry():
    assert offers_contract(MeanOfFirst)
    assert offers_contract(MeanOfFirst())
    assert offers_contract(SklearnModel(Ridge()))


@pytest.mark.parametrize("missing", ["train", "predict", "evaluate", "deterministic"])
def test_what_lacks_one_thing_of_the_contract_does_not_offer_it(missing):
    cut = type("Cut", (MeanOfFirst,), {missing: None})
    assert not offers_contract(cut())
    assert missing == "deterministic" or not offers_contract(cut)


@pytest.mark.parametrize("other", [Ridge, Ridge(), None, 3, dict, "train"])
def test_what_is_no_reference_model_does_not_offer_it(other):
    assert not offers_contract(other)


def test_a_class_that_only_annotates_deterministic_is_seen():
    class Annotated:
        deterministic: bool
        train = predict = evaluate = MeanOfFirst.train

    assert offers_contract(Annotated)


def test_it_predicts_what_the_model_predicts():
    fitted = Pipeline([("scaler", StandardScaler()), ("model", ContractEstimator(MeanOfFirst()))]).fit(X, Y)
    own = MeanOfFirst().train({"x_train": StandardScaler().fit_transform(X), "y_train": Y})
    assert np.array_equal(
        fitted.predict(X), own.predict({"x_test": StandardScaler().fit_transform(X)})["_preds"]
    )
    assert is_regressor(fitted)
    assert not hasattr(fitted, "predict_proba")


def test_the_given_model_is_never_trained_and_a_clone_has_nothing_learnt():
    given = MeanOfFirst()
    fitted = ContractEstimator(given).fit(X, Y)
    assert not hasattr(given, "low_")
    assert not hasattr(clone(fitted), "model_")


def test_parameters_are_given_to_every_training():
    plain, lifted = ContractEstimator(MeanOfFirst()), ContractEstimator(MeanOfFirst(), params={"lift": 5.0})
    assert lifted.fit(X, Y).predict(X) == pytest.approx(plain.fit(X, Y).predict(X) + 5)


def test_the_probability_of_the_second_class_alone_becomes_two_columns():
    fitted = ContractEstimator(Odds(cut=14.0)).fit(XC, YC)
    assert is_classifier(fitted)
    assert fitted.predict_proba(XC).sum(axis=1) == pytest.approx(1)
    assert fitted.predict_proba(XC)[:, 1] == pytest.approx(fitted.model_.predict({"x_test": XC})["_probs"])
    assert list(fitted.classes_) == [0, 1]


def test_as_a_reference_model_it_is_measured_like_any_classifier():
    data = {"x_train": XC, "y_train": YC, "x_test": XC, "y_test": YC}
    out = SklearnModel(Pipeline([("model", ContractEstimator(Odds(cut=14.0)))])).train(data).evaluate(data)
    assert out["auc"] > 0.8
    assert out["_probs"].shape == (len(XC), 2)


def test_what_a_model_says_of_itself_is_known_before_training_and_the_argument_wins():
    logistic, ridge = SklearnModel(LogisticRegression()), SklearnModel(Ridge())
    assert is_classifier(ContractEstimator(logistic))
    assert is_regressor(ContractEstimator(ridge))
    assert is_regressor(ContractEstimator(logistic, kind="regression"))
    assert is_classifier(ContractEstimator(Odds(), kind="classification"))
    assert not is_classifier(ContractEstimator(Odds()))


def test_a_model_that_is_not_deterministic_makes_its_pipeline_stochastic():
    noisy = type("Noisy", (MeanOfFirst,), {"deterministic": False})
    assert is_deterministic(Pipeline([("model", ContractEstimator(MeanOfFirst()))]))
    assert not is_deterministic(Pipeline([("model", ContractEstimator(noisy()))]))


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Wrong(preds=[1.0]), r"Wrong: predict gave no _preds; expected \{'_preds': ...\}"),
        (Wrong(_preds=[1.0]), r"_preds has shape \(1,\); expected 32 predictions"),
        (type("Mute", (MeanOfFirst,), {"train": lambda self, data: None})(), "Mute: train returned NoneType"),
    ],
)
def test_a_model_that_breaks_the_contract_is_named(model, message):
    with pytest.raises(ManifestError, match=message):
        ContractEstimator(model).fit(X, Y)


def test_probabilities_of_the_wrong_number_of_classes_are_refused():
    three = type(
        "Three",
        (Odds,),
        {"predict": lambda self, data: {"_preds": [0] * len(data["x_test"]), "_probs": [[1, 0, 0]]}},
    )
    with pytest.raises(ManifestError, match=r"_probs has shape \(1, 3\); expected 569 × 2"):
        ContractEstimator(three(cut=14.0)).fit(XC, YC).predict_proba(XC)


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(ManifestError, match="kind: 'ranking'; expected regression or classification"):
        ContractEstimator(MeanOfFirst(), kind="ranking").fit(X, Y)


def test_it_is_stored_where_the_models_package_is_trusted():
    trust = Trust(prefixes=("zoo.", "sklearn.", "tests."))
    fitted = ContractEstimator(Odds(cut=14.0)).fit(XC, YC)
    back, _ = load(dump(fitted, {}, trust), trust, "here")
    assert np.array_equal(back.predict_proba(XC), fitted.predict_proba(XC))


def test_a_manifest_names_somebodys_own_model(definition, prices):
    model = {"_target_": "tests.models.test_contract.MeanOfFirst", "cut": 0.1}
    declared = {
        **definition["manifest"],
        "model": {"_target_": "zoo.models.ContractEstimator", "model": model},
    }
    trust = Trust(prefixes=("zoo.", "sklearn.", "tests."))
    manifest, params = Manifest.from_config(declared, seed=7, trust=trust), {"lookback": 20, "alpha": 1}
    out = manifest.run_model(manifest.prepare_data(prices, params), params)
    assert len({p for p in out["_preds"] if p is not None}) == 2
    assert out["_model"].deterministic
