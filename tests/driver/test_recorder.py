"""Counting the rounds of real runs, and what becomes of them when the store or the run gives up."""

import copy
import json
import shutil

import pytest

from tests.conftest import DEFINITION
from zoo.driver import recorder as recording
from zoo.driver.recorder import Recorder
from zoo.errors import Interrupted
from zoo.events import Failed, Noticed
from zoo.experiment.loop import run_experiment
from zoo.experiment.replace import replacement
from zoo.registry import Registry
from zoo.registry.database import open_database

LINE = "us_equity"


@pytest.fixture
def small(tmp_path, prices, events):
    """Run a small experiment under a recorder."""

    class Small:
        path = tmp_path / "experiments" / "small"
        url = f"sqlite:///{tmp_path}/registry/registry.db"
        told = events

        def recorder(self, line=LINE, url=None):
            return Recorder(self.path, line, url or self.url, tmp_path / "registry", [events])

        def run(self, recorder, alpha=(1, 10), on_round=None, **options):
            definition = copy.deepcopy(DEFINITION)
            definition |= {"line": LINE, "params": {"lookback": [20, 40], "alpha": list(alpha)}}
            return run_experiment(
                definition, self.path, data=prices, on_round=on_round or recorder, **options
            )

        def counted(self, line=LINE):
            with Registry.open(self.url, read_only=True) as registry:
                assert registry.verify().ok
                return registry.ledger.trials(line)

    return Small()


def stopping(recorder, after):
    """Pass rounds on, and interrupt the run after so many."""
    seen = []

    def on_round(metadata, done):
        recorder(metadata, done)
        seen.append(done.number)
        if len(seen) == after:
            raise Interrupted("stopped by SIGINT")

    return on_round


def test_every_round_of_a_run_is_counted_those_that_failed_too(small):
    with small.recorder() as recorder:
        summary = small.run(recorder, alpha=(1, -1))
    assert (summary.failed, recorder.counted, recorder.error) == (2, 4, None)
    found = small.counted()
    assert sorted((t.permutation_id, t.status) for t in found) == [
        (0, "finished"),
        (1, "failed"),
        (2, "finished"),
        (3, "failed"),
    ]
    assert all((t.net is None) == (t.status == "failed") for t in found)


def test_what_the_run_tells_and_what_its_directory_tells_is_the_same_trial(small):
    with small.recorder() as recorder:
        small.run(recorder, alpha=(1, -1))
    with small.recorder() as recorder:
        recorder.record_directory()
    assert recorder.counted == 0
    assert len(small.counted()) == 4


def test_rounds_are_recorded_while_the_run_goes_on(small, monkeypatch):
    monkeypatch.setattr(recording, "BATCH_SECONDS", 0.0)
    seen = []

    def on_round(metadata, done):
        recorder(metadata, done)
        seen.append(len(small.counted()))

    with small.recorder() as recorder:
        small.run(recorder, on_round=on_round)
    assert seen == [1, 2, 3, 4]


def test_a_run_that_is_stopped_has_counted_what_it_did(small):
    with pytest.raises(Interrupted), small.recorder() as recorder:
        small.run(recorder, on_round=stopping(recorder, 3))
    assert len(small.counted()) == 3
    assert recorder.counted == 3
    with small.recorder() as recorder:
        small.run(recorder, resume=True)
    assert recorder.counted == 1
    assert len(small.counted()) == 4


def test_what_a_killed_run_left_is_counted_when_its_directory_is_used_again(small):
    with pytest.raises(Interrupted):
        small.run(None, on_round=stopping(lambda *_: None, 3))
    with small.recorder() as recorder:
        assert recorder.counted == 3
        small.run(recorder, resume=True)
    assert recorder.counted == 4
    assert {t.experiment for t in small.counted()} == {"small"}


def test_what_is_replaced_was_counted_before(small):
    small.run(None, on_round=lambda *_: None)
    with pytest.raises(Interrupted):
        small.run(None, on_round=stopping(lambda *_: None, 1), alpha=(3,), overwrite=True)
    assert replacement(small.path).exists()
    with small.recorder() as recorder:
        assert recorder.counted == 5
        small.run(recorder, alpha=(5,), overwrite=True)
    assert recorder.counted == 7
    assert not replacement(small.path).exists()


def test_a_failure_that_only_the_audit_tells_of_is_counted_after_a_resumed_run(small):
    small.run(None, on_round=lambda *_: None, alpha=(1, -1))
    with small.recorder() as recorder:
        small.run(recorder, alpha=(1, -1), resume=True)
        recorder.record_directory()
    assert sum(t.status == "failed" for t in small.counted()) == 2


def test_without_a_line_nothing_is_counted_and_that_is_said(small, tmp_path):
    with small.recorder(line=None) as recorder:
        small.run(recorder)
    assert small.told.of(Noticed)[0].message == "it names no line, so its rounds are not counted as trials"
    assert recorder.error is None
    assert not small.told.of(Failed)


def test_a_directory_that_cannot_be_read_is_noticed_and_stops_nothing(small):
    small.run(None, on_round=lambda *_: None)
    (small.path / "round_data.jsonl").write_text("{")
    with small.recorder() as recorder:
        small.run(recorder, overwrite=True)
    assert "what is there is not counted" in small.told.of(Noticed)[0].message
    assert (recorder.error, recorder.counted) == (None, 4)


def test_a_store_that_cannot_be_used_loses_no_round_and_is_reported(small, tmp_path):
    (tmp_path / "file").write_text("")
    with small.recorder(url=f"sqlite:///{tmp_path}/file/registry.db") as recorder:
        assert small.run(recorder).permutations == 4
    assert recorder.counted == 0
    failed = small.told.of(Failed)
    assert [event.error for event in failed] == ["StoreUnavailable"]
    assert "file" in failed[0].message
    with small.recorder() as recorder:
        assert recorder.counted == 4


def test_a_store_that_is_locked_for_long_does_not_stop_the_run(small, monkeypatch):
    monkeypatch.setattr(recording, "BATCH_SECONDS", 0.0)
    with open_database(small.url).writing():  # it exists now
        pass
    asked = []

    def on_round(metadata, done):
        before = recorder._recorded_at
        recorder(metadata, done)
        asked.append(recorder._recorded_at != before)

    with small.recorder(url=f"{small.url}?timeout=0.01") as recorder:
        with open_database(small.url).writing():
            small.run(recorder, on_round=on_round)
        assert recorder.error is not None
    assert asked == [True, False, False, False]
    assert recorder.error is None
    assert len(small.counted()) == 4
    assert not small.told.of(Failed)


def test_a_round_that_makes_no_trial_is_reported_and_the_others_are_counted(small):
    def on_round(metadata, done):
        if done.number == 1:
            done.line["held_out"]["bars"] = -1
        recorder(metadata, done)

    with small.recorder() as recorder:
        small.run(recorder, on_round=on_round)
    assert "round 1: held_out: is no series" in str(recorder.error)
    assert len(small.counted()) == 3
    assert [event.error for event in small.told.of(Failed)] == ["ExperimentCorrupt"]


def test_rounds_of_several_processes_are_counted_once(small):
    with small.recorder() as recorder:
        small.run(recorder, n_jobs=2)
    assert recorder.counted == 4


def test_a_linked_directory_is_the_one_behind_the_link(small, tmp_path, events):
    small.run(None, on_round=lambda *_: None)
    link = tmp_path / "linked"
    link.symlink_to(small.path)
    with Recorder(link, LINE, small.url, tmp_path / "registry", [events]) as recorder:
        pass
    assert recorder.counted == 4
    assert {t.experiment for t in small.counted()} == {"small"}


def test_a_directory_keeps_its_own_line(small, tmp_path, prices):
    small.run(None, on_round=lambda *_: None)
    metadata = json.loads((small.path / "metadata.json").read_text())
    (small.path / "metadata.json").write_text(json.dumps({**metadata, "line": "tabular"}))
    with small.recorder() as recorder:
        pass
    assert recorder.counted == 4
    assert (len(small.counted(LINE)), len(small.counted("tabular"))) == (0, 4)
    shutil.rmtree(small.path)
