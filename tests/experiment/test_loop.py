import csv
import json
import subprocess
import sys
import textwrap

import pytest

from zoo import settings as zoo_settings
from zoo.errors import CodeDriftError, ExperimentError, ExperimentExists, ManifestError, TrustError
from zoo.events import Advanced, Failed, Finished, Started
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.loop import UniversalExperimentLoop, run_experiment
from zoo.trust import Trust


def run(definition, path, prices, **more):
    return run_experiment(definition, path, data=prices, **more)


def timeless(path):
    """The files without what a clock wrote."""
    rows = list(csv.DictReader((path / "results.csv").open()))
    for row in rows:
        del row["execution_time"]
    metadata = {
        k: v for k, v in json.loads((path / "metadata.json").read_text()).items() if k != "created_at"
    }
    return rows, metadata, (path / "round_data.jsonl").read_text()


def test_the_same_experiment_gives_the_same_files(definition, tmp_path, prices):
    one, two = tmp_path / "one", tmp_path / "two"
    run(definition, one, prices)
    run(definition, two, prices)
    assert timeless(one) == timeless(two)


def test_a_directory_says_what_it_was_made_from(made_experiment, definition, prices):
    meta = json.loads((made_experiment / "metadata.json").read_text())
    assert meta["manifest"] == definition["manifest"]
    assert meta["params"] == definition["params"]
    assert meta["settings"] == dict(zoo_settings.DEFAULTS)
    assert meta["seed"] == 7
    assert meta["fingerprints"]["data"]["rows"] == len(prices.dates)
    assert len(meta["fingerprints"]["code"]["content"]) == 64
    assert "scikit-learn" in meta["libraries"]
    assert meta["columns"]["rank_ic"] == "float"
    assert meta["columns"]["n_obs"] == "int"


def test_numbers_are_logged_at_full_precision(made_experiment):
    for number in ExperimentDirectory(made_experiment).ids:
        metrics = ExperimentDirectory(made_experiment).round(number).metrics
        assert any(len(repr(v)) > 12 for v in metrics.values())


def test_the_settings_in_force_are_the_recorded_ones(definition, tmp_path, prices):
    run(definition, tmp_path / "x", prices, settings={**zoo_settings.DEFAULTS, "forward_days": 5})
    directory = ExperimentDirectory(tmp_path / "x")
    assert directory.metadata["settings"]["forward_days"] == 5
    assert zoo_settings.settings.forward_days == 21


def test_an_existing_experiment_is_kept_unless_asked(definition, experiment_dir, prices):
    before = timeless(experiment_dir)
    definition["params"]["alpha"] = [5]
    with pytest.raises(ExperimentExists, match="overwrite=true"):
        run(definition, experiment_dir, prices)
    assert timeless(experiment_dir) == before
    run(definition, experiment_dir, prices, overwrite=True)
    assert len(timeless(experiment_dir)[0]) == 2


def test_a_failing_permutation_leaves_the_others(definition, tmp_path, prices):
    definition["params"]["alpha"] = [1, -1]
    events = []
    summary = run(definition, tmp_path / "x", prices, observers=[events.append])
    assert (summary.permutations, summary.failed) == (4, 2)
    directory = ExperimentDirectory(tmp_path / "x")
    assert directory.ids == (0, 2)
    assert directory.metadata["failed"] == [1, 3]
    assert next(e for e in events if isinstance(e, Failed)).task.endswith("permutation 1")
    audit = [json.loads(line) for line in (tmp_path / "x" / "audit.jsonl").read_text().splitlines()]
    assert [line["round_id"] for line in audit if line["event"] == "failed"] == [1, 3]


def test_nothing_is_written_when_nothing_finished(definition, tmp_path, prices):
    definition["params"]["alpha"] = [-1]
    with pytest.raises(ExperimentError, match="no permutation finished"):
        run(definition, tmp_path / "x", prices)
    assert not (tmp_path / "x").exists()


def test_progress_is_told_round_by_round(definition, tmp_path, prices):
    events = []
    run(definition, tmp_path / "x", prices, observers=[events.append])
    assert isinstance(events[0], Started)
    assert events[0].total == 4
    assert sum(isinstance(e, Advanced) for e in events) == 4
    assert isinstance(events[-1], Finished)


def test_an_untrusted_declaration_writes_nothing(definition, tmp_path, prices):
    definition["manifest"]["model"] = {"_target_": "os.system", "command": "${params.alpha}"}
    with pytest.raises(TrustError, match=r"os\.system"):
        run(definition, tmp_path / "x", prices)
    assert list(tmp_path.iterdir()) == []


def test_a_parameter_nobody_uses_is_refused(definition, tmp_path, prices):
    definition["params"]["gamma"] = [1]
    with pytest.raises(ManifestError, match=r"params\.gamma: nobody uses it"):
        run(definition, tmp_path / "x", prices)


def test_a_disk_that_fills_up_ends_the_run_and_leaves_the_old_directory(definition, experiment_dir):
    before = timeless(experiment_dir)
    code = f"""
        import json, resource, signal
        from pathlib import Path
        from zoo.errors import ExperimentError
        from zoo.experiment.loop import run_experiment
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))
        try:
            definition = json.loads({json.dumps(definition)!r})
            run_experiment(definition, Path({str(experiment_dir)!r}), overwrite=True)
        except ExperimentError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert "small: cannot be written: File too large; no round had finished" in done.stdout
    assert timeless(experiment_dir) == before
    assert [p.name for p in experiment_dir.parent.iterdir() if p.suffix != ".lock"] == ["small"]


def test_the_loop_trusts_only_what_it_is_told_to(definition, tmp_path, prices):
    with pytest.raises(TrustError, match="sklearn"):
        run(definition, tmp_path / "x", prices, trust=Trust(prefixes=("zoo.",)))


def test_a_directory_with_files_that_zoo_did_not_write_is_never_touched(definition, tmp_path, prices):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    for overwrite in (False, True):
        with pytest.raises(ExperimentExists, match=r"holds thesis\.txt, which zoo did not write"):
            run(definition, mine, prices, overwrite=overwrite)
    assert [p.name for p in mine.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_directorys_place_is_kept(definition, tmp_path, prices):
    (tmp_path / "x").write_text("a file")
    with pytest.raises(ExperimentExists, match="is a file"):
        run(definition, tmp_path / "x", prices, overwrite=True)
    assert (tmp_path / "x").read_text() == "a file"


def test_a_torn_experiment_is_replaced_only_when_asked(definition, experiment_dir, prices):
    (experiment_dir / "metadata.json").unlink()
    rounds = (experiment_dir / "round_data.jsonl").read_bytes()
    with pytest.raises(ExperimentExists, match=r"what is left of an experiment without its metadata\.json"):
        run(definition, experiment_dir, prices)
    assert (experiment_dir / "round_data.jsonl").read_bytes() == rounds
    run(definition, experiment_dir, prices, overwrite=True)
    assert ExperimentDirectory(experiment_dir).ids == (0, 1, 2, 3)


def test_the_directory_behind_a_link_is_written_and_the_link_stays(
    definition, experiment_dir, tmp_path, prices
):
    link = tmp_path / "link"
    link.symlink_to(experiment_dir)
    for _ in range(2):
        run(definition, link, prices, overwrite=True)
    assert link.is_symlink()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_data_that_changes_while_rounds_run_is_not_recorded_as_what_made_them(definition, tmp_path, prices):
    class Shifting:
        kind, assets, dates, close, fields, factors = (
            "panel",
            prices.assets,
            prices.dates,
            prices.close,
            prices.fields,
            prices.factors,
        )

        def __init__(self):
            self.asked = 0

        def fingerprint(self):
            self.asked += 1
            return prices.fingerprint() if self.asked == 1 else prices.until("1997-01-01").fingerprint()

    with pytest.raises(CodeDriftError, match="data changed while the rounds ran"):
        run(definition, tmp_path / "x", Shifting())


def test_parameters_of_mixed_types_can_be_promoted(definition, tmp_path, prices):
    from zoo.promotion import Trainer

    definition["params"] = {"lookback": [20], "gamma": ["scale", 0.5, 1]}
    definition["manifest"]["model"] = {"_target_": "sklearn.svm.SVR", "gamma": "${params.gamma}"}
    definition["manifest"]["rows"]["every"] = 63
    run(definition, tmp_path / "x", prices)
    assert [s.round_params["gamma"] for s in Trainer(tmp_path / "x", prices).train([0, 1, 2])] == [
        "scale",
        0.5,
        1,
    ]


def test_what_a_killed_writer_left_is_known_and_swept(definition, experiment_dir, prices):
    for name in (".metadata.json.tmp", ".checkpoint.json.tmp"):
        (experiment_dir / name).write_text("torn")
    run(definition, experiment_dir, prices, resume=True)
    run(definition, experiment_dir, prices, overwrite=True)
    assert not [p.name for p in experiment_dir.iterdir() if p.name.startswith(".")]


def test_rounds_with_different_metrics_can_be_promoted(tmp_path):
    from zoo.promotion import Trainer

    definition = {
        "params": {"loss": ["hinge", "log_loss"]},
        "search": {"seed": 7},
        "manifest": {
            "data": {"_target_": "zoo.data.tabular", "name": "breast_cancer"},
            "target": {"_target_": "zoo.targets.column"},
            "scaler": {"_target_": "sklearn.preprocessing.StandardScaler"},
            "model": {"_target_": "sklearn.linear_model.SGDClassifier", "loss": "${params.loss}"},
        },
    }
    run_experiment(definition, tmp_path / "x")
    plain, probable = Trainer(tmp_path / "x").train([0, 1])
    assert "auc" not in plain.results["logged"]
    assert "auc" in probable.results["logged"]


def test_a_split_without_a_test_part_is_refused(definition, tmp_path, prices):
    definition["manifest"]["split"] = [8, 1, 0]
    with pytest.raises(ExperimentError, match="no permutation finished"):
        run(definition, tmp_path / "x", prices)
    assert not (tmp_path / "x").exists()


def test_an_experiment_behind_a_link_is_repaired_by_its_readers(experiment_dir, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(experiment_dir)
    experiment_dir.rename(experiment_dir.parent / ".small.old")
    assert ExperimentDirectory(link).ids == (0, 1, 2, 3)


def test_a_metric_of_numpy_is_logged_as_a_number():
    import numpy as np

    from zoo.experiment.rounds import plain_number

    found = [plain_number(value) for value in (np.float64(0.5), np.int64(3), np.bool_(True), 2, "a")]
    assert found == [0.5, 3, True, 2, "a"]
    assert [type(value) for value in found] == [float, int, bool, int, str]


@pytest.mark.parametrize("n_jobs", [0, -1, 1.5, True, "2", None])
def test_a_number_of_processes_that_is_none_is_refused(definition, tmp_path, n_jobs):
    with pytest.raises(ManifestError, match="n_jobs is"):
        UniversalExperimentLoop(definition, tmp_path / "x", n_jobs=n_jobs)


def test_a_tolerance_for_a_metric_that_no_round_has_is_told(definition, tmp_path, prices):
    from zoo.events import Noticed

    definition |= {
        "tolerances": {"mse": {"absolute": 1}, "rank_icc": {"absolute": 1}},
        "volatile": ["r2", "x"],
    }
    told = []
    run_experiment(definition, tmp_path / "x", data=prices, observers=[told.append])
    assert [event.message for event in told if isinstance(event, Noticed)] == [
        "tolerances.rank_icc: no round has such a metric; did you mean 'rank_ic'?",
        "volatile.x: no round has such a metric",
    ]
    metadata = json.loads((tmp_path / "x" / "metadata.json").read_text())
    assert metadata["volatile"] == ["execution_time", "r2", "x"]
    assert metadata["tolerances"]["mse"] == {"absolute": 1.0}
