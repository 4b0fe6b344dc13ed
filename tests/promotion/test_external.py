import sys
import textwrap

import numpy as np
import pytest

from zoo.errors import InertOverride, OverrideNotAllowed, PromotionError, SensorInputError, TrustError
from zoo.promotion import Sensor
from zoo.promotion.external import train_external
from zoo.spec import ExternalTrainer
from zoo.trust import Trust

CONFIG = "ALPHA = 1.0\nUNUSED = 0\n"
TRAIN = """
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge
    from old_lab import config

    def main(scale=1.0):
        X, y = load_diabetes(return_X_y=True, as_frame=True)
        return Ridge(alpha=config.ALPHA * scale).fit(X, y)

    def with_metrics():
        return {"model": main(), "metrics": {"r2": 0.5}, "features": ["a"] * 10}

    def unfitted():
        return Ridge()

    def on_arrays():
        X, y = load_diabetes(return_X_y=True)
        return {"model": Ridge().fit(X, y), "metrics": {"r2": y.dtype.type(0.5)}}

    def nothing():
        return None

    def fails():
        raise RuntimeError("their bug")
"""
LAB = Trust(prefixes=("zoo.", "sklearn.", "old_lab."))


@pytest.fixture
def lab(tmp_path, monkeypatch):
    package = tmp_path / "old_lab"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "config.py").write_text(CONFIG)
    (package / "train.py").write_text(textwrap.dedent(TRAIN))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield package
    for name in [n for n in sys.modules if n.partition(".")[0] == "old_lab"]:
        del sys.modules[name]


def train(function="main", overrides=(), args=(), trust=LAB, run_id="run-1"):
    trainer = ExternalTrainer(f"old_lab.train.{function}", "old_lab.config", dict(args))
    allowed = ["ALPHA", "UNUSED", "model_version_label"]
    return train_external(trainer, overrides=dict(overrides), allowed=allowed, trust=trust, run_id=run_id)


def test_the_function_runs_unchanged_with_the_overrides_around_the_call(lab):
    import importlib

    outcome = train(overrides={"ALPHA": 7.0}, args={"scale": 2.0})
    assert outcome.error is None
    assert outcome.sensor.model.estimator.alpha == 14.0
    assert importlib.import_module("old_lab.config").ALPHA == 1.0


def test_it_never_claims_what_it_did_not_check(lab):
    validation = train().sensor.metadata["validation"]
    assert validation["mode"] == "none"
    assert "reproduction" in validation["not_checked"]


def test_an_override_that_the_function_never_reads_is_an_error(lab):
    assert isinstance(train(overrides={"UNUSED": 1}).error, InertOverride)


def test_reads_are_recorded_where_they_can_be_seen(lab):
    assert train(overrides={"ALPHA": 2.0}).sensor.metadata["reads"] == ["ALPHA"]


def test_where_reads_cannot_be_seen_the_lineage_says_unknown(lab):
    (lab / "config.py").write_text("ALPHA = 1.0\n\ndef alpha():\n    return ALPHA\n")
    assert train(overrides={"ALPHA": 2.0}).sensor.metadata["reads"] == "unknown"


def test_every_run_is_a_version_of_its_own_since_its_data_is_not_known(lab):
    assert train(run_id="a").inputs != train(run_id="b").inputs
    assert train(run_id="a").inputs == train(run_id="a").inputs


def test_the_label_is_ours_and_not_set_on_the_module(lab):
    outcome = train(overrides={"model_version_label": "mine"})
    assert outcome.error is None
    assert outcome.label == "mine"


def test_the_allowlist_and_the_trust_list_come_first(lab):
    assert isinstance(train(overrides={"BETA": 1}).error, OverrideNotAllowed)
    assert isinstance(train(trust=Trust()).error, TrustError)
    assert "old_lab.train" not in sys.modules


@pytest.mark.parametrize(
    ("function", "error"),
    [("nothing", PromotionError), ("unfitted", PromotionError), ("fails", RuntimeError)],
)
def test_a_function_that_gives_no_model_fails(lab, function, error):
    assert isinstance(train(function).error, error)


def test_a_mapping_may_give_metrics_and_features(lab):
    sensor = train("with_metrics").sensor
    assert sensor.results == {"reported": {"r2": 0.5}}
    assert sensor.features == ("a",) * 10


def test_a_model_fitted_on_arrays_predicts_arrays(lab):
    sensor = train("on_arrays").sensor
    assert len(sensor({"x_test": np.zeros((3, 10))})["_preds"]) == 3
    assert type(sensor.results["reported"]["r2"]) is float


def test_its_sensor_predicts_prepared_features_only_and_survives_storage(lab, prices):
    sensor = train().sensor
    X = np.random.RandomState(0).standard_normal((4, 10))
    back = Sensor.loads(sensor.dumps(), LAB)
    assert np.array_equal(back({"x_test": X})["_preds"], sensor({"x_test": X})["_preds"])
    with pytest.raises(SensorInputError, match="external trainer"):
        back.predict(prices)
