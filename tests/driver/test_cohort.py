import pandas as pd
import pytest

from tests.driver.test_apply import LINE, registered, spoil
from zoo.driver.apply import apply_spec
from zoo.driver.result import Outcome
from zoo.driver.task import Task
from zoo.promotion import Cohort
from zoo.registry import Registry
from zoo.spec import parse_spec


@pytest.fixture
def task(experiment_dir, tmp_path):
    def build(cohort=None, permutations=None, **changes):
        source = {"experiment": str(experiment_dir), "permutations": permutations, "cohort": cohort}
        spec = {"name": "together", "line": "us_equity", "label": "tg", "sources": [source], **changes}
        url = f"sqlite:///{tmp_path}/registry/registry.db"
        return Task(parse_spec(spec, "together.yaml"), LINE, url, tmp_path / "registry", "run-1")

    return build


def test_a_cohort_is_one_version_whose_lineage_lists_its_members(task, prices, tmp_path):
    told = task({"select": "top_n", "count": 3, "by": "rank_ic", "combine": "mean"})
    result = apply_spec(Task.read(told.write(tmp_path)))
    assert result.status is Outcome.ok, result.failures
    assert [(v.permutation_id, v.stage, v.created) for v in result.versions] == [(None, "challenger", True)]
    version = registered(told)[0]
    assert version.permutation_id is None
    assert version.as_dict()["permutation_id"] is None
    assert version.lineage["selection"] == "top_n 3 by selection_rank_ic"
    members = version.lineage["members"]
    assert len(members) == 3
    assert all(member["validation"]["mode"] == "full" for member in members)
    assert "rank_ic" in version.metrics["variant"]


def test_a_registered_cohort_is_loaded_and_predicts_what_was_registered(task, prices):
    told = task({"combine": "rank_mean"}, [0, 2, 3])
    version = apply_spec(told).versions[0].version_id
    with Registry.open(told.registry_url, artifacts=told.artifacts, read_only=True) as registry:
        cohort = registry.load(version)
        content = registry.read(version, "predictions.parquet")
        assert registry.verify().ok
    assert isinstance(cohort, Cohort)
    assert list(cohort.members) == ["small/0", "small/2", "small/3"]
    import io

    refit = pd.read_parquet(io.BytesIO(content)).query("part == 'refit'").set_index(["date", "asset"])
    found = cohort.predict(prices).loc[refit.index]
    assert (found - refit["prediction"]).abs().max() == 0


def test_the_same_members_are_the_same_version_however_they_were_chosen(task):
    chosen = apply_spec(task({"select": "all", "combine": "mean"})).versions[0]
    listed = apply_spec(task({}, [3, 2, 1, 0])).versions[0]
    assert chosen.version_id == listed.version_id
    assert not listed.created
    other = apply_spec(task({}, [0, 1])).versions[0]
    assert other.version_id != chosen.version_id


def test_a_member_that_fails_is_told_of_and_nothing_is_registered(task, experiment_dir):
    spoil(experiment_dir, 2)
    told = task({}, [0, 2, 3])
    result = apply_spec(told)
    assert result.status is Outcome.failed
    assert [(f.permutation_id, f.error) for f in result.failures] == [
        (2, "ReconstructionError"),
        (None, "CohortMemberFailed"),
    ]
    assert registered(told) == []


@pytest.mark.parametrize(
    ("cohort", "error"),
    [
        ({"select": "top_n", "count": 2, "by": "net_sharpe"}, "choosing by a test metric is refused"),
        ({"select": "top_n", "count": 9, "by": "rank_ic"}, "at least 9 for a cohort"),
    ],
)
def test_what_cannot_be_chosen_fails_the_spec(task, cohort, error):
    result = apply_spec(task(cohort))
    assert result.status is Outcome.failed
    assert error in result.failures[0].message


def test_a_spec_may_register_permutations_and_a_cohort_of_them(task, experiment_dir):
    one = {"experiment": str(experiment_dir), "permutations": [0, 1]}
    result = apply_spec(task(sources=[one, {**one, "cohort": {}}]))
    assert [version.permutation_id for version in result.versions] == [0, 1, None]
