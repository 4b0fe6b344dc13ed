"""Recording an experiment's rounds in the ledger of their line, as they finish.

The experiment comes first: what cannot be recorded is said, and recorded the next time that the directory is
used; no round is lost for it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from zoo.errors import ExperimentError, Interrupted, ZooError
from zoo.events import Failed, Noticed, Observer, emit
from zoo.experiment.replace import replacement
from zoo.location import Place

if TYPE_CHECKING:
    from zoo.experiment.rounds import Finished
    from zoo.registry import Ledger, Registry, Trial
    from zoo.registry.trials import Evaluation

BATCH_SECONDS: Final = 1.0  # a round is recorded when it comes so long after the last that were


class Recorder:
    """Counts the rounds of one run; a context manager, whose end records what is left.

    Args:
        path: where the experiment lies.
        line: whose trials its rounds are; None counts nothing, and says so.
        registry_url: the store.
        artifacts: where versions lie.
        observers: who is told of what could not be recorded.

    Attributes:
        counted: how many trials were counted for the first time.
    """

    def __init__(
        self,
        path: Path,
        line: str | None,
        registry_url: str,
        artifacts: Place,
        observers: Iterable[Observer] = (),
    ) -> None:
        self.path = path.resolve()
        self.line = line
        self.counted = 0
        self._store = (registry_url, artifacts)
        self._observers = list(observers)
        self._registry: Registry | None = None
        self._waiting: dict[str, list[Trial]] = {}
        self._evaluation: Evaluation | None = None
        self._refused: ZooError | None = None
        self._unfit: ZooError | None = None
        self._recorded_at = time.monotonic()

    @property
    def _task(self) -> str:
        return f"experiment {self.path.name}"

    def __enter__(self) -> Self:
        """Record what an earlier run left here, before this one may replace it."""
        if self.line is None:
            emit(
                self._observers,
                Noticed(self._task, "it names no line, so its rounds are not counted as trials"),
            )
        self.record_directory()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._flush()
            if self.error is not None:
                refused = (type(self.error).__name__, str(self.error))
                emit(self._observers, Failed(f"{self._task}, counting its trials", *refused))
        finally:
            if self._registry is not None:
                self._registry.close()

    @property
    def error(self) -> ZooError | None:
        """Why some rounds were not recorded; None where all were."""
        return self._unfit or self._refused

    def __call__(self, metadata: Mapping[str, Any], done: Finished) -> None:
        """Take a round of the run; record it with those that wait, at most once a second."""
        if self.line is None:
            return
        try:
            self._waiting.setdefault(self.line, []).append(self._trial(metadata, done, self.line))
        except Interrupted:
            raise
        except ZooError as error:
            self._unfit = error
        # a refusal may be a lock that is held for long: trying again at every round would stop the run
        if self._refused is None and time.monotonic() - self._recorded_at >= BATCH_SECONDS:
            self._flush()

    def _trial(self, metadata: Mapping[str, Any], done: Finished, line: str) -> Trial:
        from zoo.registry.trials import Evaluation

        if self._evaluation is None or self._evaluation.metadata is not metadata:
            self._evaluation = Evaluation(metadata, line, self.path.name)
        if done.error is not None:
            return self._evaluation.failed(done.number, done.params, done.error, done.message)
        held_out, preds = done.line.get("held_out"), done.line.get("preds")
        return self._evaluation.finished(done.number, done.params, done.metrics, held_out, preds)

    def record_directory(self) -> None:
        """Record what lies on disk, finished or not: an earlier run's rounds, and those of this one."""
        from zoo.registry.trials import trials_left

        for place in (self.path, replacement(self.path)):
            try:
                found = trials_left(place, self.line, experiment=self.path.name)
            except ExperimentError as error:
                emit(self._observers, Noticed(self._task, f"what is there is not counted: {error}"))
                continue
            for trial in found:
                self._waiting.setdefault(trial.line, []).append(trial)
        self._flush()

    def _flush(self) -> None:
        """Record what waits; what is refused goes on waiting."""
        try:
            for line in list(self._waiting):
                self.counted += self._ledger().record(line, self._waiting[line])
                del self._waiting[line]
            self._refused = None
        except Interrupted:
            raise
        except ZooError as error:
            self._refused = error
        self._recorded_at = time.monotonic()

    def _ledger(self) -> Ledger:
        from zoo.registry import Registry

        if self._registry is None:
            url, artifacts = self._store
            self._registry = Registry.open(url, artifacts=artifacts)
        return self._registry.ledger


__all__ = ["BATCH_SECONDS", "Recorder"]
