import importlib
import inspect
import pkgutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import zoo.models
from zoo.manifest import Manifest
from zoo.models import ReferenceModel, SklearnModel
from zoo.models.contract import offers_contract
from zoo.models.preset import Preset
from zoo.models.reference import is_deterministic, seed
from zoo.promotion.storage import dump, load
from zoo.trust import Trust

#: every model that scikit-learn alone makes, made small enough for a test
REGRESSION = {
    "Ridge": {},
    "ElasticNet": {"alpha": 0.001},
    "RandomForest": {"n_estimators": 20},
    "HistogramBoosting": {"max_iter": 20},
    "Perceptron": {"max_iter": 200},
    "Blender": {"max_iter": 20},
}
BINARY = {"Logistic": {}, "HistogramBoostingBinary": {"max_iter": 20}}
ALL = {**REGRESSION, **BINARY}
BASES = {"zoo.models.preset", "zoo.models.reference"}


pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


def made(name, **arguments):
    return getattr(zoo.models, name)(**{**ALL[name], **arguments})


def real(name):
    """Shuffled halves of scikit-learn's own data, standardised as in a manifest."""
    bunch = load_breast_cancer() if name in BINARY else load_diabetes()
    order = np.random.RandomState(0).permutation(len(bunch.target))
    X, y = StandardScaler().fit_transform(bunch.data)[order], bunch.target[order]
    half = len(y) // 2
    return {"x_train": X[:half], "y_train": y[:half], "x_test": X[half:], "y_test": y[half:]}


def modules():
    for module in pkgutil.iter_modules([str(Path(zoo.models.__file__).parent)], "zoo.models."):
        yield importlib.import_module(module.name)


def models_in(module):
    return [
        name
        for name, found in vars(module).items()
        if inspect.isclass(found) and found.__module__ == module.__name__ and offers_contract(found)
    ]


def test_a_module_holds_one_model_class_and_nothing_else_that_is_public():
    found = {m.__name__: models_in(m) for m in modules() if m.__name__ not in BASES and models_in(m)}
    assert {name for names in found.values() for name in names} >= set(ALL)
    for module, names in found.items():
        assert len(names) == 1, f"{module} holds {names}"
        assert importlib.import_module(module).__all__ == names
        assert names[0] in zoo.models.__all__


@pytest.mark.parametrize("name", ALL)
def test_it_keeps_the_contract_as_a_class_and_as_an_object(name):
    model = made(name)
    assert isinstance(model, ReferenceModel)
    assert isinstance(model, SklearnModel)
    assert type(model).deterministic is model.deterministic is True
    assert offers_contract(type(model))
    assert offers_contract(model)


@pytest.mark.parametrize("name", ALL)
def test_it_learns_from_real_data(name):
    metrics = made(name).train(real(name)).evaluate(real(name))
    assert (metrics["auc"] > 0.95) if name in BINARY else (metrics["r2"] > 0.2)


@pytest.mark.parametrize("name", ALL)
def test_two_trainings_of_two_objects_predict_the_same_bits(name):
    one, two = (made(name).train(real(name)).predict(real(name)) for _ in range(2))
    assert np.array_equal(one["_preds"], two["_preds"])
    assert np.array_equal(one.get("_probs", 0), two.get("_probs", 0))


@pytest.mark.parametrize("name", ALL)
def test_its_estimator_is_unfitted_and_leaves_every_seed_to_the_manifest(name):
    estimator = made(name).estimator
    assert not [attribute for attribute in vars(estimator) if attribute.endswith("_")]
    seeds = [value for key, value in estimator.get_params().items() if key.endswith("random_state")]
    assert seeds == [None] * len(seeds)
    assert is_deterministic(seed(clone(estimator), 7))


@pytest.mark.parametrize("name", ALL)
def test_no_rows_are_held_back_at_random_and_nothing_runs_on_several_jobs(name):
    params = made(name).estimator.get_params()
    held_back = {k: v for k, v in params.items() if k.split("__")[-1] == "early_stopping"}
    assert not any(held_back.values())
    assert {v for k, v in params.items() if k.split("__")[-1] == "n_jobs"} <= {1, None}


@pytest.mark.parametrize("name", ALL)
def test_each_argument_of_the_constructor_can_be_given_to_train_as_well(name):
    values = {"solver": "svd", "fit_intercept": False, "class_weight": "balanced", "max_features": 0.5}
    arguments = {
        key: values.get(key, 4 if parameter.default is None else parameter.default)
        for key, parameter in inspect.signature(type(made(name))).parameters.items()
    } | ALL[name]
    trained, built = made(name).train(real(name), **arguments), made(name, **arguments).train(real(name))
    assert np.array_equal(trained.predict(real(name))["_preds"], built.predict(real(name))["_preds"])


def test_a_parameter_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="alpah"):
        made("Ridge").train(real("Ridge"), alpah=3)


@pytest.mark.parametrize("name", ALL)
def test_it_comes_back_from_disk_to_the_bit(name):
    data = real(name)
    pipeline = Pipeline([("scaler", StandardScaler()), ("model", seed(made(name).estimator, 7))])
    fitted = pipeline.fit(data["x_train"], data["y_train"])
    back, _ = load(dump(fitted, {}, Trust()), Trust(), "here")
    assert np.array_equal(back.predict(data["x_test"]), fitted.predict(data["x_test"]))


def panel_manifest(definition, name):
    declared = {**definition["manifest"], "model": {"_target_": f"zoo.models.{name}", **ALL[name]}}
    return Manifest.from_config(declared, seed=7)


@pytest.mark.parametrize("name", REGRESSION)
def test_a_manifest_over_a_panel_names_it_seeds_it_and_repeats_it(name, definition, prices):
    manifest, params = panel_manifest(definition, name), {"lookback": 20, "alpha": 1}
    prepared = manifest.prepare_data(prices, params)
    one, two = (manifest.run_model(prepared, params) for _ in range(2))
    assert one["_preds"] == two["_preds"]
    assert one["_model"].deterministic
    assert np.isfinite(one["rank_ic"])
    seeds = {v for k, v in one["_model"].estimator.get_params().items() if k.endswith("__random_state")}
    assert seeds <= {7}


@pytest.mark.parametrize("name", BINARY)
def test_a_manifest_over_a_table_names_a_classifier(name):
    from zoo.data import tabular

    manifest = (
        Manifest(seed=7)
        .with_target("zoo.targets.column")
        .set_scaler("sklearn.preprocessing.StandardScaler")
        .with_model(f"zoo.models.{name}", **ALL[name])
    )
    out = manifest.run_model(manifest.prepare_data(tabular("breast_cancer"), {}), {})
    assert out["auc"] > 0.97
    assert len(out["_probs"]) == out["n_obs"]


@pytest.mark.parametrize("name", ["ElasticNet", "Perceptron"])
def test_where_a_penalty_counts_in_the_labels_units_they_are_taken_out(name):
    data = real(name)
    small = {**data, "y_train": data["y_train"] / 1000}
    one, two = (made(name).train(d).predict(data)["_preds"] for d in (data, small))
    assert two * 1000 == pytest.approx(one, rel=1e-6)


def test_noise_moves_the_shrunken_lines_predictions_less_than_an_unshrunken_ones():
    """What the penalty is for: five features that say nothing about 4,000 labels."""
    random = np.random.RandomState(0)
    data = {"x_train": random.standard_normal((4000, 5)), "y_train": random.standard_normal(4000)}
    data["x_test"] = data["x_train"]
    strict, loose = (made("Ridge", alpha=a).train(data).predict(data)["_preds"] for a in (1000, 1e-9))
    assert strict.std() < 0.85 * loose.std()


def test_a_subclass_that_is_not_deterministic_says_so():
    class Noisy(Preset):
        deterministic = False

    assert Noisy(StandardScaler()).deterministic is False
