import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from zoo.data import Dataset, tabular
from zoo.errors import SensorInputError
from zoo.experiment.loop import run_experiment
from zoo.manifest.workbench import Workbench
from zoo.promotion import Sensor, Trainer


@pytest.fixture(scope="module")
def sensor(made_experiment, prices):
    return Trainer(made_experiment, prices).train([2], overrides={"residual_momentum_enabled": True})[0]


@pytest.fixture(scope="module")
def plain(made_experiment, prices):
    """A sensor whose features need no factors."""
    return Trainer(made_experiment, prices).train([2])[0]


@pytest.fixture(scope="module")
def X(sensor):
    values = np.random.RandomState(0).standard_normal((50, 2))
    return pd.DataFrame(values, columns=list(sensor.features))


def test_a_sensor_says_what_it_is(sensor):
    assert sensor.permutation_id == 2
    assert sensor.round_params == {"lookback": 40, "alpha": 1}
    assert sensor.features == ("momentum", "residual_momentum")
    assert set(sensor.results) == {"logged", "reproduced", "variant", "refit"}
    assert sensor.metadata["overrides"] == {"residual_momentum_enabled": True}


def test_it_scales_by_itself(sensor, X):
    out = sensor.predict({"x_test": X})["_preds"]
    scaler, ridge = (sensor.model.estimator.named_steps[n] for n in ("scaler", "model"))
    by_hand = ((X.to_numpy() - scaler.mean_) / scaler.scale_) @ ridge.coef_ + ridge.intercept_
    assert np.allclose(out, by_hand, rtol=0, atol=1e-15)


def test_it_is_callable_and_takes_arrays(sensor, X):
    assert np.array_equal(sensor({"x_test": X.to_numpy()})["_preds"], sensor.predict({"x_test": X})["_preds"])


def test_raw_bars_go_through_the_same_preparation_as_in_training(sensor, prices):
    series = sensor.predict(prices)
    assert series.index.names == ["date", "asset"]
    frame = sensor.bound
    assert frame.target["horizon"] == 21
    from zoo.features import momentum, residual_momentum

    date, asset = prices.dates[700], prices.assets[3]
    by_hand = [
        momentum(prices.close, lookback=40, skip=5).loc[date, asset],
        residual_momentum(prices.close, prices.factors, window=60, lookback=40, skip=5).loc[date, asset],
    ]
    assert series.loc[(date, asset)] == pytest.approx(
        sensor({"x_test": np.array([by_hand])})["_preds"][0], abs=1e-15
    )


def test_bars_without_a_full_window_are_not_predicted(sensor, prices):
    assert sensor.predict(prices).index.get_level_values("date").min() == prices.dates[60]


def test_a_later_bar_never_changes_an_earlier_prediction(sensor, prices):
    whole, part = sensor.predict(prices), sensor.predict(prices.until(prices.dates[1000]))
    pd.testing.assert_series_equal(whole.loc[: prices.dates[1000]], part, check_exact=True)


def test_a_bare_frame_serves_where_no_feature_needs_factors(plain, sensor, prices):
    pd.testing.assert_series_equal(plain.predict(prices.close), plain.predict(prices))
    with pytest.raises(SensorInputError, match="needs 'factors'"):
        sensor.predict(prices.close)


def test_a_dataset_without_what_a_feature_needs_is_refused(sensor, prices):
    with pytest.raises(SensorInputError, match="residual_momentum needs 'factors'"):
        sensor.predict(Dataset({"close": prices.close}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[["residual_momentum", "momentum"]], "reorder the columns"),
        (lambda X: X[["momentum"]], "add residual_momentum"),
        (lambda X: X.assign(beta=0.0), "remove beta"),
        (lambda X: X.rename(columns={"momentum": "momentun"}), "add momentum; remove momentun"),
        (lambda X: X.assign(momentum="a"), "column 'momentum' is"),
        (lambda X: X.assign(momentum=True), "column 'momentum' is bool"),
        (lambda X: X.assign(momentum=np.nan), "NaN or infinite"),
        (lambda X: X.to_numpy()[:, :1], r"rows × 2"),
        (lambda X: X.to_numpy()[0], r"rows × 2"),
        (lambda X: X.to_numpy().astype(str), "is <U"),
        (lambda X: None, "there is no x_test"),
    ],
)
def test_features_that_are_not_those_of_training_are_refused(sensor, X, change, message):
    with pytest.raises(SensorInputError, match=message):
        sensor.predict({"x_test": change(X)})


def test_other_objects_are_refused(sensor):
    with pytest.raises(SensorInputError, match="cannot predict from list"):
        sensor.predict([1, 2])


def test_a_sensor_is_the_same_after_save_and_load(sensor, X, prices):
    back = Sensor.loads(sensor.dumps())
    assert np.array_equal(back({"x_test": X})["_preds"], sensor({"x_test": X})["_preds"])
    pd.testing.assert_series_equal(back.predict(prices), sensor.predict(prices), check_exact=True)
    assert back.metadata == sensor.metadata
    assert back.results == sensor.results
    assert back.features == sensor.features
    assert back.bound.as_dict() == sensor.bound.as_dict()


def test_a_metric_that_is_nan_survives_save_and_load(sensor):
    odd = replace(sensor, results={"logged": {"a": float("nan"), "b": float("-inf"), "c": 1.5}})
    back = Sensor.loads(odd.dumps()).results["logged"]
    assert np.isnan(back["a"])
    assert back["b"] == float("-inf")
    assert back["c"] == 1.5


def test_a_tables_sensor_predicts_its_rows_and_refuses_missing_columns(tmp_path):
    definition = {
        "params": {"alpha": [1]},
        "search": {"seed": 7},
        "manifest": {
            "data": {"_target_": "zoo.data.tabular", "name": "breast_cancer"},
            "target": {"_target_": "zoo.targets.column"},
            "scaler": {"_target_": "sklearn.preprocessing.StandardScaler"},
            "model": {"_target_": "sklearn.linear_model.LogisticRegression", "C": "${params.alpha}"},
        },
    }
    run_experiment(definition, tmp_path / "cancer")
    sensor = Trainer(tmp_path / "cancer").train([0])[0]
    data = tabular("breast_cancer")
    scores = sensor.predict(data)
    assert len(scores) == 569
    assert scores.between(0, 1).all()
    assert ((scores > 0.5) == (data.frame["target"] == 1)).mean() > 0.98
    from zoo.data import Table

    with pytest.raises(SensorInputError, match="add mean radius"):
        sensor.predict(Table(data.frame.drop(columns=["mean radius"])))


def by_setting(prices):
    from zoo.settings import settings

    return prices.pct_change(settings.forward_days)


def test_it_predicts_under_the_settings_that_it_was_trained_under(definition, tmp_path, prices):
    from zoo.trust import Trust

    trust = Trust(prefixes=("zoo.", "sklearn.", "tests."))
    definition["manifest"]["features"] = [{"_target_": f"{__name__}.by_setting"}]
    definition["params"] = {"alpha": [1]}
    run_experiment(definition, tmp_path / "x", data=prices, trust=trust)
    outcome = Trainer(tmp_path / "x", prices, trusted=trust).outcome(0, overrides={"forward_days": 10})
    refit = outcome.predictions.query("part == 'refit'").set_index(["date", "asset"])["prediction"]
    again = outcome.sensor.predict(prices).loc[refit.index]
    assert np.array_equal(again.to_numpy(), refit.to_numpy())


def test_a_calibrated_sensor_is_the_same_after_save_and_load_and_uses_the_threshold_that_it_reports(
    calibrated, planted
):
    back = Sensor.loads(calibrated.dumps())
    served = calibrated.serve(Workbench(planted))
    X = served.F[served.complete][::50]
    before, after = calibrated({"x_test": X}), back({"x_test": X})
    assert np.array_equal(before["_probs"], after["_probs"])
    threshold = back.metadata["fitted"]["calibration"]["threshold"]
    classes = back.model.estimator.classes_
    assert np.array_equal(after["_preds"], classes[(after["_probs"][:, 1] >= threshold).astype(int)])
    assert not np.array_equal(after["_preds"], classes[(after["_probs"][:, 1] >= 0.5).astype(int)])
    pd.testing.assert_series_equal(back.predict(planted), calibrated.predict(planted), check_exact=True)


@pytest.mark.slow
def test_a_boosted_sensor_is_the_same_after_save_and_load(boosted, market):
    back = Sensor.loads(boosted.dumps())
    pd.testing.assert_series_equal(back.predict(market), boosted.predict(market), check_exact=True)


@pytest.fixture(scope="module")
def stored(linear):
    return Sensor.loads(linear.dumps())


@settings(deadline=None)
@given(values=hnp.arrays(np.float64, (7, 2), elements=st.floats(-1e6, 1e6)))
def test_a_linear_sensor_comes_back_to_the_bit_and_takes_any_layout_of_the_rows(linear, stored, values):
    back = stored
    expected = linear({"x_test": values})["_preds"]
    frame = pd.DataFrame(values, columns=list(linear.features))
    columns = pd.DataFrame({name: values[:, place] for place, name in enumerate(linear.features)})
    for rows in (values, np.asfortranarray(values), frame, columns):
        assert np.array_equal(back({"x_test": rows})["_preds"], expected)


def test_predicting_changes_nothing_that_the_caller_handed_in(linear, market):
    X = np.random.RandomState(0).standard_normal((10, 2))
    kept, closes = X.copy(), market.close.copy()
    linear({"x_test": X})
    linear.predict(market)
    assert np.array_equal(X, kept)
    pd.testing.assert_frame_equal(market.close, closes)


def test_threads_that_share_a_sensor_get_what_one_alone_gets(definition, tmp_path, prices, linear, market):
    """The feature of three of them reads a setting, under another value in each."""
    from zoo.trust import Trust

    trust = Trust(prefixes=("zoo.", "sklearn.", "tests."))
    definition["manifest"]["features"] = [{"_target_": f"{__name__}.by_setting"}]
    definition["params"] = {"alpha": [1]}
    run_experiment(definition, tmp_path / "x", data=prices, trust=trust)
    trainer = Trainer(tmp_path / "x", prices, trusted=trust)
    sensors = [trainer.train([0], overrides={"forward_days": days})[0] for days in (5, 10, 40)]
    X = np.random.RandomState(0).standard_normal((200, 2))
    alone = [sensor.predict(prices) for sensor in sensors], linear({"x_test": X})["_preds"]

    def work(number):
        found = sensors[number % 3].predict(prices)
        return found.equals(alone[0][number % 3]) and np.array_equal(
            linear({"x_test": X})["_preds"], alone[1]
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(48)))


def test_a_sensor_of_the_first_format_is_read(linear, monkeypatch, market):
    """Format 1 had no modules, and spelt what is not finite as words in the metrics only."""
    import json

    import skops.io

    document = {**linear.as_document(), "format": 1, "results": {"logged": {"a": "nan", "b": 1.5}}}
    old = skops.io.dumps({"estimator": linear.model.estimator, "document": json.dumps(document)})
    back = Sensor.loads(old)
    assert np.isnan(back.results["logged"]["a"])
    assert back.results["logged"]["b"] == 1.5
    pd.testing.assert_series_equal(back.predict(market), linear.predict(market), check_exact=True)


def test_what_is_not_finite_survives_in_metadata_too(linear):
    metadata = {**linear.metadata, "agreement": {"floor": float("nan"), "all": [float("inf"), 1.0]}}
    back = Sensor.loads(replace(linear, metadata=metadata).dumps())
    assert np.isnan(back.metadata["agreement"]["floor"])
    assert back.metadata["agreement"]["all"] == [float("inf"), 1.0]


def test_serving_imports_nothing_of_what_trains():
    code = (
        "import sys; from zoo.promotion import Sensor; "
        "print([m for m in sys.modules if m in ('zoo.promotion.trainer', 'zoo.experiment', 'zoo.portfolio')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
