from pathlib import Path

import pytest

from tests.experiment.analysis.writing import Made, write_foreign
from zoo.experiment.analysis import TABLES, analyse

SEEDED = Path(__file__).parents[3] / "outputs" / "experiments"


@pytest.mark.parametrize("name", sorted(path.name for path in SEEDED.iterdir() if path.is_dir()))
def test_every_seeded_experiment_is_analysed(name):
    found = analyse(SEEDED / name, resamples=200)
    assert tuple(found.tables) == TABLES
    assert found.score.selects
    assert not found.tables["importance"].empty
    for table, frame in found.tables.items():
        assert frame.empty == found.notes.get(table, "").startswith("not recorded"), table


def test_momentum_says_what_a_researcher_has_to_know():
    found = analyse(SEEDED / "momentum", resamples=200)
    importance = found.tables["importance"].set_index("parameter")
    assert importance.loc["lookback", "share"] == pytest.approx(1)
    assert importance.loc["ridge_alpha", "share"] == pytest.approx(0)
    assert found.notes["importance"] == "21 scored rounds, of which 3 differ"
    pbo = found.tables["overfitting"].iloc[0]
    assert (pbo["trials"], pbo["distinct"]) == (21, 3)


def test_a_table_is_told_what_it_did_not_record():
    found = analyse(SEEDED / "diabetes", resamples=200)
    for name in ("net", "overfitting", "quality", "confusion"):
        assert found.notes[name].startswith("not recorded: ")


def test_a_test_metric_is_marked(experiment_dir):
    found = analyse(experiment_dir, by="net_sharpe", resamples=200)
    assert "net_sharpe is a metric of the test part" in found.notes["importance"]


def test_rounds_without_a_score_are_named(write):
    values = [0.1, float("nan"), 0.2, 0.3, 0.4, 0.5]
    path = write([Made({"alpha": n}, {"selection_rank_ic": v}) for n, v in enumerate(values)])
    assert analyse(path).notes["importance"] == "no finite selection_rank_ic: 1"


def test_few_rounds_are_said_to_be_few(write):
    path = write([Made({"alpha": 1}, {"selection_rank_ic": 0.1})])
    assert analyse(path).notes["importance"] == "1 scored round, and no interval below 5"


def test_another_library_s_directory_is_analysed_as_far_as_it_goes(tmp_path):
    rounds = [Made({"roc": n % 3, "kind": "ab"[n % 2]}, {"pnl": float(n), "auc": 0.5}) for n in range(8)]
    found = analyse(write_foreign(tmp_path / "theirs", rounds))
    assert found.score is None
    assert found.tables["distributions"]["metric"].tolist() == ["pnl", "auc"]
    assert found.notes["importance"].startswith("not recorded")
    by = analyse(found.record, by="pnl")
    assert set(by.tables["importance"]["parameter"]) == {"roc", "kind"}
    assert "does not say on which part" in by.notes["importance"]
