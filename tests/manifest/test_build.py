"""The estimator of a round: scaler, components, model or rules, calibrated or not."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin

from tests.manifest import lab
from zoo.data import tabular
from zoo.errors import DataError, ManifestError
from zoo.manifest import Manifest
from zoo.manifest.build import build_model
from zoo.manifest.run import run


def direction():
    return (
        lab.base()
        .with_target("zoo.targets.forward_direction", horizon=5, demean=True)
        .with_model("zoo.models.Logistic", C=0.1)
        .set_calibration("auto", folds=3)
    )


class Mine:
    """A reference model of one's own."""

    deterministic = True

    def __init__(self, level=0.0, is_classifier=None):
        self.level = level
        if is_classifier is not None:
            self.is_classifier = is_classifier

    def train(self, data, **params):
        self.level = float(np.mean(data["y_train"]))
        return self

    def predict(self, data):
        X = data["x_test"]
        if getattr(self, "is_classifier", False):
            chance = 1 / (1 + np.exp(-X[:, 0]))
            return {"_preds": (chance > 0.5).astype(float), "_probs": chance}
        return {"_preds": self.level + X[:, 0]}

    def evaluate(self, data, inline_metrics=True):
        return self.predict(data)


class Dated(RegressorMixin, BaseEstimator):
    def fit(self, X, y, positions=None):
        return self

    def predict(self, X):
        return np.zeros(len(X))


STEPS = {
    "none": [],
    "standard": ["StandardScaler"],
    "robust": ["RobustScaler"],
    "rank_gauss": ["QuantileTransformer"],
    "rolling_robust": [],
}


@pytest.mark.parametrize("word", STEPS)
def test_a_scaler_may_be_chosen_by_a_parameter(word, panel, done):
    manifest = lab.base().set_scaler("${params.scaler}")
    params = {"scaler": word}
    names = [type(step).__name__ for _, step in build_model(manifest.bind(params)).estimator.steps]
    assert names == [*STEPS[word], "Ridge"]
    if word != "rolling_robust":  # a window of 252 bars leaves nothing of 260
        assert np.isfinite(done(manifest, panel, params)["rank_ic"])


def test_every_scaler_gives_the_model_other_inputs(panel):
    seen = {}
    for word in ("none", "standard", "robust", "rank_gauss"):
        manifest = lab.base().set_scaler(word)
        prepared = manifest.prepare_data(panel, {})
        pipeline = run(manifest.bind({}), prepared).model.estimator
        train = prepared.train.X[prepared.train.labelled]
        seen[word] = pipeline[:-1].transform(train) if len(pipeline) > 1 else train
    assert np.allclose(seen["standard"].mean(axis=0), 0, atol=1e-12)
    assert np.allclose(seen["standard"].std(axis=0), 1, atol=1e-12)
    assert np.allclose(np.median(seen["robust"], axis=0), 0, atol=1e-12)
    lower, upper = np.quantile(seen["robust"], [0.25, 0.75], axis=0)
    assert np.allclose(upper - lower, 1, atol=1e-12)
    inner = np.quantile(seen["rank_gauss"], [0.1, 0.5, 0.9], axis=0)
    assert np.allclose(inner, norm.ppf([[0.1], [0.5], [0.9]]), atol=0.05)
    assert np.array_equal(seen["none"], lab.base().prepare_data(panel, {}).train.X[: len(seen["none"])])


def test_a_causal_scaler_is_applied_before_the_split_and_drops_its_first_window(panel, done):
    windowed = {"_target_": "zoo.features.rolling_robust", "window": 40}
    manifest = lab.base().set_scaler(windowed.pop("_target_"), **windowed)
    prepared = manifest.prepare_data(panel, {})
    from zoo.features import momentum, rolling_robust

    by_hand = rolling_robust(momentum(panel.close, lookback=10, skip=1), window=40).to_numpy()
    assert np.array_equal(prepared.cube.F[:, :, 0], by_hand[::5], equal_nan=True)
    assert prepared.train.position.min() == 50
    names = [name for name, _ in build_model(manifest.bind({})).estimator.steps]
    assert names == ["model"]
    assert np.isfinite(done(manifest, panel)["rank_ic"])


def test_components_are_fitted_on_train_after_scaling(panel):
    manifest = lab.base().set_pca(1)
    prepared = manifest.prepare_data(panel, {})
    pipeline = run(manifest.bind({}), prepared).model.estimator
    assert [name for name, _ in pipeline.steps] == ["scaler", "pca", "model"]
    scaled = pipeline.named_steps["scaler"].transform(prepared.train.X[prepared.train.labelled])
    values, vectors = np.linalg.eigh(np.cov(scaled.T))
    assert pipeline.named_steps["pca"].explained_variance_ == pytest.approx(values[-1:], rel=1e-12)
    assert np.abs(pipeline.named_steps["pca"].components_[0]) == pytest.approx(
        np.abs(vectors[:, -1]), rel=1e-9
    )


def test_a_share_of_variance_chooses_how_many_components(panel):
    pipeline = run(*_run(lab.base().set_pca(0.999), panel)).model.estimator
    assert pipeline.named_steps["pca"].n_components_ == 2


def _run(manifest, panel):
    return manifest.bind({}), manifest.prepare_data(panel, {})


def test_more_components_than_features_are_refused_before_anything_is_fitted():
    grouped = lab.base().add_feature("zoo.features.roc", lookback=5, group="speed").set_pca(3)
    assert grouped.bind({}).pca["n_components"] == 3
    with pytest.raises(
        ManifestError, match="3 components of 2 features; expected at most 2: what include_if"
    ):
        grouped.set_ablation("speed").bind({})


def test_a_calibration_stands_outside_of_the_pipeline_so_that_each_fold_scales_anew(panel):
    model = build_model(direction().bind({}))
    assert type(model.estimator).__name__ == "Calibrated"
    assert [name for name, _ in model.estimator.estimator.steps] == ["scaler", "model"]
    fitted = run(*_run(direction(), panel))
    assert fitted.model.estimator.n_dates_ > 20
    told = fitted.fitted["calibration"]
    assert told["threshold"] == fitted.model.estimator.threshold_
    assert told["method"] == "sigmoid"


def test_a_calibration_purges_by_the_labels_horizon(panel, monkeypatch):
    from zoo.models.calibration import Calibrated

    seen, fit = [], Calibrated.fit

    def spy(self, X, y, positions=None, horizon=0):
        seen.append((len(y), None if positions is None else np.unique(positions), horizon))
        return fit(self, X, y, positions, horizon)

    monkeypatch.setattr(Calibrated, "fit", spy)
    manifest = direction()
    prepared = manifest.prepare_data(panel, {})
    out = run(manifest.bind({}), prepared)
    rows, bars, horizon = seen[0]
    assert horizon == 5
    assert rows == prepared.train.labelled.sum()
    assert np.array_equal(bars, np.unique(prepared.train.position))
    assert len(seen) == 1 + len(prepared.folds)
    assert 0 < out.metrics["brier"] < 0.5
    assert {"brier_raw", "log_loss_raw"} <= set(out.metrics)


def test_the_reported_threshold_is_the_one_in_use(panel):
    out = run(*_run(direction().set_calibration("sigmoid", folds=3, threshold=0.45), panel))
    probs = np.array([p for p in out.probs if p is not None])
    preds = np.array([p for p in out.preds if p is not None])
    assert out.fitted["calibration"]["threshold"] == 0.45
    assert np.array_equal(preds, (probs >= 0.45).astype(float))


def test_a_table_is_calibrated_without_dates(done):
    manifest = (
        Manifest(seed=7)
        .with_target("zoo.targets.column")
        .set_scaler("standard")
        .with_model("zoo.models.Logistic", C=1.0)
        .set_calibration()
    )
    out = done(manifest, tabular("breast_cancer"))
    assert out["brier"] < 0.05


@pytest.mark.parametrize("model", ["sklearn.linear_model.Ridge", "zoo.models.Ridge"])
def test_what_gives_no_probabilities_is_not_calibrated(model):
    with pytest.raises(ManifestError, match=r"manifest\.calibration: .*Ridge gives no probabilities"):
        build_model(lab.base().with_model(model).set_calibration().bind({}))


def test_a_calibration_inside_the_model_would_not_know_the_dates():
    inner = {"_target_": "sklearn.linear_model.LogisticRegression"}
    hidden = lab.base().with_model("zoo.models.Calibrated", estimator=inner)
    with pytest.raises(
        ManifestError, match=r"Calibrated inside the model would not know the dates.*calibration:"
    ):
        build_model(hidden.bind({}))
    with pytest.raises(ManifestError, match="Dated inside the model"):
        build_model(lab.base().with_model(f"{__name__}.Dated").bind({}))


def test_too_few_dates_for_the_folds_are_an_error_that_names_them(panel):
    manifest = direction().set_calibration("sigmoid", folds=40)
    prepared = manifest.prepare_data(panel, {})
    with pytest.raises(DataError, match="dates cannot be cut into 40 folds"):
        manifest.run_model(prepared, {})


def test_a_fold_of_the_walk_forward_that_cannot_be_fitted_is_named(panel):
    manifest = direction().set_calibration("sigmoid", folds=9)
    prepared = manifest.prepare_data(panel, {})
    with pytest.raises(ManifestError, match=r"fold 1 of 5 of the walk-forward: .*cannot be cut into 9 folds"):
        manifest.run_model(prepared, {})


def test_a_reference_model_stands_in_the_pipeline_as_its_estimator(panel, done):
    manifest = lab.base().with_model("zoo.models.Ridge", alpha=3)
    model = build_model(manifest.bind({}))
    assert type(model.estimator.named_steps["model"]).__module__.startswith("sklearn.linear_model")
    plain = lab.base().with_model("sklearn.linear_model.Ridge", alpha=3, solver="cholesky")
    assert done(manifest, panel)["_preds"] == done(plain, panel)["_preds"]


def test_a_model_of_ones_own_is_told_by_what_it_offers(panel, done):
    manifest = lab.base().with_model(f"{__name__}.Mine")
    assert build_model(manifest.bind({})).deterministic
    prepared = manifest.prepare_data(panel, {})
    out = run(manifest.bind({}), prepared)
    scaled = out.model.estimator.named_steps["scaler"].transform(prepared.test.X)[:, 0]
    level = prepared.train.y[prepared.train.labelled].mean()
    assert [p for p in out.preds if p is not None] == pytest.approx((level + scaled).tolist(), abs=1e-15)


def test_a_classifier_of_ones_own_is_calibrated_where_it_says_that_it_is_one(panel):
    silent = direction().with_model(f"{__name__}.Mine")
    with pytest.raises(ManifestError, match="says is_classifier = True"):
        build_model(silent.bind({}))
    said = direction().with_model(f"{__name__}.Mine", is_classifier=True)
    assert 0 < run(*_run(said, panel)).metrics["brier"] < 1


def test_a_random_model_is_known_to_be_one():
    assert build_model(lab.base().with_model("zoo.models.Chance").bind({})).deterministic is False


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            lambda m: m.with_model("zoo.models.Ridge", alpa=1),
            "zoo.models.Ridge takes no 'alpa'.*did you mean 'alpha'",
        ),
        (
            lambda m: m.with_model("zoo.portfolio.Costs"),
            "model zoo.portfolio.Costs is no scikit-learn estimator",
        ),
        (
            lambda m: m.set_scaler("zoo.portfolio.Costs"),
            "scaler zoo.portfolio.Costs is no scikit-learn estimator",
        ),
    ],
)
def test_what_is_no_estimator_is_refused_with_its_place(step, message):
    with pytest.raises(ManifestError, match=message):
        build_model(step(lab.base()).bind({}))


def rules(**said):
    return (
        Manifest(seed=7, trust=lab.HERE)
        .add_feature("zoo.features.momentum", lookback=10, skip=1)
        .add_feature("zoo.features.rsi", window=5)
        .with_target("zoo.targets.forward_return" if "predicts" not in said else lab.up, horizon=5)
        .set_rows(every=5)
        .set_split_config(6, 2, 2)
        .with_rules(
            {"rising": {"feature": "momentum", "above": 0.0}, "calm": {"feature": "rsi", "below": 60}},
            {"all": ["rising", "calm"]},
            **said,
        )
    )


def test_rules_predict_what_they_say_and_learn_nothing(panel):
    manifest = rules()
    prepared = manifest.prepare_data(panel, {})
    out = run(manifest.bind({}), prepared)
    X = prepared.test.X
    by_hand = ((X[:, 0] > 0) & (X[:, 1] < 60)).astype(float)
    assert [p for p in out.preds if p is not None] == by_hand.tolist()
    assert 0 < by_hand.mean() < 1
    assert np.isfinite(out.metrics["net_sharpe"])


def test_rules_may_predict_classes_and_degrees(panel):
    out = run(*_run(rules(predicts="class", graded=True), panel))
    assert set(out.probs) - {None} <= {0.0, 0.5, 1.0}
    assert set(out.preds) - {None} == {0.0, 1.0}
    assert 0 <= out.metrics["accuracy"] <= 1


def test_a_threshold_may_be_a_parameter(panel):
    manifest = rules()
    chosen = manifest.with_rules({"rising": {"feature": "momentum", "above": "level"}}, "rising")
    held = []
    for level in (-0.02, 0.0, 0.02):
        prepared = chosen.prepare_data(panel, {"level": level})
        held.append(sum(p for p in run(chosen.bind({"level": level}), prepared).preds if p is not None))
    assert held[0] > held[1] > held[2] > 0


def test_a_rule_on_a_feature_that_ablation_left_out_is_refused():
    manifest = rules().add_feature("zoo.features.roc", lookback=5, group="speed")
    ruled = manifest.with_rules({"fast": {"feature": "roc", "above": 0.0}}, "fast")
    assert ruled.bind({}).model["features"] == ["momentum", "rsi", "roc"]
    with pytest.raises(ManifestError, match="there is no feature 'roc'"):
        ruled.set_ablation("speed").bind({})
