"""`apply`: prove, refit and register what one spec, or every active one, names."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from zoo.commands.arguments import Arguments
from zoo.commands.composition import Composed, compose, hydra_started, prepared
from zoo.commands.conclusion import concluded
from zoo.commands.job import Result, SpecJob
from zoo.commands.mirroring import reflect
from zoo.commands.moving import post, telling
from zoo.commands.multirun import shared, sweep
from zoo.commands.output import Answer, error_document
from zoo.commands.request import Request, read_request, task_of
from zoo.commands.retirement import following
from zoo.commands.rotation import rotation
from zoo.commands.summary import render
from zoo.driver.child import GRACE, is_alive
from zoo.driver.process import Job, run_job
from zoo.driver.result import Outcome, SpecResult
from zoo.driver.run import make_run_directory, new_run_id, once_more
from zoo.driver.stop import STOP_FILE, Stop, listening
from zoo.errors import FAILURE_EXIT, USAGE_EXIT, NothingToDo, ZooError
from zoo.events import Failed, Observer, emit
from zoo.monitoring.progress import watching
from zoo.monitoring.webhook import FAILED


def apply(arguments: Arguments) -> Answer:
    """Apply one spec, or with `-m` several; without either, list them.

    Raises:
        ZooError: the configuration or the only spec is refused, or the outputs cannot be written.
    """
    with hydra_started(), listening() as stop, watching() as observers:
        if arguments.multirun:
            return _several(arguments, observers, stop)
        return _one(arguments, observers, stop)


def _several(arguments: Arguments, observers: Sequence[Observer], stop: Stop) -> Answer:
    composed, request = shared(arguments)
    run_id = request.run_id or new_run_id()
    composed.config.run.id = run_id
    with telling(request, "apply"):
        results, well = _swept(arguments, composed, request, run_id, observers, stop)
    return _answer(request, run_id, results, stop, well)


def _swept(
    arguments: Arguments,
    composed: Composed,
    request: Request,
    run_id: str,
    observers: Sequence[Observer],
    stop: Stop,
) -> tuple[list[Result], bool]:
    """Run the specs; return what came of each, and whether retired ones could be followed."""
    roster = request.roster()
    turn = rotation(arguments, request, roster)
    directory = make_run_directory(request.outputs, run_id)
    turn.record(directory)
    job = ApplyJob(directory, run_id, composed.directories, roster, observers, stop, turn.waiting)
    stop.directory = directory
    with following(request, roster, observers) as followed:
        results = sweep(arguments, composed, job, run_id)
    (directory / STOP_FILE).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        directory.rmdir()  # where nothing was started
    return results, followed()


def _one(arguments: Arguments, observers: Sequence[Observer], stop: Stop) -> Answer:
    composed = compose(prepared(arguments.overrides, arguments.config_dir), arguments.config_name)
    request = read_request(composed)
    if request.spec_name is None:
        return _nothing_named(request)
    run_id, name = request.run_id or new_run_id(), request.job or request.spec_name
    composed.config.run.spec = request.spec_name
    with telling(request, "apply"):
        roster = request.roster()
        rotation(arguments, request, roster)
        job = ApplyJob(Path(), run_id, composed.directories, roster, observers, stop)
        job.read(composed.config)
        job.directory = make_run_directory(request.outputs, run_id)

        def start() -> Result:
            return job(composed.config)

        with following(request, roster, observers) as followed:
            result = job.again(name, start(), start)
    return _answer(request, run_id, [result], stop, followed())


def _answer(request: Request, run_id: str, results: Sequence[Result], stop: Stop, well: bool) -> Answer:
    """Conclude a run, and post its failures; `well`: retired specs could be followed."""
    document = {"run_id": run_id, "results": list(results)}
    failed = [
        {"spec": result["spec"], "status": result["status"], **failure}
        for result in results
        for failure in result["failures"]
    ]
    if failed:
        post(request, FAILED, {"command": "apply", "run_id": run_id, "failures": failed})
    if not stop.exit_code:
        reflect(request)
    answer = concluded(document, render, request.format, stop.exit_code)
    return answer if well or answer.exit_code else replace(answer, exit_code=FAILURE_EXIT)


def _nothing_named(request: Request) -> Answer:
    """Bare `python -m zoo`: say what there is."""
    from zoo.commands.list import listing

    error = NothingToDo("no spec was named", expected="spec=<name>, or -m for every active spec")
    specs = listing(request)
    document = {**error_document(error), "specs": specs.document}
    return Answer(document, specs.render, USAGE_EXIT, error, request.format)


class ApplyJob(SpecJob):
    """Runs a spec in a process of its own.

    Args:
        directory: the run's; each job has a directory below it.
        run_id: the run's name.
        *common: as `SpecJob`.
    """

    def __init__(self, directory: Path, run_id: str, *common: Any) -> None:
        super().__init__(*common)
        self.directory = directory
        self.run_id = run_id

    def __call__(self, config: DictConfig) -> Result:
        """Run one spec; one that was retired, refused or could not be started is a result as well."""
        try:
            request, spec, line = self.read(config)
            name = request.job or spec.name
            job = Job(task_of(request, spec, line, self.run_id), self.directory / name, request.threads)
            with self._stoppable() as stop:
                return run_job(job, self.observers, stop).as_dict()
        except ZooError as error:
            name = str(config.run.spec)
            emit(self.observers, Failed(name, type(error).__name__, str(error)))
            return self.refused(name, Outcome.failed, error)

    def _stoppable(self) -> contextlib.AbstractContextManager[Stop]:
        """In a launcher's worker, hear the signals sent to it and what is told in the run's directory."""
        return listening(self.directory) if self.stop is None else contextlib.nullcontext(self.stop)

    def left_behind(self, name: str, spec: str) -> Result:
        """Read the job's result, once its process has noticed that its parent is gone, and is gone too."""
        directory, asked = self.directory / name, self.stop is not None and self.stop.requested
        result = _last_words(directory)
        if result is not None and (asked or result.status is not Outcome.interrupted):
            return result.as_dict()
        return self.refused(spec, Outcome.interrupted) if asked else super().left_behind(name, spec)

    def again(self, name: str, first: Result, start: Callable[[], Result]) -> Result:
        """Start a spec whose process died once more."""

        def second() -> SpecResult:
            return SpecResult.from_dict(start())

        return once_more(name, SpecResult.from_dict(first), second, self.observers, self.stop).as_dict()


def _last_words(directory: Path) -> SpecResult | None:
    deadline = time.monotonic() + GRACE
    while is_alive(directory) and time.monotonic() < deadline:
        time.sleep(0.05)
    return SpecResult.read(directory)


__all__ = ["ApplyJob", "apply"]
