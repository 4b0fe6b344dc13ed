"""The parent's side: a process of its own for one spec, whatever becomes of it."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from zoo import errors
from zoo.driver.child import GRACE
from zoo.driver.result import Outcome, SpecResult
from zoo.driver.stop import Stop
from zoo.driver.task import RESULT_FILE, Task
from zoo.driver.wire import Message, Receiver
from zoo.errors import OutputUnavailable, SpecCrashed
from zoo.events import Event, Failed, Finished, Noticed, Observer, Started, emit
from zoo.password import VARIABLE, without_password

LOG_FILE: Final = "log.txt"
CHILD_MODULE: Final = "zoo.driver"
_THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_TICK: Final = 0.2  # seconds between two looks at a process that says nothing


@dataclass(frozen=True, slots=True)
class Job:
    """One spec to run in a process.

    Attributes:
        task: what the process is told.
        directory: where `task.json`, `result.json` and `log.txt` go; its name is the job's name.
        threads: for the numeric libraries of the process, where the user's environment does not say; None
            leaves it to them.
        module: what the process runs.
        grace: seconds that it gets to stop in.
    """

    task: Task
    directory: Path
    threads: int | None = None
    module: str = CHILD_MODULE
    grace: float = GRACE

    @property
    def name(self) -> str:
        """What the display calls it."""
        return self.directory.name


def run_job(job: Job, observers: Iterable[Observer] = (), stop: Stop | None = None) -> SpecResult:
    """Run one spec in a process of its own, and return what came of it; failures are told to `observers`.

    A process that dies without a result gives `crashed`, about which nothing is told: whoever starts it once
    more knows whether that is a failure yet.

    Raises:
        OutputUnavailable: the job's directory cannot be made or written.
    """
    listener = _Listener(job, tuple(observers))
    if _asked(stop):
        return SpecResult(job.task.spec.name, Outcome.interrupted)
    started = time.monotonic()
    with _child(job) as (process, events):
        _attend(process, events, listener, stop, job.grace)
    listener.close()
    result = SpecResult.read(job.directory) or listener.result
    if result is None or (result.status is Outcome.interrupted and not _asked(stop)):
        result = _without_result(job, _end_of(process.returncode, result), stop)
    if result.status not in (Outcome.crashed, Outcome.interrupted):
        result = _with_log(result, job)
        listener.tell_rest(result)
    return replace(result, duration_s=round(time.monotonic() - started, 3), directory=str(job.directory))


def _with_log(result: SpecResult, job: Job) -> SpecResult:
    """Say where the traceback is of what is no fact that we know, but a bug."""
    if all(hasattr(errors, failure.error) for failure in result.failures):
        return result
    return replace(result, notices=(*result.notices, f"its log is {job.directory / LOG_FILE}"))


def _asked(stop: Stop | None) -> bool:
    return stop is not None and stop.requested


@contextlib.contextmanager
def _child(job: Job) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start the process; at the end of the block it is dead, and so is whatever it started."""
    try:
        job.directory.mkdir(parents=True, exist_ok=True)
        (job.directory / RESULT_FILE).unlink(missing_ok=True)
        job.task.write(job.directory)
        log = (job.directory / LOG_FILE).open("ab")
    except OSError as error:
        with contextlib.suppress(OSError):
            job.directory.rmdir()
        raise unavailable(job.directory, error) from error
    reader, writer = os.pipe()
    command = [sys.executable, "-u", "-m", job.module, str(job.directory), str(writer)]
    try:
        with log:
            process = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=(writer,),
                env={**_environment(job.threads), **_secret(job.task)},
                process_group=0,  # a terminal's Ctrl-C reaches this process alone, which passes it on
            )
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    try:
        yield process, reader
    finally:
        os.close(reader)
        _end(process, job.grace)


def unavailable(directory: Path, error: OSError) -> OutputUnavailable:
    """Say that a directory of the outputs cannot be used."""
    return OutputUnavailable(
        f"cannot be written: {error.strerror or error}",
        where=error.filename or directory,
        expected="a directory that this user may write",
        remedy="make it writable, free some space, or give another one with paths.outputs=...",
    )


def _environment(threads: int | None) -> Mapping[str, str]:
    """Return this process's environment, with what it does not say about numeric libraries.

    OpenMP's threads spin while they wait; beside other processes gradient boosting then takes five times as
    long as with threads that sleep.
    """
    counts = {} if threads is None else dict.fromkeys(_THREAD_VARIABLES, str(threads))
    return {"OMP_WAIT_POLICY": "PASSIVE", **counts, **os.environ}


def _secret(task: Task) -> Mapping[str, str]:
    """Return the password of the store's URL, which `task.json` has not."""
    _, password = without_password(task.registry_url)
    return {} if password is None else {VARIABLE: password}


def _attend(
    process: subprocess.Popen[bytes], events: int, listener: _Listener, stop: Stop | None, grace: float
) -> None:
    """Pass events on until the process is gone; when asked to stop, tell it, and wait no longer than `grace`.

    The pipe's end is not enough to go by: a process that the child started may hold it open. Nor is the
    request's descriptor: another process may have been asked.
    """
    deadline: float | None = None
    with selectors.DefaultSelector() as selector:
        selector.register(events, selectors.EVENT_READ)
        if stop is not None:
            selector.register(stop, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select(_TICK)}
            if events in ready and not listener.feed(os.read(events, 65536)):
                break
            if events not in ready and _has_ended(process):
                break
            if stop is None or not stop.requested:
                continue
            if deadline is None:
                selector.unregister(stop)
                deadline = time.monotonic() + grace
                process.terminate()
            if stop.urgent or time.monotonic() > deadline:
                process.kill()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Tell whether the process is dead, and leave its id taken where the platform can."""
    if process.returncode is not None or not hasattr(os, "waitid"):
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(process: subprocess.Popen[bytes], grace: float) -> None:
    """See the process off, and what it started: its group gets SIGTERM while its id cannot be another's."""
    if process.stdin is not None:
        process.stdin.close()
    deadline = time.monotonic() + grace
    while not _has_ended(process) and time.monotonic() < deadline:
        time.sleep(0.005)
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, signal.SIGKILL)
            os.killpg(process.pid, signal.SIGTERM)
    process.wait()


def _without_result(job: Job, end: str, stop: Stop | None) -> SpecResult:
    if _asked(stop):
        return SpecResult(job.task.spec.name, Outcome.interrupted)
    log = job.directory / LOG_FILE
    error = SpecCrashed(f"its process {end}", expected="a result", remedy=f"see {log}")
    return SpecResult.refused(job.task.spec.name, Outcome.crashed, error)


def _end_of(code: int, result: SpecResult | None) -> str:
    if result is not None:
        return "was told to stop by another process"
    if code >= 0:
        return f"exited with code {code} and no result"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was killed by {name}" + (" (out of memory?)" if -code == signal.SIGKILL else "")


class _Listener:
    """Passes the events of one process on under its job's name, and remembers what has been told."""

    def __init__(self, job: Job, observers: tuple[Observer, ...]) -> None:
        self._job = job
        self._observers = observers
        self._receiver = Receiver()
        self._under_way: set[str] = set()
        self._told: set[str] = set()
        self.result: SpecResult | None = None

    def feed(self, data: bytes) -> bool:
        """Take what the pipe gave; False at its end."""
        for message in self._receiver.feed(data):
            self._take(message)
        return bool(data)

    def _take(self, message: Message) -> None:
        if isinstance(message, SpecResult):
            self.result = message
            return
        event = replace(message, task=self._named(message.task))
        if isinstance(event, Started):
            self._under_way.add(event.task)
        elif isinstance(event, Finished):
            self._under_way.discard(event.task)
        elif isinstance(event, Failed | Noticed):
            self._told.add(event.message)
        self._tell(event)

    def _named(self, task: str) -> str:
        """Two processes may call their tasks alike; their jobs have different names."""
        spec, job = self._job.task.spec.name, self._job.name
        return f"{job}{task.removeprefix(spec)}" if task.startswith(spec) else f"{job} {task}"

    def _tell(self, event: Event) -> None:
        emit(self._observers, event)

    def close(self) -> None:
        """End what the process left under way."""
        for task in sorted(self._under_way):
            self._tell(Finished(task))

    def tell_rest(self, result: SpecResult) -> None:
        """Tell what the result says and no event has said."""
        for failure in result.failures:
            if failure.message not in self._told:
                self._tell(Failed(self._job.name, failure.error, failure.message))
        for notice in result.notices:
            if notice not in self._told:
                self._tell(Noticed(self._job.name, notice))


__all__ = ["CHILD_MODULE", "LOG_FILE", "Job", "run_job", "unavailable"]
