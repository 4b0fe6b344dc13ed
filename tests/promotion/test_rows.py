import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from zoo.errors import SensorInputError
from zoo.promotion.rows import ARRAY, OTHER, PANDAS, POLARS, Rows, container_of

NUMBERS = arrays(np.float64, st.tuples(st.integers(1, 5), st.just(2)), elements=st.floats(-1e9, 1e9))
FORMS = {
    PANDAS: lambda X: pd.DataFrame(X, columns=["a", "b"]),
    POLARS: lambda X: pl.DataFrame({"a": X[:, 0], "b": X[:, 1]}),
    ARRAY: np.array,
}
X = np.array([[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize("trained", FORMS)
@pytest.mark.parametrize("given_as", FORMS)
@given(values=NUMBERS)
def test_rows_in_any_form_become_the_models_form_to_the_bit(trained, given_as, values):
    rows = Rows.of(FORMS[trained](X), ["a", "b"])
    found = rows.conform(FORMS[given_as](values))
    assert container_of(found) == trained
    assert np.array_equal(np.asarray(found), values)
    if trained != ARRAY:
        assert list(found.columns) == ["a", "b"]


@pytest.mark.parametrize("container", [PANDAS, POLARS])
@pytest.mark.parametrize(
    ("columns", "remedy"),
    [
        (["b", "a"], "reorder the columns"),
        (["a"], "add b"),
        (["a", "b", "c"], "remove c"),
        (["a", "c"], "add b; remove c"),
    ],
)
def test_columns_missing_extra_or_reordered_are_refused(container, columns, remedy):
    rows = Rows.of(FORMS[POLARS](X))
    frame = pl.DataFrame({name: [1.0] for name in columns})
    with pytest.raises(SensorInputError, match=rf"expected columns a, b, in this order; {remedy}"):
        rows.conform(frame if container == POLARS else frame.to_pandas())


@pytest.mark.parametrize("trained", FORMS)
@pytest.mark.parametrize(
    "wrong", [np.ones(2), np.ones((1, 3)), np.array([["x", "y"]]), np.array([[True, False]])]
)
def test_an_array_of_another_shape_or_type_is_refused(trained, wrong):
    with pytest.raises(SensorInputError):
        Rows.of(FORMS[trained](X), ["a", "b"]).conform(wrong)


@pytest.mark.parametrize("trained", FORMS)
@pytest.mark.parametrize("given_as", FORMS)
@pytest.mark.parametrize("missing", [np.nan, np.inf])
def test_missing_values_are_refused_where_training_had_none(trained, given_as, missing):
    spoilt = np.array([[1.0, missing]])
    with pytest.raises(SensorInputError, match="NaN or infinite"):
        Rows.of(FORMS[trained](X)).conform(FORMS[given_as](spoilt))


@pytest.mark.parametrize("trained", FORMS)
def test_missing_values_are_handed_on_where_training_had_some(trained):
    rows = Rows.of(FORMS[trained](np.array([[1.0, np.nan]])), ["a", "b"])
    assert np.isnan(np.asarray(rows.conform(np.array([[np.nan, 1.0]])))).any()


def test_a_null_of_polars_counts_as_missing():
    frame = pl.DataFrame({"a": [1, None], "b": [1.0, 2.0]})
    with pytest.raises(SensorInputError, match="NaN or infinite"):
        Rows.of(FORMS[POLARS](X)).conform(frame)


@pytest.mark.parametrize("container", [PANDAS, POLARS])
def test_a_column_of_words_or_truths_where_numbers_were_is_refused(container):
    rows = Rows.of(FORMS[container](X))
    for column in (["x", "y"], [True, False]):
        frame = pl.DataFrame({"a": [1.0, 2.0], "b": column})
        with pytest.raises(SensorInputError, match=r"column 'b' is .*expected numbers"):
            rows.conform(frame if container == POLARS else frame.to_pandas())


def test_a_column_that_was_no_number_must_keep_its_type_and_its_container():
    frame = pl.DataFrame({"a": [1.0], "sector": ["oil"]})
    rows = Rows.of(frame)
    assert rows.conform(frame) is frame
    with pytest.raises(SensorInputError, match=r"column 'sector' is Float64; expected String"):
        rows.conform(pl.DataFrame({"a": [1.0], "sector": [1.0]}))
    with pytest.raises(SensorInputError, match="expected a frame of polars"):
        rows.conform(frame.to_pandas())
    with pytest.raises(SensorInputError):
        rows.conform(np.ones((1, 2)).astype(str))


def test_narrow_floats_get_back_their_width():
    rows = Rows.of(pl.DataFrame({"a": [1.0], "b": [1.0]}, schema={"a": pl.Float32, "b": pl.Float64}))
    assert rows.conform(X).dtypes == [pl.Float32, pl.Float64]
    assert Rows.of(X.astype(np.float32)).conform(X).dtype == np.float32


def test_an_array_may_borrow_names_of_its_preparation():
    assert Rows.of(X, ["momentum", "volume"]).names == ("momentum", "volume")
    assert Rows.of(X, ["only one"]).names == ("x0", "x1")
    assert Rows.of(X).conform(FORMS[PANDAS](X)).tolist() == X.tolist()


@pytest.mark.parametrize("thing", [[[1.0, 2.0]], np.ones(3), "rows", {"a": [1]}])
def test_what_cannot_be_looked_into_is_handed_on_as_it_is(thing):
    rows = Rows.of(thing)
    assert rows.container == OTHER
    assert rows.conform(thing) is thing


def test_what_is_no_rows_is_refused_where_rows_are_known():
    for thing, said in ((None, "is NoneType"), ([[1.0], [1.0, 2.0]], "no array"), ([1.0], r"shape \(1,\)")):
        with pytest.raises(SensorInputError, match=said):
            Rows.of(X).conform(thing)


def test_lists_are_arrays():
    assert Rows.of(FORMS[POLARS](X)).conform(X.tolist()).equals(FORMS[POLARS](X))


@pytest.mark.parametrize("trained", FORMS)
def test_the_description_survives_json(trained):
    import json

    rows = Rows.of(FORMS[trained](X))
    assert Rows.from_dict(json.loads(json.dumps(rows.as_dict()))) == rows
