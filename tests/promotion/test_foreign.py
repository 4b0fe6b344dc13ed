"""Another library's experiments: what is compared, what is said, what is refused."""

import csv
import json
import os
import shutil
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import polars as pl
import pytest

from zoo.data import Table
from zoo.errors import (
    AgreementError,
    CodeDriftError,
    DataDriftError,
    ExperimentCorrupt,
    ForeignCodeError,
    InertOverride,
    ManifestError,
    ReconstructionError,
    ReferenceModelError,
    SensorInputError,
    TrustError,
    UnknownPermutation,
)
from zoo.promotion import Sensor, Trainer
from zoo.promotion.foreign import fingerprint_of
from zoo.trust import Trust, file_hash

from .conftest import HERE


def cells(path):
    with (path / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def write_cells(path, rows):
    with (path / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def set_cell(path, number, name, value):
    rows = cells(path)
    rows[number][name] = value
    write_cells(path, rows)


def drop_columns(path, *names):
    write_cells(path, [{k: v for k, v in row.items() if k not in names} for row in cells(path)])


def edit_round(path, number, change):
    lines = (path / "round_data.jsonl").read_text().splitlines()
    value = json.loads(lines[number])
    change(value)
    lines[number] = json.dumps(value)
    (path / "round_data.jsonl").write_text("\n".join(lines) + "\n")


def local(path, source, name="their_decoder"):
    """Put a decoder into an experiment's directory, and have metadata.json name it."""
    (path / f"{name}.py").write_text(textwrap.dedent(source))
    metadata = json.loads((path / "metadata.json").read_text())
    (path / "metadata.json").write_text(json.dumps({**metadata, "sfd_module": name}))
    return path / f"{name}.py"


@pytest.fixture
def train(their_trust):
    def promoted(path, number=0, overrides=None, trusted=None, data=None):
        trust = their_trust if trusted is None else trusted
        return Trainer(path, data, trusted=trust).train([number], overrides=overrides)[0]

    return promoted


# --- what is promoted ---------------------------------------------------------------------------


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


# --- what is compared, and what is said ---------------------------------------------------------


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


# --- versions -----------------------------------------------------------------------------------


def test_the_same_promotion_is_the_same_version_and_another_one_is_another(theirs, their_trust):
    path = theirs()
    first, second = (Trainer(path, trusted=their_trust).outcome(0) for _ in range(2))
    assert first.inputs == second.inputs
    assert Trainer(path, trusted=their_trust).outcome(1).inputs != first.inputs
    assert first.train_end is None


def test_the_version_knows_the_librarys_code(theirs, their_trust, library, tmp_path, monkeypatch):
    copied = tmp_path / "copy"
    shutil.copytree(library, copied / "other_library")
    monkeypatch.syspath_prepend(str(copied))
    path = theirs()
    before = Trainer(path, trusted=their_trust).outcome(0).inputs["source"]
    file = copied / "other_library" / "bars.py"
    file.write_text(file.read_text() + "\n# another comment\n")
    assert Trainer(path, trusted=their_trust).outcome(0).inputs["source"] != before


def test_data_that_has_no_fingerprint_makes_every_version_its_own(theirs, their_trust, library):
    path = theirs("returns")
    source = (library / "decoders" / "returns.py").read_text()
    source = source.replace('data["momentum"]', 'data = data["bars"].copy(); data["momentum"]', 1)
    local(path, source.replace("pandas_bars, prepare", "lambda: {'bars': pandas_bars()}, prepare"))
    trust = Trust(("zoo.", "sklearn.", "other_library."), local=True)
    first, second = (Trainer(path, trusted=trust).outcome(0) for _ in range(2))
    assert first.error is None
    assert "which data it is" in first.sensor.metadata["validation"]["not_checked"]
    assert "data\n  not known" in first.sensor.explain()
    assert first.inputs["data"] == "unknown"
    assert first.inputs != second.inputs


def test_a_fingerprint_does_not_depend_on_the_library_of_the_frame(library):
    from other_library.bars import polars_bars

    frame = polars_bars().drop("datetime")
    assert fingerprint_of(frame) == fingerprint_of(frame.to_pandas())
    assert fingerprint_of(Table(frame.to_pandas())) == fingerprint_of(frame)
    assert fingerprint_of(np.ones(3)) is None
    assert fingerprint_of(pd.DataFrame()) is None


def test_predictions_of_both_parts_are_kept(theirs, their_trust):
    outcome = Trainer(theirs(), trusted=their_trust).outcome(0)
    counts = outcome.predictions["part"].value_counts().to_dict()
    assert counts == {"refit": 394, "test": 73}
    assert outcome.predictions["prediction"].between(0, 1).all()


def test_the_refit_is_compared_with_the_variant(theirs, train):
    found = train(theirs("returns")).metadata["agreement"]
    assert found["floor"] <= found["rank_correlation"] <= 1
    assert (found["how"], found["refits"], found["equal_classes"]) == ("bootstrap", 20, None)
    assert train(theirs()).metadata["agreement"]["equal_classes"] > 0.5


# --- overrides ----------------------------------------------------------------------------------


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


# --- what is refused ----------------------------------------------------------------------------


def test_a_module_outside_the_trust_list_is_not_imported(theirs, train):
    for name in [n for n in sys.modules if n.startswith("other_library")]:
        del sys.modules[name]
    with pytest.raises(TrustError, match=r"'other_library\.decoders\.direction' is not trusted"):
        train(theirs(), trusted=Trust())
    assert not any(name.startswith("other_library") for name in sys.modules)


def test_a_module_that_differs_from_the_recorded_one_is_not_imported(theirs, train, edit_json):
    path = theirs()
    recorded = {"code": {"modules": {"other_library.decoders.direction": "0" * 64}}}
    edit_json(path / "metadata.json", lambda m: m.update(fingerprints=recorded))
    with pytest.raises(CodeDriftError, match="was not imported"):
        train(path)
    assert "other_library.decoders.direction" not in sys.modules


def test_a_trusted_decoder_with_an_architecture_that_is_not_trusted_is_refused(theirs, train, library):
    path = theirs()
    local(path, (library / "decoders" / "direction.py").read_text())
    with pytest.raises(TrustError, match=r"'other_library\.architectures\.logistic' is not trusted"):
        train(path, trusted=Trust(local=True))


def test_an_architecture_that_does_more_than_its_model_is_refused(theirs, train, library):
    path = theirs()
    source = (library / "decoders" / "direction.py").read_text()
    local(path, source.replace("logistic", "calibrated"))
    drop_columns(path, "accuracy", "brier", "hits", "precision_of_nothing", "threshold", "balanced", "solver")
    with pytest.raises(ReferenceModelError, match="does not predict what run_model does"):
        train(path, trusted=Trust(("zoo.", "sklearn.", "other_library."), local=True))


DECODER = """
    from other_library.architectures.logistic import logistic
    from other_library.bars import polars_bars
    from other_library.decoders.direction import params, prepare
    from other_library.manifest import Manifest

    class Own(Manifest):
        {method}

    def manifest():
        return Own(polars_bars, prepare, logistic)
"""


@pytest.mark.parametrize(
    ("method", "error", "message"),
    [
        ("def fetch_data(self): return None", ForeignCodeError, r"fetch_data\(\) gave None"),
        ("fetch_data = None", ForeignCodeError, r"no fetch_data\(\); .*Trainer\(experiment_dir, data\)"),
        ("def fetch_data(self): 1 / 0", ForeignCodeError, r"fetch_data\(\) .*raised ZeroDivisionError"),
        ("def prepare_data(self, d, p): return None", ForeignCodeError, "gave no rows to train on"),
        ("def prepare_data(self, d, p): return {'x_train': [1]}", ForeignCodeError, "no rows to test on"),
        ("def run_model(self, d, p): return 3", ForeignCodeError, "run_model gave int"),
        ("def run_model(self, d, p): raise KeyError('C')", ForeignCodeError, "run_model .*KeyError: 'C'"),
        (
            "def with_params_override(self, **_): return self",
            ForeignCodeError,
            r"split_config=\(1, 0, 0\) trains on 286 rows",
        ),
        ("def resolve_model_kwargs(self, p): return {'D': 1}", ForeignCodeError, "unexpected keyword"),
        ("resolve_model_kwargs = None", ManifestError, "lacks resolve_model_kwargs"),
        ("run_model = None; prepare_data = None", ManifestError, "lacks prepare_data, run_model"),
    ],
)
def test_a_manifest_that_breaks_its_word_is_named(theirs, train, method, error, message):
    path = theirs()
    local(path, DECODER.format(method=method))
    with pytest.raises(error, match=message):
        train(path, trusted=Trust(("zoo.", "sklearn.", "other_library."), local=True))


def test_without_predictions_of_run_model_those_of_its_model_are_compared(theirs, train):
    path = theirs()
    local(path, DECODER.format(method="def run_model(self, d, p): return {'hits': 12}"))
    trust = Trust(("zoo.", "sklearn.", "other_library."), local=True)
    validation = train(path, trusted=trust).metadata["validation"]
    assert (validation["metrics"], validation["predictions"]) == (1, 73)
    assert "column accuracy" in validation["not_checked"]
    edit_round(path, 0, lambda r: r["preds"].__setitem__(0, 1 - r["preds"][0]))
    with pytest.raises(ReconstructionError, match="preds"):
        train(path, trusted=trust)


def test_what_is_nobodys_manifest_is_still_refused(theirs, train):
    path = theirs()
    local(path, "def params(): return {'a': [1]}\ndef manifest(): return 3\n")
    with pytest.raises(ManifestError, match="gave int"):
        train(path, trusted=Trust(local=True))


def test_one_failing_permutation_leaves_the_others(theirs, their_trust):
    path = theirs()
    set_cell(path, 1, "hits", "13")
    errors = [o.error for o in Trainer(path, trusted=their_trust).outcomes([0, 1, 2])]
    assert [type(e) for e in errors] == [type(None), ReconstructionError, type(None)]


# --- on disk ------------------------------------------------------------------------------------

PROBE = [[0.5, -1.0], [2.0, 1.0]]
COLD = """
import sys
import numpy as np
from zoo.promotion import Sensor
from zoo.trust import Trust
trust = Trust(("zoo.", "sklearn.", "other_library."), local=sys.argv[2] == "local")
sensor = Sensor.loads(open(sys.argv[1], "rb").read(), trust)
print(sensor.predict({"x_test": np.array(%r)})["_probs"].tolist())
"""


def cold(file, *, local=False):
    """Load a sensor in a new process, and return what it predicts."""
    done = subprocess.run(
        [sys.executable, "-c", COLD % (PROBE,), str(file), "local" if local else "installed"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )
    return json.loads(done.stdout)


LOCAL_MODEL = """
    from other_library.bars import polars_bars
    from other_library.decoders.direction import params, prepare
    from other_library.manifest import Manifest
    from other_library.architectures.logistic import Logistic as Theirs

    class Mine(Theirs):
        {body}

    def mine(data, C=1.0):
        return Mine().train(data, C=C).evaluate(data)

    def manifest():
        return Manifest(polars_bars, prepare, mine)
"""


def test_a_model_class_of_the_experiments_own_file_travels_with_its_sensor(theirs, train, tmp_path):
    path = theirs()
    local(path, LOCAL_MODEL.format(body="pass"))
    prefixes = ("zoo.", "sklearn.", "other_library.")
    content = train(path, trusted=Trust(prefixes, local=True)).dumps()
    with pytest.raises(TrustError, match=r"'their_decoder' .* is not trusted"):
        Sensor.loads(content, prefixes)
    (tmp_path / "sensor.skops").write_bytes(content)
    assert (
        cold(tmp_path / "sensor.skops", local=True)
        == Sensor.loads(content, Trust(prefixes, local=True))
        .predict({"x_test": np.array(PROBE)})["_probs"]
        .tolist()
    )


def test_a_class_outside_the_trust_list_is_named_and_stored_once_it_is_trusted(
    theirs, train, library, tmp_path
):
    package = tmp_path / "parts_of_models"
    package.mkdir()
    (package / "__init__.py").write_text("class Memory:\n    def __init__(self): self.seen = 3\n")
    sys.path.insert(0, str(tmp_path))
    try:
        path = theirs()
        body = (
            "def train(self, data, C=1.0):\n"
            "            from parts_of_models import Memory\n"
            "            self.memory = Memory()\n"
            "            return super().train(data, C=C)"
        )
        decoder = textwrap.dedent(LOCAL_MODEL.format(body=body))
        (package / "architecture.py").write_text(decoder)
        local(path, "from parts_of_models.architecture import manifest, params\n")
        prefixes = ("zoo.", "sklearn.", "other_library.")
        with pytest.raises(TrustError, match=r"'parts_of_models\.architecture' is not trusted"):
            train(path, trusted=Trust(prefixes, local=True))
        narrow = Trust((*prefixes, "parts_of_models.architecture"), local=True)
        sensor = train(path, trusted=narrow)
        with pytest.raises(TrustError, match=r"parts_of_models\.Memory.*add 'parts_of_models\.'"):
            sensor.dumps()
        wide = Trust((*prefixes, "parts_of_models."), local=True)
        assert Sensor.loads(train(path, trusted=wide).dumps(), wide).model.estimator.memory.seen == 3
    finally:
        sys.path.remove(str(tmp_path))


FORGETFUL = """
class Forgetful(Mine):
    sign = -1
    def __getstate__(self): return {"model": self.model}
    def train(self, data, C=1.0):
        self.sign = 1
        return super().train(data, C=C)
    def predict(self, data):
        out = super().predict(data)
        return {**out, "_preds": self.sign * out["_preds"]}

del Mine
mine = lambda data, C=1.0: Forgetful().train(data, C=C).evaluate(data)
"""


def test_a_model_that_forgets_itself_on_disk_is_not_promoted(theirs, train, tmp_path, monkeypatch):
    package = tmp_path / "forgetful"
    package.mkdir()
    own = textwrap.dedent(LOCAL_MODEL.format(body="pass"))
    (package / "__init__.py").write_text(own + FORGETFUL)
    monkeypatch.syspath_prepend(str(tmp_path))
    path = theirs()
    local(path, "from forgetful import manifest, params\n")
    with pytest.raises(ReferenceModelError, match="predicts differently after it was saved and loaded"):
        train(path, trusted=Trust(("zoo.", "sklearn.", "other_library.", "forgetful."), local=True))


def test_a_sensor_predicts_the_same_to_the_bit_in_a_process_that_knows_only_its_file(theirs, train, tmp_path):
    sensor = train(theirs())
    (tmp_path / "sensor.skops").write_bytes(sensor.dumps())
    here = sensor.predict({"x_test": np.array(PROBE)})["_probs"]
    assert cold(tmp_path / "sensor.skops") == here.tolist()


def test_a_sensor_is_not_loaded_where_its_library_is_not_trusted(theirs, train):
    content = train(theirs()).dumps()
    with pytest.raises(TrustError, match=r"other_library\.architectures\.logistic\.Logistic"):
        Sensor.loads(content)


# --- terms --------------------------------------------------------------------------------------


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
