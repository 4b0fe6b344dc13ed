import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import ExperimentCorrupt
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.format import declared_digest
from zoo.experiment.integrity import (
    check_cell,
    check_declared,
    check_line,
    check_row,
    check_sealed,
    line_digest,
    sealed_line,
)

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), plain, min_size=1, max_size=4), st.data())
def test_a_line_is_sealed_as_a_whole(values, data):
    values.pop("sha256", None)
    text = sealed_line(values, {"row": "r"})
    found = json.loads(text)
    assert found.pop("sha256")["line"] == line_digest(text)
    assert found == values
    place = data.draw(st.integers(0, text.rindex(', "sha256": ') - 1))  # the digests are compared apart
    changed = text[:place] + data.draw(st.sampled_from([" ", "1", ""])) + text[place + 1 :]
    assert changed == text or line_digest(changed) != line_digest(text)


@pytest.mark.parametrize("text", ["", "{}", '{"a": 1}', '{"a": 1, "sha256": 3}', '{"sha256": {"line": "x"}}'])
def test_a_line_without_digests_at_its_end_has_none(text):
    assert line_digest(text) is None


@given(st.floats() | st.integers() | st.booleans() | st.none())
def test_every_cell_that_is_written_is_spelt_as_it_is_checked(value):
    from zoo.experiment.format import kind_of, read_cell, write_cell

    cell = write_cell(value)
    check_cell(cell, read_cell(cell, kind_of([value]), "x"), "x")


@pytest.mark.parametrize(
    ("cell", "value"),
    [("0.50", 0.5), ("+1", 1), ("01", 1), ("1_0", 10), (" 1", 1), ("1e3", 1000.0), ("NaN", float("nan"))],
)
def test_another_spelling_of_the_same_value_is_an_error(cell, value):
    with pytest.raises(ExperimentCorrupt, match="is not spelt as zoo spells it"):
        check_cell(cell, value, "x")


def test_an_integer_in_a_column_of_floats_is_spelt_as_one():
    check_cell("3", 3.0, "x")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("0.", '"0."', 1),
        lambda text: text.replace("\n", "\n\n", 1),
    ],
    ids=["a line more", "other ends", "quotes", "an empty line"],
)
def test_a_table_with_more_than_its_cells_is_not_as_zoo_writes_it(experiment_dir, change):
    path = experiment_dir / "results.csv"
    path.write_bytes(change(path.read_text()).encode())
    with pytest.raises(ExperimentCorrupt, match=r"results\.csv"):
        ExperimentDirectory(experiment_dir).results  # noqa: B018


@pytest.mark.parametrize("name", ["results.csv", "round_data.jsonl"])
def test_rounds_in_another_order_are_an_error(experiment_dir, name):
    path = experiment_dir / name
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:-2], lines[-1], lines[-2]]))
    with pytest.raises(ExperimentCorrupt, match="another order"):
        ExperimentDirectory(experiment_dir).round(0)


def test_what_was_written_passes_every_check(experiment_dir):
    directory = ExperimentDirectory(experiment_dir)
    for number in directory.ids:
        logged = directory.round(number)
        check_line(logged, "x")
        check_row(logged, "x")
        check_declared(logged, directory.metadata, "x")
    check_sealed(experiment_dir, directory.metadata)


@pytest.mark.parametrize("name", ["metadata.json", "audit.jsonl", "checkpoint.json"])
@pytest.mark.parametrize("how", ["changed", "missing", "empty"])
def test_a_file_that_is_not_the_one_that_the_run_left_is_named(experiment_dir, name, how):
    metadata = ExperimentDirectory(experiment_dir).metadata
    path = experiment_dir / name
    if how == "missing":
        path.unlink()
    else:
        path.write_text("" if how == "empty" else path.read_text() + " ")
    with pytest.raises(ExperimentCorrupt, match=name.replace(".", r"\.")):
        check_sealed(experiment_dir, metadata)


def test_no_seal_is_taken_away_with_the_status(experiment_dir, edit_json):
    edit_json(experiment_dir / "metadata.json", lambda meta: meta.update(status="running"))
    with pytest.raises(ExperimentCorrupt, match="not the file that the run left"):
        check_sealed(experiment_dir, ExperimentDirectory(experiment_dir).metadata)


def test_another_librarys_directory_has_no_seal_to_be_checked(experiment_dir, edit_json):
    (experiment_dir / "checkpoint.json").unlink()
    check_sealed(experiment_dir, {"manifest": {}})


def test_the_digest_of_a_declaration_covers_tolerances_and_volatile_metrics(experiment_dir):
    metadata = ExperimentDirectory(experiment_dir).metadata
    digests = {
        declared_digest({**metadata, **more})
        for more in (
            {},
            {"tolerances": {"mse": {"absolute": 1.0}}},
            {"tolerances": {"mse": {"absolute": 2.0}}},
            {"volatile": ["execution_time", "mse"]},
            {"volatile": []},
        )
    }
    assert len(digests) == 5
    assert declared_digest({**metadata, "tolerances": {}}) == declared_digest(metadata)
