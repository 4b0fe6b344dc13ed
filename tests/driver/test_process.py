"""Real processes, each doing what its spec's name says (`stand_in/sitecustomize.py`)."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from zoo.driver.child import is_alive
from zoo.driver.process import LOG_FILE, run_job
from zoo.driver.result import Outcome, SpecResult
from zoo.driver.stop import Stop
from zoo.errors import OutputUnavailable
from zoo.events import Advanced, Failed, Finished, Noticed, Started


@pytest.fixture
def stop():
    stop = Stop()
    yield stop
    stop.close()


def _once_ready(job, act):
    """Call `act` with the process id of a sleeping job once it sleeps; the observers hear it advance."""
    marker = Path(job.task.artifacts) / f"{job.task.spec.name}.ready"

    def observer(event):
        if isinstance(event, Advanced):
            threading.Thread(target=_wait_for, args=(marker, act)).start()

    return observer


def _wait_for(marker, act):
    while not (marker.exists() and marker.read_text()):
        threading.Event().wait(0.01)
    act(int(marker.read_text()))


def test_a_spec_runs_in_a_process_of_its_own_and_its_events_arrive_in_order(job, events):
    result = run_job(job("ok_a"), (events,))
    assert result.status is Outcome.ok
    assert [version.permutation_id for version in result.versions] == [7, 19]
    assert [type(event) for event in events] == [Started, Advanced, Noticed, Finished]
    assert result.duration_s > 0


def test_what_a_process_prints_is_kept_in_its_log_and_its_result_beside_it(job):
    done = run_job(job("ok_a"))
    directory = Path(done.directory)
    assert (directory / LOG_FILE).read_text() == "a word on stdout\n"
    assert SpecResult.read(directory).versions == done.versions
    assert not list(directory.glob(".*"))


def test_a_killed_process_is_a_crash_that_names_the_signal_and_the_log(job, events):
    result = run_job(job("killed_a"), (events,))
    assert result.status is Outcome.crashed
    [failure] = result.failures
    assert failure.error == "SpecCrashed"
    assert "was killed by SIGKILL (out of memory?)" in failure.message
    assert str(job("killed_a").directory / LOG_FILE) in failure.message
    assert not events.of(Failed)
    assert events.of(Finished) == [Finished("killed_a")]


def test_a_process_that_exits_without_a_result_is_a_crash_that_names_the_code(job):
    result = run_job(job("exits_a"))
    assert result.status is Outcome.crashed
    assert "exited with code 3 and no result" in result.failures[0].message


def test_an_exception_is_a_failure_and_its_traceback_is_in_the_log(job, events):
    result = run_job(job("breaks_a"), (events,))
    assert result.status is Outcome.failed
    assert events.of(Failed) == [Failed("breaks_a", "ZeroDivisionError", "division by zero")]
    log = Path(result.directory) / LOG_FILE
    assert "Traceback" in log.read_text()
    assert events.of(Noticed) == [Noticed("breaks_a", f"its log is {log}")]


def test_an_error_of_ours_is_a_failure_without_a_traceback(job):
    result = run_job(job("missing_a"))
    assert result.failures[0].message == "x: there is no experiment directory; make it"
    assert result.notices == ()
    assert "Traceback" not in (Path(result.directory) / LOG_FILE).read_text()


def test_a_failure_that_was_told_when_it_happened_is_not_told_again(job, events):
    result = run_job(job("partial_a"), (events,))
    assert result.status is Outcome.partial
    assert [event.task for event in events.of(Failed)] == ["partial_a permutation 3"]


def test_tasks_are_named_after_the_job_so_that_two_jobs_of_one_spec_differ(task, job, events, tmp_path):
    from zoo.driver.process import Job

    run_job(Job(task("ok_a"), tmp_path / "ok_a.2"), (events,))
    assert {event.task for event in events} == {"ok_a.2"}


def test_a_request_to_stop_lets_the_process_say_what_it_has_done(job, stop):
    sleeping = job("sleeps_a")
    result = run_job(sleeping, (_once_ready(sleeping, lambda _: stop.request(signal.SIGINT)),), stop)
    assert result.status is Outcome.interrupted
    assert len(result.versions) == 1


def test_a_process_that_does_not_stop_is_killed_after_its_grace(job, stop):
    deaf = job("deaf_a", grace=0.3)
    result = run_job(deaf, (_once_ready(deaf, lambda _: stop.request(signal.SIGTERM)),), stop)
    assert (result.status, result.versions) == (Outcome.interrupted, ())
    assert not is_alive(deaf.directory)


def test_a_second_request_waits_for_no_grace(job, stop):
    deaf = job("deaf_a", grace=60)

    def ask_twice(_):
        stop.request(signal.SIGINT)
        stop.request(signal.SIGINT)

    assert run_job(deaf, (_once_ready(deaf, ask_twice),), stop).status is Outcome.interrupted


def test_nothing_is_started_after_a_request_to_stop(job, stop):
    stop.request(signal.SIGINT)
    assert run_job(job("ok_a"), (), stop).status is Outcome.interrupted
    assert not job("ok_a").directory.exists()


def test_a_process_that_somebody_else_told_to_stop_has_crashed(job):
    sleeping = job("sleeps_a")
    result = run_job(sleeping, (_once_ready(sleeping, lambda pid: os.kill(pid, signal.SIGTERM)),))
    assert result.status is Outcome.crashed
    assert "told to stop by another process" in result.failures[0].message


def test_a_process_outlives_no_parent(job, tmp_path):
    sleeping = job("sleeps_a")
    sleeping.directory.mkdir(parents=True)
    sleeping.task.write(sleeping.directory)
    code = (
        "import sys; from zoo.driver.process import Job, run_job; from zoo.driver.task import Task;"
        "from pathlib import Path; d = Path(sys.argv[1]); run_job(Job(Task.read(d / 'task.json'), d))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(sleeping.directory)])
    _wait_for(Path(sleeping.task.artifacts) / "sleeps_a.ready", lambda _: parent.kill())
    parent.wait()
    while is_alive(sleeping.directory):
        threading.Event().wait(0.01)
    assert SpecResult.read(sleeping.directory).status is Outcome.interrupted


def test_the_result_of_an_earlier_start_is_never_taken_for_a_later_one(job):
    run_job(job("ok_a"))
    stale = SpecResult.read(job("ok_a").directory)
    killed = job("killed_a")
    killed.directory.mkdir(parents=True)
    stale.write(killed.directory)
    assert run_job(killed).status is Outcome.crashed


def test_a_file_in_the_place_of_the_directory_is_one_line(job, tmp_path):
    (tmp_path / "run-1").write_text("")
    with pytest.raises(
        OutputUnavailable, match=r"run-1.*cannot be written: .*; expected .*; make it"
    ) as caught:
        run_job(job("ok_a"))
    assert "\n" not in str(caught.value)


def test_numeric_libraries_get_the_threads_of_the_job_unless_the_user_said_otherwise(job, monkeypatch):
    from zoo.driver.process import _environment

    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert _environment(1)["OMP_NUM_THREADS"] == "7"
    assert _environment(1)["OPENBLAS_NUM_THREADS"] == "1"
    assert "OPENBLAS_NUM_THREADS" not in _environment(None)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert _environment(None)["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    assert _environment(None)["OMP_WAIT_POLICY"] == "ACTIVE"


def test_a_result_that_finds_no_room_on_the_disk_comes_through_the_pipe(job, monkeypatch):
    full = job("ok_a")
    full.directory.mkdir(parents=True)
    (full.directory / ".result.json.tmp").mkdir()  # so that it cannot be written
    result = run_job(full)
    assert result.status is Outcome.ok
    assert any("result.json cannot be written" in notice for notice in result.notices)


def test_a_spec_s_process_runs_by_hand_too(job):
    by_hand = job("ok_a")
    by_hand.directory.mkdir(parents=True)
    by_hand.task.write(by_hand.directory)
    command = [sys.executable, "-m", "zoo.driver", str(by_hand.directory)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert "note: ok_a: something to know" in done.stderr
    assert SpecResult.read(by_hand.directory).status is Outcome.ok
