import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ExperimentCorrupt
from zoo.experiment.table import read_table

PATH = Path("results.csv")
cells = st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=5)


def written(header, rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


@given(st.lists(cells.filter(lambda c: c != "id"), unique=True, max_size=3), st.data())
def test_cells_are_read_as_they_were_written(names, data):
    numbers = data.draw(st.lists(st.integers(0, 99), unique=True, max_size=4))
    rows = [[str(n), *(data.draw(cells) for _ in names)] for n in numbers]
    table = read_table(written(["id", *names], rows), PATH)
    assert table.header == ["id", *names]
    assert [list(row.values()) for row in table.rows.values()] == rows
    assert list(table.rows) == numbers


def test_a_row_knows_the_line_on_which_it_ends():
    table = read_table('id,a\n0,x\n7,"two\nlines"\n', PATH)
    assert table.lines == {0: 2, 7: 4}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lacks the column 'id'"),
        ("a,b\n1,2\n", "lacks the column 'id'"),
        ("id,a,a\n1,2,3\n", "has a column twice"),
        ("id,a\n0\n", r"results\.csv:2: has not as many cells"),
        ("id,a\n0,1,2\n", r"results\.csv:2: has not as many cells"),
        ("id,a\n0,1\n0,1\n", r"results\.csv:3: id '0' is empty or stands twice"),
        ("id,a\n,1\n", "is empty or stands twice"),
        ("id,a\n1.0,1\n", "'1.0' is no int"),
        ('id,a\n0,"x\n', "is not CSV"),
    ],
)
def test_what_is_no_table_of_rounds_is_an_error_that_names_the_place(text, message):
    with pytest.raises(ExperimentCorrupt, match=message):
        read_table(text, PATH)
