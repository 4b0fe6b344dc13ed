"""Random tampering with a directory of another library's: what is compared cannot be changed unnoticed."""

import csv
import datetime as dt
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoo.errors import ExperimentCorrupt, ReconstructionError
from zoo.experiment.directory import ExperimentDirectory
from zoo.promotion.foreign_model import ForeignModel
from zoo.promotion.foreign_runs import Run
from zoo.promotion.foreign_validation import validate_foreign
from zoo.promotion.rows import Rows

METRICS = {
    "accuracy": 0.4383561,
    "brier": 0.2595862,
    "hits": 12,
    "sharpe": -1.25,
    "nothing": math.nan,
    "threshold": None,
}
PREDS = [0.25, -1.5, 3.0]
START = dt.datetime(2020, 1, 1)
ALIGNMENT = {"missing_datetimes": [START], "first_test_datetime": START}
PARAMS = {"C": 0.1, "solver": "lbfgs", "flag": True}
OTHER = "other"


class Model:
    deterministic = True

    def train(self, data):
        return self

    def predict(self, data):
        return {"_preds": PREDS}

    def evaluate(self, data, inline_metrics=True):
        return {}


AGAIN = Run(
    {"x_train": np.ones((3, 1))},
    ForeignModel(Model(), Rows(OTHER), "here"),
    lambda given: None,
    METRICS,
    PREDS,
    None,
    ALIGNMENT,
)


def write(path, row, line):
    path.mkdir(exist_ok=True)
    with (path / "results.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *row])
        writer.writerow([0, *row.values()])
        writer.writerow([1, *(0.125 if isinstance(v, float) else v for v in row.values())])
    (path / "round_data.jsonl").write_text(json.dumps(line) + "\n")
    (path / "metadata.json").write_text(json.dumps({"sfd_module": "theirs", "created_at": "2020"}))
    return path


def logged(metrics=METRICS):
    row = {name: round(v, 3) if isinstance(v, float) else v for name, v in metrics.items()}
    return {**{name: "" if v is None else v for name, v in row.items()}, "extra": 7.0, **PARAMS}


def line(**changes):
    dates = {"missing_datetimes": ["2020-01-01T00:00:00"], "first_test_datetime": "2020-01-01 00:00:00"}
    return {"round_id": 0, "round_params": PARAMS, "preds": PREDS, "alignment": dates, **changes}


def validate(path, again=AGAIN):
    directory = ExperimentDirectory(path)
    return validate_foreign(directory, directory.round(0), again, list(PARAMS), where="here", libraries={})


def test_what_was_written_is_compared_and_counted(tmp_path):
    found, compared = validate(write(tmp_path / "a", logged(), line()))
    assert (found.metrics, found.predictions) == (6, 3)
    assert set(compared) == set(METRICS)
    assert "column extra" in found.not_checked


SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CELLS = st.one_of(
    st.floats(allow_nan=True).map(repr),
    st.integers(-100, 100).map(str),
    st.sampled_from(["", "nan", "inf", "-inf", "x", "True", "0.438", "12", "-1.25"]),
    st.floats(-2, 2).map(lambda value: f"{value:.3f}"),
)


def unchanged(name, cell):
    """Tell whether a cell still says what was measured, to the third decimal."""
    value = METRICS[name]
    if value is None:
        return cell == ""
    try:
        number = float(cell)
    except ValueError:
        return False
    if math.isnan(value):
        return math.isnan(number)
    return number == value if isinstance(value, int) else abs(number - value) <= 0.0005 + 2e-6


@SLOW
@given(name=st.sampled_from(sorted(METRICS)), cell=CELLS)
def test_no_metric_can_be_changed_unnoticed(tmp_path, name, cell):
    path = write(tmp_path / "a", {**logged(), name: cell}, line())
    if unchanged(name, cell):
        validate(path)
    else:
        with pytest.raises((ReconstructionError, ExperimentCorrupt)):
            validate(path)


@SLOW
@given(
    place=st.integers(0, 2),
    value=st.one_of(st.none(), st.integers(-3, 3), st.floats(-3, 3, allow_nan=False), st.booleans()),
)
def test_no_prediction_can_be_changed_unnoticed(tmp_path, place, value):
    preds = [*PREDS]
    preds[place] = value
    path = write(tmp_path / "a", logged(), line(preds=preds))
    if type(value) is float and abs(value - PREDS[place]) <= 1e-6:
        validate(path)
    else:
        with pytest.raises(ReconstructionError):
            validate(path)


def instants(told):
    return [dt.datetime.fromisoformat(text) for text in (told if isinstance(told, list) else [told])]


@SLOW
@given(data=st.data())
def test_no_byte_of_a_round_can_be_changed_unnoticed(tmp_path, data):
    path = write(tmp_path / "a", logged(), line())
    content = (path / "round_data.jsonl").read_bytes()
    place = data.draw(st.integers(0, len(content) - 2))
    byte = data.draw(st.integers(32, 126))
    (path / "round_data.jsonl").write_bytes(content[:place] + bytes([byte]) + content[place + 1 :])
    try:
        found, _ = validate(path)
    except (ReconstructionError, ExperimentCorrupt):
        return
    except Exception as error:
        raise AssertionError(f"{type(error).__name__} is no error of ours") from error
    changed = json.loads((path / "round_data.jsonl").read_text())
    silent = set(found.not_checked)
    whole = changed.get("preds") == PREDS or "round's preds" in silent
    assert whole or np.allclose(changed["preds"], PREDS, atol=1e-5)
    dates = changed.get("alignment") or {}
    for name, told in line()["alignment"].items():
        if name in dates:
            assert instants(dates[name]) == instants(told)
        else:
            assert "round's alignment" in silent or len(dates) == 2


def test_what_the_file_does_not_tell_is_named(tmp_path):
    row = {name: cell for name, cell in logged().items() if name != "brier"}
    found, _ = validate(write(tmp_path / "a", row, {"round_id": 0, "round_params": PARAMS, "preds": PREDS}))
    assert {"metric brier", "column extra", "round's alignment"} <= set(found.not_checked)


def test_what_the_second_run_does_not_tell_is_named(tmp_path):
    again = replace(AGAIN, alignment={"first_test_datetime": START})
    found, _ = validate(write(tmp_path / "a", logged(), line()), again)
    assert "alignment missing_datetimes" in found.not_checked


def test_probabilities_of_the_second_class_alone_are_compared_with_pairs(tmp_path):
    again = replace(AGAIN, probs=[[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])
    path = write(tmp_path / "a", logged(), line(probs=[0.1, 0.5, 0.8]))
    assert validate(path, again)[0].predictions == 6
    with pytest.raises(ReconstructionError, match="probs"):
        validate(write(tmp_path / "a", logged(), line(probs=[0.1, 0.5, 0.7])), again)


def test_dates_count_by_what_they_are(tmp_path):
    dates = {"missing_datetimes": [], "first_test_datetime": "2020-01-01T00:00:00+00:00"}
    utc = {"missing_datetimes": [], "first_test_datetime": START.replace(tzinfo=dt.UTC)}
    path = write(tmp_path / "a", logged(), line(alignment=dates))
    assert validate(path, replace(AGAIN, alignment=utc))
    with pytest.raises(ReconstructionError, match=r"alignment\.first_test_datetime"):
        validate(path, replace(AGAIN, alignment={**utc, "first_test_datetime": START}))
