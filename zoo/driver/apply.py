"""Apply one spec in this process: every permutation is promoted on its own, and registered."""

from __future__ import annotations

from collections.abc import Iterable

from zoo.driver.result import SpecResult
from zoo.driver.task import Task
from zoo.events import Observer


def apply_spec(task: Task, observers: Iterable[Observer] = ()) -> SpecResult:
    """Promote and register what a spec names; never raises for a failure of one permutation."""
    raise NotImplementedError
