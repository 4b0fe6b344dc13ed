import json
import math

import numpy as np
import pandas as pd
import pytest

from tests.experiment.analysis.odd import ODD
from tests.experiment.analysis.writing import write_experiment
from zoo.commands.analysis_document import document_of, plain, rows_of
from zoo.experiment.analysis import TABLES, analyse


@pytest.mark.parametrize("name", ODD)
def test_an_odd_experiment_has_a_document_of_strict_json(tmp_path, name):
    path = write_experiment(tmp_path / name, ODD[name])
    document = document_of(analyse(path, resamples=50), tmp_path / "page.html")
    assert tuple(document["tables"]) == TABLES
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    empty = {table for table, rows in document["tables"].items() if not rows}
    assert {n for n, note in document["notes"].items() if note.startswith("not recorded")} == empty


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (np.float64("nan"), None),
        (math.inf, None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (pd.Timestamp("2013-01-02"), "2013-01-02"),
        (pd.Timestamp("2013-01-02 10:30"), "2013-01-02T10:30:00"),
        ([np.int64(1), None], [1, None]),
        ("text", "text"),
    ],
)
def test_a_cell_is_plain_json(value, written):
    found = plain(value)
    assert found == written
    assert type(found) is type(written)


def test_rows_have_the_columns_names():
    assert rows_of(pd.DataFrame({"id": [1], "x": [float("nan")]})) == [{"id": 1, "x": None}]
