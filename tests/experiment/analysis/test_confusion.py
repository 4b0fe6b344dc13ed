import math

import pytest

from tests.experiment.analysis.writing import Made
from zoo.experiment.analysis import confusion
from zoo.experiment.analysis.confusion import COLUMNS, COUNTS


def counts(tn, fp, fn, tp):
    return dict(zip(COUNTS, (tn, fp, fn, tp), strict=True))


def test_rates_follow_from_the_counts(write):
    found = confusion(write([Made({"alpha": 1}, counts(50, 10, 5, 35))]))
    assert tuple(found.columns) == COLUMNS
    row = found.iloc[0]
    assert [row[name] for name in COUNTS] == [50, 10, 5, 35]
    assert row["prevalence"] == pytest.approx(0.40)
    assert row["recall"] == pytest.approx(35 / 40)
    assert row["specificity"] == pytest.approx(50 / 60)
    assert row["precision"] == pytest.approx(35 / 45)
    assert row["negative_predictive_value"] == pytest.approx(50 / 55)
    assert row["accuracy"] == pytest.approx(0.85)
    assert row["balanced_accuracy"] == pytest.approx((35 / 40 + 50 / 60) / 2)
    assert row["f1"] == pytest.approx(70 / 85)
    assert row["matthews"] == pytest.approx((35 * 50 - 10 * 5) / math.sqrt(45 * 40 * 60 * 55))


def test_a_rate_without_a_denominator_is_nan(write):
    row = confusion(write([Made({"alpha": 1}, counts(10, 0, 0, 0))])).iloc[0].astype(float)
    assert math.isnan(row["recall"])
    assert math.isnan(row["precision"])
    assert math.isnan(row["matthews"])
    assert row["specificity"] == row["accuracy"] == 1


def test_a_round_without_counts_has_its_row(write):
    found = confusion(write([Made({"alpha": 1}, counts(1, 2, 3, 4)), Made({"alpha": 2}, {"accuracy": 0.5})]))
    assert found["id"].tolist() == [0, 1]
    assert found["true_positives"].isna().tolist() == [False, True]
    assert math.isnan(found["accuracy"][1])  # of the counts, which are not there


def test_a_regression_has_none(write):
    found = confusion(write([Made({"alpha": 1}, {"mse": 0.5})]))
    assert found.empty
    assert tuple(found.columns) == COLUMNS
