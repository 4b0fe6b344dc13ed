import json

import numpy as np
import pandas as pd
import pytest

from tests.promotion.conftest import EXPERIMENTS
from tests.promotion.test_trainer import set_metric
from zoo.errors import CohortError, CohortMemberFailed, ReconstructionError
from zoo.experiment.loop import run_experiment
from zoo.metrics import auc
from zoo.promotion import Cohort, Trainer
from zoo.promotion.assembly import promote_cohort
from zoo.promotion.cohort import load_predictor
from zoo.promotion.measure import FITTED_APART
from zoo.promotion.members import Members
from zoo.settings import settings
from zoo.targets import forward_direction

OVERRIDES = {"residual_momentum_enabled": True}
KEYS = ["date", "asset"]


def promoted(trainer, ids, **how):
    return promote_cohort(trainer, Members(tuple(ids), "by the test"), **how)


def part(outcome, name, keys=KEYS):
    return outcome.predictions.query(f"part == '{name}'").set_index(keys)["prediction"].sort_index()


@pytest.fixture(scope="module")
def outcome(momentum):
    found = promoted(momentum, [0, 7, 14], overrides=OVERRIDES)
    assert found.error is None
    return found


def test_every_member_is_promoted_like_a_single_one(outcome, momentum):
    alone = momentum.outcomes([0, 7, 14], overrides=OVERRIDES)
    for member, single in zip(outcome.members, alone, strict=True):
        assert member.inputs == single.inputs
        assert member.sensor.metadata["validation"] == single.sensor.metadata["validation"]
        assert member.predictions.equals(single.predictions)


def test_the_whole_lists_its_members_each_with_its_own_validation(outcome):
    told = outcome.sensor.metadata
    assert [member["name"] for member in told["members"]] == ["momentum/0", "momentum/7", "momentum/14"]
    for member, single in zip(told["members"], outcome.members, strict=True):
        assert member["validation"] == single.sensor.metadata["validation"]
        assert member["agreement"]["floor"] is not None
        assert member["metrics"]["variant"] == single.sensor.results["variant"]
    compared = sum(single.sensor.metadata["validation"]["metrics"] for single in outcome.members)
    assert told["validation"]["metrics"] == compared
    assert told["selection"] == "by the test"
    json.dumps(told, allow_nan=False)


def test_its_predictions_are_the_members_combined_where_all_predict(outcome, market):
    members = [part(member, "test") for member in outcome.members]
    expected = pd.concat(members, axis=1, join="inner").mean(axis=1)
    found = part(outcome, "test")
    assert found.index.equals(expected.index)
    assert np.allclose(found, expected, rtol=0, atol=1e-15)
    refit = part(outcome, "refit")
    served = load_predictor(outcome.sensor.dumps()).predict(market)
    assert np.array_equal(served.loc[refit.index].to_numpy(), refit.to_numpy())


def test_its_metrics_are_those_of_its_own_predictions(momentum):
    """Two members with one feature rank alike, so that whatever ranks decide must come out the same."""
    outcome = promoted(momentum, [0, 1])
    whole = outcome.sensor.results["variant"]
    own = outcome.members[0].sensor.results["variant"]
    for name in (
        "rank_ic",
        "rank_ic_se",
        "n_dates",
        "n_obs",
        "net_sharpe",
        "net_sharpe_min",
        "turnover",
        "cvar",
    ):
        assert whole[name] == pytest.approx(own[name], abs=1e-12)
    errors = [member.sensor.results["variant"]["mse"] for member in outcome.members]
    assert whole["mse"] <= sum(errors) / 2  # by Jensen's inequality


def test_metrics_are_of_the_rows_that_all_members_predict(outcome, momentum):
    tests = [set(part(member, "test").index) for member in outcome.members]
    common = set.intersection(*tests)
    assert any(len(rows) > len(common) for rows in tests)
    assert outcome.sensor.results["variant"]["n_obs"] == len(common)


def test_rank_means_are_measured_by_their_order_only(momentum):
    whole = promoted(momentum, [0, 1], combine="rank_mean").sensor.results["variant"]
    alone = promoted(momentum, [0, 1]).sensor.results["variant"]
    assert whole["rank_ic"] == pytest.approx(alone["rank_ic"], abs=1e-12)
    assert whole["net_sharpe"] == pytest.approx(alone["net_sharpe"], abs=1e-12)
    assert not {"mse", "r2"} & set(whole)


def test_a_cohort_of_classifiers_is_measured_as_one(direction, planted):
    outcome = promoted(direction, [0, 2])
    whole, found = outcome.sensor.results["variant"], part(outcome, "test")
    assert np.allclose(found, sum(part(member, "test") for member in outcome.members) / 2, rtol=0, atol=1e-15)
    labels = forward_direction(planted.close, horizon=21, demean=True).stack()
    y = labels.reindex(found.index).dropna()
    assert whole["n_obs"] == len(y)
    assert whole["auc"] == pytest.approx(auc(y, found.loc[y.index], positive=1), abs=1e-12)
    assert whole["brier"] == pytest.approx(((found.loc[y.index] - y) ** 2).mean(), abs=1e-12)
    assert {"accuracy", "true_positives", "net_sharpe"} <= set(whole)


def test_a_vote_is_measured_by_classes(direction):
    outcome = promoted(direction, [0, 2], combine="vote")
    assert set(part(outcome, "test").unique()) <= {0.0, 1.0}
    whole = outcome.sensor.results["variant"]
    assert "accuracy" in whole
    assert "auc" not in whole
    assert outcome.sensor.metadata["agreement"]["equal_classes"] > 0.5


def test_a_tables_cohort_is_promoted_too():
    outcome = promoted(Trainer(EXPERIMENTS / "diabetes"), [0, 1, 2])
    assert outcome.error is None
    assert outcome.train_end is None
    assert 0.3 < outcome.sensor.results["variant"]["r2"] < 0.7
    members = [part(member, "test", ["row"]) for member in outcome.members]
    assert np.allclose(part(outcome, "test", ["row"]), sum(members) / 3, rtol=0, atol=1e-12)


def test_a_member_that_does_not_reproduce_leaves_no_cohort(experiment_dir, prices):
    set_metric(experiment_dir, 2, "rank_ic", "0.9999")
    outcome = promoted(Trainer(experiment_dir, prices), [0, 2, 3])
    assert outcome.sensor is None
    assert isinstance(outcome.error, CohortMemberFailed)
    assert "1 of 3 members failed to be promoted: small/2 (ReconstructionError" in str(outcome.error)
    assert isinstance(outcome.members[1].error, ReconstructionError)
    assert [member.sensor is not None for member in outcome.members] == [True, False, True]
    assert settings.residual_momentum_enabled is False


def test_members_that_cannot_be_combined_leave_no_cohort_and_the_settings_as_they_were(
    made_experiment, prices
):
    outcome = promoted(
        Trainer(made_experiment, prices), [0, 2], combine="vote", overrides={"forward_days": 5}
    )
    assert isinstance(outcome.error, CohortError)
    assert settings.forward_days == 21


def test_the_fingerprint_is_over_the_members_inputs_in_order_of_id(made_experiment, prices):
    trainer = Trainer(made_experiment, prices)
    one, same, other, ranked = (
        promoted(trainer, [0, 3]),
        promoted(trainer, [3, 0]),
        promoted(trainer, [0, 2]),
        promoted(trainer, [0, 3], combine="rank_mean"),
    )
    assert one.inputs == same.inputs
    assert list(one.sensor.members) == list(same.sensor.members)
    assert one.inputs["members"][0] == trainer.outcome(0).inputs
    assert one.inputs != other.inputs
    assert one.inputs != ranked.inputs


def test_several_processes_make_the_same_cohort(made_experiment, prices):
    trainer = Trainer(made_experiment, prices)
    one, two = (promoted(trainer, [0, 1, 3], n_jobs=jobs) for jobs in (1, 2))
    assert one.inputs == two.inputs
    assert one.predictions.equals(two.predictions)
    assert one.sensor.results == two.sensor.results


def test_a_variant_that_is_not_the_validated_one_is_refused(made_experiment, prices, monkeypatch):
    import zoo.promotion.assembly as assembly

    trainer = Trainer(made_experiment, prices)
    real = assembly.fit
    monkeypatch.setattr(assembly, "fit", lambda bound, sample, horizon: shifted(real(bound, sample, horizon)))
    outcome = promoted(trainer, [0, 1])
    assert "the variant of permutation 0 predicts differently" in str(outcome.error)


def shifted(model):
    model.estimator.named_steps["model"].intercept_ += 1e-3
    return model


def test_labels_that_were_fitted_apart_measure_nothing_and_the_lineage_says_so(definition, tmp_path, prices):
    definition["manifest"]["target"] |= {
        "fit_params": {name: {"_target_": f"zoo.targets.{name}"} for name in ("mean", "standard_deviation")},
        "transform_params": {"_target_": "zoo.targets.standardised"},
    }
    run_experiment(definition, tmp_path / "x", data=prices)
    trainer = Trainer(tmp_path / "x", prices)
    apart, alike = promoted(trainer, [0, 2]), promoted(trainer, [0, 1])
    assert apart.sensor.results["variant"] == {}
    assert apart.sensor.metadata["not_checked"] == [FITTED_APART]
    assert FITTED_APART in apart.sensor.explain()
    assert "rank_ic" in alike.sensor.results["variant"]
    assert alike.sensor.metadata["not_checked"] == []


def test_another_librarys_permutations_are_no_cohort(theirs, their_trust):
    outcome = promoted(Trainer(theirs("returns"), trusted=their_trust), [0, 1])
    assert isinstance(outcome.error, CohortError)
    assert "another library prepares its data in its own way" in str(outcome.error)


def test_what_was_assembled_is_a_cohort_that_says_so(outcome):
    assert isinstance(outcome.sensor, Cohort)
    assert "chosen: by the test" in outcome.sensor.explain()
    assert outcome.sensor.permutation_id is None
