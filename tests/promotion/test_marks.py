import numpy as np
import pandas as pd
import pytest

from zoo.data import Dataset, Table, sp500, tabular
from zoo.errors import SensorInputError


@pytest.fixture(scope="module")
def longer():
    return sp500()


def test_every_bar_is_marked_and_the_predicted_ones_are_those_of_predict(linear, longer):
    marks, predictions = linear.marks(longer), linear.predict(longer)
    assert len(marks) == len(longer.dates) * len(longer.assets)
    assert marks.index[marks["predicted"]].equals(predictions.index)


def test_bars_up_to_the_end_of_training_are_marked_with_the_reason(linear, longer):
    marks = linear.marks(longer)
    dates = marks.index.get_level_values("date")
    assert linear.metadata["train_end"] == "2017-11-30"
    assert (marks["in_training"] == (dates <= "2017-11-30")).all()
    assert marks.loc[("2017-11-30", "AAPL"), "reason"] == "in training, which ends 2017-11-30"
    assert marks.loc[("2017-12-01", "AAPL"), "reason"] == ""
    assert marks.loc[("2022-06-01", "AAPL"), "predicted"]


def test_bars_before_the_first_row_of_training_are_no_evidence_either(linear, longer):
    marks = linear.marks(longer)
    reason = marks.loc[("1990-01-02", "AAPL"), "reason"]
    assert reason == (
        "before the first row of training, 1992-12-28: the model knows what came after; "
        "warm-up: no value of momentum, residual_momentum"
    )
    assert marks.loc[("1990-01-02", "AAPL"), "in_training"]


def test_warm_up_ends_with_the_first_bar_on_which_every_feature_has_a_value(linear, market):
    marks = linear.marks(market).xs("KO", level="asset")
    assert marks["warm_up"].sum() == 756  # the window of residual momentum
    assert marks["predicted"].tolist() == [False] * 756 + [True] * (len(market.dates) - 756)
    assert "warm-up: no value of residual_momentum" in marks["reason"].iloc[755]


def test_a_gap_after_the_warm_up_is_told_apart_from_it(linear, market):
    close = market.close.copy()
    close.loc["2016-03-01":"2016-03-04", "KO"] = np.nan
    marks = linear.marks(Dataset({"close": close}, market.factors)).xs("KO", level="asset")
    gaps = marks[~marks["predicted"] & ~marks["warm_up"]]
    assert len(gaps) > 4
    assert gaps["reason"].str.contains("a gap: no value of ").all()
    assert marks["warm_up"].sum() == 756


def test_an_asset_that_was_listed_late_warms_up_late(linear, market):
    close = market.close.copy()
    close.loc[:"2005-12-30", "KO"] = np.nan
    marks = linear.marks(Dataset({"close": close}, market.factors))
    assert marks.xs("KO", level="asset")["warm_up"].sum() > market.close.loc[:"2005-12-30"].shape[0]
    assert marks.xs("GE", level="asset")["warm_up"].sum() == 756


def test_later_data_marks_earlier_bars_the_same(linear, longer):
    early = longer.until("2015-06-30")
    pd.testing.assert_frame_equal(linear.marks(longer).loc[: early.dates[-1]], linear.marks(early))


def test_of_the_table_that_was_trained_on_every_row_is_marked_and_of_another_nothing_is_known(tabular_sensor):
    data = tabular("diabetes")
    marks = tabular_sensor.marks(data)
    assert marks["in_training"].all()
    assert marks["predicted"].all()
    other = tabular_sensor.marks(Table(data.frame.iloc[:10]))
    assert other["in_training"].isna().all()
    assert other["reason"].str.contains("not known").all()


def test_what_cannot_be_predicted_cannot_be_marked(linear, tabular_sensor, market):
    with pytest.raises(SensorInputError, match="residual_momentum needs 'factors'"):
        linear.marks(market.close)
    with pytest.raises(SensorInputError, match="cannot predict from dict"):
        linear.marks({"x_test": np.zeros((1, 2))})
    with pytest.raises(SensorInputError, match="add age"):
        tabular_sensor.marks(pd.DataFrame({"x": [1.0]}))
