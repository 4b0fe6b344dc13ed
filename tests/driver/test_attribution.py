"""Overrides of a spec attributed over a real experiment, and counted."""

import contextlib
import dataclasses
import math
import sqlite3

import pytest

from tests.driver.test_apply import spoil
from zoo.driver.apply import apply_spec
from zoo.driver.attribution import attribute
from zoo.driver.task import Task
from zoo.errors import ConfigError, NothingToDo, StoreUnavailable
from zoo.evaluation.rules import AttributionRules
from zoo.events import Failed
from zoo.line import Line
from zoo.registry import Registry
from zoo.spec import parse_spec

LINE = Line("us_equity", "zoo.data.sp500", "zoo.targets.forward_return", 21, 21)
RULES = AttributionRules(draws=200)
BOTH = {"residual_momentum_enabled": True, "forward_days": 42}


@pytest.fixture
def task(experiment_dir, tmp_path):
    def build(permutations=(1,), **changes):
        source = {"experiment": str(experiment_dir), "permutations": list(permutations)}
        spec = {"name": "small", "line": "us_equity", "sources": [source], "overrides": BOTH, **changes}
        url = f"sqlite:///{tmp_path}/registry/registry.db"
        return Task(parse_spec(spec, "small.yaml"), LINE, url, tmp_path / "registry", "run-1")

    return build


def opened(task):
    return Registry.open(task.registry_url, artifacts=task.artifacts, read_only=True)


def test_each_override_is_left_out_of_the_full_set_and_all_of_them_together(task):
    found = attribute(task(), RULES)
    [one] = found.permutations
    assert (one.experiment, one.permutation_id, one.validation, one.deterministic) == (
        "small",
        1,
        "full",
        True,
    )
    assert [(e.override, e.value, e.recorded) for e in one.effects] == [
        ("residual_momentum_enabled", True, False),
        ("forward_days", 42, 21),
        (None, None, None),
    ]
    residual, horizon, together = (e.effect for e in one.effects)
    assert residual.rank_ic.compared
    assert not horizon.rank_ic.compared
    assert horizon.net_sharpe.compared
    assert math.isfinite(together.net_annual_mean.low)
    assert one.evaluations == 4  # none, both, and each without the other


def test_what_an_override_is_compared_with_is_the_variant_that_apply_registers(task):
    told = task(overrides={"residual_momentum_enabled": True})
    apply_spec(told)
    with opened(told) as registry:
        metrics = registry.versions()[0].metrics
    [one] = attribute(told, RULES).permutations
    alone, together = (e.effect for e in one.effects)
    assert alone == together
    assert alone.rank_ic.given == pytest.approx(metrics["variant"]["rank_ic_phases"], abs=0.01)
    assert alone.rank_ic.without == pytest.approx(metrics["logged"]["rank_ic_phases"], abs=0.01)


@pytest.mark.parametrize(
    "identity",
    [{"forward_days": 21}, {"model_version_label": "mine"}, {"xsec_demean_alpha_enabled": True}],
    ids=str,
)
def test_an_identity_override_gives_exactly_zero(task, identity):
    [name] = identity
    told = task(overrides={"residual_momentum_enabled": True, **identity})
    [one] = attribute(told, RULES).permutations
    effect = next(e.effect for e in one.effects if e.override == name)
    for figure in (effect.net_annual_mean, effect.net_sharpe, effect.rank_ic):
        assert (figure.difference, figure.low, figure.high) == (0.0, 0.0, 0.0)
    assert one.evaluations == 2


def test_nothing_is_registered_and_every_evaluation_is_a_trial_once(task):
    told = task()
    first, second = attribute(told, RULES), attribute(told, RULES)
    assert (first.evaluations, first.new_trials, first.trials) == (4, 7, 7)  # four rounds, three variants
    assert (second.evaluations, second.new_trials, second.trials) == (4, 0, 7)
    assert first.permutations == second.permutations
    with opened(told) as registry:
        assert registry.versions() == []
        trials = registry.ledger.trials("us_equity")
        assert registry.verify().ok
    assert [t.permutation_id for t in trials] == [0, 1, 2, 3, 1, 1, 1]
    assert len({t.target for t in trials}) == 2  # labels of 21 and of 42 bars
    assert all(t.net is not None for t in trials)


def test_a_variant_is_the_trial_that_an_experiment_under_its_settings_would_be(
    task, tmp_path, definition, prices
):
    from zoo.experiment.directory import ExperimentDirectory
    from zoo.experiment.loop import run_experiment
    from zoo.registry.trials import trials_of
    from zoo.settings import DEFAULTS

    told = task(overrides={"residual_momentum_enabled": True})
    attribute(told, RULES)
    values = {**DEFAULTS, "residual_momentum_enabled": True}
    run_experiment(definition, tmp_path / "again", data=prices, settings=values)
    later = trials_of(ExperimentDirectory(tmp_path / "again"), "us_equity")
    with opened(told) as registry:
        counted = {t.content for t in registry.ledger.trials("us_equity")}
    assert [t.permutation_id for t in later if t.content in counted] == [1]


def test_what_cannot_be_counted_is_not_told(task, tmp_path):
    told = task()
    attribute(told, RULES)
    locked = dataclasses.replace(
        task(overrides={"xsec_demean_alpha_enabled": False}), registry_url=f"{told.registry_url}?timeout=0.1"
    )
    with contextlib.closing(sqlite3.connect(tmp_path / "registry" / "registry.db")) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            attribute(locked, RULES)


def test_a_permutation_that_does_not_reproduce_is_a_failure_and_leaves_the_others(task, experiment_dir):
    spoil(experiment_dir, 1)
    events = []
    found = attribute(task(permutations=[1, 2]), RULES, [events.append])
    assert [(f.permutation_id, f.error) for f in found.failures] == [(1, "ReconstructionError")]
    assert [one.permutation_id for one in found.permutations] == [2]
    assert [e.task for e in events if isinstance(e, Failed)] == ["small, permutation 1"]


def test_overrides_under_which_nothing_runs_are_a_failure_and_a_trial_all_the_same(task):
    told = task(overrides={"forward_days": 900, "residual_momentum_enabled": True})
    found = attribute(told, RULES)
    assert found.permutations == ()
    assert [f.error for f in found.failures] == ["ManifestError"]
    with opened(told) as registry:
        assert registry.ledger.trials("us_equity")[-1].status == "failed"


def test_a_bug_under_one_override_is_a_failure_with_a_traceback_and_a_trial(task, monkeypatch, capfd):
    from zoo.experiment.pipeline import Pipeline
    from zoo.settings import settings

    real = Pipeline.run
    monkeypatch.setattr(
        Pipeline, "run", lambda *given: 1 / 0 if settings["forward_days"] == 42 else real(*given)
    )
    told = task()
    found = attribute(told, RULES)
    assert [f.error for f in found.failures] == ["ZeroDivisionError"]
    assert "Traceback" in capfd.readouterr().err
    with opened(told) as registry:
        assert [t.status for t in registry.ledger.trials("us_equity")] == ["finished"] * 4 + ["failed"]


def test_an_override_that_nobody_reads_is_an_error_as_in_apply(task, experiment_dir, edit_json):
    told = dataclasses.replace(task(overrides={}), allowed=frozenset({"unused"}))
    spec = dataclasses.replace(told.spec, overrides={"unused": 1})
    found = attribute(dataclasses.replace(told, spec=spec), RULES)
    assert [f.error for f in found.failures] == ["InertOverride"]


def test_without_overrides_there_is_nothing_to_do(task):
    with pytest.raises(NothingToDo, match="'small' has no overrides: there is nothing to attribute"):
        attribute(task(overrides={}), RULES)


def test_a_training_function_holds_nothing_out(task):
    trainer = {"_target_": "sklearn.linear_model.Ridge", "args": {}}
    with pytest.raises(ConfigError, match="holds nothing out"):
        attribute(task(sources=[], trainer=trainer, overrides={"forward_days": 42}), RULES)


def test_the_members_of_a_cohort_are_attributed_one_by_one(task, experiment_dir):
    source = {"experiment": str(experiment_dir), "permutations": [0, 3], "cohort": {}}
    found = attribute(task(sources=[source], overrides={"residual_momentum_enabled": True}), RULES)
    assert sorted(one.permutation_id for one in found.permutations) == [0, 3]
