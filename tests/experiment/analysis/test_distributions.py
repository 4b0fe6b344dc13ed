import math

import pytest

from tests.experiment.analysis.writing import Made
from zoo.experiment.analysis import metric_distributions
from zoo.experiment.analysis.distributions import COLUMNS


def test_every_metric_has_its_count_moments_and_quantiles(write):
    rounds = [Made({"alpha": n}, {"rank_ic": float(n), "val_mse": 2.0}) for n in range(5)]
    found = metric_distributions(write(rounds))
    assert tuple(found.columns) == COLUMNS
    row = found.set_index("metric").loc["rank_ic"]
    assert (row["rounds"], row["count"], row["nan"]) == (5, 5, 0)
    assert (row["mean"], row["median"], row["min"], row["max"]) == (2, 2, 0, 4)
    assert row["sd"] == pytest.approx(math.sqrt(2.5))
    assert (row["q05"], row["q25"], row["q75"], row["q95"]) == pytest.approx((0.2, 1, 3, 3.8))
    assert found["part"].tolist() == ["test", "validation"]


def test_what_is_not_finite_is_counted_and_does_not_spoil_the_rest(write):
    nan, inf = float("nan"), float("inf")
    rounds = [Made({"alpha": n}, {"auc": v, "mse": nan}) for n, v in enumerate([1.0, nan, 3.0, inf])]
    rounds.append(Made({"alpha": 4}, {"mse": nan}))
    found = metric_distributions(write(rounds)).set_index("metric")
    assert (found.loc["auc", "count"], found.loc["auc", "nan"], found.loc["auc", "mean"]) == (2, 3, 2)
    assert (found.loc["mse", "count"], found.loc["mse", "nan"]) == (0, 5)
    assert math.isnan(found.loc["mse", "median"])


def test_one_round_has_no_deviation(write):
    found = metric_distributions(write([Made({"alpha": 1}, {"mse": 0.5})])).iloc[0]
    assert math.isnan(found["sd"])
    assert found["median"] == 0.5
