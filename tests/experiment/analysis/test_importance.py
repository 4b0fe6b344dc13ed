import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.experiment.analysis.writing import Made, grid, write_foreign
from zoo.experiment.analysis import parameter_importance
from zoo.experiment.analysis.importance import COLUMNS, epsilon_squared, eta_squared


def test_the_share_is_the_variance_between_groups_of_the_whole():
    # means 2 and 5 around 3.5: between 4 · 1.5² = 9, whole 2.5² + 1.5² + 0.5² + 1.5² + ... by hand below
    values = np.array([1.0, 3.0, 4.0, 6.0])
    codes = np.array([0, 0, 1, 1])
    assert eta_squared(values, codes) == pytest.approx(9 / 13)
    assert epsilon_squared(values, codes) == pytest.approx(1 - (4 / 13) * 3 / 2)


@pytest.mark.parametrize("values", [[1.0, 1.0, 1.0], [0.1, 0.1, 0.1], [1e-9, 1e-9, 1e-9]])
def test_a_score_that_never_changes_has_no_variance_to_share(values):
    assert math.isnan(eta_squared(np.array(values), np.array([0, 1, 1])))


def test_a_small_score_has_variance_all_the_same():
    assert eta_squared(np.array([1e-9, 2e-9, 2e-9]), np.array([0, 1, 1])) == pytest.approx(1.0)


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.integers(0, 3)), min_size=1, max_size=12),
    st.floats(0.1, 10),
    st.floats(-5, 5),
)
def test_the_share_lies_between_0_and_1_and_does_not_depend_on_units(pairs, scale, shift):
    values, codes = np.array([v for v, _ in pairs]), np.array([c for _, c in pairs])
    share = float(eta_squared(values, codes))
    assert math.isnan(share) or 0 <= share <= 1
    if np.ptp(values) > 1:
        assert float(eta_squared(values * scale + shift, codes)) == pytest.approx(
            share, abs=1e-6, nan_ok=True
        )


def score_of(alpha, beta):
    return {"selection_rank_ic": 0.1 * alpha + 0.001 * beta, "rank_ic": -0.3 * beta + 0.001 * alpha}


def test_the_parameter_that_matters_comes_first(write):
    found = parameter_importance(write(grid(score_of, beta=[1, 2, 3], alpha=[1, 2, 3, 4])))
    assert tuple(found.columns) == COLUMNS
    assert found["parameter"].tolist() == ["alpha", "beta"]
    assert found["score"].unique().tolist() == ["selection_rank_ic"]
    # alpha: variance 0.01 · 1.25, beta: 0.000001 · 2/3, nothing else
    assert found["share"].tolist() == pytest.approx(
        [1 - (2e-6 / 3) / (0.0125 + 2e-6 / 3), 5.3330e-5], rel=1e-4
    )
    assert found["share"].sum() == pytest.approx(1)
    assert found["chance"].tolist() == pytest.approx([3 / 11, 2 / 11])
    assert found["p_value"][0] < 0.01
    assert found["p_value"][1] > 0.9
    assert found["levels"].tolist() == [4, 3]


def test_by_a_test_metric_it_says_so(write):
    found = parameter_importance(write(grid(score_of, beta=[1, 2, 3], alpha=[1, 2, 3, 4])), by="test_rank_ic")
    assert found["parameter"].tolist() == ["beta", "alpha"]
    assert found["part"].tolist() == ["test", "test"]


def test_the_interval_of_an_effect_holds_it_and_that_of_noise_holds_nothing(write):
    noise = np.random.default_rng(3).normal(size=40)
    rounds = [
        Made({"real": n % 4, "idle": n // 10}, {"selection_rank_ic": 0.5 * (n % 4) + 0.3 * float(noise[n])})
        for n in range(40)
    ]
    found = parameter_importance(write(rounds)).set_index("parameter")
    real, idle = found.loc["real"], found.loc["idle"]
    assert real["low"] < real["corrected"] < real["high"]
    assert real["low"] > 0.4
    assert idle["low"] == 0 < idle["high"]
    assert real["p_value"] < 0.001 < 0.05 < idle["p_value"]


def test_the_same_seed_gives_the_same_interval_and_another_seed_another(write):
    rounds = [Made({"alpha": n % 2}, {"selection_rank_ic": math.sin(n)}) for n in range(12)]
    first, again = (parameter_importance(write(rounds, f"m{i}")) for i in range(2))
    other = parameter_importance(write(rounds, "other", seed=8))
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_few_rounds_have_no_interval_and_do_not_fail(write, count):
    rounds = [Made({"alpha": n}, {"selection_rank_ic": 0.1 * n}) for n in range(count)]
    found = parameter_importance(write(rounds)).iloc[0]
    assert found["rounds"] == count
    assert math.isnan(found["low"])
    assert math.isnan(found["high"])
    if count == 1:
        assert math.isnan(found["share"])
        assert math.isnan(found["p_value"])
    else:  # a value a round explains everything, as chance would
        assert (found["share"], found["chance"], found["p_value"]) == (1.0, 1.0, 1.0)
        assert math.isnan(found["corrected"])


def test_rounds_without_a_finite_score_do_not_count(write):
    scores = [0.1, float("nan"), 0.2, float("inf"), 0.3]
    rounds = [Made({"alpha": n % 2}, {"selection_rank_ic": s}) for n, s in enumerate(scores)]
    assert parameter_importance(write(rounds))["rounds"].tolist() == [3]
    rounds = [Made({"alpha": n}, {"selection_rank_ic": float("nan")}) for n in range(3)]
    found = parameter_importance(write(rounds, "none"))
    assert found["rounds"].tolist() == [0]
    assert math.isnan(found["share"][0])


def test_a_random_search_compares_ranges(write):
    rng = np.random.default_rng(5)
    rounds = [
        Made({"rate": float(rate), "idle": float(rng.random())}, {"selection_rank_ic": float(rate)})
        for rate in rng.random(60)
    ]
    found = parameter_importance(write(rounds)).set_index("parameter")
    assert found["levels"].tolist() == [60, 60]
    assert found["groups"].tolist() == [10, 10]
    assert found.loc["rate", "share"] > 0.97
    assert found.loc["idle", "share"] < 0.5
    assert found.loc["idle", "p_value"] > 0.05


def test_a_parameter_with_one_value_explains_nothing(write):
    rounds = [Made({"alpha": 1, "beta": n}, {"selection_rank_ic": 0.1 * n}) for n in range(6)]
    found = parameter_importance(write(rounds)).set_index("parameter")
    assert math.isnan(found.loc["alpha", "share"])


def test_without_a_walk_forward_score_there_is_no_row(tmp_path):
    path = write_foreign(tmp_path / "theirs", [Made({"roc": n}, {"pnl": float(n)}) for n in range(6)])
    assert parameter_importance(path).empty
    assert tuple(parameter_importance(path).columns) == COLUMNS
    assert parameter_importance(path, by="pnl")["part"].tolist() == ["not recorded"]
