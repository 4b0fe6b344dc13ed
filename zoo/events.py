"""What a long run says while it runs. Producers emit; observers (a progress bar, a log) listen.

An event is a frozen fact. Producers know no observer, and an observer never changes what is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Started:
    """A task of `total` steps began; `task` is unique among the tasks under way."""

    task: str
    total: int


@dataclass(frozen=True, slots=True)
class Advanced:
    """`steps` more of `task` are done; `note` says what was done last."""

    task: str
    steps: int = 1
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """`task` is over, well or not."""

    task: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something that the user should know and that is no failure."""

    task: str
    message: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Part of `task` failed; the rest goes on."""

    task: str
    error: str
    message: str


Event = Started | Advanced | Finished | Noticed | Failed
Observer = Callable[[Event], None]


def emit(observers: Iterable[Observer], event: Event) -> None:
    """Tell every observer."""
    for observer in observers:
        observer(event)


__all__ = ["Advanced", "Event", "Failed", "Finished", "Noticed", "Observer", "Started", "emit"]
