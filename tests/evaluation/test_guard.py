import contextlib
import signal
import threading
import time

import pytest

from zoo.errors import ShadowTimeout
from zoo.evaluation.guard import within


def endless():
    while True:
        pass


def swallowing():
    while True:
        with contextlib.suppress(Exception):
            time.sleep(1)


@pytest.mark.parametrize("work", [endless, swallowing])
def test_what_takes_too_long_is_stopped_whatever_it_catches(work):
    with (
        pytest.raises(ShadowTimeout, match=r"v1: took longer than 0.05 seconds; raise shadow.seconds"),
        within(0.05, "v1"),
    ):
        work()


def test_what_is_quick_is_left_alone_and_no_alarm_stays_behind():
    before = signal.getsignal(signal.SIGALRM)
    with within(5.0, "v1"):
        pass
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_an_error_of_the_work_passes_through():
    with pytest.raises(KeyError), within(5.0, "v1"):
        raise KeyError("x")


def test_in_another_thread_it_is_told_afterwards():
    caught = []

    def work():
        try:
            with within(0.01, "v1"):
                time.sleep(0.03)
        except ShadowTimeout as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(caught) == 1
