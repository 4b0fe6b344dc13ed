import math
from dataclasses import replace

import numpy as np
import pytest

from zoo.data import Dataset, tabular
from zoo.errors import ManifestError
from zoo.manifest import Manifest
from zoo.manifest.build import build_model
from zoo.manifest.run import run
from zoo.manifest.workbench import Workbench
from zoo.trust import Trust

PARAMS = {"lookback": 20, "alpha": 1}


@pytest.fixture
def manifest(definition):
    return Manifest.from_config(definition["manifest"], seed=7)


def done(manifest, data):
    return manifest.run_model(manifest.prepare_data(data, PARAMS), PARAMS)


def test_the_scaler_is_fitted_on_the_train_part_only(manifest, prices):
    prepared = manifest.prepare_data(prices, PARAMS)
    model = run(manifest.bind(PARAMS), prepared).model
    scaler = model.estimator.named_steps["scaler"]
    known = prepared.train.labelled
    assert scaler.mean_[0] == pytest.approx(prepared.train.X[known].mean(), abs=1e-15)


def test_predictions_are_date_major_over_dates_and_assets(manifest, prices):
    prepared = manifest.prepare_data(prices, PARAMS)
    out = run(manifest.bind(PARAMS), prepared)
    dates, assets = prepared.test.grid.shape
    assert len(out.preds) == dates * assets
    place = 3 * assets + 4
    row = np.flatnonzero((prepared.test.grid.date == 3) & (prepared.test.grid.asset == 4))[0]
    assert out.preds[place] == out.model.predict({"x_test": prepared.test.X})["_preds"][row]


def test_where_nothing_was_predicted_there_is_none(manifest, prices):
    close = prices.close.copy()
    close.iloc[-300:, 2] = np.nan
    out = done(manifest, Dataset({"close": close}, prices.factors))
    assert None in out["_preds"]
    assert not any(isinstance(p, float) and math.isnan(p) for p in out["_preds"])


def test_the_selection_score_never_sees_the_test_part(manifest, prices):
    base = done(manifest, prices)
    boundary = manifest.prepare_data(prices, PARAMS).cuts.test
    close = prices.close.copy()
    close.iloc[boundary:] *= np.random.RandomState(0).lognormal(0, 0.3, close.iloc[boundary:].shape)
    spoilt = done(manifest, Dataset({"close": close}, prices.factors))
    assert spoilt["selection_rank_ic"] == base["selection_rank_ic"]
    assert spoilt["val_rank_ic"] == base["val_rank_ic"]
    assert spoilt["rank_ic"] != base["rank_ic"]


def test_a_table_has_a_cross_validated_score(prices):
    manifest = (
        Manifest(seed=7).with_target("zoo.targets.column").with_model("sklearn.linear_model.Ridge", alpha=1)
    )
    data = tabular("diabetes")
    out = manifest.run_model(manifest.prepare_data(data, {}), {})
    assert 0.3 < out["selection_r2"] < 0.6
    assert out["n_obs"] == 81


def test_a_classifier_gives_probabilities_and_their_metrics():
    manifest = (
        Manifest(seed=7)
        .with_target("zoo.targets.column")
        .set_scaler("sklearn.preprocessing.StandardScaler")
        .with_model("sklearn.linear_model.LogisticRegression")
    )
    out = manifest.run_model(manifest.prepare_data(tabular("breast_cancer"), {}), {})
    assert out["auc"] > 0.98
    assert len(out["_probs"]) == len(out["_preds"]) == out["n_obs"]
    assert set(out["_preds"]) == {0, 1}
    assert out["selection_auc"] > 0.98


def test_every_seed_left_open_is_filled_with_the_searchs(manifest):
    forest = manifest.with_model(
        "sklearn.ensemble.VotingRegressor",
        estimators=[["f", {"_target_": "sklearn.ensemble.RandomForestRegressor"}]],
    )
    model = build_model(forest.bind(PARAMS))
    assert model.estimator.get_params()["model__f__random_state"] == 7
    assert model.deterministic


def test_a_manifest_may_say_that_a_model_is_not_deterministic(manifest):
    declared = manifest.with_model("sklearn.linear_model.Ridge", deterministic=False)
    assert build_model(declared.bind(PARAMS)).deterministic is False


def test_what_is_no_estimator_is_refused(manifest):
    with pytest.raises(ManifestError, match="no scikit-learn estimator"):
        build_model(manifest.with_model("sklearn.model_selection.KFold").bind(PARAMS))


def test_the_same_manifest_gives_the_same_bits(manifest, prices):
    one, two = (done(manifest, prices) for _ in range(2))
    assert one["_preds"] == two["_preds"]
    assert {k: v for k, v in one.items() if k[0] != "_"} == {k: v for k, v in two.items() if k[0] != "_"}


def test_rounds_that_share_features_compute_them_once(manifest, prices):
    bench = Workbench(prices)
    for alpha in (1, 3, 10):
        manifest.prepare_data(prices, {"lookback": 20, "alpha": alpha}, bench=bench)
    assert bench.cache.computed == 5  # one feature, one target, one cube, one split; and the days by name


def test_an_estimator_that_works_in_place_changes_no_rows(manifest, prices):
    in_place = manifest.set_scaler("sklearn.preprocessing.StandardScaler", copy=False)
    prepared = in_place.prepare_data(prices, PARAMS)
    before = prepared.test.X.copy()
    first, second = (in_place.run_model(prepared, PARAMS)["_preds"] for _ in range(2))
    assert first == second == done(manifest, prices)["_preds"]
    assert np.array_equal(prepared.test.X, before)


def up(prices, *, horizon):
    future = prices.shift(-horizon) / prices - 1
    return (future > 0).astype(float).where(future.notna())


def test_a_missing_label_in_the_test_part_changes_only_its_own_row(manifest, prices):
    close = prices.close.copy()
    last = int(manifest.prepare_data(prices, PARAMS).test.position[-1])
    close.iloc[last + 21, 2] = np.nan  # the price that the last cross-section's label needs
    classes = (
        replace(manifest, trust=Trust(prefixes=("zoo.", "sklearn.", "tests.")))
        .with_target(f"{__name__}.up", horizon=21)
        .with_model("sklearn.linear_model.LogisticRegression")
    )
    whole, holed = (done(classes, Dataset({"close": c}, prices.factors)) for c in (prices.close, close))
    assert whole["n_obs"] - holed["n_obs"] == 1
    assert abs(whole["auc"] - holed["auc"]) < 0.05


@pytest.mark.parametrize(
    "model",
    [
        {
            "_target_": "sklearn.pipeline.Pipeline",
            "memory": "cache",
            "steps": [["m", {"_target_": "sklearn.linear_model.Ridge"}]],
        },
        {"_target_": "sklearn.cluster.FeatureAgglomeration", "memory": "cache"},
    ],
)
def test_a_cache_of_pickles_is_refused_before_anything_is_fitted(
    definition, prices, tmp_path, monkeypatch, model
):
    monkeypatch.chdir(tmp_path)
    definition["manifest"]["model"] = model
    manifest = Manifest.from_config(definition["manifest"], seed=7)
    with pytest.raises(ManifestError, match="memory is set: a cache on disk holds pickles"):
        done(manifest, prices)
    assert list(tmp_path.iterdir()) == []


def test_rows_of_other_parameters_or_settings_are_refused(manifest, prices):
    from zoo.settings import overrides, settings

    prepared = manifest.prepare_data(prices, PARAMS)
    with pytest.raises(ManifestError, match="the rows were prepared otherwise"):
        manifest.run_model(prepared, {**PARAMS, "lookback": 40})
    with (
        overrides(settings, {"forward_days": 5}),
        pytest.raises(ManifestError, match=r"prepared otherwise.*same manifest, parameters and settings"),
    ):
        manifest.run_model(prepared, PARAMS)
    assert "rank_ic" in manifest.run_model(prepared, {**PARAMS, "alpha": 10})
