"""LightGBM and XGBoost, where they are installed: named by `_target_`, and with zoo's defaults."""

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import zoo.models
from zoo.data import tabular
from zoo.errors import ManifestError, TrustError
from zoo.manifest import Manifest
from zoo.models.optional import load_optional
from zoo.promotion.storage import dump, load
from zoo.trust import Trust

LIBRARIES = {"lightgbm": ("LGBMRegressor", "LightGBM"), "xgboost": ("XGBRegressor", "XGBoost")}
SMALL = {"n_estimators": 10}
PARAMS = {"lookback": 20, "alpha": 1}


@pytest.fixture(params=LIBRARIES)
def library(request):
    pytest.importorskip(request.param, exc_type=ImportError)
    return request.param


def trusting(library):
    return Trust(prefixes=("zoo.", "sklearn.", f"{library}."))


def run(definition, prices, library, model):
    declared = {**definition["manifest"], "model": {**SMALL, **model}}
    manifest = Manifest.from_config(declared, seed=7, trust=trusting(library))
    prepared = manifest.prepare_data(prices, PARAMS)
    return prepared, [manifest.run_model(prepared, PARAMS) for _ in range(2)]


@pytest.mark.parametrize("ready", [False, True], ids=["by its own name", "with our defaults"])
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_a_manifest_names_it_seeds_it_repeats_it_and_stores_it(ready, library, definition, prices):
    own, ours = LIBRARIES[library]
    model = {"_target_": f"zoo.models.{ours}"} if ready else {"_target_": f"{library}.{own}", "n_jobs": 1}
    prepared, (one, two) = run(definition, prices, library, model)
    assert one["_preds"] == two["_preds"]
    assert np.isfinite(one["rank_ic"])
    fitted = one["_model"]
    assert fitted.deterministic
    assert fitted.estimator.named_steps["model"].random_state == 7
    trust = trusting(library)
    back, _ = load(dump(fitted.estimator, {}, trust), trust, "here")
    assert np.array_equal(back.predict(prepared.test.X), fitted.estimator.predict(prepared.test.X))


def test_what_it_stores_is_refused_where_its_package_is_not_trusted(library):
    X = np.random.RandomState(0).standard_normal((300, 2))
    fitted = getattr(zoo.models, LIBRARIES[library][1])().estimator.fit(X, X[:, 0])
    with pytest.raises(TrustError, match=rf"add .*'{library}\.' to trust\.prefixes"):
        dump(fitted, {}, Trust())


def test_ours_take_one_thread(library):
    for suffix in ("", "Binary"):
        assert getattr(zoo.models, LIBRARIES[library][1] + suffix)().estimator.n_jobs == 1


def test_our_classifier_is_measured_on_real_data(library):
    manifest = (
        Manifest(seed=7, trust=trusting(library))
        .with_target("zoo.targets.column")
        .with_model(f"zoo.models.{LIBRARIES[library][1]}Binary", **SMALL)
    )
    out = manifest.run_model(manifest.prepare_data(tabular("breast_cancer"), {}), {})
    assert out["auc"] > 0.97
    assert out["_model"].deterministic


def test_a_library_that_is_not_there_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "lightgbm", None)
    with pytest.raises(ManifestError, match=r"lightgbm cannot be loaded.*pip install 'zoo\[lightgbm\]'"):
        zoo.models.LightGBM()


def test_loading_gives_the_library():
    assert load_optional("threadpoolctl").threadpool_info is threadpool_info
