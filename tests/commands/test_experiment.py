import contextlib
import json
import os
import signal
import subprocess
import sys

import pytest
import yaml

from tests.conftest import DEFINITION


@pytest.fixture
def small(zoo):
    """A definition of four permutations over real prices."""
    (zoo.conf / "experiment").mkdir()
    (zoo.conf / "experiment" / "small.yaml").write_text(yaml.safe_dump(DEFINITION))
    return f"paths.experiments={zoo.directory}/experiments"


def test_an_experiment_is_run_and_written_where_specs_look_for_it(zoo, small):
    ran = zoo.json("experiment", "experiment=small", small)
    directory = zoo.directory / "experiments" / "small"
    assert ran.code == 0
    assert ran.document["directory"] == str(directory)
    assert (ran.document["permutations"], ran.document["failed"]) == (4, 0)
    metadata = json.loads((directory / "metadata.json").read_text())
    assert metadata["manifest"]["features"][0]["lookback"] == "${params.lookback}"
    again = zoo.json("experiment", "experiment=small", small)
    assert again.code == 1
    assert again.document["error"]["type"] == "ExperimentExists"
    replaced = zoo("experiment", "experiment=small", small, "overwrite=true", "experiment.params.alpha=[3]")
    assert replaced.code == 0
    assert f"{directory}: 2 permutations, 0 failed" in replaced.out


def test_a_definition_that_makes_no_sense_is_refused_in_one_line(zoo, small):
    ran = zoo.json("experiment", "experiment=small", small, "experiment.params=3")
    assert ran.code in (1, 2)
    assert ran.error
    assert not (zoo.directory / "experiments").exists()


def test_a_definition_that_is_no_mapping_is_refused(zoo, small):
    (zoo.conf / "experiment" / "small.yaml").write_text("- a\n")
    ran = zoo.json("experiment", "experiment=small", small)
    assert ran.code == 2
    assert (
        ran.error == f"{zoo.conf}/experiment/small.yaml: is no mapping; expected params, search and manifest"
    )


def test_an_unknown_experiment_is_refused_with_the_nearest(zoo, small):
    ran = zoo.json("experiment", "experiment=smal", small)
    assert ran.code == 2
    assert "did you mean 'small'?" in ran.error


def test_a_run_that_is_stopped_keeps_its_rounds_and_goes_on(zoo, small):
    slow = [small, "+experiment.search.delay_s=0.4", "experiment=small"]
    command = [sys.executable, "-m", "zoo", "experiment", *slow, f"paths.outputs={zoo.directory}/out"]
    environment = {**os.environ, "ZOO_CONF": str(zoo.conf)}
    child = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, cwd=zoo.directory)
    results = zoo.directory / "experiments" / "small" / "results.csv"
    while child.poll() is None and not (results.exists() and results.read_text().count("\n") > 1):
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.05)
    child.send_signal(signal.SIGINT)
    assert child.wait(30) == 130, child.stderr.read()
    refused = zoo.json("experiment", *slow)
    assert "go on with resume=true" in refused.error
    ran = zoo.json("experiment", *slow, "resume=true", "n_jobs=2")
    assert ran.code == 0
    assert ran.document["permutations"] == 4


def test_no_process_is_no_number_of_processes(zoo, small):
    assert (
        "n_jobs: 0; expected 1 or more" in zoo.json("experiment", "experiment=small", small, "n_jobs=0").error
    )


# --- counting trials ------------------------------------------------------------------------------


@pytest.fixture
def lined(zoo, small):
    """The same definition, which names its line."""
    text = yaml.safe_dump({**DEFINITION, "line": "us_equity"})
    (zoo.conf / "experiment" / "small.yaml").write_text(text)
    return ["experiment=small", small]


def counted(zoo, line="us_equity"):
    return sum(row["trials"] for row in zoo.json("trials", f"line={line}").document)


def test_the_rounds_of_an_experiment_are_counted_for_its_line(zoo, lined):
    first = zoo.json("experiment", *lined, "experiment.params.alpha=[1,-1]")
    assert (first.code, first.document["line"], first.document["new_trials"]) == (1, "us_equity", 4)
    again = zoo.json("experiment", *lined, "experiment.params.alpha=[1,3]", "overwrite=true")
    assert (again.code, again.document["new_trials"]) == (0, 2)
    assert counted(zoo) == 6
    assert [(row["trials"], row["failed"]) for row in zoo.json("trials").document][-1] == (2, 2)


def test_an_experiment_without_a_line_says_that_it_is_not_counted(zoo, small):
    ran = zoo.json("experiment", "experiment=small", small)
    assert "note: experiment small: it names no line, so its rounds are not counted as trials\n" in ran.err
    assert (ran.document["line"], ran.document["new_trials"]) == (None, None)
    assert not zoo.outputs.exists()


def test_a_line_that_nobody_declared_is_refused_before_anything_runs(zoo, lined):
    ran = zoo.json("experiment", *lined, "experiment.line=us_equty")
    assert ran.code == 2
    assert "line: no line is called 'us_equty'" in ran.error
    assert "did you mean 'us_equity'?" in ran.error
    assert not (zoo.directory / "experiments").exists()


def test_an_experiment_whose_rounds_cannot_be_counted_is_whole_and_counted_later(zoo, lined):
    (zoo.directory / "file").write_text("")
    ran = zoo.json("experiment", *lined, f"registry.url=sqlite:///{zoo.directory}/file/registry.db")
    assert ran.code == 1
    assert ran.document["permutations"] == 4
    assert ran.document["error"]["type"] == "StoreUnavailable"
    assert "failed: experiment small, counting its trials: StoreUnavailable" in ran.err
    assert zoo.json("experiment", *lined, "resume=true").document["new_trials"] == 4
    assert counted(zoo) == 4


def test_rounds_of_a_run_that_was_killed_are_counted_once_when_it_goes_on(zoo, lined):
    slow = [*lined, "+experiment.search.delay_s=0.4"]
    command = [sys.executable, "-m", "zoo", "experiment", *slow, f"paths.outputs={zoo.outputs}"]
    environment = {**os.environ, "ZOO_CONF": str(zoo.conf)}
    child = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, cwd=zoo.directory)
    results = zoo.directory / "experiments" / "small" / "results.csv"
    while child.poll() is None and not (results.exists() and results.read_text().count("\n") > 2):
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(0.05)
    child.kill()
    child.wait(30)
    assert zoo.json("experiment", *slow, "resume=true").code == 0
    assert counted(zoo) == 4
    assert zoo.json("verify").document["ok"]
