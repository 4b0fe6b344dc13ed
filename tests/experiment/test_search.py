import json

import numpy as np
import pytest

from tests.experiment.test_resume import StopAfter, timeless
from zoo.errors import ExperimentCorrupt, Interrupted
from zoo.experiment.directory import ExperimentDirectory
from zoo.experiment.loop import UniversalExperimentLoop, run_experiment
from zoo.experiment.queue import Operation
from zoo.promotion import Trainer


@pytest.fixture
def wide(definition):
    definition["params"] = {"lookback": [10, 20, 30], "alpha": [1, 10]}
    definition["search"] = {"strategy": "grid", "seed": 7, "feedback_interval": 2}
    return definition


def audit(path):
    return [json.loads(line) for line in (path / "audit.jsonl").read_text().splitlines()]


def events(path, kind):
    return [e for e in audit(path) if e["event"] == kind]


def run(definition, path, prices, callback=None):
    return UniversalExperimentLoop(definition, path, data=prices, callback=callback).run()


def test_every_batch_is_in_the_audit_with_its_ids(wide, tmp_path, prices):
    run(wide, tmp_path / "x", prices)
    assert [e["ids"] for e in events(tmp_path / "x", "batch")] == [[0, 1], [2, 3], [4, 5]]
    assert audit(tmp_path / "x")[0]["event"] == "started"


def test_a_reducers_decision_is_carried_out_and_logged_with_its_evidence(wide, tmp_path, prices):
    wide["search"]["reducers"] = {"budget": {"rounds": 4}}
    run(wide, tmp_path / "x", prices)
    assert ExperimentDirectory(tmp_path / "x").ids == (0, 1, 2, 3)
    decision = events(tmp_path / "x", "reduced")[0]
    assert decision["by"] == "budget"
    assert decision["evidence"]["rounds"] == 4
    assert events(tmp_path / "x", "applied")[0]["operation"]["kind"] == "trim"


def test_a_callback_sees_the_log_and_steers_the_queue(wide, tmp_path, prices):
    seen = []

    def callback(log, queue):
        seen.append(([row.number for row in log], queue.remaining()))
        return [Operation("remove", "lookback", (20,))] if len(log) == 2 else None

    run(wide, tmp_path / "x", prices, callback)
    assert seen == [([0, 1], 4), ([0, 1, 4, 5], 0)]
    assert ExperimentDirectory(tmp_path / "x").ids == (0, 1, 4, 5)


def test_a_callback_that_raises_or_returns_nonsense_stops_nothing(wide, tmp_path, prices):
    def callback(log, queue):
        if len(log) == 2:
            raise RuntimeError("their bug")
        return [{"kind": "drop"}]

    assert run(wide, tmp_path / "x", prices, callback).permutations == 6
    assert [e["error"] for e in events(tmp_path / "x", "error")] == [
        "RuntimeError",
        "ManifestError",
        "ManifestError",
    ]


def test_a_reducer_that_raises_stops_nothing(wide, tmp_path, prices, monkeypatch):
    wide["search"]["reducers"] = {"saturation": {}}
    monkeypatch.setattr("zoo.experiment.reducers.Saturation.decide", lambda *_: 1 / 0)
    assert run(wide, tmp_path / "x", prices).permutations == 6
    assert {e["by"] for e in events(tmp_path / "x", "error")} == {"reducer saturation"}


def drop(path, value):
    """A callback that leaves an intervention after the first batch, as a person would."""

    def callback(log, queue):
        if len(log) == 2:
            (path / "interventions.json").write_text(value)

    return callback


def test_an_intervention_is_applied_once_and_put_aside(wide, tmp_path, prices):
    path = tmp_path / "x"
    given = json.dumps(
        [{"kind": "inject", "values": [{"lookback": 25, "alpha": 5}]}, {"kind": "trim", "count": 2}]
    )
    run(wide, path, prices, drop(path, given))
    directory = ExperimentDirectory(path)
    assert directory.ids == (0, 1, 2, 6)
    assert directory.round(6).params == {"lookback": 25, "alpha": 5}
    assert not (path / "interventions.json").exists()
    assert (path / "interventions.applied-1.json").read_text() == given
    assert len(events(path, "intervention")) == 1


def test_an_injected_permutation_can_be_promoted(wide, tmp_path, prices):
    path = tmp_path / "x"
    given = json.dumps({"kind": "inject_values", "name": "lookback", "values": [25]})
    run(wide, path, prices, drop(path, given))
    sensor = Trainer(path, prices).train([6])[0]
    assert sensor.round_params["lookback"] == 25


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "3",
        '{"kind": "trim"}',
        '[{"kind": "remove", "name": "b"}]',
        "",
        '{"kind": "keep_between", "name": "alpha", "values": [-Infinity, 10]}',
        '{"kind": "inject_values", "name": "alpha", "values": [NaN]}',
    ],
)
def test_an_intervention_that_makes_no_sense_is_logged_and_stops_nothing(wide, tmp_path, prices, text):
    path = tmp_path / "x"
    assert run(wide, path, prices, drop(path, text)).permutations == 6
    assert [e["by"] for e in events(path, "error")] == ["interventions.json"]


def test_what_a_callback_does_to_the_queue_itself_survives_a_restart(wide, tmp_path, prices):
    def callback(log, queue):
        if len(log) == 2:
            queue.domain.remove("lookback", [30])
            queue.inject([{"lookback": 25, "alpha": 5}])
            queue.trim(3)
            raise RuntimeError("afterwards")
        return [Operation("inject", values=({"lookback": 26, "alpha": np.int64(5)},))]

    run(wide, tmp_path / "whole", prices, callback)
    path = tmp_path / "parts"
    with pytest.raises(Interrupted):
        run_experiment(wide, path, data=prices, callback=callback, observers=[StopAfter(3)])
    run_experiment(wide, path, data=prices, callback=callback, resume=True)
    assert ExperimentDirectory(path).ids == (0, 1, 2, 3, 6)
    assert timeless(path) == timeless(tmp_path / "whole")
    assert [e["operation"]["kind"] for e in events(path, "applied")] == ["remove", "inject", "trim"]
    assert events(path, "error")[0]["message"] == "afterwards"
    assert "int64" in events(path, "error")[1]["message"]


def test_a_filter_survives_a_restart(wide, tmp_path, prices):
    path = tmp_path / "x"

    def callback(log, queue):
        return [Operation("remove", "lookback", (30,))] if len(log) == 2 else None

    wide["search"]["rounds"] = 3
    run(wide, path, prices, callback)
    wide["search"]["rounds"] = 6
    run_experiment(wide, path, data=prices, resume=True)
    assert ExperimentDirectory(path).ids == (0, 1, 2, 3)


def test_an_audit_that_does_not_fit_the_search_is_refused(wide, tmp_path, prices):
    path = tmp_path / "x"
    run(wide, path, prices)
    text = (path / "audit.jsonl").read_text()
    (path / "audit.jsonl").write_text(text.replace('"ids": [2, 3]', '"ids": [3, 2]'))
    with pytest.raises(ExperimentCorrupt, match=r"audit\.jsonl: batch 2 was \[3, 2\]"):
        run_experiment(wide, path, data=prices, resume=True)


def test_choosing_by_a_test_metric_is_refused(wide, tmp_path, prices):
    from zoo.errors import ManifestError

    wide["search"]["score"] = "rank_ic_t"
    with pytest.raises(ManifestError, match=r"search\.score: 'rank_ic_t'.*expected one of rank_ic, auc"):
        run(wide, tmp_path / "x", prices)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("strategy", ["random", "sobol", "tpe"])
def test_every_strategy_runs_the_whole_space_and_is_the_same_when_resumed(wide, tmp_path, prices, strategy):
    wide["search"]["strategy"] = strategy
    run(wide, tmp_path / "x", prices)
    assert ExperimentDirectory(tmp_path / "x").ids == tuple(range(6))
    order = [e["ids"] for e in events(tmp_path / "x", "batch")]
    run_experiment(wide, tmp_path / "x", data=prices, resume=True)
    assert [e["ids"] for e in events(tmp_path / "x", "batch")] == order
