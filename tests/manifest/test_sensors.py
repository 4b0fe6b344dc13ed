"""Whatever a manifest says, its sensor predicts as the refit did, after save and load as well."""

import numpy as np
import pandas as pd
import pytest

from tests.manifest import lab
from tests.manifest.test_build import Mine
from tests.manifest.test_formation import BARS, of_ticks
from zoo.data import tabular
from zoo.errors import SensorInputError
from zoo.manifest import Manifest
from zoo.manifest.cube import Sample
from zoo.manifest.run import run
from zoo.promotion import Sensor
from zoo.promotion.sensor import scores_of


class Learnt(Mine):
    """A reference model of one's own that may be stored: it has nothing but numbers."""


def classes():
    return (
        lab.base()
        .with_target("zoo.targets.forward_direction", horizon=5, demean=True)
        .with_model("zoo.models.Logistic", C=1.0)
    )


def ruled(**said):
    return (
        Manifest(trust=lab.HERE)
        .add_feature("zoo.features.momentum", lookback=10, skip=1)
        .add_feature("zoo.features.rsi", window=5)
        .with_target(lab.up, horizon=5)
        .set_rows(every=5)
        .set_split_config(6, 2, 2)
        .with_rules(
            {"up": {"feature": "momentum", "above": 0}, "calm": {"feature": "rsi", "below": 60}},
            {"all": ["up", "calm"]},
            **said,
        )
    )


KINDS = {
    "standard": lambda: lab.base(),
    "robust": lambda: lab.base().set_scaler("robust"),
    "rank-gauss": lambda: lab.base().set_scaler("rank_gauss"),
    "rolling robust": lambda: lab.base().set_scaler("zoo.features.rolling_robust", window=30),
    "a scaler of one's own": lambda: lab.base().set_scaler(lab.path("expanding")),
    "components": lambda: lab.base().set_pca(1, whiten=True),
    "indicators": lambda: (
        lab.base()
        .add_indicator(lab.smooth, name="level", window=5)
        .add_indicator(lab.smoother, name="smoother", window=3)
        .add_feature(lab.spread)
    ),
    "a group left out": lambda: (
        lab.base().add_feature("zoo.features.roc", group="speed", lookback=3).set_ablation("speed")
    ),
    "other fields": lambda: (
        lab.base()
        .add_feature("zoo.features.vwap", window=5, relative=True)
        .set_required_bar_columns("volume")
    ),
    "split by dates": lambda: lab.base().set_split_dates(
        first="2015-02-02", validation="2015-07-01", test="2015-09-01"
    ),
    "a class's probabilities": classes,
    "calibrated": lambda: classes().set_calibration("sigmoid", folds=3),
    "calibrated isotonically": lambda: classes().set_calibration("isotonic", folds=3, threshold=0.4),
    "fitted labels": lambda: (
        lab.base()
        .with_target(
            "zoo.targets.forward_return",
            horizon=5,
            fit_params={"cutoff": "zoo.targets.median"},
            transform_params="zoo.targets.above",
        )
        .with_model("zoo.models.Logistic", C=1.0)
    ),
    "rules": lambda: ruled(),
    "rules of classes": lambda: ruled(predicts="class", graded=True),
    "a stacking blender": lambda: lab.base().with_model("zoo.models.Blender", min_samples_leaf=5, max_iter=5),
    "a perceptron": lambda: lab.base().with_model("zoo.models.Perceptron"),
    "a model of one's own": lambda: lab.base().with_model(f"{__name__}.Learnt"),
}


def promoted(manifest, data):
    """The sensor of a refit on everything, and what that refit predicted of every usable row."""
    refit = manifest.with_params_override(split_config=(1, 0, 0))
    bound, prepared = refit.bind({}), refit.prepare_data(data, {})
    model = run(bound, prepared).model
    names = prepared.train.names
    sensor = Sensor(0, model, {}, {"data": data.fingerprint().as_dict()}, {}, bound, names, lab.HERE)
    return sensor, rows_of(prepared.train).assign(prediction=scores_of(model, prepared.train.X))


def rows_of(sample: Sample):
    """What the rows of a part are called."""
    if sample.grid is None:
        return pd.DataFrame({"row": sample.keys["rows"]})
    dates, assets = pd.DatetimeIndex(sample.keys["dates"]), np.array(sample.keys["assets"])
    return pd.DataFrame({"date": dates[sample.grid.date], "asset": assets[sample.grid.asset]})


#: a product of matrices may round otherwise when it has more rows, by processor and library
ROUNDED = {"a perceptron": 1e-12}


def assert_same(sensor, refit, data, relative=0.0):
    again = Sensor.loads(sensor.dumps(), lab.HERE)
    mine, theirs = sensor.predict(data), again.predict(data)
    pd.testing.assert_series_equal(mine, theirs, check_exact=True)
    keys = pd.MultiIndex.from_frame(refit[["date", "asset"]])
    assert len(keys) > 20
    np.testing.assert_allclose(theirs.loc[keys].to_numpy(), refit["prediction"].to_numpy(), relative, 0.0)
    assert again.bound.as_dict() == sensor.bound.as_dict()
    return mine


@pytest.mark.parametrize("kind", KINDS)
def test_a_sensor_of_every_kind_predicts_as_the_refit_did(kind, panel):
    sensor, refit = promoted(KINDS[kind](), panel)
    relative = ROUNDED.get(kind, 0.0)
    assert_same(sensor, refit, panel, relative)
    cut = panel.until(panel.dates[200])
    whole, part = sensor.predict(panel), sensor.predict(cut)
    pd.testing.assert_series_equal(whole.loc[: panel.dates[200]], part, rtol=relative, atol=0.0)


@pytest.mark.parametrize("kind", BARS)
def test_a_sensor_forms_its_own_bars_of_trades(kind, ticks):
    manifest = BARS[kind](of_ticks()).set_required_bar_columns("vwap", "volume")
    sensor, refit = promoted(manifest, ticks)
    mine = assert_same(sensor, refit, ticks)
    bars = manifest.prepare_data(ticks, {}).bench.data
    assert mine.index.get_level_values("date").isin(bars.dates).all()
    earlier = sensor.predict(ticks.until(ticks.dates[3000]))
    pd.testing.assert_series_equal(mine.loc[: ticks.dates[3000]], earlier, check_exact=True)


def test_bars_that_are_not_formed_as_in_training_are_refused(ticks):
    sensor, _ = promoted(BARS["volume"](of_ticks()), ticks)
    with pytest.raises(SensorInputError, match="no field 'volume'"):
        sensor.predict(ticks.close)


def test_a_selector_chose_what_to_train_on_and_not_what_to_predict(panel):
    manifest = lab.base().set_selector("zoo.data.between", first="2015-03-02", last="2015-10-30")
    sensor, refit = promoted(manifest, panel)
    dates = sensor.predict(panel).index.get_level_values("date")
    assert dates.max() == panel.dates[-1]
    assert refit["date"].max() <= pd.Timestamp("2015-10-30")
    chosen = lab.base().set_selector("zoo.data.assets", without="A1")
    sensor, refit = promoted(chosen, panel)
    mine = assert_same(sensor, refit, panel)
    assert set(mine.index.get_level_values("asset")) == set(panel.assets)
    assert set(refit["asset"]) == set(panel.assets) - {"A1"}


@pytest.mark.parametrize("calibrated", [False, True])
def test_a_tables_sensor_is_the_same_after_save_and_load(calibrated):
    data = tabular("breast_cancer")
    manifest = (
        Manifest(trust=lab.HERE)
        .with_target("zoo.targets.column")
        .set_scaler("rank_gauss")
        .set_pca(5)
        .with_model("zoo.models.Logistic", C=1.0)
    )
    manifest = manifest.set_calibration() if calibrated else manifest
    sensor, refit = promoted(manifest, data)
    again = Sensor.loads(sensor.dumps(), lab.HERE)
    scores = again.predict(data)
    pd.testing.assert_series_equal(scores, sensor.predict(data), check_exact=True)
    assert np.array_equal(scores.to_numpy()[refit["row"]], refit["prediction"].to_numpy())


def test_what_is_reported_of_a_calibration_is_what_is_used(panel):
    sensor, _ = promoted(KINDS["calibrated"](), panel)
    again = Sensor.loads(sensor.dumps(), lab.HERE)
    assert again.model.estimator.describe() == sensor.model.estimator.describe()
    X = np.random.RandomState(0).standard_normal((50, 2)) * 0.05
    out = again({"x_test": X})
    threshold = again.model.estimator.describe()["threshold"]
    assert np.array_equal(out["_preds"], (out["_probs"][:, 1] >= threshold).astype(float))
