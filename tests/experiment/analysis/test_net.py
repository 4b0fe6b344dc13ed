import math

from tests.experiment.analysis.writing import Made
from zoo.experiment.analysis import net_results
from zoo.experiment.analysis.net import COLUMNS


def test_net_figures_are_those_that_were_recorded(write):
    metrics = {"mse": 1.0, "net_sharpe": 0.5, "net_sharpe_se": 0.4, "turnover": 9.0, "net_sharpe_min": -0.1}
    found = net_results(write([Made({"alpha": 1}, metrics), Made({"alpha": 2}, {"mse": 2.0})]))
    assert found.columns.tolist() == ["id", "net_sharpe", "net_sharpe_se", "net_sharpe_min", "turnover"]
    assert found.loc[0].tolist() == [0, 0.5, 0.4, -0.1, 9.0]
    assert math.isnan(found.loc[1, "net_sharpe"])


def test_a_table_has_none(write):
    found = net_results(write([Made({"alpha": 1}, {"r2": 0.5})]))
    assert found.empty
    assert tuple(found.columns) == COLUMNS


def test_a_real_panel_has_every_column(experiment_dir):
    found = net_results(experiment_dir)
    assert tuple(found.columns) == COLUMNS
    assert len(found) == 4
    assert (found["net_sharpe_min"] <= found["net_sharpe"]).all()
    assert (found["net_sharpe"] <= found["net_sharpe_max"]).all()
