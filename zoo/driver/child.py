"""The child's side: one spec in this process, its events on a pipe, its result in a file.

The parent holds the writing end of this process's stdin. When that closes the parent is dead, and this
process stops as if it had been asked to.
"""

from __future__ import annotations

import contextlib
import faulthandler
import fcntl
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Final

from zoo.driver.result import Outcome, SpecResult
from zoo.driver.stop import SIGNALS, interruption
from zoo.driver.task import TASK_FILE, Task
from zoo.driver.wire import Sender
from zoo.errors import Interrupted, ZooError
from zoo.events import Observer
from zoo.monitoring.status import StatusLines

GRACE: Final = 10.0  # seconds in which a process that was asked to stop does so

Apply = Callable[[Task, Iterable[Observer]], SpecResult]


def main(arguments: Sequence[str], apply: Apply | None = None) -> int:
    """Apply the spec of a run's directory, and leave `result.json` there.

    Args:
        arguments: the directory that holds `task.json`, and the descriptor for events; without one they are
            printed, and stdin is left alone.
        apply: does the work; `zoo.driver.apply.apply_spec` unless given.
    """
    faulthandler.enable()
    for signum in SIGNALS:
        signal.signal(signum, _interrupt)
    directory = Path(arguments[0])
    _hold(directory / TASK_FILE)
    if len(arguments) == 1:
        _save(_result(directory, apply, StatusLines()), directory)
        return 0
    sender = Sender(int(arguments[1]))
    threading.Thread(target=_stop_with_parent, name="lifeline", daemon=True).start()
    sender(_save(_result(directory, apply, sender), directory))
    return 0


def _hold(path: Path) -> None:
    """Hold a lock for as long as this process lives, so that others can tell (`is_alive`)."""
    descriptor = os.open(path, os.O_RDONLY)
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_alive(directory: Path) -> bool:
    """Tell whether a spec's process is at work in this directory, whoever started it."""
    try:
        descriptor = os.open(directory / TASK_FILE, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _interrupt(signum: int, _: FrameType | None) -> None:
    raise interruption(signum)


def _stop_with_parent() -> None:
    """Wait until stdin closes, then stop: in time to clean up, or else without."""
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(128 + signal.SIGTERM)


def _result(directory: Path, apply: Apply | None, observer: Observer) -> SpecResult:
    """Return what came of the spec; from here on nothing interrupts writing it down."""
    started = time.monotonic()
    result = SpecResult(directory.name.partition(".")[0], Outcome.interrupted)
    try:
        result = _applied(Task.read(directory / TASK_FILE), apply, observer)
        _ignore_signals()
    except Interrupted:
        _ignore_signals()
    return replace(result, duration_s=round(time.monotonic() - started, 3))


def _ignore_signals() -> None:
    for signum in SIGNALS:
        signal.signal(signum, signal.SIG_IGN)


def _applied(task: Task, apply: Apply | None, observer: Observer) -> SpecResult:
    try:
        if apply is None:
            from zoo.driver.apply import apply_spec

            apply = apply_spec
        return apply(task, (observer,))
    except Interrupted:
        raise
    except Exception as error:
        if not isinstance(error, ZooError):
            traceback.print_exc()
        return SpecResult.refused(task.spec.name, Outcome.failed, error)


def _save(result: SpecResult, directory: Path) -> SpecResult:
    """Write the result; where that fails it still goes through the pipe, and says so."""
    try:
        result.write(directory)
    except OSError as error:
        notice = f"{directory}: result.json cannot be written: {error.strerror or error}"
        return replace(result, notices=(*result.notices, notice))
    return result


__all__ = ["GRACE", "Apply", "is_alive", "main"]
