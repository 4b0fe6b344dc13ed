"""A request to stop, made by SIGINT or SIGTERM, that whoever waits can wait for too.

Nothing is raised: a handler that raised would be swallowed as the failure of one job. Whoever runs a spec
sees the request, tells the spec's process, and reports what was done; whoever would start one does not.
A launcher's workers, on this machine or another, see the request as a file in the run's directory.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

from zoo.errors import Interrupted

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
STOP_FILE: Final = "stop"


class Stop:
    """The request. The first one is passed on with time to finish; a second one allows none.

    Attributes:
        directory: the run's, where the request is told to workers and heard by them; None tells nobody.
        raising: raise at a second request, because whoever waits here cannot be woken.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._signals: list[int] = []
        self._reader, self._writer = os.pipe()
        self.directory = directory
        self.raising = False

    def request(self, signum: int) -> None:
        """Ask to stop; wakes whoever waits for `fileno`.

        Raises:
            KeyboardInterrupt: at the second request, where `raising` is set.
        """
        self._signals.append(signum)
        if not self.urgent:
            os.write(self._writer, b"x")
            if self.directory is not None:
                with contextlib.suppress(OSError):
                    (self.directory / STOP_FILE).touch()
        elif self.raising:
            raise KeyboardInterrupt

    def fileno(self) -> int:
        """Return a descriptor that becomes readable with the first request, and stays so."""
        return self._reader

    @property
    def requested(self) -> bool:
        """Whether anybody asked, here or through the run's directory."""
        return bool(self._signals) or (self.directory is not None and (self.directory / STOP_FILE).exists())

    @property
    def urgent(self) -> bool:
        """Whether somebody asked again."""
        return len(self._signals) > 1

    @property
    def exit_code(self) -> int:
        """130 after SIGINT, 143 after SIGTERM; 0 where nobody asked here."""
        return 128 + self._signals[0] if self._signals else 0

    def close(self) -> None:
        """Let go of the descriptors."""
        os.close(self._reader)
        os.close(self._writer)


@contextlib.contextmanager
def listening(directory: Path | None = None) -> Iterator[Stop]:
    """Yield a `Stop` that SIGINT and SIGTERM request for the length of the block."""
    stop = Stop(directory)
    try:
        with _handled(lambda signum, _: stop.request(signum)):
            yield stop
    finally:
        stop.close()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into `Interrupted`, raised in the main thread of the block."""

    def interrupt(signum: int, _: FrameType | None) -> None:
        raise interruption(signum)

    with _handled(interrupt):
        yield


def interruption(signum: int) -> Interrupted:
    """Return the error of a signal, with its exit code."""
    error = Interrupted(f"stopped by {signal.Signals(signum).name}")
    error.exit_code = 128 + signum
    return error


def _handled(handler: signal._HANDLER) -> contextlib.AbstractContextManager[object]:
    """Handle both signals in the block, and restore what was there; only the main thread may."""
    stack = contextlib.ExitStack()
    if threading.current_thread() is threading.main_thread():
        for signum in SIGNALS:
            stack.callback(signal.signal, signum, signal.signal(signum, handler))
    return stack


__all__ = ["SIGNALS", "STOP_FILE", "Stop", "interruptible", "interruption", "listening"]
