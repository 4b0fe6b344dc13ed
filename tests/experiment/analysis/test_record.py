import csv
import json

import numpy as np
import pytest

from tests.experiment.analysis.writing import Made, held_out, write_foreign
from zoo.errors import ExperimentCorrupt, ExperimentNotFound
from zoo.experiment.analysis import analyse, read_record
from zoo.experiment.directory import ExperimentDirectory


def edit_cell(path, column, value):
    rows = list(csv.DictReader((path / "results.csv").open()))
    rows[1][column] = value
    with (path / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_a_record_holds_parameters_and_metrics_by_id(write):
    rounds = [
        Made({"kind": "a", "alpha": 1}, {"mse": 0.5, "n_obs": 3}),
        Made({"kind": "b"}, {"mse": float("nan"), "n_obs": 4, "auc": 0.7}),
    ]
    record = read_record(write(rounds))
    assert record.metrics.index.tolist() == [0, 1]
    assert record.metrics.columns.tolist() == ["mse", "n_obs", "auc"]
    assert record.metrics["n_obs"].tolist() == [3.0, 4.0]
    assert np.isnan(record.metrics.loc[0, "auc"])
    assert record.parameters.columns.tolist() == ["kind", "alpha"]
    assert record.parameters["alpha"].tolist() == [1, None]
    assert record.failed == {}
    assert record.finished


def test_a_path_a_directory_and_a_record_are_one_source(write):
    path = write([Made({"alpha": 1}, {"mse": 0.5})])
    record = read_record(path)
    assert read_record(record) is record
    assert read_record(ExperimentDirectory(path)).metrics.equals(record.metrics)
    assert read_record(str(path)).name == "made"


def test_predictions_are_not_kept(write):
    path = write([Made({"alpha": 1}, {"mse": 0.5}, {"preds": [0.1] * 100})])
    assert read_record(path).rounds[0].preds == []


def test_a_failed_round_is_kept_with_what_it_said(write):
    path = write([Made({"alpha": 1}, {"mse": 0.5})], failed=[(0, {"alpha": -1}, "ValueError", "alpha < 0")])
    record = read_record(path)
    assert record.ids.tolist() == [1]
    assert record.failed == {0: {"params": {"alpha": -1}, "error": "ValueError", "message": "alpha < 0"}}


def test_a_run_that_is_not_over_is_read_as_far_as_it_is(experiment_dir, edit_json):
    edit_json(experiment_dir / "metadata.json", lambda found: found.update(status="running"))
    path = experiment_dir / "results.csv"
    path.write_text(path.read_text()[:-20])  # the writer died in the middle of a line
    record = read_record(experiment_dir)
    assert record.ids.tolist() == [0, 1, 2]
    assert not record.finished


def test_an_edited_row_is_refused(experiment_dir):
    edit_cell(experiment_dir, "rank_ic", "0.9")
    with pytest.raises(ExperimentCorrupt, match="the row of permutation 1 is not the one that was logged"):
        analyse(experiment_dir)


def test_an_edited_series_is_refused(write):
    path = write([Made({"alpha": 1}, {"mse": 0.5}, {"held_out": held_out([0.01, 0.02])})])
    text = (path / "round_data.jsonl").read_text()
    (path / "round_data.jsonl").write_text(text.replace("0.02", "0.20"))
    with pytest.raises(ExperimentCorrupt, match="the series of permutation 0 are not those"):
        read_record(path)


def test_an_edited_declaration_is_refused(experiment_dir):
    path = experiment_dir / "metadata.json"
    found = json.loads(path.read_text())
    found["seed"] = 8
    path.write_text(json.dumps(found))
    with pytest.raises(
        ExperimentCorrupt, match=r"metadata\.json: is not what permutation 0 was logged under"
    ):
        read_record(experiment_dir)


def test_a_directory_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ExperimentNotFound, match="momentum"):
        read_record(tmp_path / "momentum")


def test_another_library_s_directory_is_read_as_far_as_it_goes(tmp_path):
    rounds = [Made({"roc": 4}, {"pnl": 1.5, "note": "x"}), Made({"roc": 8}, {"pnl": 2, "note": 3})]
    record = read_record(write_foreign(tmp_path / "theirs", rounds))
    assert record.metrics["pnl"].tolist() == [1.5, 2.0]
    assert "note" not in record.metrics.columns
    assert record.failed is None
    assert record.seed == 0
    assert not record.ours
