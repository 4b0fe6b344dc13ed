"""What makes two rounds one trial, on directories that the loop wrote."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import DEFINITION
from zoo.errors import ExperimentCorrupt
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.loop import run_experiment
from zoo.registry.trials import Evaluation, trials_left, trials_of

LINE = "us_equity"
SHA = "a" * 64


@pytest.fixture(scope="module")
def metadata(made_experiment: Path) -> dict[str, Any]:
    return ExperimentDirectory(made_experiment).metadata


def content(metadata: dict[str, Any], params: Any = None, preds: Any = None) -> str:
    wanted = {"lookback": 20, "alpha": 1} if params is None else params
    return Evaluation(metadata, LINE, "small").finished(0, wanted, {}, None, preds).content


def changed(metadata: dict[str, Any], *path: str, value: Any) -> dict[str, Any]:
    tree = copy.deepcopy(metadata)
    node = tree
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return tree


def test_every_round_of_a_directory_is_a_trial_with_its_returns(experiment_dir: Path) -> None:
    found = trials_of(ExperimentDirectory(experiment_dir), LINE)
    assert [t.permutation_id for t in found] == [0, 1, 2, 3]
    assert len({t.content for t in found}) == 4
    lines = [json.loads(line) for line in (experiment_dir / "round_data.jsonl").read_text().splitlines()]
    for trial, line in zip(found, lines, strict=True):
        over = line["held_out"]
        assert (trial.line, trial.experiment, trial.status) == (LINE, "small", "finished")
        assert (trial.calendar, trial.window) == (over["calendar"], (over["first"], over["last"]))
        assert trial.net is not None
        assert trial.net.dtype == np.float32
        assert np.array_equal(trial.net, np.array(over["net"], dtype=np.float32), equal_nan=True)
        assert trial.metrics["rank_ic"] is not None
        assert "alpha" not in trial.metrics


def test_the_same_round_elsewhere_under_another_name_or_run_again_is_the_same_trial(
    experiment_dir: Path, tmp_path: Path, prices: Any
) -> None:
    def contents(path: Path) -> list[str]:
        return sorted(t.content for t in trials_of(ExperimentDirectory(path), LINE))

    moved = Path(shutil.copytree(experiment_dir, tmp_path / "else" / "copy"))
    again = copy.deepcopy(DEFINITION)
    again["params"] = {"alpha": [10, 3], "lookback": [40]}  # another space: other ids, one round in common
    run_experiment(again, tmp_path / "again", data=prices)
    assert contents(moved) == contents(experiment_dir)
    assert len(set(contents(tmp_path / "again")) & set(contents(experiment_dir))) == 1


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("seed",), 8),
        (("settings", "forward_days"), 60),
        (("manifest", "data", "_target_"), "zoo.data.panel"),
        (("manifest", "model", "alpha"), 2),
        (("manifest", "features"), []),
        (("fingerprints", "data", "content"), SHA),
        (("fingerprints", "code", "content"), SHA),
    ],
)
def test_whatever_is_evaluated_differently_is_another_trial(
    metadata: dict[str, Any], path: tuple[str, ...], value: Any
) -> None:
    assert content(changed(metadata, *path, value=value)) != content(metadata)


@pytest.mark.parametrize(
    "params", [{"lookback": 40, "alpha": 1}, {"lookback": 20}, {"lookback": 20, "alpha": 1.0}]
)
def test_other_parameters_are_another_trial(metadata: dict[str, Any], params: dict[str, Any]) -> None:
    assert content(metadata, params) != content(metadata)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("settings", "model_version_label"), "mine"),
        (("manifest", "data", "end"), "elsewhere"),
        (("params",), {"lookback": [20], "alpha": [1]}),
        (("search",), {"strategy": "random", "seed": 7}),
        (("created_at",), "2001-01-01"),
        (("libraries",), {}),
        (("zoo_version",), "9"),
    ],
)
def test_where_when_and_how_it_was_searched_make_no_other_trial(
    metadata: dict[str, Any], path: tuple[str, ...], value: Any
) -> None:
    assert content(changed(metadata, *path, value=value)) == content(metadata)


@given(st.permutations(["lookback", "alpha", "depth", "name"]))
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_in_which_parameters_are_written_does_not_matter(
    metadata: dict[str, Any], order: list[str]
) -> None:
    values = {"lookback": 20, "alpha": 0.1, "depth": None, "name": "a"}
    assert content(metadata, {name: values[name] for name in order}) == content(metadata, values)


@pytest.mark.parametrize("key", ["settings", "seed", "fingerprints"])
def test_where_not_all_was_recorded_other_predictions_are_another_trial(
    metadata: dict[str, Any], key: str
) -> None:
    less = {name: value for name, value in metadata.items() if name != key}
    assert content(less, preds=[0.1, None]) == content(less, preds=[0.1, None])
    assert content(less, preds=[0.1, None]) != content(less, preds=[0.2, None])
    assert content(metadata, preds=[0.1]) == content(metadata, preds=[0.2])


def test_the_target_is_known_with_the_settings_that_it_was_run_under(metadata: dict[str, Any]) -> None:
    def target(meta: dict[str, Any], params: dict[str, Any]) -> str:
        return Evaluation(meta, LINE, "small").finished(0, params, {}, None).target

    first, second = {"lookback": 20, "alpha": 1}, {"lookback": 40, "alpha": 10}
    assert json.loads(target(metadata, first)) == {
        "_target_": "zoo.targets.forward_return",
        "horizon": 21,
        "demean": True,
    }
    assert target(metadata, first) == target(metadata, second)
    assert target(changed(metadata, "settings", "forward_days", value=60), first) != target(metadata, first)
    holed = changed(metadata, "manifest", "target", "horizon", value="${params.lookback}")
    assert json.loads(target(holed, second))["horizon"] == 40
    assert json.loads(target(holed, {}))["horizon"] == "${params.lookback}"  # it failed of that


def test_a_decoder_s_target_is_known_by_its_code_and_settings(metadata: dict[str, Any]) -> None:
    decoder = {name: value for name, value in metadata.items() if name != "manifest"} | {"sfd_module": "sfd"}
    first = Evaluation(decoder, LINE, "x").failed(0, {}, "E", "m")
    other = Evaluation({**decoder, "sfd_module": "other"}, LINE, "x").failed(0, {}, "E", "m")
    assert first.target != other.target
    assert first.content != other.content


def test_failed_rounds_are_trials_too(tmp_path: Path, prices: Any) -> None:
    definition = copy.deepcopy(DEFINITION)
    definition["params"] = {"lookback": [20], "alpha": [1, -1]}
    run_experiment(definition, tmp_path / "small", data=prices)
    finished, failed = trials_of(ExperimentDirectory(tmp_path / "small"), LINE)
    assert (failed.status, failed.net, failed.calendar, failed.permutation_id) == ("failed", None, None, 1)
    assert "InvalidParameterError" in failed.metrics["error"] + failed.metrics["message"]
    assert failed.target == finished.target
    assert failed.content != finished.content


def test_a_round_that_was_edited_is_a_trial_without_its_returns(experiment_dir: Path) -> None:
    path = experiment_dir / "round_data.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[1]["held_out"]["net"][5] = 0.5
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    found = trials_of(ExperimentDirectory(experiment_dir), LINE)
    assert [t.net is None for t in found] == [False, True, False, False]
    assert found[1].status == "finished"


GOOD: dict[str, Any] = {
    "calendar": SHA,
    "first": "2013-01-02T00:00:00",
    "last": "2013-01-04T00:00:00",
    "bars": 3,
    "net": [0.5, None, -0.25],
}


def test_null_is_nan_and_no_bar_is_no_returns(metadata: dict[str, Any]) -> None:
    evaluation = Evaluation(metadata, LINE, "small")
    net = evaluation.finished(0, {}, {}, GOOD).net
    assert net is not None
    assert net[0] == 0.5
    assert np.isnan(net[1])
    empty = {**GOOD, "first": None, "last": None, "bars": 0, "net": []}
    for held_out in (empty, None):
        trial = evaluation.finished(0, {}, {}, held_out)
        assert (trial.net, trial.calendar, trial.window) == (None, None, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"bars": 4},
        {"net": "text"},
        {"net": None},
        {"net": [[1.0], [2.0], [3.0]]},
        {"net": [1.0, "a", 2.0]},
        {"calendar": None},
        {"first": 5},
    ],
)
def test_returns_of_another_form_are_refused(metadata: dict[str, Any], wrong: dict[str, Any]) -> None:
    with pytest.raises(ExperimentCorrupt, match="small, round 7: held_out: is no series"):
        Evaluation(metadata, LINE, "small").finished(7, {}, {}, {**GOOD, **wrong})


# --- what is left of a run ----------------------------------------------------------------------


@given(cuts=st.tuples(st.floats(0, 1), st.floats(0, 1)))
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_wherever_a_writer_was_killed_the_rounds_that_are_whole_are_found(
    made_experiment: Path, tmp_path_factory: pytest.TempPathFactory, cuts: tuple[float, float]
) -> None:
    path = Path(shutil.copytree(made_experiment, tmp_path_factory.mktemp("killed") / ".small.new"))
    meta = json.loads((path / "metadata.json").read_text())
    (path / "metadata.json").write_text(json.dumps({**meta, "status": "running"}))
    kept = []
    for name, cut in zip(("round_data.jsonl", "results.csv"), cuts, strict=True):
        whole = (path / name).read_bytes()
        torn = whole[: round(cut * len(whole))]
        (path / name).write_bytes(torn)
        kept.append(torn.count(b"\n"))
    found = trials_left(path, LINE, experiment="small")
    assert len(found) == max(0, min(kept[0], kept[1] - 1))
    known = {t.content for t in trials_of(ExperimentDirectory(made_experiment), LINE)}
    assert {t.content for t in found} <= known
    assert {t.experiment for t in found} <= {"small"}


def test_where_nothing_lies_and_for_no_line_nothing_is_found(tmp_path: Path, experiment_dir: Path) -> None:
    assert trials_left(tmp_path / "nowhere", LINE, experiment="x") == []
    assert trials_left(experiment_dir, None, experiment="small") == []


def test_a_directory_s_own_line_comes_first(experiment_dir: Path, edit_json: Any) -> None:
    edit_json(experiment_dir / "metadata.json", lambda meta: meta.update(line="tabular"))
    found = trials_left(experiment_dir, LINE, experiment="small")
    assert {t.line for t in found} == {"tabular"}


def test_what_is_left_without_its_metadata_is_refused(experiment_dir: Path) -> None:
    (experiment_dir / "metadata.json").unlink()
    with pytest.raises(ExperimentCorrupt, match=r"metadata\.json: is missing"):
        trials_left(experiment_dir, LINE, experiment="small")
