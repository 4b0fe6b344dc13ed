import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.data import Dataset, Table
from zoo.errors import SensorInputError
from zoo.experiment.loop import run_experiment
from zoo.promotion import Sensor, Trainer
from zoo.promotion.serving import checked, columns_remedy
from zoo.trust import Trust

HERE = Trust(prefixes=("zoo.", "sklearn.", "tests."))
NAMES = st.lists(st.sampled_from("abcd"), min_size=1, max_size=5)


def turnover(prices, volume):
    return prices.pct_change(5) * volume.rank(axis=1)


def hedged(prices, factors=None):
    """A feature that is another one where there are no factors."""
    moved = prices.pct_change(10)
    return moved if factors is None else moved.sub(factors.iloc[:, 0].rolling(10).sum(), axis=0)


@pytest.fixture(scope="module")
def needy(made_experiment, prices, tmp_path_factory):
    """A sensor whose features need volume and, silently, factors."""
    from tests.conftest import DEFINITION

    features = [{"_target_": f"{__name__}.{name}"} for name in ("turnover", "hedged")]
    manifest = {**DEFINITION["manifest"], "features": features}
    definition = {**DEFINITION, "params": {"alpha": [1]}, "manifest": manifest}
    path = tmp_path_factory.mktemp("needy") / "needy"
    run_experiment(definition, path, data=with_volume(prices), trust=HERE)
    return Trainer(path, with_volume(prices), trusted=HERE).train([0])[0]


def with_volume(prices, factors=True):
    volume = prices.close * 0 + np.arange(len(prices.assets))
    given = prices.factors if factors is True else factors
    return Dataset({"close": prices.close, "volume": volume}, given)


def test_what_features_lack_is_named_for_all_of_them_at_once(needy, prices):
    with pytest.raises(SensorInputError, match=r"turnover needs 'volume', hedged needs 'factors'"):
        needy.predict(prices.close)


def test_data_that_a_feature_can_do_without_is_still_needed_if_training_had_it(needy, prices):
    with pytest.raises(SensorInputError, match=r"hedged needs 'factors', and the data has close, volume"):
        needy.predict(with_volume(prices, factors=None))
    assert needy.predict(with_volume(prices)).notna().all()


def test_other_factors_than_those_of_training_are_refused(needy, prices):
    other = prices.factors.rename(columns={prices.factors.columns[0]: "WORLD"})
    with pytest.raises(SensorInputError, match=r"the factors are WORLD; expected SP500, as in training"):
        needy.predict(with_volume(prices, other))


def test_a_table_is_refused_by_a_sensor_of_bars_and_bars_by_one_of_a_table(linear, tabular_sensor, market):
    frame = pd.DataFrame({"momentum": [0.1], "residual_momentum": [0.2]})
    with pytest.raises(SensorInputError, match="was given a table; expected bars"):
        linear.predict(Table(frame))
    with pytest.raises(SensorInputError, match="was given bars; expected a table"):
        tabular_sensor.predict(market)


def test_a_tables_rows_are_checked_as_x_test_is(tabular_sensor):
    from zoo.data import tabular

    frame = tabular("diabetes").frame
    whole = tabular_sensor.predict(Table(frame))
    without_label = frame.drop(columns=["target"])
    pd.testing.assert_series_equal(tabular_sensor.predict(without_label), whole, check_exact=True)
    names = list(without_label.columns)
    for change, message in [
        (without_label.assign(extra=1.0), "remove extra"),
        (without_label[names[::-1]], "reorder the columns"),
        (without_label.drop(columns=["bmi"]), "add bmi"),
        (without_label.assign(bmi="low"), "column 'bmi' is"),
        (without_label.assign(bmi=np.nan), "NaN or infinite values, first bmi in row 0"),
    ]:
        with pytest.raises(SensorInputError, match=message):
            tabular_sensor.predict(Table(change))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pd.array([1.0, None], dtype="Float64"), "NaN or infinite"),
        (pd.array([True, None], dtype="boolean"), "column 'b' is boolean"),
        (pd.array([1, 2], dtype="Int64"), None),
        (np.array([1, 2], dtype="int8"), None),
        (np.array([1j, 2]), "is complex128"),
        (pd.to_timedelta([1, 2]), "is timedelta64"),
        (pd.Categorical([1, 2]), "is category"),
        ([object(), 2], "is object"),
    ],
)
def test_columns_of_every_kind_are_numbers_or_refused(column, message):
    frame = pd.DataFrame({"a": [0.5, 1.5], "b": column})
    if message is None:
        assert checked(frame, ("a", "b")).tolist() == [[0.5, 1.0], [1.5, 2.0]]
    else:
        with pytest.raises(SensorInputError, match=message):
            checked(frame, ("a", "b"))


def test_a_frame_of_polars_is_checked_by_its_names_like_one_of_pandas():
    frame = pl.DataFrame({"b": [1, None, 3], "a": [0.5, 1.5, 2.5]})
    with pytest.raises(SensorInputError, match=r"x_test has columns b, a; expected columns a, b"):
        checked(frame, ("a", "b"))
    with pytest.raises(SensorInputError, match="NaN or infinite values, first b in row 1"):
        checked(frame, ("b", "a"))
    with pytest.raises(SensorInputError, match="column 'a' is"):
        checked(frame.with_columns(a=pl.lit("x")), ("b", "a"))
    assert checked(frame.drop_nulls(), ("b", "a")).tolist() == [[1.0, 0.5], [3.0, 2.5]]


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (None, "there is no x_test"),
        ([[1.0], [1.0, 2.0]], "x_test is no array"),
        (pa.table({"b": [1.0], "a": [2.0]}), "x_test is a Table, whose columns cannot be checked"),
        (np.ma.masked_array([[1.0, 2.0]], mask=[[False, True]]), "NaN or infinite values, first b in row 0"),
        (np.ma.masked_array([[1, 2]], mask=[[False, True]]), "NaN or infinite values, first b in row 0"),
        (np.array([(1.0, 2.0)], dtype=[("b", "f8"), ("a", "f8")]), "x_test is "),
    ],
)
def test_what_could_hide_its_names_or_what_is_missing_is_refused(X, message):
    with pytest.raises(SensorInputError, match=message):
        checked(X, ("a", "b"))


@settings(deadline=None)
@given(found=NAMES, expected=st.lists(st.sampled_from("abcd"), min_size=1, unique=True))
def test_only_the_very_columns_pass_and_the_remedy_leads_to_them(found, expected):
    frame = pd.DataFrame(np.zeros((1, len(found))), columns=found)
    if found == expected:
        assert checked(frame, expected).shape == (1, len(expected))
        return
    with pytest.raises(SensorInputError) as refused:
        checked(frame, expected)
    remedy = columns_remedy(found, expected)
    assert refused.value.remedy == remedy
    if remedy == "reorder the columns":
        assert sorted(found) == sorted(expected)
        return
    repaired = list(found)
    for step in remedy.split("; "):
        word, names = step.split(" ", 1)
        for name in names.split(", "):
            repaired.append(name) if word == "add" else repaired.remove(name)
    assert sorted(repaired) == sorted(expected)


@settings(deadline=None)
@given(st.data())
def test_every_value_reaches_the_model_as_it_is_or_is_refused(data):
    values = data.draw(st.lists(st.lists(st.floats(), min_size=2, max_size=2), min_size=1, max_size=4))
    X = np.array(values)
    if np.isfinite(X).all():
        assert np.array_equal(checked(X, ("a", "b")), X)
        assert np.array_equal(checked(pd.DataFrame(X, columns=["a", "b"]), ("a", "b")), X)
    else:
        with pytest.raises(SensorInputError, match="NaN or infinite"):
            checked(X, ("a", "b"))


def test_the_preparation_of_serving_is_that_of_training_on_every_row(momentum, market):
    """One builder: what the refit was trained on comes out of raw bars again, to the bit."""
    outcome = momentum.outcome(0, overrides={"residual_momentum_enabled": True})
    refit = outcome.predictions.query("part == 'refit'").set_index(["date", "asset"])["prediction"]
    served = Sensor.loads(outcome.sensor.dumps()).predict(market)
    assert np.array_equal(served.loc[refit.index].to_numpy(), refit.to_numpy())
