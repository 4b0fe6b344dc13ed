import csv
import json

import pytest

from zoo.errors import ExperimentCorrupt, ExperimentError
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.format import row_digest
from zoo.experiment.selection import choose
from zoo.spec import Top


def edit(path, column, values):
    """Write values into a column of results.csv, and nowhere else."""
    rows = list(csv.DictReader((path / "results.csv").open()))
    for row, value in zip(rows, values, strict=True):
        row[column] = value
    with (path / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def log(path, column, values):
    """Make the directory one in which these values were logged."""
    edit(path, column, values)
    directory, lines = ExperimentDirectory(path), []
    for line in (path / "round_data.jsonl").read_text().splitlines():
        found = json.loads(line)
        found["sha256"]["row"] = row_digest(directory.round(found["round_id"]).metrics)
        lines.append(json.dumps(found) + "\n")
    (path / "round_data.jsonl").write_text("".join(lines))


def test_ids_are_taken_as_they_are(experiment_dir):
    assert choose(experiment_dir, (3, 0)) == (3, 0)


def test_the_best_walk_forward_scores_win_and_ties_go_to_the_lower_id(experiment_dir):
    log(experiment_dir, "selection_rank_ic", ["0.01", "0.03", "0.03", "-0.5"])
    assert choose(experiment_dir, Top(1, "rank_ic")) == (1,)
    assert choose(experiment_dir, Top(3, "rank_ic")) == (1, 2, 0)


def test_a_nan_score_is_never_chosen(experiment_dir):
    log(experiment_dir, "selection_rank_ic", ["nan", "-1.0", "", "inf"])
    assert choose(experiment_dir, Top(1, "rank_ic")) == (1,)
    with pytest.raises(ExperimentError, match="has 1 permutations with a finite selection_rank_ic"):
        choose(experiment_dir, Top(2, "rank_ic"))


@pytest.mark.parametrize("metric", ["mse", "val_rank_ic", "rank_ik", "rank_ic_t"])
def test_no_other_metric_selects_least_of_all_one_of_test(experiment_dir, metric):
    with pytest.raises(ExperimentError, match=r"selecting by a test metric is refused.*one of rank_ic"):
        choose(experiment_dir, Top(1, metric))


def test_the_test_metrics_do_not_change_the_choice(experiment_dir):
    before = choose(experiment_dir, Top(2, "rank_ic"))
    log(experiment_dir, "rank_ic", ["0.0", "1.0", "2.0", "3.0"])
    assert choose(experiment_dir, Top(2, "rank_ic")) == before


def test_a_score_that_was_edited_chooses_nothing(experiment_dir):
    winner = choose(experiment_dir, Top(1, "rank_ic"))[0]
    scores = [str(row["selection_rank_ic"]) for row in ExperimentDirectory(experiment_dir).results.values()]
    scores[winner] = "-1.0"
    edit(experiment_dir, "selection_rank_ic", scores)
    with pytest.raises(
        ExperimentCorrupt, match=f"the row of permutation {winner} is not the one that was logged"
    ):
        choose(experiment_dir, Top(1, "rank_ic"))
