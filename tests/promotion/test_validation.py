import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.promotion.directories import edit_metadata, edit_round, make_foreign, set_metric
from zoo.data import Dataset
from zoo.errors import DataDriftError, ExperimentCorrupt, ManifestError, ReconstructionError
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.loop import run_experiment
from zoo.promotion import Trainer
from zoo.promotion.validation import validate
from zoo.trust import Trust

OURS = [
    "settings",
    "params",
    "search",
    "seed",
    "fingerprints",
    "libraries",
    "columns",
    "volatile",
    "rounds",
    "failed",
]


@pytest.mark.parametrize("value", ["9999", "nan", "", "inf", "-0.01"])
def test_a_tampered_metric_does_not_reproduce(experiment_dir, prices, value):
    set_metric(experiment_dir, 2, "rank_ic", value)
    with pytest.raises(
        ReconstructionError, match=r"permutation 2: does not reproduce, 1 values differ: rank_ic logged"
    ):
        Trainer(experiment_dir, prices).train([2])
    assert Trainer(experiment_dir, prices).train([1])


def test_a_nan_elsewhere_in_the_column_hides_nothing(experiment_dir, prices):
    set_metric(experiment_dir, 0, "rank_ic", "nan")
    set_metric(experiment_dir, 2, "rank_ic", "9999")
    with pytest.raises(ReconstructionError, match=r"rank_ic logged 9999, "):
        Trainer(experiment_dir, prices).train([2])


def test_every_mismatch_is_listed_with_its_tolerance(experiment_dir, prices):
    set_metric(experiment_dir, 0, "mse", "1.0")
    set_metric(experiment_dir, 0, "n_obs", "3")
    with pytest.raises(ReconstructionError) as caught:
        Trainer(experiment_dir, prices).train([0])
    assert {m["key"]: (m["logged"], m["tolerance"]) for m in caught.value.mismatches} == {
        "mse": (1.0, 1e-6),
        "n_obs": (3, 0.0),
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["preds"].__setitem__(5, r["preds"][5] * 1.001),
        lambda r: r["preds"].__setitem__(5, None),
        lambda r: r["preds"].pop(),
        lambda r: r["preds"].__setitem__(slice(0, 2), r["preds"][1::-1]),
        lambda r: r["alignment"]["assets"].reverse(),
        lambda r: r["alignment"]["dates"].__setitem__(0, "1990-01-01"),
        lambda r: r["split"].__setitem__("validation", r["split"]["test"]),
    ],
    ids=["score", "absent", "length", "swapped", "assets", "dates", "split"],
)
def test_tampered_predictions_do_not_reproduce(experiment_dir, prices, change):
    edit_round(experiment_dir, 1, change)
    with pytest.raises(ReconstructionError, match="permutation 1"):
        Trainer(experiment_dir, prices).train([1])


@pytest.mark.parametrize(
    ("kind", "name"), [("held_out", "net"), ("quality", "rank_ic")], ids=["net returns", "rank ICs"]
)
def test_a_tampered_series_does_not_reproduce(experiment_dir, prices, kind, name):
    edit_round(experiment_dir, 1, lambda r: r[kind][name].__setitem__(2, 0.5))
    with pytest.raises(ReconstructionError, match=rf"{kind}\.{name}\[2\] \(the worst of 1 that differ\)"):
        Trainer(experiment_dir, prices).train([1])
    edit_round(experiment_dir, 2, lambda r: r.pop(kind))
    with pytest.raises(ReconstructionError, match=rf"{kind} logged 'absent', reproduced 'present'"):
        Trainer(experiment_dir, prices).train([2])


def test_an_edit_within_the_tolerance_is_still_an_edit(experiment_dir, prices):
    logged = ExperimentDirectory(experiment_dir).round(0).metrics["rank_ic"]
    set_metric(experiment_dir, 0, "rank_ic", repr(logged + 1e-9))
    with pytest.raises(ExperimentCorrupt, match="the row of permutation 0 is not the one that was logged"):
        Trainer(experiment_dir, prices).train([0])
    edit_round(experiment_dir, 1, lambda r: r["preds"].__setitem__(5, r["preds"][5] * (1 + 1e-9)))
    with pytest.raises(ExperimentCorrupt, match="the line of permutation 1 is not the one that was logged"):
        Trainer(experiment_dir, prices).train([1])


def test_where_nothing_was_logged_nothing_was_reproduced(experiment_dir, prices):
    trainer = Trainer(experiment_dir, prices)
    logged = trainer.directory.round(0)
    done = trainer.pipeline.run(logged.params, trainer.bench)
    silent = replace(logged, metrics={}, volatile=tuple(logged.metrics))
    with pytest.raises(ReconstructionError, match="nothing was logged that could be compared"):
        validate(silent, done, where="x", libraries={})


def test_predictions_that_were_all_taken_away_are_not_nothing_to_compare(experiment_dir, prices):
    edit_round(experiment_dir, 1, lambda r: r.update(preds=[None] * len(r["preds"])))
    with pytest.raises(ReconstructionError):
        Trainer(experiment_dir, prices).train([1])


def test_what_another_library_did_not_record_is_said_to_be_not_checked(experiment_dir, prices):
    make_foreign(experiment_dir, "fingerprints", "settings", "libraries")
    sensor = Trainer(experiment_dir, prices).train([0])[0]
    assert sensor.metadata["validation"]["not_checked"] == [
        "data fingerprint",
        "code fingerprint",
        "libraries",
        "settings",
        "round's sha256",
    ]


@pytest.mark.parametrize("key", [*OURS, "created_at", "format_version", "zoo_version"])
@pytest.mark.parametrize("how", ["removed", "emptied", "null"])
def test_no_check_can_be_switched_off_by_taking_its_key_away(experiment_dir, prices, edit_json, key, how):
    def change(meta):
        if how == "removed":
            del meta[key]
        else:
            meta[key] = None if how == "null" else type(meta[key])()

    before = json.loads((experiment_dir / "metadata.json").read_text())
    edit_json(experiment_dir / "metadata.json", change)
    if before[key] == json.loads((experiment_dir / "metadata.json").read_text()).get(key, "gone"):
        return  # it was empty before
    with pytest.raises((ExperimentCorrupt, ReconstructionError)):
        Trainer(experiment_dir, prices).train([1])


@pytest.mark.parametrize(
    "path", [("fingerprints", "code"), ("fingerprints", "data"), ("settings", "forward_days")]
)
def test_no_part_of_a_fingerprint_or_of_the_settings_can_be_taken_away(
    experiment_dir, prices, edit_json, path
):
    edit_json(experiment_dir / "metadata.json", lambda meta: meta[path[0]].pop(path[1]))
    with pytest.raises(ExperimentCorrupt, match=rf"lacks {path[0]}\.{path[1]}"):
        Trainer(experiment_dir, prices).train([1])


@pytest.mark.parametrize("key", ["preds", "alignment", "split", "deterministic", "sha256"])
@pytest.mark.parametrize("value", [None, {}, "x"])
def test_no_part_of_a_round_can_be_taken_away(experiment_dir, prices, key, value):
    edit_round(experiment_dir, 1, lambda r: r.update({key: value}))
    with pytest.raises((ExperimentCorrupt, ReconstructionError)):
        Trainer(experiment_dir, prices).train([1])


def test_a_change_of_what_pass_1_does_not_exercise_is_found(experiment_dir, prices, edit_json):
    edit_json(
        experiment_dir / "metadata.json", lambda meta: meta["manifest"]["features"][1].update(window=50)
    )
    with pytest.raises(ExperimentCorrupt, match="declares something else than when the round was run"):
        Trainer(experiment_dir, prices).train([1], overrides={"residual_momentum_enabled": True})


def test_a_round_logged_as_deterministic_is_compared_as_deterministic(experiment_dir, prices, edit_json):
    edit_json(experiment_dir / "metadata.json", lambda meta: meta["manifest"].update(deterministic=False))
    set_metric(experiment_dir, 0, "rank_ic_se", "0.02")
    with pytest.raises(ReconstructionError, match="deterministic logged True, reproduced False"):
        Trainer(experiment_dir, prices).train([0])


def test_a_manifest_that_was_edited_does_not_pass(experiment_dir, prices, edit_json):
    edit_json(experiment_dir / "metadata.json", lambda meta: meta["manifest"].update(split=[7, 2, 2]))
    with pytest.raises(ReconstructionError, match="val_n_dates logged 7, reproduced 16"):
        Trainer(experiment_dir, prices).train([0])
    edit_json(experiment_dir / "metadata.json", lambda meta: meta["manifest"].update(split=[7, 2]))
    with pytest.raises(ManifestError, match=r"manifest\.split"):
        Trainer(experiment_dir, prices).train([0])


def test_a_random_model_does_not_reproduce(definition, tmp_path, prices):
    definition["manifest"]["model"] = {
        "_target_": "sklearn.ensemble.RandomForestRegressor",
        "n_estimators": 3,
        "max_depth": "${params.alpha}",
    }
    run_experiment(definition, tmp_path / "x", data=prices)
    assert Trainer(tmp_path / "x", prices).train([0])  # the seed is filled in
    definition["manifest"]["model"]["random_state"] = {
        "_target_": "tests.promotion.test_validation.fresh_state"
    }
    run_experiment(definition, tmp_path / "y", data=prices, trust=_trusting_tests())
    with pytest.raises(ReconstructionError):
        Trainer(tmp_path / "y", prices, trusted=_trusting_tests()).train([0])


def fresh_state():
    return np.random.RandomState()


def _trusting_tests():

    return Trust(prefixes=("zoo.", "sklearn.", "tests."))


# --- skipped, because somebody asked for it -----------------------------------------------------


@pytest.mark.parametrize("how", ["missing", "empty", "header only"])
def test_a_directory_without_results_is_refused_unless_skipping_is_asked_for(experiment_dir, prices, how):
    path = experiment_dir / "results.csv"
    header = path.read_text().splitlines(keepends=True)[0]
    path.unlink() if how == "missing" else path.write_text("" if how == "empty" else header)
    with pytest.raises(ExperimentCorrupt, match=r"results\.csv"):
        Trainer(experiment_dir, prices).train([1])
    sensor = Trainer(experiment_dir, prices, validation="skip").train([1])[0]
    assert sensor.metadata["validation"]["mode"] == "skip"
    assert sensor.metadata["validation"]["metrics"] == 0
    assert sensor.metadata["validation"]["predictions"] == 0
    assert sensor.metadata["validation"]["not_checked"] == ["reproduction"]
    assert sensor.results["logged"] == {}


def test_skipping_is_part_of_what_the_version_is(experiment_dir, prices):
    full, skipped = (Trainer(experiment_dir, prices, validation=v).outcome(0) for v in ("full", "skip"))
    assert full.inputs == {**skipped.inputs, "validation": "full"}
    assert skipped.inputs["validation"] == "skip"


def test_skipping_compares_nothing_but_still_checks_the_data(experiment_dir, prices):
    set_metric(experiment_dir, 0, "mse", "1.0")
    assert Trainer(experiment_dir, prices, validation="skip").train([0])
    other = Dataset({"close": prices.close * 1.0001}, prices.factors)
    with pytest.raises(DataDriftError):
        Trainer(experiment_dir, other, validation="skip").train([0])


def test_skipping_does_not_excuse_a_line_that_was_edited(experiment_dir, prices):
    edit_round(experiment_dir, 0, lambda line: line["preds"].__setitem__(0, 0.5))
    with pytest.raises(ExperimentCorrupt, match="line of permutation 0 is not the one"):
        Trainer(experiment_dir, prices, validation="skip").train([0])


# --- tolerances and volatile metrics, as the experiment declares them ---------------------------


@pytest.fixture
def declared(definition, tmp_path, prices):
    """An experiment with a tolerance of its own, and a metric that a second run need not reproduce."""
    definition["tolerances"] = {"mse": {"relative": 0.05}, "n_obs": {"absolute": 2}, "r2": {"absolute": 0}}
    definition["volatile"] = ["turnover"]
    run_experiment(definition, tmp_path / "declared", data=prices)
    return tmp_path / "declared"


def compared(path, prices, **changes):
    """Validate a round whose logged metrics differ by so much from those of the second run."""
    trainer = Trainer(path, prices)
    logged = trainer.directory.round(0)
    done = trainer.pipeline.run(logged.params, trainer.bench)
    metrics = {**logged.metrics, **{name: change(logged.metrics[name]) for name, change in changes.items()}}
    return validate(replace(logged, metrics=metrics), done, where="x", libraries={})


@pytest.mark.parametrize(
    ("metric", "change", "passes"),
    [
        ("mse", lambda v: v * 1.04, True),
        ("mse", lambda v: v * 1.06, False),
        ("mse", lambda v: v * 1e9, False),
        ("n_obs", lambda v: v + 2, True),
        ("n_obs", lambda v: v - 3, False),
        ("n_obs", float, False),
        ("r2", lambda v: v + 1e-9, False),
        ("rank_ic", lambda v: v + 1e-9, True),
        ("rank_ic", lambda v: v + 1e-5, False),
        ("mse", lambda v: float("nan"), False),
        ("mse", lambda v: float("inf"), False),
        ("mse", lambda v: None, False),
    ],
)
def test_a_metric_is_held_to_its_declared_tolerance_and_to_the_usual_one_without(
    declared, prices, metric, change, passes
):
    if passes:
        assert compared(declared, prices, **{metric: change}).metrics > 30
    else:
        with pytest.raises(ReconstructionError, match=rf"1 values differ: {metric} logged"):
            compared(declared, prices, **{metric: change})


def test_a_volatile_metric_is_not_compared_and_the_lineage_says_so(declared, prices):
    set_metric(declared, 0, "turnover", "9999.0")
    sensor = Trainer(declared, prices).train([0])[0]
    assert sensor.metadata["validation"]["volatile"] == ["turnover"]
    assert "volatile turnover" in sensor.metadata["validation"]["not_checked"]
    assert "turnover" not in sensor.results["logged"]
    assert "turnover" in sensor.results["reproduced"]


@pytest.mark.parametrize(
    "change",
    [
        lambda meta: meta["tolerances"]["mse"].update(absolute=1e9),
        lambda meta: meta["tolerances"].update(rank_ic={"absolute": 1e9}),
        lambda meta: meta.pop("tolerances"),
        lambda meta: meta["volatile"].append("rank_ic"),
        lambda meta: meta["volatile"].remove("turnover"),
        lambda meta: meta["tolerances"]["mse"].update(relative=1.0),
        lambda meta: meta["tolerances"]["mse"].update(absolut=1.0),
        lambda meta: meta.update(tolerances=[3]),
    ],
)
def test_no_tolerance_is_loosened_by_an_edit(declared, prices, change):
    edit_metadata(declared, change)
    with pytest.raises((ExperimentCorrupt, ReconstructionError)):
        Trainer(declared, prices).train([0])


def test_the_count_of_everything_compared_is_in_the_lineage(experiment_dir, prices):
    sensor = Trainer(experiment_dir, prices).train([0])[0]
    line = json.loads((experiment_dir / "round_data.jsonl").read_text().splitlines()[0])
    found = sensor.metadata["validation"]
    assert found["metrics"] == len(sensor.results["logged"]) > 30
    assert found["predictions"] == sum(value is not None for value in line["preds"])
    assert found["series"] == len(line["held_out"]["net"]) + len(line["quality"]["rank_ic"])


# --- what was fitted ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made_calibrated(tmp_path_factory, prices):
    """A calibrated classifier of up and down."""
    from tests.conftest import DEFINITION

    manifest = {
        **DEFINITION["manifest"],
        "target": {"_target_": "zoo.targets.forward_direction", "horizon": 21, "demean": True},
        "model": {"_target_": "sklearn.linear_model.LogisticRegression", "C": "${params.alpha}"},
        "calibration": {"method": "sigmoid", "folds": 3, "threshold": "balanced_accuracy"},
    }
    path = tmp_path_factory.mktemp("calibrated") / "up"
    run_experiment({**DEFINITION, "manifest": manifest}, path, data=prices)
    return path


@pytest.mark.parametrize("name", ["threshold", "slope", "intercept", "oof_brier"])
def test_what_a_calibration_was_fitted_to_is_compared(made_calibrated, tmp_path, prices, name):
    path = shutil.copytree(made_calibrated, tmp_path / "up")
    edit_round(path, 0, lambda line: line["fitted"]["calibration"].update({name: 0.123}))
    with pytest.raises(ReconstructionError, match=rf"fitted\.calibration\.{name} logged 0\.123"):
        Trainer(path, prices).train([0])
    found = Trainer(path, prices, agreement="off").train([1])[0].metadata["validation"]
    assert found["fitted"] >= 12
    assert found["predictions"] > 2 * 300


@pytest.mark.parametrize("value", [0.5, None])
def test_a_tampered_probability_does_not_reproduce(made_calibrated, tmp_path, prices, value):
    path = shutil.copytree(made_calibrated, tmp_path / "up")
    edit_round(path, 0, lambda line: line["probs"].__setitem__(7, value))
    with pytest.raises(ReconstructionError, match=r"probs\[7\] \(the worst of 1 that differ\) logged"):
        Trainer(path, prices).train([0])
