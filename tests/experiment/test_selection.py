import csv

import pytest

from zoo.errors import ExperimentError
from zoo.experiment.selection import choose
from zoo.spec import Top


def set_scores(path, scores):
    rows = list(csv.DictReader((path / "results.csv").open()))
    for row, score in zip(rows, scores, strict=True):
        row["selection_rank_ic"] = score
    with (path / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def test_ids_are_taken_as_they_are(experiment_dir):
    assert choose(experiment_dir, (3, 0)) == (3, 0)


def test_the_best_walk_forward_scores_win_and_ties_go_to_the_lower_id(experiment_dir):
    set_scores(experiment_dir, ["0.01", "0.03", "0.03", "-0.5"])
    assert choose(experiment_dir, Top(1, "rank_ic")) == (1,)
    assert choose(experiment_dir, Top(3, "rank_ic")) == (1, 2, 0)


def test_a_nan_score_is_never_chosen(experiment_dir):
    set_scores(experiment_dir, ["nan", "-1.0", "", "inf"])
    assert choose(experiment_dir, Top(1, "rank_ic")) == (1,)
    with pytest.raises(ExperimentError, match="has 1 permutations with a finite selection_rank_ic"):
        choose(experiment_dir, Top(2, "rank_ic"))


@pytest.mark.parametrize("metric", ["mse", "val_rank_ic", "rank_ik", "rank_ic_t"])
def test_no_other_metric_selects_least_of_all_one_of_test(experiment_dir, metric):
    with pytest.raises(ExperimentError, match=r"selecting by a test metric is refused.*one of rank_ic"):
        choose(experiment_dir, Top(1, metric))


def test_the_test_metrics_do_not_change_the_choice(experiment_dir):
    before = choose(experiment_dir, Top(2, "rank_ic"))
    rows = list(csv.DictReader((experiment_dir / "results.csv").open()))
    for number, row in enumerate(rows):
        row["rank_ic"] = str(float(number))
    with (experiment_dir / "results.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    assert choose(experiment_dir, Top(2, "rank_ic")) == before
