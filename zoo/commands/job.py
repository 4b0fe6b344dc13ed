"""What is done with each spec of a command line, one configuration at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from zoo.commands.request import Request, read_spec, request_of, spec_path
from zoo.driver.result import Outcome, SpecResult
from zoo.driver.stop import Stop
from zoo.errors import RetiredSpec, SpecCrashed
from zoo.events import Observer
from zoo.line import Line
from zoo.monitoring.status import StatusLines
from zoo.roster import Entry
from zoo.spec import Spec

Result = dict[str, Any]


class SpecJob(ABC):
    """What is done with each spec; called with the task's configuration, it returns a result of plain values.

    It may travel to a worker process of a launcher: observers, the stop request and the roster stay behind,
    and there failures are lines on the worker's stderr.

    Args:
        directories: configuration directories, the winning one first.
        roster: every spec, for what must be unique among them.
        observers: told what happens.
        stop: a request to stop; None where nobody can ask.
        left_out: specs that are not run this time, and why.
    """

    def __init__(
        self,
        directories: Iterable[Path],
        roster: Mapping[str, Entry],
        observers: Iterable[Observer] = (),
        stop: Stop | None = None,
        left_out: Mapping[str, str] | None = None,
    ) -> None:
        self.directories = tuple(directories)
        self.roster = dict(roster)
        self.observers = tuple(observers)
        self.stop = stop
        self.left_out = dict(left_out or {})

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what belongs to this process; the roster was looked at before the job was launched."""
        return {**self.__dict__, "roster": {}, "observers": (StatusLines(),), "stop": None}

    @abstractmethod
    def __call__(self, config: DictConfig) -> Result:
        """Do it. A failure is a result; an exception is a bug."""

    def read(self, config: DictConfig) -> tuple[Request, Spec, Line]:
        """Read one configuration.

        Raises:
            RetiredSpec: the spec is kept for the record only.
            ZooError: the configuration or the spec is refused.
        """
        request = request_of(config, self.directories)
        spec, line = read_spec(request, self.roster)
        if spec.retired:
            raise RetiredSpec(
                f"spec {spec.name!r} is retired",
                where=spec_path(request),
                remedy="set `status: active` there to run it again",
            )
        return request, spec, line

    def refused(self, spec: str, status: Outcome, error: Exception | None = None) -> Result:
        """Return the result of a spec with which nothing was done."""
        result = SpecResult(spec, status) if error is None else SpecResult.refused(spec, status, error)
        return result.as_dict()

    def left_behind(self, name: str, spec: str) -> Result:
        """Return what came of a job of which its launcher brought nothing back."""
        error = SpecCrashed("its launcher brought nothing back", expected="a result")
        return self.refused(spec, Outcome.crashed, error)

    def again(self, name: str, first: Result, start: Callable[[], Result]) -> Result:
        """Give a job that crashed a second chance, where that makes sense; `start` runs it."""
        return first


__all__ = ["Result", "SpecJob"]
