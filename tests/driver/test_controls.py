"""Control twins of a whole spec: one that fails keeps everything of the spec out of the registry."""

import copy

import pytest

from tests.conftest import DEFINITION
from tests.promotion import leaks
from zoo.controls import Controls
from zoo.driver.apply import apply_spec
from zoo.driver.result import Outcome
from zoo.driver.task import Task
from zoo.experiment.loop import run_experiment
from zoo.line import Line
from zoo.registry import Registry
from zoo.spec import parse_spec
from zoo.trust import Trust

LINE = Line("us_equity", "zoo.data.sp500", "zoo.targets.forward_return", 21, 21)
TRUST = Trust(prefixes=("zoo.", "sklearn.", "tests."))
CONTROLS = Controls()


@pytest.fixture
def task(experiment_dir, tmp_path):
    def build(permutations=(0, 2), experiment=experiment_dir, controls=CONTROLS, n_jobs=1, **changes):
        source = {"experiment": str(experiment), "permutations": list(permutations)}
        spec = {"name": "small", "line": "us_equity", "label": "sm", "sources": [source], **changes}
        return Task(
            parse_spec(spec, "small.yaml"),
            LINE,
            f"sqlite:///{tmp_path}/registry/registry.db",
            tmp_path / "registry",
            "run-1",
            trust=TRUST,
            controls=controls,
            n_jobs=n_jobs,
        )

    return build


@pytest.fixture(scope="module")
def leaking(tmp_path_factory, prices):
    """The small experiment with a model that sees labels in permutations 2 and 3, and not in 0 and 1."""
    definition = copy.deepcopy(DEFINITION)
    definition["params"] = {"sees": [False, True], "lookback": [20, 40]}
    definition["manifest"]["target"] |= leaks.REMEMBERING
    definition["manifest"]["model"] = {"_target_": f"{leaks.HERE}.Recalling", "recall": "${params.sees}"}
    path = tmp_path_factory.mktemp("experiments") / "leaking"
    run_experiment(definition, path, data=prices, trust=TRUST)
    return path


def opened(task):
    return Registry.open(task.registry_url, artifacts=task.artifacts, read_only=True)


def registered(task):
    with opened(task) as registry:
        return registry.versions()


def test_a_spec_that_passes_is_registered_and_its_lineage_says_what_the_twins_came_to(task):
    told = task()
    result = apply_spec(told)
    assert result.status is Outcome.ok, result.failures
    assert [v.permutation_id for v in result.versions] == [0, 2]
    for version in registered(told):
        controls = version.lineage["controls"]
        assert controls["seed"] == 0
        assert abs(controls["permuted"]["test"]["z"]) < controls["permuted"]["bar"]
        assert controls["planted"]["walk_forward"]["z"] > controls["planted"]["bar"]
    assert [n.partition(": permuted")[0] for n in result.notices] == [
        "permutation 0: controls passed",
        "permutation 2: controls passed",
    ]


def test_controls_change_no_version_id_and_a_version_from_before_does_not_claim_them(task):
    plain = apply_spec(task(controls=None))
    assert "controls" not in registered(task())[0].lineage
    again = apply_spec(task())
    assert [v.version_id for v in again.versions] == [v.version_id for v in plain.versions]
    assert not any(v.created for v in again.versions)
    first = plain.versions[0].version_id
    assert f"{first} was registered without controls: its lineage says nothing of them" in again.notices


def test_twins_are_no_trials_of_the_line(task):
    told = task()
    apply_spec(task(controls=None))
    with opened(told) as registry:
        before = registry.ledger.count("us_equity")
    apply_spec(told)
    with opened(told) as registry:
        assert registry.ledger.count("us_equity") == before == 4


def test_one_permutation_that_leaks_keeps_all_of_its_spec_out(task, leaking):
    told = task(permutations=[0, 2], experiment=leaking)
    result = apply_spec(told)
    assert result.status is Outcome.failed
    assert [(f.permutation_id, f.error) for f in result.failures] == [(2, "ControlFailed")]
    assert "the pipeline, not the signal, is wrong" in result.failures[0].message
    assert result.notices == (
        "a control failed: nothing of this spec is registered, not even 1 permutation that passed",
    )
    assert result.versions == ()
    assert registered(told) == []


def test_the_same_pipeline_without_the_leak_passes_and_without_controls_the_leak_is_registered(task, leaking):
    assert apply_spec(task(permutations=[0, 1], experiment=leaking)).status is Outcome.ok
    assert apply_spec(task(permutations=[2], experiment=leaking, controls=None)).status is Outcome.ok


def test_a_failure_of_another_kind_leaves_what_passed(task, experiment_dir):
    from tests.driver.test_apply import spoil

    spoil(experiment_dir, 0)
    result = apply_spec(task())
    assert result.status is Outcome.partial
    assert [f.error for f in result.failures] == ["ReconstructionError"]
    assert [v.permutation_id for v in result.versions] == [2]


def test_several_processes_give_the_same_versions_in_the_order_of_the_spec(task):
    one = apply_spec(task(permutations=[3, 0, 1], controls=None))
    two = apply_spec(task(permutations=[3, 0, 1], n_jobs=2))
    assert [v.version_id for v in two.versions] == [v.version_id for v in one.versions]
    assert len(two.notices) == 6  # what the controls came to, and that these were there before without


def test_twins_run_under_the_overrides_of_the_spec(task):
    told = task(permutations=[0], overrides={"forward_days": 60})
    assert apply_spec(told).status is Outcome.ok
    long = registered(told)[0].lineage["controls"]["permuted"]["test"]
    short = task(permutations=[0])
    apply_spec(short)
    other = next(v for v in registered(short) if not v.overrides).lineage["controls"]["permuted"]["test"]
    assert long["z"] != other["z"]


def test_the_members_of_a_cohort_are_controlled_each_on_its_own(task, experiment_dir):
    source = {"experiment": str(experiment_dir), "permutations": [0, 3], "cohort": {}}
    told = task(sources=[source])
    result = apply_spec(told)
    assert result.status is Outcome.ok, result.failures
    [version] = registered(told)
    assert all(member["controls"]["seed"] == 0 for member in version.lineage["members"])


def test_a_member_that_leaks_keeps_its_cohort_out(task, leaking):
    told = task(sources=[{"experiment": str(leaking), "permutations": [0, 3], "cohort": {}}])
    result = apply_spec(told)
    assert {f.error for f in result.failures} == {"ControlFailed", "CohortMemberFailed"}
    assert registered(told) == []


def test_a_training_function_of_somebody_elses_cannot_be_controlled_and_is_not_registered(task):
    told = task(sources=[], trainer={"_target_": "sklearn.linear_model.Ridge", "args": {}})
    result = apply_spec(told)
    assert [f.error for f in result.failures] == ["ControlUndecidable"]
    assert registered(told) == []


def test_controls_travel_to_the_spec_s_process(task, tmp_path):
    told = task(controls=Controls(seed=3, size=0.01, rank_ic=0.2))
    assert Task.read(told.write(tmp_path)).controls == told.controls
    plain = task(controls=None)
    assert Task.read(plain.write(tmp_path)).controls is None
