"""Shadowing in a process of its own: what crashes there, or never comes back, takes nobody along.

The process says whom it works on. When it dies, or is silent for too long, they have failed, and another
process goes on with the rest; whole days that were written stay.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zoo.errors import ShadowError, ShadowTimeout
from zoo.evaluation.rules import ShadowRules
from zoo.evaluation.shadow import Shadowing, ShadowRun
from zoo.evaluation.subject import SHADOWED, Shadowed
from zoo.events import Event, Observer, emit

if TYPE_CHECKING:
    from zoo.line import Line
    from zoo.location import Place
    from zoo.trust import Trust

_GRACE: Final = 5.0  # seconds that Python may take to notice that the time is over
_MOST: Final = 1_000  # processes, against a fault of our own

_THREADED: Final = frozenset({"sklearn.ensemble", "sklearn.cluster", "lightgbm", "xgboost", "torch"})

Doom = dict[str, Exception]


@dataclass(frozen=True)
class Work:
    """What is to be shadowed, as plain values.

    Attributes:
        url: the registry's database.
        artifacts: where versions lie.
        records: where records lie, a directory of this machine.
        line: the line.
        rules: conf/shadow.
        trust: what may be imported.
        until: the last date; None for all there is.
        now: the clock, UTC.
    """

    url: str
    artifacts: Place
    records: Path
    line: Line
    rules: ShadowRules
    trust: Trust
    until: str | None
    now: dt.datetime

    def run(self, observers: Iterable[Observer], at: Any, done: Any, doomed: Doom) -> ShadowRun:
        """Shadow in this process; see `Shadowing`."""
        from zoo.registry import Registry

        with Registry.open(self.url, artifacts=self.artifacts, read_only=True) as registry:
            return Shadowing(
                registry,
                self.records,
                self.line,
                self.rules,
                trust=self.trust,
                until=self.until,
                now=self.now,
                observers=observers,
                at=at,
                done=done,
                doomed=doomed,
            ).run()


def shadow_apart(work: Work, observers: Iterable[Observer] = ()) -> ShadowRun:
    """Shadow in a process of its own, and in another one whenever it died.

    Raises:
        ShadowError: a process died before it worked on anybody.
        ZooError: as `Shadowing.run`.
    """
    listening, doomed, earlier = list(observers), Doom(), dict[str, Shadowed]()
    for _ in range(_MOST):
        worker = _Worker(work, doomed, listening)
        found = worker.result()
        if found is not None:
            return replace(found, results=tuple(earlier.get(one.version_id, one) for one in found.results))
        earlier |= {one.version_id: one for one in worker.done if one.status == SHADOWED}
        if not worker.at:
            raise ShadowError(
                f"the process that shadows died ({worker.how}) before it worked on anybody",
                where=work.line.name,
                remedy="look at the memory that is left, and run again",
            )
        doomed |= {name: worker.error(name) for name in worker.at}
    raise ShadowError(f"{_MOST} processes died", where=work.line.name)


class _Worker:
    """One process: what it says, and how it ends."""

    def __init__(self, work: Work, doomed: Doom, observers: Sequence[Observer]) -> None:
        self.work = work
        self.observers = observers
        self.at: tuple[str, ...] = ()
        self.done: list[Shadowed] = []
        self.how = "without a word"
        self._since = time.monotonic()
        self._slow = False
        context = _context()
        self._heard, said = context.Pipe(duplex=False)
        self._process = context.Process(target=_serve, args=(said, work, doomed), daemon=True)  # type: ignore[attr-defined]
        self._process.start()
        said.close()

    def result(self) -> ShadowRun | None:
        """Listen until the end; None where the process died.

        Raises:
            ZooError: what the process raised.
        """
        try:
            return self._listen()
        finally:
            if self._process.is_alive():
                self._process.kill()
            self._process.join()
            self._heard.close()

    def error(self, name: str) -> Exception:
        """Return what became of one of those whom the process worked on."""
        if self._slow:
            return ShadowTimeout(
                f"took longer than {self.work.rules.seconds:g} seconds, and could not be interrupted",
                where=name,
                remedy="raise shadow.seconds, or retire the version",
            )
        return ShadowError(
            f"its process died ({self.how})", where=name, remedy="look at its model, or retire the version"
        )

    def _listen(self) -> ShadowRun | None:
        limit = 2.0 * self.work.rules.seconds + _GRACE
        while True:
            left = self._since + limit - time.monotonic() if self.at else None
            if not self._heard.poll(None if left is None else max(left, 0.0)):
                self._slow = True
                return None
            try:
                kind, value = self._heard.recv()
            except (EOFError, ConnectionError):
                self._process.join()
                code = self._process.exitcode or 0
                self.how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
                return None
            if kind == "done":
                found: ShadowRun = value
                return found
            if kind == "raised":
                raise value
            self._hear(kind, value)

    def _hear(self, kind: str, value: Any) -> None:
        if kind == "at":
            self.at, self._since = value, time.monotonic()
        elif kind == "shadowed":
            self.done.append(value)
        else:
            emit(self.observers, value)


def _serve(said: Connection, work: Work, doomed: Doom) -> None:
    """Work, and say whom on, what happens and what came of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for the process that waits, which ends this one

    def tell(event: Event) -> None:
        said.send(("event", event))

    def at(names: tuple[str, ...]) -> None:
        said.send(("at", names))

    def done(found: Shadowed) -> None:
        said.send(("shadowed", found))

    try:
        said.send(("done", work.run([tell], at, done, doomed)))
    except BrokenPipeError:
        return  # nobody waits any more
    except Exception as error:
        said.send(("raised", error))


def _context() -> BaseContext:
    """Fork where that is safe, which spares a second of imports; else start afresh.

    It is not beside other threads, nor after a library has computed with OpenMP, whose threads are lost.
    """
    alone = threading.active_count() == 1 and sys.platform == "linux"
    return multiprocessing.get_context("fork" if alone and _THREADED.isdisjoint(sys.modules) else "spawn")


__all__ = ["Work", "shadow_apart"]
