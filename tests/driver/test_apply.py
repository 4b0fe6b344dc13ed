import csv
from types import MappingProxyType

import pytest

from zoo.driver.apply import apply_spec
from zoo.driver.result import Outcome
from zoo.driver.task import Task
from zoo.errors import Interrupted
from zoo.events import Advanced, Failed, Finished, Started
from zoo.line import Line
from zoo.registry import Registry
from zoo.spec import parse_spec
from zoo.terms import Terms
from zoo.trust import Trust

LINE = Line("us_equity", "zoo.data.sp500", "zoo.targets.forward_return", 21, 21)


@pytest.fixture
def task(experiment_dir, tmp_path):
    def build(line=LINE, permutations=(0, 2), told=MappingProxyType({}), **changes):
        source = {"experiment": str(experiment_dir), "permutations": list(permutations)}
        spec = {"name": "small", "line": "us_equity", "label": "sm", "sources": [source], **changes}
        url = f"sqlite:///{tmp_path}/registry/registry.db"
        return Task(parse_spec(spec, "small.yaml"), line, url, tmp_path / "registry", "run-1", **told)

    return build


def registered(task):
    with Registry.open(task.registry_url, artifacts=task.artifacts, read_only=True) as registry:
        return registry.versions()


def spoil(path, number):
    rows = list(csv.DictReader((path / "results.csv").open()))
    rows[number]["mse"] = "1.0"
    with (path / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_each_permutation_becomes_a_challenger(task):
    told = task(overrides={"residual_momentum_enabled": True})
    result = apply_spec(told)
    assert result.status is Outcome.ok
    assert [(v.permutation_id, v.stage, v.created) for v in result.versions] == [
        (0, "challenger", True),
        (2, "challenger", True),
    ]
    assert {v.version_id for v in registered(told)} == {v.version_id for v in result.versions}
    assert all(v.version_id.startswith("sm-1997") for v in result.versions)


def test_a_second_run_registers_nothing_new(task):
    told = task()
    first, second = apply_spec(told), apply_spec(told)
    assert [v.version_id for v in first.versions] == [v.version_id for v in second.versions]
    assert not any(v.created for v in second.versions)
    assert not second.notices
    assert len(registered(told)) == 2


def test_an_override_of_the_label_names_the_version(task):
    result = apply_spec(task(permutations=[0], overrides={"model_version_label": "mine"}))
    assert result.versions[0].version_id.startswith("mine-")


def test_every_override_gives_a_version_of_its_own(task):
    ids = {
        apply_spec(task(permutations=[0], overrides=overrides)).versions[0].version_id
        for overrides in ({}, {"forward_days": 60}, {"xsec_demean_alpha_enabled": False})
    }
    assert len(ids) == 3


def test_a_failing_permutation_leaves_the_others_of_its_spec(task, experiment_dir):
    spoil(experiment_dir, 0)
    told, events = task(permutations=[0, 2]), []
    result = apply_spec(told, [events.append])
    assert result.status is Outcome.partial
    assert [v.permutation_id for v in result.versions] == [2]
    assert [(f.permutation_id, f.error) for f in result.failures] == [(0, "ReconstructionError")]
    failed = next(e for e in events if isinstance(e, Failed))
    assert failed.task == "small, permutation 0"
    assert "overwrite=true" in failed.message
    assert [v.permutation_id for v in registered(told)] == [2]


def test_nothing_is_registered_when_every_permutation_fails(task, experiment_dir):
    spoil(experiment_dir, 0)
    told = task(permutations=[0])
    assert apply_spec(told).status is Outcome.failed
    assert registered(told) == []


def test_a_missing_experiment_fails_the_spec_with_its_path(task, experiment_dir):
    import shutil

    shutil.rmtree(experiment_dir)
    result = apply_spec(task())
    assert result.status is Outcome.failed
    assert str(experiment_dir) in result.failures[0].message
    assert result.failures[0].error == "ExperimentNotFound"


def test_one_source_that_is_broken_leaves_the_other(task, experiment_dir):
    told = task(
        sources=[
            {"experiment": str(experiment_dir / "nowhere"), "permutations": [0]},
            {"experiment": str(experiment_dir), "permutations": {"top": 1, "by": "rank_ic"}},
        ]
    )
    result = apply_spec(told)
    assert result.status is Outcome.partial
    assert len(result.versions) == 1


@pytest.mark.parametrize(
    "line",
    [
        Line("us_equity", "zoo.data.tabular", "zoo.targets.forward_return", 21, 21),
        Line("us_equity", "zoo.data.sp500", "zoo.targets.column", 21, 21),
    ],
    ids=["data", "target"],
)
def test_an_experiment_of_another_line_is_refused(task, line):
    told = task(line=line)
    result = apply_spec(told)
    assert result.failures[0].error == "LineMismatch"
    assert registered(told) == []


def test_a_bug_is_a_failure_with_a_traceback_and_not_the_end(task, monkeypatch, capfd):
    monkeypatch.setattr("zoo.promotion.sensor.Sensor.dumps", lambda self: 1 / 0)
    result = apply_spec(task())
    assert [f.error for f in result.failures] == ["ZeroDivisionError"] * 2
    assert "unexpected ZeroDivisionError" in result.failures[0].message
    assert "Traceback" in capfd.readouterr().err


def test_an_interruption_keeps_what_was_done(task):
    told = task(permutations=[0, 2])

    def interrupt(event):
        if isinstance(event, Advanced) and "permutation 2" in event.note:
            raise Interrupted("SIGTERM")

    result = apply_spec(told, [interrupt])
    assert result.status is Outcome.interrupted
    assert [v.permutation_id for v in result.versions] == [0]
    assert len(registered(told)) == 1


def test_progress_begins_and_ends_with_the_specs_name(task):
    events = []
    apply_spec(task(), [events.append])
    assert [type(e) for e in events] == [Started, *[Advanced] * 6, Finished]
    assert {e.task for e in events} == {"small"}


def test_a_version_carries_its_lineage(task):
    told = task(permutations=[0], overrides={"forward_days": 60})
    apply_spec(told)
    version = registered(told)[0]
    assert version.overrides == {"forward_days": 60}
    assert version.metrics["logged"]["rank_ic"] == pytest.approx(
        version.metrics["reproduced"]["rank_ic"], abs=1e-6
    )
    assert version.metrics["variant"]["rank_ic"] != version.metrics["logged"]["rank_ic"]
    assert version.lineage["validation"]["mode"] == "full"
    assert version.lineage["run_id"] == "run-1"
    assert version.lineage["settings"]["effective"]["forward_days"] == 60


def test_a_training_function_of_somebody_elses_is_registered_and_says_what_was_not_checked(
    tmp_path, monkeypatch
):
    (tmp_path / "their_trainer.py").write_text(
        "from sklearn.linear_model import Ridge\n"
        "def main(alpha):\n"
        "    return Ridge(alpha=alpha).fit([[0.0], [1.0]], [0.0, 1.0])\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    trainer = {"_target_": "their_trainer.main", "args": {"alpha": 0.5}}
    spec = parse_spec({"name": "theirs", "line": "us_equity", "trainer": trainer}, "theirs.yaml")
    told = Task(
        spec,
        LINE,
        f"sqlite:///{tmp_path}/registry/registry.db",
        tmp_path / "registry",
        "run-1",
        trust=Trust(prefixes=("zoo.", "sklearn.", "their_trainer.")),
    )
    result = apply_spec(told)
    assert result.status is Outcome.ok, result.failures
    version = registered(told)[0]
    assert version.version_id.startswith("spec-theirs-00000000-")
    assert version.lineage["validation"]["mode"] == "none"
    assert not apply_spec(told).versions[0].created


def test_the_label_gives_the_same_version_wherever_it_is_declared(task):
    one = apply_spec(task(permutations=[0], label="mine"))
    two = apply_spec(task(permutations=[0], label="sm", overrides={"model_version_label": "mine"}))
    assert [v.version_id for v in one.versions] == [v.version_id for v in two.versions]


def test_an_override_equal_to_the_recorded_value_is_a_notice(task):
    result = apply_spec(task(permutations=[0], overrides={"forward_days": 21}))
    assert result.status is Outcome.ok
    assert result.notices == (
        "override forward_days equals what experiment small recorded (21): it changes nothing",
    )


def test_the_lineage_says_how_permutations_were_chosen(task, experiment_dir):
    chosen = {"experiment": str(experiment_dir), "permutations": {"top": 1, "by": "rank_ic"}}
    told = task(sources=[chosen])
    apply_spec(told)
    assert registered(told)[0].lineage["selection"] == "top 1 by selection_rank_ic, scores as logged"


def counted(task, line="us_equity"):
    with Registry.open(task.registry_url, artifacts=task.artifacts, read_only=True) as registry:
        assert registry.verify().ok
        return registry.ledger.trials(line)


def test_all_rounds_that_a_version_was_chosen_from_are_counted_once(task):
    told = task(permutations=[2])
    apply_spec(told)
    assert [(t.permutation_id, t.experiment, t.status) for t in counted(told)] == [
        (number, "small", "finished") for number in range(4)
    ]
    assert apply_spec(told).status is Outcome.ok
    assert len(counted(told)) == 4


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_each_variant_is_a_trial_of_its_own_counted_once(task, n_jobs):
    told = task(permutations=[2, 0], overrides={"residual_momentum_enabled": True}, told={"n_jobs": n_jobs})
    for _ in range(2):
        assert apply_spec(told).status is Outcome.ok
        trials = counted(told)
        assert sorted(t.permutation_id for t in trials) == [0, 0, 1, 2, 2, 3]
    assert len({t.content for t in trials}) == 6
    assert all(t.net is not None for t in trials)


def test_overrides_that_change_nothing_are_no_other_trial(task):
    told = task(permutations=[0], overrides={"forward_days": 21, "model_version_label": "mine"})
    assert apply_spec(told).status is Outcome.ok
    assert len(counted(told)) == 4


def test_the_variants_of_the_members_of_a_cohort_are_trials(task, experiment_dir):
    source = {"experiment": str(experiment_dir), "permutations": [0, 2], "cohort": {}}
    told = task(sources=[source], overrides={"residual_momentum_enabled": True})
    assert apply_spec(told).status is Outcome.ok
    assert len(counted(told)) == 6


def test_rounds_of_another_line_s_experiment_are_not_counted(task):
    told = task(line=Line("us_equity", "zoo.data.other", "zoo.targets.forward_return", 21, 21))
    assert apply_spec(told).failures[0].error == "LineMismatch"
    assert counted(told) == []


def test_what_cannot_be_counted_is_not_registered(task, experiment_dir):
    (experiment_dir / "audit.jsonl").write_text("{\n")
    told = task()
    result = apply_spec(told)
    assert result.status is Outcome.failed
    assert [(f.permutation_id, f.error) for f in result.failures] == [(None, "ExperimentCorrupt")]
    assert registered(told) == []


def test_what_was_not_validated_is_another_version_and_says_so(task, experiment_dir):
    full, skipped = task(permutations=[0]), task(permutations=[0], told={"terms": Terms(validation="skip")})
    one, two = apply_spec(full), apply_spec(skipped)
    assert one.versions[0].version_id != two.versions[0].version_id
    assert {v.lineage["validation"]["mode"] for v in registered(full)} == {"full", "skip"}
    (experiment_dir / "results.csv").unlink()
    third = apply_spec(skipped)
    assert [v.version_id for v in third.versions] == [two.versions[0].version_id]
    assert "its rounds are not counted as trials" in third.notices[0]
    assert apply_spec(full).failures[0].error == "ExperimentCorrupt"


def test_a_refit_below_the_floor_is_a_failure_that_names_the_figure(task):
    result = apply_spec(
        task(overrides={"residual_momentum_enabled": True}, told={"terms": Terms(agreement=1.0)})
    )
    assert [f.error for f in result.failures] == ["AgreementError"] * 2
    assert "below the floor of 1.0000" in result.failures[0].message


def test_two_processes_register_what_one_does_in_the_order_of_the_spec(task, experiment_dir):
    spoil(experiment_dir, 1)
    one, two = (apply_spec(task(permutations=[3, 0, 1, 2], told={"n_jobs": n})) for n in (1, 2))
    assert [v.version_id for v in two.versions] == [v.version_id for v in one.versions]
    assert [v.permutation_id for v in two.versions] == [3, 0, 2]
    assert [v.created for v in two.versions] == [False] * 3
    assert [(f.permutation_id, f.error) for f in two.failures] == [(1, "ReconstructionError")]
