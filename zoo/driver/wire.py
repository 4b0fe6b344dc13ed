"""Events and the result as JSON lines, on the pipe from a spec's process to its parent."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict
from typing import Final, get_args

from zoo.driver.result import SpecResult
from zoo.events import Event

_KIND: Final = "kind"
_RESULT: Final = "SpecResult"
_EVENTS: Final = {event.__name__: event for event in get_args(Event)}

Message = Event | SpecResult


def encode(message: Message) -> bytes:
    """Return one line of JSON."""
    values = message.as_dict() if isinstance(message, SpecResult) else asdict(message)
    return json.dumps({_KIND: type(message).__name__, **values}).encode() + b"\n"


def decode(line: bytes) -> Message | None:
    """Return what `encode` was given; None for anything else, such as the line of a process that died."""
    try:
        values = json.loads(line)
        kind = values.pop(_KIND)
        return SpecResult.from_dict(values) if kind == _RESULT else _EVENTS[kind](**values)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


class Sender:
    """An observer that writes to a pipe. A reader that is gone stops nothing.

    Args:
        descriptor: the pipe's writing end.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def __call__(self, message: Message) -> None:
        """Write one message whole, whichever thread sends it.

        The newline before it ends a line that a signal may have cut off.
        """
        line = b"\n" + encode(message)
        with self._lock:
            try:
                while line:
                    line = line[os.write(self._descriptor, line) :]
            except OSError:
                return


class Receiver:
    """Bytes in, messages out; a line may arrive in pieces."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that `data` completes."""
        *lines, self._pending = (self._pending + data).split(b"\n")
        return [message for line in lines if (message := decode(line)) is not None]


__all__ = ["Message", "Receiver", "Sender", "decode", "encode"]
