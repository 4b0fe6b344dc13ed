import hashlib
import json
from pathlib import Path

import pytest

from zoo.experiment.analysis import TABLES
from zoo.report.page import GENERATOR

SEEDED = Path(__file__).parents[2] / "outputs" / "experiments"


@pytest.fixture
def small(zoo, experiment_dir):
    """An experiment that only a directory knows: no conf/experiment/small.yaml."""
    assert not (zoo.conf / "experiment").exists()
    return [f"paths.experiments={experiment_dir.parent}", "experiment=small"]


def content(directory):
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in directory.iterdir()
    }


def test_a_finished_experiment_is_read_by_its_directory_s_name(zoo, small, experiment_dir):
    before = content(experiment_dir)
    ran = zoo.json("analyze", *small)
    assert ran.code == 0
    page = zoo.outputs / "reports" / "small.html"
    assert ran.document["experiment"] == "small"
    assert ran.document["directory"] == str(experiment_dir)
    assert ran.document["page"] == str(page)
    assert GENERATOR in page.read_text(encoding="utf-8")[:1000]
    assert content(experiment_dir) == before


def test_the_document_has_every_table(zoo, small):
    document = zoo.json("analyze", *small).document
    assert tuple(document["tables"]) == TABLES
    assert (document["rounds"], document["failed"], document["seed"]) == (4, [], 7)
    score = {"column": "selection_rank_ic", "part": "walk-forward on train + validation", "selects": True}
    assert document["score"] == score
    importance = document["tables"]["importance"][0]
    assert importance["parameter"] in ("lookback", "alpha")
    assert importance["low"] is None  # four rounds have no interval
    assert "no interval below 5" in document["notes"]["importance"]
    assert document["tables"]["quality_by_date"][0]["date"].count("-") == 2
    assert document["tables"]["overfitting"][0]["failed_ids"] == []
    assert document["notes"]["confusion"].startswith("not recorded: ")
    assert document["tables"]["confusion"] == []
    assert len(document["tables"]["net"]) == 4


def test_the_document_says_what_results_csv_says(zoo, small, experiment_dir):
    from zoo.experiment.directory import ExperimentDirectory

    results = ExperimentDirectory(experiment_dir).results
    for row in zoo.json("analyze", *small).document["tables"]["net"]:
        assert row["net_sharpe"] == results[row["id"]]["net_sharpe"]


@pytest.mark.parametrize("name", sorted(path.name for path in SEEDED.iterdir() if path.is_dir()))
def test_the_tables_fit_80_columns(zoo, name):
    ran = zoo("analyze", f"experiment={name}", f"paths.experiments={SEEDED}")
    assert ran.code == 0
    tables = [line for line in ran.out.splitlines() if not line.startswith(("page", "  not recorded"))]
    assert max(map(len, tables)) <= 80
    assert f"experiment  {name}" in ran.out
    assert f"{zoo.outputs}/reports/{name}.html" in ran.out
    for word in ("parameters", "net of costs", "overfitting", "rank IC", "metrics", "confusion"):
        assert word in ran.out


def test_the_tables_say_what_a_researcher_has_to_know(zoo):
    ran = zoo("analyze", "experiment=momentum", f"paths.experiments={SEEDED}")
    assert "21 scored rounds, of which 3 differ" in ran.out
    assert "21 trials, of which 3 differ" in ran.out
    assert "left out  nobody" in ran.out
    assert "\n0-6 " in ran.out  # clones share a line


def test_another_score_is_had_by_name_and_a_test_metric_is_marked(zoo, small):
    document = zoo.json("analyze", *small, "by=val_rank_ic").document
    assert (document["score"]["part"], document["score"]["selects"]) == ("validation", True)
    marked = zoo("analyze", *small, "by=test_rank_ic")
    assert marked.code == 0
    assert "rank_ic is a metric of the test part: it explains, and must choose nothing" in marked.out


def test_an_unknown_metric_is_refused_with_the_nearest(zoo, small):
    ran = zoo.json("analyze", *small, "by=rank_ik")
    assert ran.code == 2
    assert "did you mean 'rank_ic'?" in ran.error
    assert not zoo.outputs.exists()


def test_an_unknown_experiment_is_refused_with_the_nearest(zoo, small):
    ran = zoo.json("analyze", small[0], "experiment=smal")
    assert ran.code == 2
    assert "no experiment is called 'smal'" in ran.error
    assert "did you mean 'small'?" in ran.error


@pytest.mark.parametrize("name", ["../small", "a,b", "''", "small/", ".small.lock"])
def test_a_name_that_is_no_directory_s_is_refused(zoo, small, name):
    ran = zoo.json("analyze", small[0], f"experiment={name}")
    assert ran.code == 2
    assert "no experiment is called" in ran.error


def test_no_experiment_is_refused_with_those_there_are(zoo, small):
    ran = zoo.json("analyze", small[0])
    assert ran.code == 2
    assert "no experiment was named" in ran.error
    assert "one of small" in ran.error


def test_two_experiments_are_refused(zoo, small):
    ran = zoo.json("analyze", *small, "experiment=other")
    assert ran.code == 2
    assert "experiment=small and experiment=other are two experiments" in ran.error
    assert zoo.json("analyze", "-m", *small).code == 2


def test_a_definition_is_not_needed_and_a_broken_one_does_not_matter(zoo, small):
    (zoo.conf / "experiment").mkdir()
    (zoo.conf / "experiment" / "small.yaml").write_text("params: [")
    assert zoo("analyze", *small).code == 0


def test_the_page_goes_where_it_is_asked_to(zoo, small, tmp_path):
    ran = zoo.json("analyze", *small, "page=here/report.html")
    assert ran.document["page"] == str(tmp_path / "here" / "report.html")  # the working directory's
    assert (tmp_path / "here" / "report.html").exists()
    assert not (zoo.outputs / "reports").exists()


def test_the_page_does_not_go_into_the_experiment_or_over_another_file(zoo, small, experiment_dir, tmp_path):
    before = content(experiment_dir)
    for name in (f"{experiment_dir}/report.html", f"{experiment_dir}/results.csv", str(experiment_dir)):
        inside = zoo.json("analyze", *small, f"page={name}")
        assert inside.code == 2
        assert "a page inside the experiment's own directory" in inside.error
    (tmp_path / "link").symlink_to(experiment_dir)
    assert zoo.json("analyze", *small, f"page={tmp_path}/link/report.html").code == 2
    (tmp_path / "thesis.html").write_text("mine")
    over = zoo.json("analyze", *small, "page=thesis.html")
    assert over.code == 1
    assert "is a file that no analysis wrote" in over.error
    assert (tmp_path / "thesis.html").read_text() == "mine"
    assert content(experiment_dir) == before


def test_an_edited_row_is_refused(zoo, small, experiment_dir):
    path = experiment_dir / "results.csv"
    header, first, *rest = path.read_text().splitlines()
    cells = first.split(",")
    cells[header.split(",").index("rank_ic")] = "0.99"
    path.write_text("\n".join([header, ",".join(cells), *rest]) + "\n")
    ran = zoo.json("analyze", *small)
    assert ran.code == 1
    assert "the row of permutation 0 is not the one that was logged" in ran.error
    assert not (zoo.outputs / "reports").exists()


def test_what_failed_is_printed(zoo, tmp_path):
    from tests.experiment.analysis.writing import Made, write_experiment

    rounds = [Made({"alpha": n}, {"selection_rank_ic": 0.1 * n}) for n in range(3)]
    failed = [(1, {"alpha": -1}, "ValueError", "alpha below 0")]
    write_experiment(tmp_path / "experiments" / "half", rounds, failed=failed)
    words = ["analyze", "experiment=half", f"paths.experiments={tmp_path}/experiments"]
    ran = zoo(*words)
    assert ran.code == 0
    assert "3 finished, 1 failed" in ran.out
    assert "failed 1  ValueError: alpha below 0" in ran.out
    document = json.loads(zoo(*words, "format=json").out)
    assert document["failed"] == [
        {"id": 1, "params": {"alpha": -1}, "error": "ValueError", "message": "alpha below 0"}
    ]


def test_an_experiment_of_nothing_but_a_score_is_no_failure(zoo, tmp_path):
    from tests.experiment.analysis.writing import Made, write_foreign

    write_foreign(tmp_path / "experiments" / "theirs", [Made({"roc": 1}, {"pnl": 0.5})])
    ran = zoo("analyze", "experiment=theirs", f"paths.experiments={tmp_path}/experiments")
    assert ran.code == 0
    assert "failures not recorded" in ran.out
    assert "not recorded: no walk-forward score" in ran.out
