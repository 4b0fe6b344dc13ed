import os
import select
import signal

import pytest

from zoo.driver.stop import STOP_FILE, Stop, interruptible, interruption, listening
from zoo.errors import Interrupted


def _readable(stop):
    return bool(select.select([stop], [], [], 0)[0])


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_a_request_that_raises_nothing_and_wakes_whoever_waits(signum, code):
    before = signal.getsignal(signum)
    with listening() as stop:
        assert (stop.requested, stop.exit_code, _readable(stop)) == (False, 0, False)
        os.kill(os.getpid(), signum)
        assert (stop.requested, stop.urgent, stop.exit_code) == (True, False, code)
        assert _readable(stop)
        assert _readable(stop)
    assert signal.getsignal(signum) is before


def test_a_second_signal_is_urgent_and_the_first_says_how_to_exit():
    with listening() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.urgent
        assert stop.exit_code == 143


def test_only_a_second_signal_interrupts_whoever_cannot_be_woken():
    with listening() as stop:
        stop.raising = True
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_request_reaches_workers_through_the_directory_of_the_run(tmp_path):
    worker, main = Stop(tmp_path), Stop(tmp_path)
    assert not worker.requested
    main.request(signal.SIGINT)
    assert worker.requested
    assert worker.exit_code == 0
    assert (tmp_path / STOP_FILE).exists()
    for stop in (worker, main):
        stop.close()


def test_a_directory_that_is_gone_does_not_keep_a_run_from_stopping(tmp_path):
    stop = Stop(tmp_path / "gone")
    stop.request(signal.SIGINT)
    assert stop.requested
    stop.close()


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_where_nothing_is_told_on_a_signal_raises_with_its_exit_code(signum, code):
    with pytest.raises(Interrupted, match="stopped by SIG") as caught, interruptible():
        os.kill(os.getpid(), signum)
    assert caught.value.exit_code == code
    assert interruption(signum).exit_code == code
