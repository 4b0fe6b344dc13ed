"""One progress display on stderr, on a terminal only, for whatever takes longer than a second."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from zoo.events import Advanced, Event, Finished, Observer, Started
from zoo.monitoring.status import StatusLines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import TaskID

PATIENCE: Final = 1.0  # seconds before anything is shown


class ProgressDisplay:
    """An observer that draws a bar for every task under way.

    Args:
        console: where to draw; stderr's terminal unless given.
        patience: seconds before the bars appear; a run that is over by then draws nothing.
    """

    def __init__(self, console: Console | None = None, patience: float = PATIENCE) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=Console(stderr=True) if console is None else console,
            transient=True,
        )
        self._bars: dict[str, TaskID] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._timer = threading.Timer(patience, self._show)
        self._timer.daemon = True

    def __enter__(self) -> ProgressDisplay:
        """Start waiting."""
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bars away."""
        self._timer.cancel()
        with self._lock:
            self._closed = True
            self._progress.stop()

    def _show(self) -> None:
        with self._lock:
            if not self._closed:
                self._progress.start()

    def __call__(self, event: Event) -> None:
        """Draw what began, advanced or ended."""
        with self._lock:
            if isinstance(event, Started):
                self._end(event.task)
                bar = self._progress.add_task(event.task, total=event.total or None, note="")
                self._bars[event.task] = bar
            elif isinstance(event, Advanced) and event.task in self._bars:
                self._progress.update(self._bars[event.task], advance=event.steps, note=event.note)
            elif isinstance(event, Finished):
                self._end(event.task)

    def _end(self, task: str) -> None:
        bar = self._bars.pop(task, None)
        if bar is not None:
            self._progress.remove_task(bar)

    def write(self, line: str) -> None:
        """Write a line above the bars, unbroken, so that it can be copied."""
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextlib.contextmanager
def watching() -> Iterator[tuple[Observer, ...]]:
    """Yield the observers of a run: lines for failures and notices, and bars where stderr is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield (StatusLines(),)
        return
    with ProgressDisplay() as display:
        yield (display, StatusLines(display.write))


__all__ = ["PATIENCE", "ProgressDisplay", "watching"]
