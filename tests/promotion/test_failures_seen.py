"""Failures seen in the best existing trainer of this format: a test each, which a naive trainer fails."""

import json
import math
import shutil
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from tests.promotion.directories import edit_metadata, edit_round, set_metric
from zoo.data import Dataset
from zoo.errors import (
    AgreementError,
    DataDriftError,
    ExperimentCorrupt,
    Interrupted,
    ReconstructionError,
    ResumeRefused,
    TrustError,
    UnknownPermutation,
)
from zoo.events import Advanced
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.loop import run_experiment
from zoo.features import momentum
from zoo.promotion import Sensor, Trainer
from zoo.trust import Trust

BOTH = {"residual_momentum_enabled": True}


def test_one_nan_in_a_column_does_not_hide_a_tampered_profit_of_9999(experiment_dir, prices):
    set_metric(experiment_dir, 0, "net_annual_mean", "nan")
    set_metric(experiment_dir, 2, "net_annual_mean", "9999.0")
    for number in (0, 2):
        with pytest.raises(ReconstructionError, match="1 values differ: net_annual_mean logged"):
            Trainer(experiment_dir, prices).train([number])
    assert Trainer(experiment_dir, prices).train([1, 3])


def test_a_directory_without_results_is_not_promoted_unless_asked_and_then_for_ever_marked(
    experiment_dir, prices
):
    (experiment_dir / "results.csv").write_text("")
    with pytest.raises(ExperimentCorrupt, match=r"results\.csv: is empty"):
        Trainer(experiment_dir, prices).train([0])
    (experiment_dir / "results.csv").unlink()
    with pytest.raises(ExperimentCorrupt, match=r"results\.csv: is missing"):
        Trainer(experiment_dir, prices).train([0])
    outcome = Trainer(experiment_dir, prices, validation="skip").outcome(0)
    assert outcome.inputs["validation"] == outcome.sensor.metadata["validation"]["mode"] == "skip"
    assert Sensor.loads(outcome.sensor.dumps()).metadata["validation"]["mode"] == "skip"


def test_drift_that_rounding_to_three_decimals_would_hide_is_found(experiment_dir, prices):
    logged = ExperimentDirectory(experiment_dir).round(0).metrics["rank_ic"]
    assert round(logged, 3) != logged
    set_metric(experiment_dir, 0, "rank_ic", repr(logged + 2e-6))
    with pytest.raises(ReconstructionError, match="rank_ic"):
        Trainer(experiment_dir, prices).train([0])
    edit_round(experiment_dir, 1, lambda line: line["preds"].__setitem__(3, line["preds"][3] * 1.0001))
    with pytest.raises(ReconstructionError, match=r"preds\[3\]"):
        Trainer(experiment_dir, prices).train([1])


def test_data_with_every_volume_changed_is_its_own_error(definition, tmp_path, prices):
    volume = prices.close * 0 + np.arange(1.0, len(prices.dates) + 1)[:, None]
    data = Dataset({"close": prices.close, "volume": volume}, prices.factors)
    run_experiment(definition, tmp_path / "x", data=data)
    changed = Dataset({"close": prices.close, "volume": volume + 1}, prices.factors)
    assert Trainer(tmp_path / "x", data).train([0])  # no feature looks at the volume
    with pytest.raises(DataDriftError, match="content"):
        Trainer(tmp_path / "x", changed).train([0])


def test_another_version_of_a_library_is_named_when_it_does_not_reproduce(experiment_dir, prices):
    set_metric(experiment_dir, 0, "rank_ic", "0.5")
    edit_metadata(experiment_dir, lambda meta: meta["libraries"].update({"scikit-learn": "0.24.2"}))
    with pytest.raises(
        ReconstructionError, match=r"libraries changed .*: scikit-learn 0\.24\.2 -> \d"
    ) as caught:
        Trainer(experiment_dir, prices).train([0])
    assert list(caught.value.libraries) == ["scikit-learn"]


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory, prices):
    """A calibrated classifier whose threshold is far from one half, promoted."""
    from tests.conftest import DEFINITION

    manifest = {
        **DEFINITION["manifest"],
        "target": {"_target_": "zoo.targets.forward_direction", "horizon": 21, "demean": True},
        "model": {"_target_": "sklearn.linear_model.LogisticRegression", "C": "${params.alpha}"},
        "calibration": {"method": "sigmoid", "folds": 3, "threshold": 0.4},
    }
    path = tmp_path_factory.mktemp("calibrated") / "up"
    run_experiment({**DEFINITION, "manifest": manifest}, path, data=prices)
    return Trainer(path, prices, agreement="off").train([0])[0]


def test_calibration_is_refitted_too_and_the_threshold_that_is_reported_is_the_one_in_use(calibrated):
    for sensor in (calibrated, Sensor.loads(calibrated.dumps())):
        told = sensor.metadata["fitted"]["calibration"]
        X = np.random.RandomState(0).standard_normal((200, len(sensor.features)))
        out = sensor.predict({"x_test": X})
        used = sensor.model.estimator
        assert told["threshold"] == used.threshold_ == 0.4
        assert (told["slope"], told["intercept"]) == (used.slope_, used.intercept_)
        assert ((out["_probs"][:, 1] >= told["threshold"]) == (out["_preds"] == 1)).all()


def test_the_scaler_travels_with_the_sensor_and_raw_bars_need_no_guess(made_experiment, prices):
    sensor = Trainer(made_experiment, prices).train([0])[0]
    predicted = sensor.predict(prices)
    unscaled = momentum(prices.close, lookback=20, skip=5).stack().loc[predicted.index].to_numpy()[:, None]
    assert np.allclose(sensor.predict({"x_test": unscaled})["_preds"], predicted, rtol=0, atol=1e-12)
    mean = sensor.model.estimator.named_steps["scaler"].mean_
    assert abs(mean[0]) > 1e-3  # a caller who scales once more would be wrong
    assert not np.allclose(sensor.predict({"x_test": unscaled - mean})["_preds"], predicted, atol=1e-6)


def test_a_refit_that_no_longer_resembles_what_was_validated_is_an_error(made_experiment, prices):
    with pytest.raises(AgreementError, match=r"rank correlation .* is 0\.\d{4}, below the floor of 1\.0000"):
        Trainer(made_experiment, prices, agreement=1.0).train(
            [0], overrides={"residual_momentum_enabled": True}
        )
    sensor = Trainer(made_experiment, prices).train([0])[0]
    found = sensor.metadata["agreement"]
    assert found["floor"] <= found["rank_correlation"]
    assert (found["how"], found["refits"]) == ("bootstrap", 20)


def test_the_first_mismatch_aborts_nothing_and_each_permutation_has_its_outcome(experiment_dir, prices):
    set_metric(experiment_dir, 0, "mse", "1.0")
    found = Trainer(experiment_dir, prices).outcomes([0, 1, 2])
    assert [outcome.error is None for outcome in found] == [False, True, True]
    with pytest.raises(ReconstructionError) as caught:
        Trainer(experiment_dir, prices).train([0, 1, 2])
    assert [outcome.sensor is not None for outcome in caught.value.outcomes] == [False, True, True]


def test_rounds_that_share_a_preparation_share_it_and_processes_change_nothing(
    experiment_dir, prices, monkeypatch
):
    import zoo.manifest.prepare

    built, build = [], zoo.manifest.prepare.build_cube
    monkeypatch.setattr(zoo.manifest.prepare, "build_cube", lambda *given: built.append(1) or build(*given))
    one = Trainer(experiment_dir, prices).outcomes([0, 1, 2, 3])
    assert len(built) == 2  # one a lookback, not three a permutation
    two = Trainer(experiment_dir, prices).outcomes([0, 1, 2, 3], n_jobs=2)
    for a, b in zip(one, two, strict=True):
        assert (a.inputs, a.sensor.metadata) == (b.inputs, b.sensor.metadata)
        assert a.predictions.equals(b.predictions)


def test_resume_refuses_other_data_seed_space_and_code_and_the_target_may_grow(definition, tmp_path, prices):
    definition["search"] |= {"strategy": "random", "rounds": 2}
    path = tmp_path / "x"
    run_experiment(definition, path, data=prices)
    with pytest.raises(ResumeRefused, match="data"):
        run_experiment(definition, path, data=prices.until(prices.dates[-2]), resume=True)
    other = json.loads(json.dumps(definition))
    other["search"]["seed"] = 8
    with pytest.raises(ResumeRefused, match="seed"):
        run_experiment(other, path, data=prices, resume=True)
    other = {**definition, "params": {**definition["params"], "alpha": [1, 100]}}
    with pytest.raises(ResumeRefused, match="params"):
        run_experiment(other, path, data=prices, resume=True)
    older = Path(shutil.copytree(path, tmp_path / "older" / "x"))
    edit_metadata(older, lambda meta: meta["fingerprints"]["code"]["modules"].update({"zoo.data": "0" * 64}))
    with pytest.raises(ResumeRefused, match="code"):
        run_experiment(definition, older, data=prices, resume=True)
    definition["search"]["rounds"] = 4
    assert run_experiment(definition, path, data=prices, resume=True).permutations == 4
    assert Trainer(path, prices).train([0, 1, 2, 3])


def test_no_code_of_a_decoder_runs_before_name_trust_and_hash_agree_and_none_shadows_a_module(
    tmp_path, prices, experiment_dir
):
    marker = tmp_path / "ran"
    evil = f"open({str(marker)!r}, 'w').close()\n"
    path_before, modules_before = list(sys.path), set(sys.modules)
    for name, trust, recorded in (
        ("../colorsys", Trust(local=True), None),  # no name
        ("my_evil", Trust(), None),  # not trusted
        ("my_evil", Trust(local=True), "0" * 64),  # another hash
        ("my_evil", Trust(local=True), None),  # hashes were recorded, and none of it
        ("colorsys", Trust(local=True), None),  # an installed module's name
    ):
        edit_metadata(
            experiment_dir,
            lambda meta, name=name, recorded=recorded: (
                meta.update(sfd_module=name),
                meta["fingerprints"]["code"].update(modules={name: recorded} if recorded else {"x": ""}),
            ),
        )
        (experiment_dir / f"{name.rpartition('/')[2]}.py").write_text(evil)
        with pytest.raises(TrustError):
            Trainer(experiment_dir, prices, trusted=trust).train([0])
    assert not marker.exists()
    assert sys.path == path_before
    assert not {"my_evil", "colorsys"} & (set(sys.modules) - modules_before)


def test_a_torn_last_line_is_repaired_on_resume_and_another_malformed_line_is_named(
    definition, tmp_path, prices
):
    path = tmp_path / "x"
    run_experiment(definition, path, data=prices)
    whole = (path / "round_data.jsonl").read_text()
    lines = whole.splitlines(keepends=True)
    (path / "round_data.jsonl").write_text("".join([lines[0], '{"round_id": 1, "ro\n', *lines[2:]]))
    with pytest.raises(ExperimentCorrupt, match=r"round_data\.jsonl:2: is not JSON"):
        Trainer(path, prices).train([0])
    killed, left = tmp_path / "killed", [3]

    def stop(event):
        left[0] -= isinstance(event, Advanced)
        if not left[0]:
            raise Interrupted("SIGTERM")

    with pytest.raises(Interrupted):
        run_experiment(definition, killed, data=prices, observers=[stop])
    torn = (killed / "round_data.jsonl").read_text()
    (killed / "round_data.jsonl").write_text(torn[:-40])
    run_experiment(definition, killed, data=prices, resume=True)
    assert (killed / "round_data.jsonl").read_text() == whole
    assert Trainer(killed, prices).train([2])


@pytest.mark.parametrize("number", [True, 1.0, np.int64(1), "1", None, math.nan])
def test_what_merely_equals_an_id_is_no_id(experiment_dir, prices, number):
    with pytest.raises(UnknownPermutation, match="does not exist"):
        Trainer(experiment_dir, prices).train([number])


def test_a_local_decoder_leaves_sys_path_and_its_bare_name_alone_whatever_it_does(tmp_path):
    from zoo.trust import load_local

    path = tmp_path / "my_greedy.py"
    for end in ("", "raise RuntimeError('boom')\n"):
        text = """
            import sys
            sys.path.insert(0, "/nowhere")
            sys.modules["my_greedy"] = sys
        """
        path.write_text(textwrap.dedent(text) + end)
        before = list(sys.path)
        if end:
            with pytest.raises(RuntimeError):
                load_local(path, Trust(local=True))
        else:
            load_local(path, Trust(local=True))
        assert sys.path == before
        assert "my_greedy" not in sys.modules


def test_a_copy_of_a_directory_is_promoted_like_the_original(experiment_dir, tmp_path, prices):
    copy = shutil.copytree(experiment_dir, tmp_path / "elsewhere" / experiment_dir.name)
    one, two = (Trainer(path, prices).outcome(0) for path in (experiment_dir, copy))
    assert one.inputs == two.inputs
    assert one.sensor.metadata == two.sensor.metadata
