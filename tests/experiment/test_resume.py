"""Nothing finished is lost, and a run that was stopped ends as one that never was."""

import csv
import json
import random
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from zoo.data import Dataset
from zoo.errors import ExperimentCorrupt, ExperimentExists, Interrupted, ResumeRefused
from zoo.events import Advanced
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.loop import UniversalExperimentLoop, run_experiment
from zoo.experiment.replace import replacement
from zoo.promotion import Trainer

WIDE = {
    "params": {"lookback": [10, 20, 30, 40], "alpha": [1, 10, 100]},
    "search": {
        "strategy": "random",
        "seed": 7,
        "feedback_interval": 3,
        "reducers": {"focus": {"min_rounds": 6}},
    },
}


ROBUST = {"_target_": "sklearn.preprocessing.RobustScaler"}


@pytest.fixture
def wide(definition):
    return {**definition, **json.loads(json.dumps(WIDE))}


def timeless(path):
    """Every file without what a clock wrote."""
    rows = list(csv.DictReader((path / "results.csv").open()))
    for row in rows:
        row.pop("execution_time")
    metadata = json.loads((path / "metadata.json").read_text())
    metadata.pop("created_at")
    audit = [json.loads(line) for line in (path / "audit.jsonl").read_text().splitlines()]
    for event in audit:
        event.pop("at")
        if event.get("by") == "budget":
            event["evidence"].pop("seconds")
    checkpoint = json.loads((path / "checkpoint.json").read_text())
    checkpoint.pop("sha256", None)  # of files with times
    return {
        "names": sorted(p.name for p in path.iterdir()),
        "rows": rows,
        "meta": metadata,
        "audit": audit,
        "rounds": (path / "round_data.jsonl").read_text(),
        "checkpoint": checkpoint,
    }


class StopAfter:
    """An observer that interrupts after so many rounds."""

    def __init__(self, rounds):
        self.left = rounds

    def __call__(self, event):
        if isinstance(event, Advanced) and event.note.startswith("permutation"):
            self.left -= 1
            if self.left == 0:
                raise Interrupted("SIGTERM")


def stopped(definition, path, prices, rounds, **more):
    with pytest.raises(Interrupted):
        run_experiment(definition, path, data=prices, observers=[StopAfter(rounds)], **more)


@pytest.mark.parametrize("rounds", [1, 2, 3, 4, 6, 7, 8])
def test_a_run_that_was_stopped_goes_on_where_it_was(wide, tmp_path, prices, rounds):
    run_experiment(wide, tmp_path / "whole", data=prices)
    stopped(wide, tmp_path / "parts", prices, rounds)
    summary = run_experiment(wide, tmp_path / "parts", data=prices, resume=True)
    assert timeless(tmp_path / "parts") == timeless(tmp_path / "whole")
    assert summary.permutations == len(timeless(tmp_path / "whole")["rows"])


def test_a_run_that_is_stopped_twice_loses_nothing(wide, tmp_path, prices):
    run_experiment(wide, tmp_path / "whole", data=prices)
    stopped(wide, tmp_path / "parts", prices, 2)
    stopped(wide, tmp_path / "parts", prices, 3, resume=True)
    run_experiment(wide, tmp_path / "parts", data=prices, resume=True)
    assert timeless(tmp_path / "parts") == timeless(tmp_path / "whole")


def test_values_of_several_types_are_the_same_after_a_stop(wide, tmp_path, prices):
    wide["params"] = {"alpha": [0.1, 1, 10], "by": [None, "standard", ROBUST]}
    features = wide["manifest"]["features"]
    wide["manifest"] |= {"features": [features[0] | {"lookback": 20}], "scaler": "${params.by}"}
    wide["search"]["reducers"] = {"sanity": {"min_rounds": 1, "max_nan": 0.0}}
    run_experiment(wide, tmp_path / "whole", data=prices)
    stopped(wide, tmp_path / "parts", prices, 4)
    run_experiment(wide, tmp_path / "parts", data=prices, resume=True)
    assert timeless(tmp_path / "parts") == timeless(tmp_path / "whole")


def test_finished_rounds_are_not_run_again(wide, tmp_path, prices):
    stopped(wide, tmp_path / "x", prices, 4)
    told = []
    run_experiment(wide, tmp_path / "x", data=prices, resume=True, observers=[told.append])
    fresh = [e for e in told if isinstance(e, Advanced) and e.note.startswith("permutation")]
    assert len(fresh) == len(ExperimentDirectory(tmp_path / "x").ids) - 4


def test_what_an_unfinished_run_has_finished_can_be_promoted(wide, tmp_path, prices):
    stopped(wide, tmp_path / "x", prices, 4)
    directory = ExperimentDirectory(tmp_path / "x")
    assert len(directory.ids) == 4
    assert Trainer(tmp_path / "x", prices).train([directory.ids[0]])


def test_an_unfinished_run_is_not_begun_again_by_accident(wide, tmp_path, prices):
    stopped(wide, tmp_path / "x", prices, 4)
    with pytest.raises(ExperimentExists, match="holds an unfinished run; go on with resume=true"):
        run_experiment(wide, tmp_path / "x", data=prices)
    assert len(ExperimentDirectory(tmp_path / "x").ids) == 4


def test_an_unfinished_replacement_leaves_the_old_one_in_place_and_goes_on(wide, tmp_path, prices):
    run_experiment(wide, tmp_path / "x", data=prices)
    before = timeless(tmp_path / "x")
    stopped(wide, tmp_path / "x", prices, 2, overwrite=True)
    assert timeless(tmp_path / "x") == before
    with pytest.raises(ExperimentExists, match="unfinished run"):
        run_experiment(wide, tmp_path / "x", data=prices)
    run_experiment(wide, tmp_path / "x", data=prices, resume=True)
    assert timeless(tmp_path / "x") == before
    assert not replacement(tmp_path / "x").exists()


def test_a_finished_run_goes_on_with_a_higher_target(definition, tmp_path, prices):
    definition["search"]["rounds"] = 2
    run_experiment(definition, tmp_path / "x", data=prices)
    assert ExperimentDirectory(tmp_path / "x").ids == (0, 1)
    definition["search"]["rounds"] = 3
    run_experiment(definition, tmp_path / "x", data=prices, resume=True)
    assert ExperimentDirectory(tmp_path / "x").ids == (0, 1, 2)
    run_experiment(definition, tmp_path / "y", data=prices)
    assert timeless(tmp_path / "x")["rows"] == timeless(tmp_path / "y")["rows"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 8}, "another seed"),
        ({"strategy": "sobol"}, r"another search\.strategy"),
        ({"rounds": 3}, r"has run 4 rounds, and search\.rounds is 3"),
    ],
)
def test_a_refused_resume_leaves_a_finished_run_finished(definition, experiment_dir, prices, change, message):
    before = sorted(experiment_dir.parent.iterdir())
    definition["search"] |= change
    with pytest.raises(ResumeRefused, match=message):
        run_experiment(definition, experiment_dir, data=prices, resume=True)
    assert not replacement(experiment_dir).exists()
    with pytest.raises(ExperimentExists, match="exists already"):
        run_experiment(definition, experiment_dir, data=prices)
    assert [p for p in sorted(experiment_dir.parent.iterdir()) if p.suffix != ".lock"] == before


def test_resuming_what_is_finished_changes_nothing(definition, experiment_dir, prices):
    before = timeless(experiment_dir)
    run_experiment(definition, experiment_dir, data=prices, resume=True)
    assert timeless(experiment_dir) == before


def test_resuming_nothing_begins(definition, tmp_path, prices):
    assert run_experiment(definition, tmp_path / "x", data=prices, resume=True).permutations == 4


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda d: d["search"].update(seed=8), "seed"),
        (lambda d: d["params"].update(alpha=[1, 10, 1000]), "params"),
        (lambda d: d["manifest"].update(split=[7, 2, 2]), "manifest"),
        (lambda d: d["search"].update(strategy="grid"), r"search\.strategy"),
        (lambda d: d["search"].update(feedback_interval=4), r"search\.feedback_interval"),
    ],
)
def test_resume_refuses_another_run_by_name_and_keeps_what_is_there(wide, tmp_path, prices, change, named):
    stopped(wide, tmp_path / "x", prices, 4)
    change(wide)
    with pytest.raises(ResumeRefused, match=f"was begun with another .*{named}"):
        run_experiment(wide, tmp_path / "x", data=prices, resume=True)
    assert len(ExperimentDirectory(tmp_path / "x").ids) == 4


def test_resume_refuses_other_data_and_other_settings(wide, tmp_path, prices):
    stopped(wide, tmp_path / "x", prices, 4)
    other = Dataset({"close": prices.close * 1.0001}, prices.factors)
    with pytest.raises(ResumeRefused, match="another data"):
        run_experiment(wide, tmp_path / "x", data=other, resume=True)
    from zoo.settings import DEFAULTS

    with pytest.raises(ResumeRefused, match="another settings"):
        run_experiment(
            wide, tmp_path / "x", data=prices, resume=True, settings={**DEFAULTS, "forward_days": 5}
        )


def test_resume_refuses_other_code(wide, tmp_path, prices, edit_json):
    stopped(wide, tmp_path / "x", prices, 4)
    edit_json(
        tmp_path / "x" / "metadata.json",
        lambda meta: meta["fingerprints"]["code"]["modules"].update({"zoo.features.trend": "0" * 64}),
    )
    with pytest.raises(ResumeRefused, match="another code"):
        run_experiment(wide, tmp_path / "x", data=prices, resume=True)


@pytest.mark.parametrize("name", ["round_data.jsonl", "results.csv", "audit.jsonl"])
def test_a_torn_last_line_is_repaired(wide, tmp_path, prices, name):
    run_experiment(wide, tmp_path / "whole", data=prices)
    stopped(wide, tmp_path / "x", prices, 5)
    path = tmp_path / "x" / name
    path.write_bytes(path.read_bytes()[:-7])
    run_experiment(wide, tmp_path / "x", data=prices, resume=True)
    assert timeless(tmp_path / "x") == timeless(tmp_path / "whole")


def test_a_line_that_is_malformed_in_the_middle_is_an_error_and_nothing_is_lost(wide, tmp_path, prices):
    stopped(wide, tmp_path / "x", prices, 5)
    path = tmp_path / "x" / "results.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], "1,2,3\n", *lines[3:]]))
    with pytest.raises(ExperimentCorrupt, match=r"results\.csv:3"):
        run_experiment(wide, tmp_path / "x", data=prices, resume=True)
    assert path.read_text().splitlines(keepends=True)[3:] == lines[3:]


def test_the_number_of_processes_changes_nothing(wide, tmp_path, prices):
    for jobs in (1, 2):
        UniversalExperimentLoop(wide, tmp_path / str(jobs), data=prices, n_jobs=jobs).run()
    assert timeless(tmp_path / "1") == timeless(tmp_path / "2")


def killed_and_resumed(definition, directory, moments, data):
    """Run in a process, kill it after each of `moments` seconds, and go on here."""
    code = f"""
        import json, sys
        from pathlib import Path
        from zoo.experiment.loop import run_experiment
        print("ready", flush=True)
        run_experiment(json.loads({json.dumps(definition)!r}), Path({str(directory)!r}), resume=True)
    """
    for moment in moments:
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True
        )
        try:
            child.stdout.readline()
            child.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            pass
        finally:
            child.kill()
            child.communicate()
        assert child.returncode in (0, -9)
    run_experiment(definition, directory, data=data, resume=True)


def slowed(definition):
    """Rounds that are slow enough to be hit."""
    return {**definition, "search": {**definition["search"], "delay_s": 0.03}}


def hit(definition, tmp_path, prices, points, seed):
    slow, rng = slowed(definition), random.Random(seed)
    run_experiment(slow, tmp_path / "whole", data=prices)
    expected = timeless(tmp_path / "whole")
    moments = [rng.uniform(0.1, 1.4) for _ in range(points)]
    paths = [tmp_path / f"killed{point}" for point in range(points)]
    with ThreadPoolExecutor(2) as pool:  # the rounds are in processes of their own
        list(pool.map(lambda path, moment: killed_and_resumed(slow, path, [moment], prices), paths, moments))
    for path in paths:
        assert timeless(path) == expected, path


def test_a_run_killed_at_any_moment_ends_as_one_that_never_was(wide, tmp_path, prices):
    hit(wide, tmp_path, prices, 3, seed=1)


@pytest.mark.slow
def test_fifty_random_kill_points_change_nothing(wide, tmp_path, prices):
    hit(wide, tmp_path, prices, 50, seed=2)


@pytest.mark.parametrize("left", [(), ("audit.jsonl", "results.csv"), ("metadata.json",)])
def test_a_copy_of_a_finished_run_that_was_cut_short_replaces_nothing(wide, tmp_path, prices, left):
    path = tmp_path / "x"
    run_experiment(wide, path, data=prices)
    before = timeless(path)
    half = tmp_path / ".x.copy"
    half.mkdir()
    for name in left:
        (half / name).write_bytes((path / name).read_bytes())
    run_experiment(wide, path, data=prices, resume=True)
    assert timeless(path) == before
    assert not half.exists()


def test_new_columns_are_declared_before_rows_have_them(definition, tmp_path, prices, monkeypatch):
    from zoo.errors import ExperimentError
    from zoo.experiment.runlog import RunLog

    real, calls = RunLog._rewrite_results, []

    def fails_second(self):
        calls.append(1)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(self)

    metrics = {"a": 0.5}, {"a": 0.5, "b": 0.25}
    log = RunLog(tmp_path / "x", tmp_path / "x", {"params": {"p": [1]}, "settings": {}})
    log.begin()
    monkeypatch.setattr(RunLog, "_rewrite_results", fails_second)
    log.add(0, {"p": 1}, metrics[0], 0.1, {"preds": [0.1]})
    with pytest.raises(ExperimentError, match="No space left"):
        log.add(1, {"p": 1}, metrics[1], 0.1, {"preds": [0.1]})
    monkeypatch.undo()
    again = RunLog(tmp_path / "x", tmp_path / "x", json.loads((tmp_path / "x" / "metadata.json").read_text()))
    again.resume()
    assert set(again.rows) == {0}
    again.add(1, {"p": 1}, metrics[1], 0.1, {"preds": [0.1]})
    assert again.metadata["columns"]["b"] == "float"
