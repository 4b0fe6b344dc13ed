"""Failures and notices, each a line at the moment it happens."""

from __future__ import annotations

import sys
from collections.abc import Callable

from zoo.events import Event, Failed, Noticed


def write_stderr(line: str) -> None:
    """Write one line to stderr; where nobody reads it any more, nothing is lost."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        return


class StatusLines:
    """An observer that writes what failed, with its remedy, and what the user should know.

    Args:
        write: takes one line; stderr unless given.
    """

    def __init__(self, write: Callable[[str], None] = write_stderr) -> None:
        self._write = write

    def __call__(self, event: Event) -> None:
        """Write the event if it is a failure or a notice."""
        if isinstance(event, Failed):
            self._write(f"failed: {event.task}: {event.error}: {event.message}")
        elif isinstance(event, Noticed):
            self._write(f"note: {event.task}: {event.message}")


__all__ = ["StatusLines", "write_stderr"]
