"""A run: its name, its directory, and the second chance of a process that died."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from zoo.driver.process import unavailable
from zoo.driver.result import Failure, Outcome, SpecResult
from zoo.driver.stop import STOP_FILE, Stop
from zoo.errors import SpecCrashed
from zoo.events import Failed, Noticed, Observer, emit


def new_run_id() -> str:
    """Return a name that no other run has: UTC with microseconds, and this process's id."""
    now = datetime.datetime.now(datetime.UTC)
    return f"{now:%Y%m%dT%H%M%S_%fZ}-{os.getpid()}"


def make_run_directory(outputs: Path, run_id: str) -> Path:
    """Make and return `<outputs>/runs/<run_id>`, before anything runs.

    Raises:
        OutputUnavailable: it cannot be made or written.
    """
    directory = outputs / "runs" / run_id
    probe = directory / ".writable"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
        (directory / STOP_FILE).unlink(missing_ok=True)  # of an earlier run that was given the same name
    except OSError as error:
        raise unavailable(directory, error) from error
    return directory


def once_more(
    name: str,
    first: SpecResult,
    start: Callable[[], SpecResult],
    observers: Iterable[Observer],
    stop: Stop | None = None,
) -> SpecResult:
    """Start a spec whose process died once more, alone; dead twice is `crashed`.

    Args:
        name: the job, for what is told.
        first: how the first process ended.
        start: starts the second one.
        observers: told that it is started again, and of a second death.
        stop: where somebody asked to stop, nothing is started again.
    """
    observers = tuple(observers)
    if first.status is not Outcome.crashed or (stop is not None and stop.requested):
        return first
    message = first.failures[0].message
    emit(observers, Noticed(name, f"{message}; it is started once more, alone"))
    second = start()
    if second.status is not Outcome.crashed:
        return second
    failure = Failure(
        None, SpecCrashed.__name__, f"twice, the second time alone: {second.failures[0].message}"
    )
    emit(observers, Failed(name, failure.error, failure.message))
    return replace(second, failures=(failure,), duration_s=round(first.duration_s + second.duration_s, 3))


__all__ = ["make_run_directory", "new_run_id", "once_more"]
