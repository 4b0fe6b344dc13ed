import csv
import json

import numpy as np
import pytest

from zoo.data import Dataset, sp500
from zoo.errors import (
    CodeDriftError,
    DataDriftError,
    DataError,
    ExperimentCorrupt,
    InertOverride,
    Interrupted,
    ManifestError,
    OverrideNotAllowed,
    ReconstructionError,
    SettingsError,
    TrustError,
    UnknownPermutation,
)
from zoo.experiment.loop import run_experiment
from zoo.promotion import Trainer
from zoo.settings import settings


def set_metric(path, number, name, value):
    rows = list(csv.DictReader((path / "results.csv").open()))
    rows[number][name] = value
    with (path / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def edit_round(path, number, change):
    lines = (path / "round_data.jsonl").read_text().splitlines()
    value = json.loads(lines[number])
    change(value)
    lines[number] = json.dumps(value)
    (path / "round_data.jsonl").write_text("\n".join(lines) + "\n")


@pytest.fixture
def trainer(experiment_dir, prices):
    return Trainer(experiment_dir, prices)


def test_permutations_are_promoted_in_the_order_asked_for(trainer):
    assert [s.permutation_id for s in trainer.train([3, 0])] == [3, 0]


def test_a_promotion_keeps_what_was_logged_reproduced_and_made_of_it(trainer):
    sensor = trainer.train([1], overrides={"residual_momentum_enabled": True})[0]
    logged, reproduced = sensor.results["logged"], sensor.results["reproduced"]
    assert logged == pytest.approx(reproduced, abs=1e-6)
    assert sensor.results["variant"]["rank_ic"] != logged["rank_ic"]
    assert sensor.metadata["validation"]["metrics"] == len(logged)
    assert sensor.metadata["validation"]["predictions"] > 300
    assert sensor.metadata["reads"] == [
        "forward_days",
        "residual_momentum_enabled",
        "xsec_demean_alpha_enabled",
    ]
    assert sensor.metadata["settings"]["recorded"]["residual_momentum_enabled"] is False
    assert sensor.metadata["settings"]["effective"]["residual_momentum_enabled"] is True


def test_the_refit_uses_all_data_and_ends_where_its_last_label_does(trainer, prices):
    outcome = trainer.outcome(0)
    last = prices.dates[: len(prices.dates) - 21]
    assert outcome.train_end == prices.dates[(len(last) - 1) // 21 * 21 + 21].date()
    refit = outcome.predictions.query("part == 'refit'")
    test = outcome.predictions.query("part == 'test'")
    assert refit["date"].min() < test["date"].min()
    assert refit["date"].max() == test["date"].max()
    assert outcome.sensor.results["refit"]["n_obs"] == len(refit)
    assert not outcome.predictions["prediction"].isna().any()


def test_settings_are_restored_after_a_promotion_and_after_a_failed_one(trainer):
    trainer.train([0], overrides={"forward_days": 5})
    assert trainer.outcome(99, overrides={"forward_days": 5}).error is not None
    assert settings.forward_days == 21


@pytest.mark.parametrize(
    "overrides",
    [{"forward_days": 60}, {"residual_momentum_enabled": True}, {"xsec_demean_alpha_enabled": False}],
    ids=lambda o: next(iter(o)),
)
def test_each_allowlisted_setting_changes_the_trained_model(trainer, overrides):
    base, variant = trainer.outcome(0), trainer.outcome(0, overrides=overrides)

    def weights(outcome):
        return outcome.sensor.model.estimator.named_steps["model"].coef_.tolist()

    assert weights(base) != weights(variant)
    assert base.inputs != variant.inputs


def test_the_label_changes_the_label_and_counts_as_read(trainer):
    outcome = trainer.outcome(0, overrides={"model_version_label": "mine"})
    assert outcome.error is None
    assert outcome.label == "mine"


def test_a_longer_horizon_purges_by_itself(trainer):
    sensor = trainer.train([0], overrides={"forward_days": 60})[0]
    assert sensor.metadata["horizon"] == 60
    assert sensor.metadata["split"]["logged"] == trainer.train([0])[0].metadata["split"]["logged"]


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
    with pytest.raises(ReconstructionError, match=r"rank_ic logged 9999\.0"):
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


def test_predictions_that_were_all_taken_away_are_not_nothing_to_compare(experiment_dir, prices):
    edit_round(experiment_dir, 1, lambda r: r.update(preds=[None] * len(r["preds"])))
    with pytest.raises(ReconstructionError):
        Trainer(experiment_dir, prices).train([1])


def test_changed_data_is_its_own_error_before_anything_is_fitted(experiment_dir, prices):
    close = prices.close.copy()
    close.iloc[100, 3] *= 1.0001
    with pytest.raises(DataDriftError, match="content"):
        Trainer(experiment_dir, Dataset({"close": close}, prices.factors)).train([0])
    with pytest.raises(DataDriftError, match="rows"):
        Trainer(experiment_dir, sp500(end="1997-12-30")).train([0])


def test_changed_code_is_its_own_error_and_names_the_module(experiment_dir, prices, edit_json):
    edit_json(
        experiment_dir / "metadata.json",
        lambda meta: meta["fingerprints"]["code"]["modules"].update({"zoo.features.trend": "0" * 64}),
    )
    with pytest.raises(CodeDriftError, match=r"zoo\.features\.trend"):
        Trainer(experiment_dir, prices).train([0])


def test_changed_libraries_are_named_when_it_does_not_reproduce(experiment_dir, prices, edit_json):
    edit_json(
        experiment_dir / "metadata.json", lambda meta: meta["libraries"].update({"scikit-learn": "0.24"})
    )
    set_metric(experiment_dir, 0, "mse", "1.0")
    with pytest.raises(
        ReconstructionError, match=r"libraries changed since it was logged: scikit-learn 0\.24 ->"
    ) as caught:
        Trainer(experiment_dir, prices).train([0])
    assert caught.value.libraries["scikit-learn"][0] == "0.24"


def foreign(path, edit_json, *gone):
    """Make the directory another library's, which lacks `gone`."""

    def change(meta):
        for key in ("format_version", "zoo_version", *gone):
            meta.pop(key)

    edit_json(path / "metadata.json", change)
    lines = [json.loads(line) for line in (path / "round_data.jsonl").read_text().splitlines()]
    for line in lines:
        del line["sha256"]
    (path / "round_data.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def test_what_another_library_did_not_record_is_said_to_be_not_checked(experiment_dir, prices, edit_json):
    foreign(experiment_dir, edit_json, "fingerprints", "settings", "libraries")
    sensor = Trainer(experiment_dir, prices).train([0])[0]
    assert sensor.metadata["validation"]["not_checked"] == [
        "data fingerprint",
        "code fingerprint",
        "libraries",
        "settings",
        "round's sha256",
    ]


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


def test_data_of_another_kind_is_refused(experiment_dir, prices):
    with pytest.raises(DataError, match="data is a DataFrame"):
        Trainer(experiment_dir, prices.close).train([0])


@pytest.mark.parametrize("ids", [[True], [1.0], [-1], [4], ["1"]])
def test_what_is_no_id_is_refused(trainer, ids):
    with pytest.raises(UnknownPermutation, match=r"expected an id of this experiment \(0 to 3\)"):
        trainer.train(ids)


def test_an_id_that_is_listed_twice_is_refused(trainer):
    with pytest.raises(UnknownPermutation, match="permutation 1 is listed twice"):
        trainer.train([1, 1])


def test_parameters_that_are_not_those_of_the_id_are_refused(experiment_dir, prices, edit_json):
    edit_json(experiment_dir / "metadata.json", lambda meta: meta["params"].update(alpha=[10, 1]))
    with pytest.raises(ExperimentCorrupt, match="are not those of this id"):
        Trainer(experiment_dir, prices).train([0])


def test_an_override_outside_the_allowlist_is_refused_before_anything(trainer):
    with pytest.raises(OverrideNotAllowed, match="did you mean 'forward_days'"):
        trainer.train([0], overrides={"forward_dais": 60})
    narrow = Trainer(trainer.directory.path, trainer.bench.data, allowed=["xsec_demean_alpha_enabled"])
    with pytest.raises(OverrideNotAllowed):
        narrow.train([0], overrides={"forward_days": 60})


def test_an_override_of_the_wrong_type_is_refused(trainer):
    with pytest.raises(SettingsError, match="forward_days"):
        trainer.train([0], overrides={"forward_days": "60"})


def test_an_override_that_training_never_reads_is_an_error(definition, tmp_path, prices):
    definition["manifest"]["target"]["demean"] = True
    run_experiment(definition, tmp_path / "x", data=prices)
    with pytest.raises(InertOverride, match="xsec_demean_alpha_enabled"):
        Trainer(tmp_path / "x", prices).train([0], overrides={"xsec_demean_alpha_enabled": False})


def test_one_failure_leaves_the_other_outcomes(experiment_dir, prices):
    set_metric(experiment_dir, 1, "mse", "1.0")
    found = Trainer(experiment_dir, prices).outcomes([0, 1, 99, 2])
    assert [type(o.error).__name__ for o in found] == [
        "NoneType",
        "ReconstructionError",
        "UnknownPermutation",
        "NoneType",
    ]


def test_train_tries_all_and_raises_the_first_failure(experiment_dir, prices):
    set_metric(experiment_dir, 1, "mse", "1.0")
    with pytest.raises(ReconstructionError):
        Trainer(experiment_dir, prices).train([0, 1, 99])


def test_an_interruption_is_never_taken_for_a_failure_of_one_permutation(experiment_dir, prices):
    def interrupt(_):
        raise Interrupted("SIGTERM")

    with pytest.raises(Interrupted):
        Trainer(experiment_dir, prices, observers=[interrupt]).outcomes([0, 1])
    assert settings.forward_days == 21


@pytest.mark.parametrize("target", ["os.system", "builtins.eval", "sklearn.datasets._base.os.system"])
def test_a_target_that_was_smuggled_into_the_metadata_is_not_imported(
    experiment_dir, prices, edit_json, target
):
    edit_json(
        experiment_dir / "metadata.json",
        lambda meta: meta["manifest"].update(scaler={"_target_": target, "command": "echo"}),
    )
    with pytest.raises(TrustError, match=target.replace(".", r"\.")):
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
    definition["manifest"]["model"]["random_state"] = {"_target_": "tests.promotion.test_trainer.fresh_state"}
    run_experiment(definition, tmp_path / "y", data=prices, trust=_trusting_tests())
    with pytest.raises(ReconstructionError):
        Trainer(tmp_path / "y", prices, trusted=_trusting_tests()).train([0])


def fresh_state():
    return np.random.RandomState()


def _trusting_tests():
    from zoo.trust import Trust

    return Trust(prefixes=("zoo.", "sklearn.", "tests."))


def test_the_same_promotion_gives_the_same_inputs_and_predictions(experiment_dir, prices):
    one, two = (Trainer(experiment_dir, prices).outcome(0) for _ in range(2))
    assert one.inputs == two.inputs
    assert one.predictions.equals(two.predictions)
