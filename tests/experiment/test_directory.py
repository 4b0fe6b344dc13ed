import json
import math

import pytest

from tests.promotion.directories import set_metric
from zoo.errors import ExperimentCorrupt, ExperimentError, ExperimentNotFound, UnknownPermutation
from zoo.experiment.directory import ExperimentDirectory, describe


def lines_of(path):
    return path.read_text().splitlines(keepends=True)


def read_all(path):
    """Everything that a promotion reads of a directory."""
    directory = ExperimentDirectory(path)
    return [directory.round(number) for number in directory.ids]


def test_what_was_written_is_read_back(experiment_dir):
    directory = ExperimentDirectory(experiment_dir)
    assert directory.ids == (0, 1, 2, 3)
    found = directory.round(2)
    assert found.params == {"lookback": 40, "alpha": 1}
    assert "execution_time" not in found.metrics
    assert "lookback" not in found.metrics
    assert isinstance(found.metrics["rank_ic"], float)
    assert isinstance(found.metrics["n_obs"], int)
    assert len(found.preds) == len(found.alignment["dates"]) * len(found.alignment["assets"])


def test_an_integer_in_a_column_of_floats_stays_one(experiment_dir):
    set_metric(experiment_dir, 1, "rank_ic", "1")
    found = ExperimentDirectory(experiment_dir).results
    assert [type(found[n]["rank_ic"]) for n in (0, 1)] == [float, int]


@pytest.mark.parametrize("results", [True, False])
@pytest.mark.parametrize("change", ["added", "removed"])
def test_a_line_too_many_or_too_few_is_an_error_whichever_round_is_asked_for(experiment_dir, change, results):
    path = experiment_dir / "round_data.jsonl"
    lines = lines_of(path)
    lines[3:] = [] if change == "removed" else [lines[3], lines[3].replace('"round_id": 3', '"round_id": 4')]
    path.write_text("".join(lines))
    with pytest.raises(ExperimentCorrupt, match=rf"round_data\.jsonl: has {len(lines)} rounds; expected 4"):
        ExperimentDirectory(experiment_dir).round(0, results=results)


def test_an_experiment_is_described_without_its_predictions(experiment_dir):
    (experiment_dir / "round_data.jsonl").unlink()
    found = describe(experiment_dir)
    assert found.name == "small"
    assert found.permutations == (0, 1, 2, 3)
    assert found.settings["forward_days"] == 21
    assert found.params == {"lookback": [20, 40], "alpha": [1, 10]}


def test_a_missing_directory_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(ExperimentNotFound, match="experiment=momentum"):
        ExperimentDirectory(tmp_path / "momentum")


@pytest.mark.parametrize("name", ["metadata.json", "round_data.jsonl", "results.csv"])
@pytest.mark.parametrize("how", ["missing", "empty", "truncated", "no format", "binary"])
def test_a_spoilt_file_is_an_error_that_names_it(experiment_dir, name, how):
    path = experiment_dir / name
    content = path.read_bytes()
    spoilt = {
        "empty": b"",
        "truncated": content[: int(len(content) * 0.6)],
        "no format": b"\x7fno JSON and no CSV\n",
        "binary": b"\xff\x00" * 50,
    }
    path.unlink() if how == "missing" else path.write_bytes(spoilt[how])
    with pytest.raises(ExperimentCorrupt, match=name.replace(".", r"\.")):
        read_all(experiment_dir)


def test_a_file_cut_at_a_line_is_an_error_too(experiment_dir):
    for name in ("round_data.jsonl", "results.csv"):
        path = experiment_dir / name
        whole = lines_of(path)
        path.write_text("".join(whole[:-1]))
        with pytest.raises(ExperimentCorrupt, match=name.replace(".", r"\.")):
            read_all(experiment_dir)
        path.write_text("".join(whole))
    assert len(read_all(experiment_dir)) == 4


@pytest.mark.parametrize("name", ["metadata.json", "round_data.jsonl"])
def test_a_nan_in_json_is_no_json(experiment_dir, name):
    path = experiment_dir / name
    text = path.read_text()
    was, becomes = {
        "metadata.json": ('"seed": 7', '"seed": NaN'),
        "round_data.jsonl": ('"preds": [', '"preds": [NaN, '),
    }[name]
    assert was in text
    path.write_text(text.replace(was, becomes, 1))
    with pytest.raises(ExperimentCorrupt, match=r"NaN is no JSON number"):
        read_all(experiment_dir)


def test_a_nan_in_the_results_is_read_as_one_and_the_column_keeps_its_type(experiment_dir):
    path = experiment_dir / "results.csv"
    header, first, *rest = lines_of(path)
    cells = first.split(",")
    cells[header.split(",").index("rank_ic")] = "nan"
    path.write_text("".join([header, ",".join(cells), *rest]))
    directory = ExperimentDirectory(experiment_dir)
    assert math.isnan(directory.round(0).metrics["rank_ic"])
    assert isinstance(directory.round(1).metrics["rank_ic"], float)


@pytest.mark.parametrize("value", [True, False, 1.0, "1", None, -1, 4, 10**9])
def test_what_is_no_id_of_the_experiment_is_refused(experiment_dir, value):
    with pytest.raises(UnknownPermutation, match=r"expected an id of this experiment \(0 to 3\)"):
        ExperimentDirectory(experiment_dir).round(value)


def test_a_malformed_line_is_named_by_its_number(experiment_dir):
    path = experiment_dir / "round_data.jsonl"
    lines = lines_of(path)
    lines[2] = lines[2].replace('"round_id": 2', '"round_id": "2"')
    path.write_text("".join(lines))
    with pytest.raises(ExperimentCorrupt, match=r"round_data\.jsonl:3: is no round"):
        read_all(experiment_dir)


def test_a_blank_line_between_rounds_is_malformed(experiment_dir):
    path = experiment_dir / "round_data.jsonl"
    lines = lines_of(path)
    path.write_text("".join([lines[0], "\n", *lines[1:]]))
    with pytest.raises(ExperimentCorrupt, match=r"round_data\.jsonl:2"):
        read_all(experiment_dir)


@pytest.mark.parametrize("name", ["round_data.jsonl", "results.csv"])
def test_a_round_that_stands_twice_is_refused(experiment_dir, name):
    path = experiment_dir / name
    path.write_text(path.read_text() + lines_of(path)[-1])
    with pytest.raises(ExperimentCorrupt, match="twice"):
        read_all(experiment_dir)


def test_a_column_that_is_missing_extra_or_twice_is_refused(experiment_dir):
    path = experiment_dir / "results.csv"
    original = path.read_text()
    for change in ("rank_ik", "mse"):
        path.write_text(original.replace("rank_ic,", f"{change},", 1))
        with pytest.raises(ExperimentCorrupt, match=r"results\.csv"):
            read_all(experiment_dir)
    rows = original.splitlines()
    path.write_text("\n".join([rows[0] + ",pnl", *(row + ",9999" for row in rows[1:])]) + "\n")
    with pytest.raises(ExperimentCorrupt, match="column 'pnl'"):
        read_all(experiment_dir)


def test_files_that_disagree_about_parameters_are_refused(experiment_dir):
    path = experiment_dir / "round_data.jsonl"
    path.write_text(path.read_text().replace('"alpha": 10', '"alpha": 11', 1))
    with pytest.raises(ExperimentCorrupt, match="other parameters"):
        read_all(experiment_dir)


def test_a_format_of_the_future_is_refused(experiment_dir, edit_json):
    edit_json(experiment_dir / "metadata.json", lambda meta: meta.update(format_version=99))
    with pytest.raises(ExperimentCorrupt, match="format_version 99"):
        describe(experiment_dir)


@pytest.mark.parametrize("key", ["settings", "params", "fingerprints", "columns"])
def test_metadata_of_the_wrong_form_is_refused(experiment_dir, edit_json, key):
    edit_json(experiment_dir / "metadata.json", lambda meta: meta.update({key: [1]}))
    with pytest.raises(ExperimentCorrupt, match=f"{key} is no mapping"):
        describe(experiment_dir)


def test_metadata_without_a_pipeline_is_refused(experiment_dir):
    (experiment_dir / "metadata.json").write_text(json.dumps({"created_at": "now"}))
    with pytest.raises(ExperimentCorrupt, match="names no pipeline"):
        describe(experiment_dir)


def test_a_directory_that_is_replaced_while_it_is_read_is_never_mixed(experiment_dir):
    import shutil

    directory = ExperimentDirectory(experiment_dir)
    assert directory.metadata
    shutil.copytree(experiment_dir, experiment_dir.parent / "next")
    experiment_dir.rename(experiment_dir.parent / "before")
    (experiment_dir.parent / "next").rename(experiment_dir)
    with pytest.raises(ExperimentError, match="was replaced while it was read"):
        directory.round(0)


# --- failures, and runs that were stopped ---------------------------------------------------------


def failed(number, **changes):
    params = {"lookback": 20, "alpha": -1}
    event = {"at": "now", "event": "failed", "round_id": number, "round_params": params}
    return json.dumps({**event, "error": "ValueError", "message": "negative", **changes}) + "\n"


def append(path, name, text):
    with (path / name).open("a") as file:
        file.write(text)


def test_failed_permutations_are_read_with_their_errors(experiment_dir):
    assert ExperimentDirectory(experiment_dir).failed == {}
    append(experiment_dir, "audit.jsonl", failed(9) + failed(7) + failed(0))
    found = ExperimentDirectory(experiment_dir).failed
    expected = {"params": {"lookback": 20, "alpha": -1}, "error": "ValueError", "message": "negative"}
    assert found == {7: expected, 9: expected}  # 0 finished after all


def test_without_an_audit_nothing_failed_unless_metadata_says_so(experiment_dir, edit_json):
    (experiment_dir / "audit.jsonl").unlink()
    assert ExperimentDirectory(experiment_dir).failed == {}
    edit_json(experiment_dir / "metadata.json", lambda meta: meta.update(failed=[8]))
    with pytest.raises(ExperimentCorrupt, match="lacks the failure of round 8"):
        ExperimentDirectory(experiment_dir).failed  # noqa: B018


@pytest.mark.parametrize("changes", [{"round_id": True}, {"round_id": "1"}, {"round_params": None}])
def test_a_failure_of_no_round_is_refused(experiment_dir, changes):
    append(experiment_dir, "audit.jsonl", failed(9, **changes))
    with pytest.raises(ExperimentCorrupt, match=r"audit\.jsonl:4: is no failure of a round"):
        ExperimentDirectory(experiment_dir).failed  # noqa: B018


def test_of_an_unfinished_run_what_both_files_hold_in_whole_lines_is_read(experiment_dir):
    rounds, results = experiment_dir / "round_data.jsonl", experiment_dir / "results.csv"
    append(experiment_dir, "audit.jsonl", failed(9) + '{"event": "fai')
    rounds.write_text(rounds.read_text()[:-10])
    with pytest.raises(ExperimentCorrupt):
        ExperimentDirectory(experiment_dir).round(0)
    directory = ExperimentDirectory(experiment_dir, unfinished=True)
    assert directory.ids == (0, 1, 2)
    assert directory.round(2).held_out is not None
    assert list(directory.failed) == [9]
    results.write_text(results.read_text()[:-5].rpartition("\n")[0][:-1])
    assert ExperimentDirectory(experiment_dir, unfinished=True).ids == (0, 1)
    results.write_text("")
    rounds.unlink()
    assert ExperimentDirectory(experiment_dir, unfinished=True).ids == ()
