import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ExperimentCorrupt
from zoo.experiment.format import kind_of, loads, read_cell, read_text, write_cell

CELLS = {
    "float": st.floats(),
    "int": st.integers(),
    "bool": st.booleans(),
    "str": st.text(min_size=1),
}


@pytest.mark.parametrize("kind", CELLS)
@given(data=st.data())
def test_a_cell_is_read_back_to_the_bit(kind, data):
    value = data.draw(CELLS[kind])
    back = read_cell(write_cell(value), kind, "here")
    assert type(back) is type(value)
    assert back == value or (math.isnan(back) and math.isnan(value))


def test_none_is_an_empty_cell_of_any_type():
    assert write_cell(None) == ""
    assert read_cell("", "float", "here") is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [("x", "float"), ("1.0", "int"), ("1", "bool"), ("True", "bool"), ("1", "number"), ("0x1", "int")],
)
def test_a_cell_of_another_type_is_an_error_with_its_place(text, kind):
    with pytest.raises(ExperimentCorrupt, match=r"results\.csv:3"):
        read_cell(text, kind, "results.csv:3")


def test_a_column_with_one_nan_is_still_a_column_of_floats():
    assert kind_of([0.5, float("nan"), 2]) == "float"
    assert kind_of([1, None]) == "int"
    assert kind_of([True, 1]) == "str"
    assert kind_of([True, None]) == "bool"


@pytest.mark.parametrize(
    "text",
    ['{"a": NaN}', '{"a": Infinity}', '{"a": 1e999}', '{"a": 1, "a": 2}', "{", "", "{} {}", "[" * 100_000],
)
def test_only_strict_json_is_read(text):
    with pytest.raises(ExperimentCorrupt, match=r"metadata\.json: is not JSON"):
        loads(text, "metadata.json")


def test_a_file_that_is_missing_empty_or_no_text_is_an_error_with_its_name(tmp_path):
    path = tmp_path / "metadata.json"
    with pytest.raises(ExperimentCorrupt, match=r"metadata\.json: is missing"):
        read_text(path)
    path.write_text(" \n")
    with pytest.raises(ExperimentCorrupt, match=r"metadata\.json: is empty"):
        read_text(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ExperimentCorrupt, match=r"metadata\.json: cannot be read"):
        read_text(path)
