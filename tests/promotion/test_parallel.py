import os

import pytest

import zoo.manifest.prepare
from tests.promotion.directories import set_metric
from zoo.errors import (
    ConfigError,
    Interrupted,
    PromotionError,
    ReconstructionError,
    UnknownPermutation,
)
from zoo.experiment.loop import run_experiment
from zoo.promotion import Trainer
from zoo.promotion.outcome import Outcome
from zoo.promotion.parallel import first_failure
from zoo.settings import recorded
from zoo.trust import Trust

TESTS = Trust(prefixes=("zoo.", "sklearn.", "tests."))


def shown(outcome):
    """Everything that an outcome says."""
    if outcome.error is not None:
        return outcome.permutation_id, type(outcome.error), str(outcome.error)
    sensor = outcome.sensor
    weights = sensor.model.estimator.named_steps["model"].coef_.tolist()
    results = {stage: repr(values) for stage, values in sensor.results.items()}
    said = outcome.inputs, sensor.metadata, results, weights, outcome.predictions.to_csv()
    return outcome.permutation_id, *said, outcome.train_end, outcome.label


def test_two_processes_give_what_one_gives_in_the_order_asked_for(experiment_dir, prices):
    set_metric(experiment_dir, 1, "mse", "1.0")
    overrides = {"residual_momentum_enabled": True, "model_version_label": "mine"}
    asked = [3, 0, 99, 1, True, 0, 2, 1.0]
    one, two = (
        Trainer(experiment_dir, prices).outcomes(asked, overrides=overrides, n_jobs=n) for n in (1, 2)
    )
    assert [outcome.permutation_id for outcome in two] == asked
    assert [shown(outcome) for outcome in two] == [shown(outcome) for outcome in one]
    assert [type(outcome.error) for outcome in one] == [
        type(None),
        type(None),
        UnknownPermutation,
        ReconstructionError,
        UnknownPermutation,
        UnknownPermutation,
        type(None),
        UnknownPermutation,
    ]


def test_reads_and_events_come_back_from_the_workers(experiment_dir, prices):
    told = []
    with recorded() as reads:
        Trainer(experiment_dir, prices, observers=[told.append]).outcomes([0, 2], n_jobs=2)
    assert reads.names >= {"forward_days", "xsec_demean_alpha_enabled"}
    assert sorted(event.note for event in told) == sorted(
        f"permutation {n} {what}" for n in (0, 2) for what in ("reproduced", "variant fitted", "refitted")
    )


def test_each_outcome_is_told_when_it_is_there_and_what_the_listener_raises_is_raised(experiment_dir, prices):
    told = []

    def stop(outcome):
        told.append(outcome.permutation_id)
        raise Interrupted("SIGTERM")

    for n_jobs in (1, 2):
        with pytest.raises(Interrupted):
            Trainer(experiment_dir, prices).outcomes([0, 2, 1, 3], n_jobs=n_jobs, finished=stop)
    assert len(told) == 2


def test_permutations_that_share_a_preparation_share_it(definition, tmp_path, prices, monkeypatch):
    definition["params"] = {"lookback": [10, 20, 30, 40], "alpha": [1, 2, 3, 4, 5, 6]}
    run_experiment(definition, tmp_path / "x", data=prices)
    built = []
    build = zoo.manifest.prepare.build_cube
    monkeypatch.setattr(zoo.manifest.prepare, "build_cube", lambda *given: built.append(1) or build(*given))
    trainer = Trainer(tmp_path / "x", prices, agreement="off")
    scattered = [n * 7 % 24 for n in range(24)]
    assert all(outcome.error is None for outcome in trainer.outcomes(scattered))
    assert len(built) == 4  # of 24 permutations × 3 passes


def test_the_first_failure_carries_the_others():
    errors = [ValueError("a"), UnknownPermutation("b"), PromotionError("c")]
    outcomes = [Outcome(0), *(Outcome(n, error=error) for n, error in enumerate(errors, start=1))]
    first = first_failure(outcomes)
    assert first is errors[0]
    assert first.others == (errors[1], errors[2])
    assert first.outcomes == tuple(outcomes)
    assert first_failure([Outcome(0)]) is None


@pytest.fixture
def broken(definition, tmp_path, prices, monkeypatch):
    """Make an experiment with an estimator that breaks something; in this process it runs."""
    monkeypatch.setenv("ZOO_TESTS_PID", str(os.getpid()))

    def make(estimator):
        definition["manifest"]["model"]["_target_"] = f"tests.promotion.broken.{estimator}"
        run_experiment(definition, tmp_path / estimator, data=prices, trust=TESTS)
        return Trainer(tmp_path / estimator, prices, trusted=TESTS, agreement="off")

    return make


def test_a_process_that_dies_is_a_failure_of_what_it_had_and_no_exception(broken):
    trainer = broken("Dying")
    found = trainer.outcomes([0, 1, 2, 3], n_jobs=2)
    assert [outcome.permutation_id for outcome in found] == [0, 1, 2, 3]
    failed = [outcome.error for outcome in found if outcome.error is not None]
    assert failed
    assert all(isinstance(error, PromotionError) for error in failed)
    assert "its process died" in str(failed[0])
    assert all(outcome.error is None for outcome in trainer.outcomes([0, 1]))


def test_what_cannot_leave_its_process_says_so(broken):
    found = broken("Clinging").outcomes([0, 2], n_jobs=2)
    assert [type(outcome.error) for outcome in found] == [PromotionError] * 2
    assert "cannot leave its process" in str(found[0].error)


@pytest.mark.parametrize("n_jobs", [0, -1, 1.5, True, "2", None])
def test_a_number_of_processes_that_is_none_is_refused(experiment_dir, prices, n_jobs):
    with pytest.raises(ConfigError, match="n_jobs is"):
        Trainer(experiment_dir, prices).outcomes([0], n_jobs=n_jobs)
