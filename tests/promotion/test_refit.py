import pytest

from zoo.promotion import Trainer


@pytest.fixture(scope="module")
def outcome(made_experiment, prices):
    return Trainer(made_experiment, prices).outcome(0, overrides={"forward_days": 60})


def test_predictions_of_the_test_part_are_the_variants(outcome, prices):
    test = outcome.predictions.query("part == 'test'")
    refit = outcome.predictions.query("part == 'refit'").set_index(["date", "asset"])["prediction"]
    assert list(test.columns) == ["part", "date", "asset", "prediction"]
    series = outcome.sensor.predict(prices)
    assert refit.to_numpy() == pytest.approx(series.loc[refit.index].to_numpy(), abs=1e-15)
    both = test.set_index(["date", "asset"])["prediction"]
    assert (both != refit.loc[both.index]).all()


def test_agreement_is_a_correlation_over_the_test_dates(outcome):
    found = outcome.sensor.metadata["agreement"]
    assert 0.5 < found["rank_correlation"] <= 1
    assert found["dates"] == outcome.predictions.query("part == 'test'")["date"].nunique()


def test_the_training_ends_with_the_last_label(outcome, prices):
    position = prices.dates.get_loc(str(outcome.train_end))
    last = outcome.predictions.query("part == 'refit'")["date"].max()
    assert position == prices.dates.get_loc(last) + 60
    assert position <= len(prices.dates) - 1
