import math

import numpy as np
import pytest
from scipy import stats

from tests.experiment.analysis.writing import Made, grid
from zoo.experiment.analysis import parameter_correlation
from zoo.experiment.analysis.correlation import COLUMNS, CORRELATION_RATIO, SPEARMAN, spearman


@pytest.mark.parametrize("seed", range(5))
def test_spearman_is_scipy_s(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=30), rng.integers(0, 4, 30).astype(float)
    assert spearman(x, y) == pytest.approx(stats.spearmanr(x, y).statistic)


def test_spearman_is_taken_of_each_row():
    x = np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0], [1.0, 1.0, 1.0]])
    y = np.array([[10.0, 20.0, 30.0], [10.0, 20.0, 30.0], [10.0, 20.0, 30.0]])
    assert spearman(x, y).tolist() == pytest.approx([1.0, -0.5, math.nan], nan_ok=True)
    assert math.isnan(spearman(np.array([1.0, 2.0]), np.array([1.0, 2.0])))


def test_numbers_have_a_direction_and_categories_only_a_strength(write):
    rounds = grid(
        lambda alpha, kind: {"selection_rank_ic": -0.1 * alpha + (0.02 if kind == "robust" else 0.0)},
        alpha=[1, 2, 3, 4],
        kind=["standard", "robust"],
    )
    found = parameter_correlation(write(rounds))
    assert tuple(found.columns) == COLUMNS
    assert found["parameter"].tolist() == ["alpha", "kind"]
    assert found["measure"].tolist() == [SPEARMAN, CORRELATION_RATIO]
    alpha, kind = found.iloc[0], found.iloc[1]
    # ranks of the scores are 8, 7, ..., 1 in pairs: alpha is tied twice
    assert alpha["correlation"] == pytest.approx(
        stats.spearmanr(np.repeat([1, 2, 3, 4], 2), range(8, 0, -1))[0]
    )
    # 0.01² between, 0.1² · 1.25 within
    assert kind["correlation"] == pytest.approx(math.sqrt(1e-4 / (1e-4 + 0.0125)))
    assert alpha["low"] <= alpha["correlation"] <= alpha["high"] < 0
    assert kind["low"] == 0


def test_a_perfect_order_has_an_interval_of_no_length(write):
    rounds = [Made({"alpha": n}, {"selection_rank_ic": n**3 / 100}) for n in range(8)]
    found = parameter_correlation(write(rounds)).iloc[0]
    assert (found["correlation"], found["low"], found["high"]) == pytest.approx((1, 1, 1))


@pytest.mark.parametrize("count", [1, 2, 4])
def test_few_rounds_have_no_interval_and_do_not_fail(write, count):
    rounds = [Made({"alpha": n, "kind": str(n)}, {"selection_rank_ic": 0.1 * n}) for n in range(count)]
    found = parameter_correlation(write(rounds))
    assert found["low"].isna().all()
    assert found["high"].isna().all()
    assert found["correlation"].isna().tolist() == [count < 3, count < 2]


def test_the_same_seed_gives_the_same_interval(write):
    rounds = [Made({"alpha": n % 5}, {"selection_rank_ic": math.sin(n)}) for n in range(12)]
    first, again = (parameter_correlation(write(rounds, f"m{i}")) for i in range(2))
    assert first.equals(again)
