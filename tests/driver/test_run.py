import re

import pytest

from zoo.driver.process import run_job
from zoo.driver.result import Outcome, SpecResult
from zoo.driver.run import make_run_directory, new_run_id, once_more
from zoo.driver.stop import Stop
from zoo.errors import OutputUnavailable
from zoo.events import Failed, Noticed


def test_a_run_s_name_holds_the_time_to_the_microsecond_and_the_process():
    assert re.fullmatch(r"\d{8}T\d{6}_\d{6}Z-\d+", new_run_id())
    assert new_run_id() != new_run_id()


def test_a_run_s_directory_is_made_and_left_empty(tmp_path):
    directory = make_run_directory(tmp_path / "outputs", "r")
    assert directory == tmp_path / "outputs" / "runs" / "r"
    assert not list(directory.iterdir())


def test_a_request_to_stop_an_earlier_run_of_that_name_does_not_stop_this_one(tmp_path):
    earlier = Stop(make_run_directory(tmp_path, "nightly"))
    earlier.request(2)
    earlier.close()
    later = Stop(make_run_directory(tmp_path, "nightly"))
    assert not later.requested
    later.close()


def test_outputs_that_cannot_be_written_are_refused_in_one_line(tmp_path):
    (tmp_path / "outputs").write_text("a file")
    with pytest.raises(OutputUnavailable, match=r"outputs.*cannot be written.*paths.outputs=") as caught:
        make_run_directory(tmp_path / "outputs", "r")
    assert "\n" not in str(caught.value)


def test_a_spec_whose_process_died_once_gets_a_second_chance_and_says_so(job, events):
    first = run_job(job("once_a"))
    result = once_more("once_a", first, lambda: run_job(job("once_a")), (events,))
    assert first.status is Outcome.crashed
    assert result.status is Outcome.ok
    assert "started once more, alone" in events.of(Noticed)[0].message
    assert not events.of(Failed)


def test_dead_twice_is_crashed_and_told_once(job, events):
    result = once_more("killed_a", run_job(job("killed_a")), lambda: run_job(job("killed_a")), (events,))
    assert result.status is Outcome.crashed
    assert result.failures[0].message.startswith("twice, the second time alone: its process was killed by")
    assert [event.message for event in events.of(Failed)] == [result.failures[0].message]


@pytest.mark.parametrize("status", [outcome for outcome in Outcome if outcome is not Outcome.crashed])
def test_whatever_did_not_crash_is_not_started_again(status):
    first = SpecResult("a", status)
    assert once_more("a", first, lambda: pytest.fail("started again"), ()) is first


def test_nothing_is_started_again_after_a_request_to_stop(job):
    stop = Stop()
    stop.request(2)
    first = run_job(job("killed_a"))
    assert once_more("killed_a", first, lambda: pytest.fail("started again"), (), stop) is first
    stop.close()
