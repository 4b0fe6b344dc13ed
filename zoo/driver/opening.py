"""What every use of a spec's experiment begins with, and how a failure of it is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from zoo.driver.result import Failure
from zoo.driver.task import Task
from zoo.errors import ZooError
from zoo.events import Failed, Observer, emit

if TYPE_CHECKING:
    from zoo.controls import Controls
    from zoo.promotion.trainer import Trainer
    from zoo.spec import Source


def opened(
    task: Task, source: Source, observers: Iterable[Observer], controls: Controls | None = None
) -> Trainer:
    """Return a trainer of a source's experiment, on the task's terms.

    Raises:
        LineMismatch: it is another line's; what another library's manifest predicts cannot be asked.
        ZooError: the directory cannot be used.
    """
    from zoo.promotion.trainer import Trainer

    trainer = Trainer(
        source.experiment,
        trusted=task.trust,
        allowed=task.allowed,
        observers=list(observers),
        **task.terms.as_dict(),
        controls=controls,
    )
    if not trainer.is_foreign:
        where = f"{task.spec.name}: {source.experiment}"
        task.line.check_manifest(trainer.pipeline.manifest.to_config(), where)
    return trainer


def failed(spec: str, number: int | None, error: Exception, observers: Iterable[Observer]) -> Failure:
    """Tell of a failure at once, with its traceback where it is a bug and not a fact, and return it.

    Args:
        spec: its name.
        number: the permutation; None for the whole spec.
        error: what went wrong.
        observers: who is told.
    """
    message = str(error)
    if not isinstance(error, ZooError):
        import traceback

        traceback.print_exception(error)
        message = f"unexpected {type(error).__name__}: {' '.join(message.split())}"
    where = spec if number is None else f"{spec}, permutation {number}"
    emit(observers, Failed(where, type(error).__name__, message))
    return Failure(number, type(error).__name__, message)


__all__ = ["failed", "opened"]
