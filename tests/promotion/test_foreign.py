"""Another library's experiments: what is promoted, what is compared, what is said."""

import shutil
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest

from zoo.errors import (
    AgreementError,
    CodeDriftError,
    DataDriftError,
    ExperimentCorrupt,
    InertOverride,
    ReconstructionError,
    SensorInputError,
    TrustError,
    UnknownPermutation,
)
from zoo.promotion import Sensor, Trainer
from zoo.promotion.foreign import fingerprint_of
from zoo.trust import Trust, file_hash

from .their_files import cells, drop_columns, edit_round, local, set_cell

# --- what is promoted ------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "frame"), [("direction", pl.DataFrame), ("returns", pd.DataFrame)])
def test_a_library_over_frames_of_polars_or_pandas_is_promoted_from_its_own_source(
    theirs, their_trust, name, frame
):
    sensors = Trainer(theirs(name), trusted=their_trust).train([3, 0, 1, 2])
    assert [s.permutation_id for s in sensors] == [3, 0, 1, 2]
    assert sensors[0].round_params["window"] == 10
    assert sensors[0].bound is None
    assert sensors[0].model.rows.container == frame.__module__.partition(".")[0]
    assert sensors[0].metadata["validation"]["predictions"] > 70


def test_its_data_may_be_given(theirs, train, library):
    from other_library.bars import polars_bars

    path = theirs()
    assert train(path, data=polars_bars()).metadata["data"]["rows"] == 400
    with pytest.raises(ReconstructionError, match=r"len\(preds\)"):
        train(path, data=polars_bars(300))


def test_the_sensor_is_trained_on_everything(theirs, train, library):
    from other_library.decoders import returns

    sensor = train(theirs("returns"))
    manifest, data = returns.manifest(), returns.manifest().fetch_data()
    whole = manifest.with_params_override(split_config=(1, 0, 0)).prepare_data(data, sensor.round_params)
    expected = returns.ridge.__globals__["Ridge"]().train(whole, alpha=0.1)
    assert sensor.results["refit"]["n_obs"] == len(whole["x_train"]) > 390
    assert sensor.model.estimator.model.coef_.tolist() == expected.model.coef_.tolist()


def test_it_predicts_frames_of_both_kinds_and_arrays_alike(theirs, train):
    X = np.random.RandomState(0).standard_normal((5, 2))
    names = ["momentum", "volume"]
    for name in ("direction", "returns"):
        sensor = train(theirs(name))
        forms = [X, pd.DataFrame(X, columns=names), pl.DataFrame(X, schema=names)]
        found = [sensor({"x_test": form})["_preds"].tolist() for form in forms]
        assert found[0] == found[1] == found[2]
        with pytest.raises(SensorInputError, match="reorder"):
            sensor.predict({"x_test": forms[1][names[::-1]]})


def test_it_refuses_raw_bars_whose_features_nobody_knows(theirs, train, prices):
    with pytest.raises(SensorInputError, match="how its features are computed is not known"):
        train(theirs()).predict(prices)


def test_a_decoder_that_lies_in_the_experiment_is_promoted_once_it_is_trusted(theirs, train, library):
    path = theirs()
    shutil.copy(library / "decoders" / "direction.py", path / "their_decoder.py")
    file = local(path, (path / "their_decoder.py").read_text())
    prefixes = ("zoo.", "sklearn.", "other_library.")
    with pytest.raises(TrustError, match=r"trust\.local=true"):
        train(path)
    for trust in (Trust(prefixes, local=True), Trust(prefixes, hashes=frozenset({file_hash(file)}))):
        sensor = train(path, trusted=trust)
        assert sensor.metadata["decoder"] == "their_decoder"
        assert Sensor.loads(sensor.dumps(), trust).permutation_id == 0
    assert "their_decoder" not in sys.modules


def test_a_stochastic_model_has_the_wider_tolerance(theirs, train, library):
    path = theirs("returns")
    source = (library / "decoders" / "returns.py").read_text().replace("ridge", "noisy")
    local(path, source)
    trust = Trust(("zoo.", "sklearn.", "other_library."), local=True)
    sensor = train(path, trusted=trust)
    assert sensor.metadata["deterministic"] is False
    local(path, source.replace("noisy import noisy", "ridge import ridge as noisy"))
    set_cell(path, 0, "mae", "0.0088")  # 7% off, but less than 1% of one
    with pytest.raises(ReconstructionError, match="mae"):
        train(path, trusted=trust)
    local(path, source)
    assert train(path, trusted=trust)


# --- what is compared, and what is said ------------------------------------------------------------


def test_rounding_nan_none_and_extra_columns_of_the_file_are_understood(theirs, train):
    path = theirs()
    row = cells(path)[0]
    assert (row["accuracy"], row["precision_of_nothing"], row["threshold"]) == ("0.438", "nan", "")
    assert (row["balanced"], row["backtest_sharpe"]) == ("True", "1.5")
    validation = train(path).metadata["validation"]
    assert validation["metrics"] == 7
    assert validation["mode"] == "full"


def test_the_lineage_says_what_was_not_checked(theirs, train):
    silent = train(theirs()).metadata["validation"]["not_checked"]
    assert {"data fingerprint", "code fingerprint", "column backtest_sharpe"} <= set(silent)
    assert {"line's data and target", "preparation of new data", "round's split"} <= set(silent)
    assert "round's preds" not in silent
    assert "round's alignment" not in silent
    assert "round's alignment" in train(theirs("returns")).metadata["validation"]["not_checked"]


def test_a_column_that_was_not_compared_is_no_metric_of_the_version(theirs, train):
    path = theirs()
    set_cell(path, 0, "backtest_sharpe", "9999")
    sensor = train(path)
    assert "backtest_sharpe" not in sensor.results["logged"]
    assert set(sensor.results["logged"]) == set(sensor.results["reproduced"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accuracy", "0.439"),
        ("accuracy", "0.4"),
        ("accuracy", "9999"),
        ("accuracy", ""),
        ("accuracy", "nan"),
        ("accuracy", "-0.438"),
        ("accuracy", "inf"),
        ("accuracy", "high"),
        ("hits", "13"),
        ("hits", "12.001"),
        ("precision_of_nothing", "0.5"),
        ("precision_of_nothing", ""),
        ("threshold", "0.5"),
        ("balanced", "False"),
        ("solver", "saga"),
    ],
)
def test_a_metric_tampered_beyond_rounding_is_refused(theirs, train, name, value):
    path = theirs()
    set_cell(path, 0, name, value)
    with pytest.raises(ReconstructionError, match=rf"permutation 0: .*{name} logged"):
        train(path)
    assert train(path, 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["preds"].__setitem__(5, 1 - r["preds"][5]),
        lambda r: r["preds"].__setitem__(5, float(r["preds"][5])),
        lambda r: r["preds"].__setitem__(5, None),
        lambda r: r["preds"].pop(),
        lambda r: r["alignment"].__setitem__("first_test_datetime", "2020-01-14T00:00:00"),
        lambda r: r["alignment"].__setitem__("last_test_datetime", "yesterday"),
        lambda r: r["alignment"]["missing_datetimes"].append("2020-01-14T00:00:00"),
    ],
)
def test_tampered_predictions_or_dates_are_refused(theirs, train, change):
    path = theirs()
    edit_round(path, 0, change)
    with pytest.raises(ReconstructionError, match=r"preds|alignment"):
        train(path)


def test_parameters_that_two_files_tell_differently_are_refused(theirs, train):
    path = theirs()
    edit_round(path, 0, lambda r: r["round_params"].__setitem__("C", 1.0))
    with pytest.raises(ExperimentCorrupt, match="other parameters"):
        train(path)


def test_a_metric_cannot_hide_behind_the_name_of_a_parameter(theirs, train):
    path = theirs()
    set_cell(path, 0, "accuracy", "9999")
    edit_round(path, 0, lambda r: r["round_params"].__setitem__("accuracy", 9999))
    with pytest.raises(ReconstructionError, match="accuracy logged '9999'"):
        train(path)


def test_metrics_without_predictions_are_compared_and_the_lineage_says_so(theirs, train):
    path = theirs()
    edit_round(path, 0, lambda r: r.pop("preds"))
    validation = train(path).metadata["validation"]
    assert validation["predictions"] == 0
    assert "round's preds" in validation["not_checked"]
    set_cell(path, 0, "accuracy", "0.439")
    with pytest.raises(ReconstructionError):
        train(path)


def test_predictions_without_metrics_are_compared_and_the_lineage_says_so(theirs, train):
    path = theirs()
    drop_columns(path, "accuracy", "brier", "hits", "precision_of_nothing", "threshold", "balanced", "solver")
    validation = train(path).metadata["validation"]
    assert validation["metrics"] == 0
    assert "metric accuracy" in validation["not_checked"]


@pytest.mark.parametrize("left", [(), ("precision_of_nothing", "threshold", "solver", "balanced")])
def test_an_experiment_with_nothing_comparable_is_refused(theirs, train, left):
    path = theirs()
    metrics = {"accuracy", "brier", "hits", "precision_of_nothing", "threshold", "balanced", "solver"}
    drop_columns(path, *(metrics - set(left)))
    edit_round(path, 0, lambda r: r.pop("preds"))
    with pytest.raises(ReconstructionError, match="nothing was logged that could be compared"):
        train(path)


def test_no_results_are_no_validation(theirs, train):
    path = theirs()
    (path / "results.csv").unlink()
    with pytest.raises(ExperimentCorrupt, match="is missing"):
        train(path)


def test_a_recorded_fingerprint_of_the_data_is_compared(theirs, train, library, edit_json):
    from other_library.bars import polars_bars

    path = theirs()
    known = fingerprint_of(polars_bars()).as_dict()
    edit_json(path / "metadata.json", lambda m: m.update(fingerprints={"data": known}))
    assert "data fingerprint" not in train(path).metadata["validation"]["not_checked"]
    louder = polars_bars().with_columns(volume=pl.col("volume") * 2)
    with pytest.raises(DataDriftError, match="content differs"):
        train(path, data=louder)


def test_the_error_names_a_library_whose_version_changed(theirs, train, edit_json):
    path = theirs()
    edit_json(path / "metadata.json", lambda m: m.update(polars_version="0.20.1"))
    assert train(path).metadata["libraries"]["changed"] == {"polars": ["0.20.1", pl.__version__]}
    set_cell(path, 0, "hits", "13")
    with pytest.raises(ReconstructionError, match=r"polars 0\.20\.1 -> "):
        train(path)


# --- overrides -------------------------------------------------------------------------------------


def test_an_override_that_the_library_does_not_read_is_an_error(theirs, train):
    with pytest.raises(InertOverride):
        train(theirs(), overrides={"forward_days": 60})


def test_a_decoder_that_reads_our_settings_is_overridden(theirs, train, library):
    path = theirs("returns")
    source = (library / "decoders" / "returns.py").read_text()
    source = source.replace("shift(-1)", "shift(-1 if settings.forward_days == 21 else -2)")
    local(path, "from zoo.settings import settings\n" + source)
    trust = Trust(("zoo.", "sklearn.", "other_library."), local=True)
    base = train(path, trusted=trust)
    varied = train(path, trusted=trust, overrides={"forward_days": 60})
    assert varied.metadata["reads"] == ["forward_days"]
    assert varied.results["reproduced"] == base.results["reproduced"]
    assert varied.results["variant"]["mae"] > base.results["variant"]["mae"]
    assert varied.model.estimator.model.coef_.tolist() != base.model.estimator.model.coef_.tolist()


def test_an_override_of_the_label_is_no_setting_of_the_library(theirs, their_trust):
    outcome = Trainer(theirs(), trusted=their_trust).outcome(0, overrides={"model_version_label": "mine"})
    assert (outcome.error, outcome.label) == (None, "mine")


# --- terms -----------------------------------------------------------------------------------------


def test_a_floor_may_be_given_or_left_out_and_the_lineage_keeps_it(theirs, their_trust):
    path = theirs("returns")
    off = Trainer(path, trusted=their_trust, agreement="off").train([0])[0].metadata
    assert (off["agreement"]["how"], off["agreement"]["floor"]) == ("off", None)
    assert off["terms"]["agreement"] == "off"
    low = Trainer(path, trusted=their_trust, agreement=0.1).train([0])[0].metadata
    assert (low["agreement"]["how"], low["agreement"]["floor"]) == ("number", 0.1)
    with pytest.raises(AgreementError, match="below the floor of 1"):
        Trainer(path, trusted=their_trust, agreement=1.0).train([0])


def test_a_refit_that_turns_round_is_refused(theirs, their_trust, library):
    path = theirs("returns")
    source = (library / "decoders" / "returns.py").read_text()
    turned = "part['next'] * (-1 if split[1] == 0 else 1)"
    local(path, source.replace('part["next"]', turned))
    trust = Trust(their_trust.prefixes, local=True)
    with pytest.raises(AgreementError, match="5th percentile of 20 block-bootstrap refits"):
        Trainer(path, trusted=trust).train([0])


def test_without_validation_nothing_is_compared_nor_claimed(theirs, their_trust):
    path = theirs()
    (path / "results.csv").unlink()
    with pytest.raises(ExperimentCorrupt):
        Trainer(path, trusted=their_trust).train([0])
    sensor = Trainer(path, trusted=their_trust, validation="skip").train([0])[0]
    validation = sensor.metadata["validation"]
    assert (validation["mode"], validation["metrics"], validation["predictions"]) == ("skip", 0, 0)
    assert "reproduction" in validation["not_checked"]
    assert sensor.results["logged"] == {}
    full = Trainer(theirs("returns"), trusted=their_trust).outcome(0)
    assert full.inputs["validation"] == "full"


def test_code_that_changed_is_promoted_only_where_that_is_allowed(theirs, their_trust, edit_json):
    path = theirs()
    recorded = {"code": {"modules": {"other_library.decoders.direction": "0" * 64}}}
    edit_json(path / "metadata.json", lambda m: m.update(fingerprints=recorded))
    sensor = Trainer(path, trusted=their_trust, allow_code_drift=True).train([0])[0]
    assert sensor.metadata["drifted"] == ["other_library.decoders.direction"]
    set_cell(path, 0, "hits", "13")
    with pytest.raises(CodeDriftError, match="hits"):
        Trainer(path, trusted=their_trust, allow_code_drift=True).train([0])


@pytest.mark.slow
def test_several_processes_promote_the_same_versions(theirs, their_trust, library):
    path = theirs()
    local(path, (library / "decoders" / "direction.py").read_text())
    trust = Trust(their_trust.prefixes, local=True)
    one, two = (Trainer(path, trusted=trust).outcomes([0, 1, 9], n_jobs=n) for n in (1, 2))
    assert [o.inputs for o in one] == [o.inputs for o in two]
    assert [type(o.error) for o in two] == [type(None), type(None), UnknownPermutation]
    assert one[1].predictions.equals(two[1].predictions)


def test_it_explains_itself_without_claiming_what_it_does_not_know(theirs, train):
    said = train(theirs()).explain()
    assert "7 metrics and 73 predictions compared" in said
    assert "where training ends is not known" in said
    assert "column backtest_sharpe" in said
    assert "no time axis" not in said
    assert "nothing is calibrated" not in said
