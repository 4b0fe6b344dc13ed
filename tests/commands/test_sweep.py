import copy
import json

import pytest

from zoo.commands.apply import ApplyJob
from zoo.commands.composition import compose, hydra_started, prepared
from zoo.commands.sweep import expand
from zoo.driver.result import Outcome, SpecResult
from zoo.driver.stop import Stop
from zoo.driver.task import TASK_FILE
from zoo.errors import ConfigError


@pytest.fixture
def slots():
    """Expand arguments as the sweeper does."""

    def expanded(*arguments, names=("a", "b")):
        from hydra.core.global_hydra import GlobalHydra

        with hydra_started():
            compose([])
            loader = GlobalHydra.instance().config_loader()
            return expand(prepared(arguments), loader, names)

    return expanded


def test_without_a_spec_every_one_is_expected(slots):
    assert [(slot.name, slot.spec) for slot in slots()] == [("a", "a"), ("b", "b")]
    assert slots()[0].overrides == ["spec='a'", "run.name='a'", "run.spec='a'"]


def test_every_combination_of_values_is_a_job_with_a_directory_of_its_own(slots):
    expanded = slots("spec=b,a", "overwrite=true,false", "version=x")
    assert [slot.name for slot in expanded] == ["b.1", "b.2", "a.1", "a.2"]
    assert expanded[1].overrides[3:] == ["overwrite=False", "version=x"]


def test_names_that_yaml_would_not_take_for_text_stay_text(slots):
    assert [slot.overrides[0] for slot in slots("spec=2024,true")] == ["spec='2024'", "spec='true'"]


def test_the_same_job_twice_is_one(slots):
    assert len(slots("spec=a,a", "version=x,x")) == 1


def test_a_glob_finds_the_files_of_conf_spec(slots):
    names = [slot.spec for slot in slots("spec=glob(*momentum)")]
    assert names == ["residual_momentum", "total_momentum"]


def test_a_sweep_that_hydra_cannot_make_is_refused_in_one_line(slots):
    with pytest.raises(ConfigError, match="does not support sweep type"):
        slots("priority=interval(0, 1)")


def test_a_job_leaves_display_signals_and_roster_behind_when_it_travels(tmp_path):
    stop = Stop()
    job = ApplyJob(tmp_path, "run", [tmp_path], {}, (print,), stop)
    arrived = copy.copy(job)  # takes along what a pickle would
    assert (arrived.directory, arrived.run_id, arrived.directories) == (tmp_path, "run", (tmp_path,))
    assert (arrived.stop, arrived.roster) == (None, {})
    assert len(arrived.observers) == 1
    assert job.observers == (print,)
    stop.close()


def test_a_job_of_which_nothing_came_back_is_looked_for_in_its_directory(tmp_path):
    job = ApplyJob(tmp_path, "run", [], {})
    assert job.left_behind("a", "a")["status"] == "crashed"
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / TASK_FILE).write_text(json.dumps({}))
    SpecResult("a", Outcome.ok).write(tmp_path / "a")
    assert job.left_behind("a", "a")["status"] == "ok"


def test_a_job_that_was_cut_off_is_crashed_unless_somebody_asked_to_stop(tmp_path):
    stop = Stop()
    job = ApplyJob(tmp_path, "run", [], {}, (), stop)
    (tmp_path / "a").mkdir()
    SpecResult("a", Outcome.interrupted).write(tmp_path / "a")
    assert job.left_behind("a", "a")["status"] == "crashed"
    stop.request(2)
    assert job.left_behind("a", "a")["status"] == "interrupted"
    assert job.left_behind("never_started", "a")["status"] == "interrupted"
    stop.close()
