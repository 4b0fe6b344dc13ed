"""One search: a strategy, a queue, and feedback after every batch, all of it replayable from audit.jsonl.

After each batch come, in this order, the reducers, the user's callback `(log, queue)`, and
`interventions.json`, which a person may drop into the directory. What any of them does to the queue is an
event; an error of one is an event too, and stops nothing.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from zoo.errors import ExperimentCorrupt, Interrupted
from zoo.experiment.format import AUDIT
from zoo.experiment.queue import Operation, SearchQueue
from zoo.experiment.reducers import LogRow, Reducer
from zoo.experiment.runlog import BATCH_END

INTERVENTIONS: Final = "interventions.json"
Event = dict[str, Any]
Callback = Callable[[Sequence[LogRow], SearchQueue], Any]


@dataclass
class Search:
    """Draws batches and learns from them.

    Attributes:
        queue: what is drawn from.
        reducers: prune after each batch.
        interval: rounds a batch; None for one batch of everything.
        callback: a function of the user's, or None.
        drop: directories in which a person may leave `interventions.json`.
    """

    queue: SearchQueue
    reducers: Sequence[Reducer] = ()
    interval: int | None = None
    callback: Callback | None = None
    drop: Sequence[Path] = ()
    batch: int = 0
    _applied: set[str] = field(default_factory=set)

    def next_batch(self) -> list[int]:
        """Draw the next batch; empty when the search is over."""
        size = len(self.queue.space) if self.interval is None else self.interval
        return self.queue.next(size)

    def learn(self, ids: Sequence[int], log: Sequence[LogRow]) -> None:
        """Tell the strategy the scores of a batch, in the order in which it was drawn."""
        scores = {row.number: row.score for row in log}
        for number in ids:
            self.queue.strategy.tell(number, scores.get(number))

    def close_batch(
        self, ids: Sequence[int], failures: Sequence[Event], log: Sequence[LogRow]
    ) -> list[Event]:
        """Learn, take feedback, and return the batch's events, the closing one last."""
        self.learn(ids, log)
        feedback = list(self._feedback(log))
        self.batch += 1
        facts = {"batch": self.batch, "ids": list(ids), "target": self.queue.target}
        return [*failures, {"event": "batch", **facts}, *feedback, {"event": BATCH_END, "batch": self.batch}]

    def settle(self) -> None:
        """Take away the interventions that were applied, once their events are on disk."""
        for path in self._interventions():
            if _digest(path) in self._applied:  # one that cannot be read was not applied
                path.replace(path.with_name(f"interventions.applied-{self.batch}.json"))

    def _feedback(self, log: Sequence[LogRow]) -> Iterator[Event]:
        for reducer in self.reducers:
            yield from self._reduce(reducer, log)
        if self.callback is not None:
            yield from self._call(self.callback, log)
        for path in self._interventions():
            if _digest(path) not in self._applied:
                yield from self._intervene(path)

    def _reduce(self, reducer: Reducer, log: Sequence[LogRow]) -> Iterator[Event]:
        name = type(reducer).__name__.lower()
        try:
            decision = reducer.decide(log, self.queue.domain)
        except Interrupted:
            raise
        except Exception as error:
            yield _failed(f"reducer {name}", error)
            return
        if decision is not None:
            yield {"event": "reduced", "by": name, "evidence": _finite(decision.evidence)}
            yield from self._apply_all(f"reducer {name}", decision.operations)

    def _call(self, callback: Callback, log: Sequence[LogRow]) -> Iterator[Event]:
        """The callback may change the queue, and may return operations; either is logged and replayed."""
        journal, failure = self.queue.journal, None
        journal.clear()
        operations: list[Operation] = []
        try:
            returned = callback(log, self.queue)
            operations = [o if isinstance(o, Operation) else Operation.from_dict(o) for o in (returned or [])]
        except Interrupted:
            raise
        except Exception as error:
            failure = _failed("callback", error)
        for operation, effect in journal:
            yield _applied("callback", operation, effect)
        if failure is not None:
            yield failure
        yield from self._apply_all("callback", operations)

    def _intervene(self, path: Path) -> Iterator[Event]:
        try:
            content = path.read_bytes()
        except OSError as error:  # it vanished, or may not be read: looked for again at the next feedback
            yield _failed(INTERVENTIONS, error)
            return
        digest = hashlib.sha256(content).hexdigest()
        self._applied.add(digest)
        yield {"event": "intervention", "sha256": digest}
        try:
            given = json.loads(content.decode("utf-8"))
            operations = [Operation.from_dict(o) for o in (given if isinstance(given, list) else [given])]
        except Exception as error:
            yield _failed(INTERVENTIONS, error)
            return
        yield from self._apply_all(INTERVENTIONS, operations)

    def _apply_all(self, by: str, operations: Sequence[Operation]) -> Iterator[Event]:
        for operation in operations:
            try:
                effect = self.queue.apply(operation)
            except Exception as error:
                yield _failed(by, error)
                continue
            yield _applied(by, operation, effect)

    def _interventions(self) -> list[Path]:
        return [path for directory in self.drop if (path := directory / INTERVENTIONS).is_file()]

    def replay(self, events: Sequence[Mapping[str, Any]], log: Sequence[LogRow]) -> None:
        """Bring strategy and queue to where an earlier run left them; nothing is decided anew."""
        for event in events:
            if event["event"] == "batch":
                drawn = self.queue.next(len(event["ids"])) if event["ids"] else []
                if drawn != event["ids"]:
                    raise ExperimentCorrupt(
                        f"batch {event['batch']} was {event['ids']}, and is drawn as {drawn} now",
                        where=AUDIT,
                        remedy="make the experiment again with overwrite=true",
                    )
                self.learn(drawn, log)
                self.batch = event["batch"]
            elif event["event"] == "applied":
                self.queue.apply(Operation.from_dict(event["operation"]))
            elif event["event"] == "intervention":
                self._applied.add(event["sha256"])


def _finite(value: Any) -> Any:
    """Spell numbers that JSON has not."""
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return repr(value) if isinstance(value, float) and not math.isfinite(value) else value


def _applied(by: str, operation: Operation, effect: Mapping[str, Any]) -> Event:
    return {"event": "applied", "by": by, "operation": operation.as_dict(), "effect": dict(effect)}


def _failed(by: str, error: Exception) -> Event:
    return {
        "event": "error",
        "by": by,
        "error": type(error).__name__,
        "message": " ".join(str(error).split()),
    }


def _digest(path: Path) -> str | None:
    """Return the sha256 of a file; None where it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


__all__ = ["INTERVENTIONS", "Callback", "Search"]
