"""A time limit for somebody else's code in this process."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from zoo.errors import ShadowTimeout


class _Expired(BaseException):
    """No `Exception`, so that no model swallows it."""


@contextmanager
def within(seconds: float, what: str) -> Iterator[None]:
    """Stop the block after some seconds.

    In the main thread it is interrupted as soon as Python runs again; in another, and in the midst of native
    code, it is only found too late when it is over.

    Args:
        seconds: how long it may take.
        what: who takes long, for the error.

    Raises:
        ShadowTimeout: it took longer.
    """
    begun, handled = time.monotonic(), threading.current_thread() is threading.main_thread()

    def expire(_: int, __: FrameType | None) -> None:
        raise _Expired

    before = signal.signal(signal.SIGALRM, expire) if handled else None
    try:
        if handled:
            signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            if handled:
                signal.setitimer(signal.ITIMER_REAL, 0.0)
                signal.signal(signal.SIGALRM, before)
    except _Expired:
        raise _too_long(seconds, what) from None
    if time.monotonic() - begun > seconds:
        raise _too_long(seconds, what)


def _too_long(seconds: float, what: str) -> ShadowTimeout:
    return ShadowTimeout(
        f"took longer than {seconds:g} seconds",
        where=what,
        remedy="raise shadow.seconds, or retire the version",
    )


__all__ = ["within"]
