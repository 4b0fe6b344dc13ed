import pytest

from tests.promotion.directories import set_metric
from zoo.errors import (
    ConfigError,
    ExperimentCorrupt,
    InertOverride,
    Interrupted,
    OverrideNotAllowed,
    ReconstructionError,
    SettingsError,
    TrustError,
    UnknownPermutation,
)
from zoo.experiment.loop import run_experiment
from zoo.promotion import Trainer
from zoo.settings import settings
from zoo.trust import Trust


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


def test_a_variant_keeps_the_dates_of_its_round_though_it_uses_fewer_rows(trainer):
    """A feature with a longer warm-up leaves fewer cross-sections: cut anew, the test part would move."""
    base, variant = (
        trainer.outcome(0, overrides=overrides) for overrides in ({}, {"residual_momentum_enabled": True})
    )
    first, last = (
        [edge(o.predictions.query("part == 'test'")["date"]) for o in (base, variant)] for edge in (min, max)
    )
    assert first[0] == first[1]
    assert last[0] == last[1]
    assert len(variant.predictions) < len(base.predictions)


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
    told = []
    narrow = Trainer(
        trainer.directory.path,
        trainer.bench.data,
        allowed=["xsec_demean_alpha_enabled"],
        observers=[told.append],
    )
    with pytest.raises(OverrideNotAllowed):
        narrow.train([0], overrides={"forward_days": 60})
    assert told == []


def test_an_override_of_the_wrong_type_is_refused(trainer):
    with pytest.raises(SettingsError, match="forward_days"):
        trainer.train([0], overrides={"forward_days": "60"})


def test_an_override_that_training_never_reads_is_an_error(definition, tmp_path, prices):
    definition["manifest"]["target"]["demean"] = True
    run_experiment(definition, tmp_path / "x", data=prices)
    with pytest.raises(InertOverride, match="xsec_demean_alpha_enabled"):
        Trainer(tmp_path / "x", prices).train([0], overrides={"xsec_demean_alpha_enabled": False})


def test_numeric_libraries_have_one_thread_as_when_it_was_logged(definition, tmp_path, prices):
    trust = Trust(prefixes=("zoo.", "sklearn.", "tests."))
    definition["manifest"]["model"]["_target_"] = "tests.promotion.broken.Counting"
    run_experiment(definition, tmp_path / "x", data=prices, trust=trust)
    sensor = Trainer(tmp_path / "x", prices, trusted=trust, agreement="off").train([0])[0]
    assert sensor.model.estimator.named_steps["model"].threads_ == 1


def test_one_failure_leaves_the_other_outcomes(experiment_dir, prices):
    set_metric(experiment_dir, 1, "mse", "1.0")
    found = Trainer(experiment_dir, prices).outcomes([0, 1, 99, 2])
    assert [type(o.error).__name__ for o in found] == [
        "NoneType",
        "ReconstructionError",
        "UnknownPermutation",
        "NoneType",
    ]


def test_train_tries_all_and_raises_the_first_failure_with_the_others(experiment_dir, prices):
    set_metric(experiment_dir, 1, "mse", "1.0")
    told = []
    with pytest.raises(ReconstructionError) as caught:
        Trainer(experiment_dir, prices, observers=[told.append]).train([0, 1, 99, 2])
    assert [type(error) for error in caught.value.others] == [UnknownPermutation]
    assert [outcome.permutation_id for outcome in caught.value.outcomes] == [0, 1, 99, 2]
    assert [outcome.sensor is not None for outcome in caught.value.outcomes] == [True, False, False, True]
    assert "1 of 4 permutations failed as well" in caught.value.__notes__[0]
    assert told[-1].note == "permutation 2 refitted"


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


def test_the_same_promotion_gives_the_same_inputs_and_predictions(experiment_dir, prices):
    one, two = (Trainer(experiment_dir, prices).outcome(0) for _ in range(2))
    assert one.inputs == two.inputs
    assert one.predictions.equals(two.predictions)


@pytest.mark.parametrize(
    "terms", [{"validation": "skipp"}, {"agreement": "boot"}, {"agreement": 2}, {"allow_code_drift": 1}]
)
def test_terms_that_do_not_exist_are_refused_at_once(experiment_dir, terms):
    with pytest.raises(ConfigError, match=next(iter(terms))):
        Trainer(experiment_dir, **terms)
